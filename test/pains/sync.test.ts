/** The account and our picture of it: what others do in it, what IB does to it, and answers that are not to be believed. */
import { OrderAction, OrderType, SecType, TimeInForce } from "@stoqey/ib";
import { expect, test } from "vitest";
import { expectAgreement, factsOfType, play } from "./scenario.ts";

const SPY = { symbol: "SPY", secType: SecType.STK, exchange: "SMART", currency: "USD" } as const;
const byHand = (action: OrderAction, lmtPrice: number) => ({
  action,
  orderType: OrderType.LMT,
  totalQuantity: 10,
  lmtPrice,
  tif: TimeInForce.DAY,
  transmit: true,
});
const foreignOf = (positions: readonly { readonly conId: number; readonly secType: string }[]): number[] =>
  positions.filter(({ secType }) => secType === "STK").map(({ conId }) => conId);

test("shares that somebody buys by hand, under order id 0, are theirs: no order of ours takes the fill, and trading goes on (pain 5)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      for (const minute of [3, 9, 20]) stage.at(minute, () => stage.broker.manual.place(SPY, byHand(OrderAction.BUY, 1_000)));
    },
  });
  const foreign = foreignOf(played.truth.accounts[0]?.positions ?? []);
  expect(foreign.length).toBe(1);
  expect(played.outcome.entries).toBeGreaterThan(0);
  expect(played.facts.filter(({ type }) => type === "slot.quarantined")).toEqual([]);
  expectAgreement(played, foreign);
});

test("an order of somebody else that rests for the whole day is not touched and blocks no entry (pain 12)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => stage.at(1, () => stage.broker.manual.place(SPY, byHand(OrderAction.BUY, 1))),
  });
  expect(played.truth.accounts[0]?.openOrders).toEqual([expect.objectContaining({ clientId: 0, filled: 0 })]);
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});

test("a leg that IB closes by force is named within two minutes, and the slot that held it is set aside (pain 55)", async () => {
  let liquidatedAt = 0;
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.at(20, () => {
        const [leg] = stage.broker.truth().accounts[0]?.positions ?? [];
        if (leg === undefined) return;
        liquidatedAt = stage.market.now;
        stage.broker.liquidate(stage.broker.truth().accounts[0]?.id ?? "", leg.conId);
      }),
  });
  expect(liquidatedAt).toBeGreaterThan(0);
  const named = played.records.find(
    ({ now, facts }) =>
      now >= liquidatedAt &&
      facts.some((fact) => fact.type === "reconciliation.completed" && (fact["discrepancies"] as unknown[]).length > 0),
  );
  expect(named?.now).toBeLessThan(liquidatedAt + 120_000);
  expect(factsOfType(played, "slot.quarantined").length).toBe(1);
});

test("positions that move before their fills are told are no exercise and nobody else's: the fills come, and all is level (pains 22, 41)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => stage.at(-3, () => stage.fault({ fault: "execution.delay", with: { delay: "20s" } })),
  });
  expect(played.outcome.entries).toBeGreaterThan(0);
  expect(played.facts.filter(({ type }) => type === "slot.quarantined")).toEqual([]);
  expectAgreement(played);
});

test("positions answered once as none, end marker and all, while we hold some, are not believed: no slot is set aside for it (pain 60)", async () => {
  let answers = 0;
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.at(20, () => {
        stage.broker.filter({
          told: (_to, event, words, pass) => {
            if (event === "positionEnd") answers++;
            if (event !== "position" || answers > 0) pass(event, words);
          },
        });
      }),
  });
  expect(answers).toBeGreaterThan(1);
  expect(played.facts.filter(({ type }) => type === "slot.quarantined" || type === "position.adopted")).toEqual([]);
  expectAgreement(played);
});

test("positions answered as none for ten minutes are named and the slots set aside: nothing is closed, and the books stay (pain 60)", async () => {
  const forMs = 10 * 60_000;
  let from = Number.POSITIVE_INFINITY;
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.at(20, () => {
        from = stage.market.now;
        stage.fault({ fault: "positions.falselyEmpty", forMs });
      }),
  });
  const during = played.records
    .filter(({ now }) => now >= from && now <= from + forMs)
    .flatMap(({ facts }) => facts.map(({ type }) => type));
  expect(during).toContain("slot.quarantined");
  expect(during).not.toContain("slot.closed");
  expect(during).not.toContain("position.adopted");
  expect(played.model.positions.contracts.length).toBeGreaterThan(0);
  expectAgreement(played);
});

test("a held option that comes back under another contract after a corporate action is named, its slot set aside, and nothing is sold or entered for it (pain 48)", async () => {
  let changed: number | undefined;
  const adjusted = (row: object): object => ({
    ...row,
    conId: 999_000_001,
    symbol: "SPY1",
    multiplier: 150,
    localSymbol: "SPY1",
  });
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.at(20, () => {
        changed = stage.broker.truth().accounts[0]?.positions.find(({ secType }) => secType === "OPT")?.conId;
        stage.broker.filter({
          told: (_to, event, words, pass) => {
            const [account, contract, ...rest] = words as [string, { readonly conId?: number }, ...unknown[]];
            if (event === "position" && contract.conId === changed) pass(event, [account, adjusted(contract), ...rest]);
            else pass(event, words);
          },
        });
      }),
  });
  expect(changed).toBeDefined();
  const named = played.model.status.discrepancies;
  expect(named).toBeGreaterThan(0);
  const set = played.facts.filter(({ type }) => type === "slot.quarantined");
  expect(set.length).toBe(1);
});
