/** The broker's laws over orders of every kind, from two clients, the screen and the broker itself, in a market that moves at random. */
import type { Contract, Execution, Order } from "@stoqey/ib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { money, price } from "../../src/domain/units.ts";
import { ACCOUNT, createBrokerRig, FRIDAY_10_00, type HeardClient } from "../support/broker-rig.ts";
import { type Flow, type FlowCommand, familyCommand, flowCommand, OPENING_QUOTES, playFlow } from "../support/order-flow.ts";
import { createScriptedMarket, ES, SPY } from "../support/scripted-market.ts";

const multiplierOf = (conId: number): number => (conId === SPY ? 1 : conId === ES ? 50 : 100);
const units = (dollars: number | undefined): number => price(dollars ?? Number.NaN);
const sign = ({ side }: Execution): number => (side === "BOT" ? 1 : -1);

interface Played extends Flow {
  readonly replayed: HeardClient;
}

const play = (commands: readonly FlowCommand[], fills: "synthetic" | "recorded", seed: number, latency: number): Played => {
  const market = createScriptedMarket(FRIDAY_10_00);
  const rig = createBrokerRig({
    market,
    fills,
    seed,
    accounts: [{ id: ACCOUNT, cash: money(1_000_000) }],
    cancelLatencyMs: { from: 0, to: latency },
    priceImprovement: seed % 2 === 0 ? 0 : 0.5,
    faults: { cancelNoticeFirst: 0.5 },
  });
  const flow: Flow = { rig, clients: [rig.connect(1), rig.connect(2)], marketMoves: [], placed: [[], []], nextIds: [1, 1] };
  playFlow(flow, [...OPENING_QUOTES, ...commands]);
  const replayed = rig.connect(9);
  replayed.ib.reqExecutions(1, {});
  replayed.ib.reqAllOpenOrders();
  rig.settle();
  return { ...flow, replayed };
};

const flows = (check: (played: Played) => void, command: fc.Arbitrary<FlowCommand> = flowCommand): void => {
  fc.assert(
    fc.property(
      fc.array(command, { minLength: 10, maxLength: 60, size: "max" }),
      fc.constantFrom("synthetic" as const, "recorded" as const),
      fc.nat(1_000),
      (commands, fills, seed) => check(play(commands, fills, seed, 2_000)),
    ),
    { numRuns: 150 },
  );
};
/** Executions are asked for since midnight only: whoever adds them up stays awake. */
const awake = flowCommand.filter(({ kind }) => kind !== "sleep");
const mixed = fc.oneof({ weight: 1, arbitrary: flowCommand }, { weight: 3, arbitrary: familyCommand });

const executionsOf = (heard: HeardClient): { contract: Contract; execution: Execution }[] =>
  heard.all("execDetails").map(([, contract, execution]) => ({ contract, execution }));

describe("whatever is ordered, by whomever, on whatever terms", () => {
  it("cash is what was there, less every execution, less every commission; positions are the executions' sum", () => {
    let traded = 0;
    flows(({ rig, replayed }) => {
      const [account] = rig.broker.truth().accounts;
      const legs = executionsOf(replayed).filter(({ contract }) => contract.secType !== "BAG");
      const commissions = replayed.all("commissionReport").reduce((sum, [report]) => sum + units(report.commission), 0);
      const held = new Map<number, number>();
      let cash = units(1_000_000) - commissions;
      for (const { contract, execution } of legs) {
        const conId = contract.conId ?? 0;
        const shares = sign(execution) * (execution.shares ?? 0);
        held.set(conId, (held.get(conId) ?? 0) + shares);
        cash -= units(execution.price) * multiplierOf(conId) * shares;
      }
      traded += legs.length;
      const { positions } = rig.broker.saved().accounts[0] ?? { positions: [] };
      // A future's price is not paid, only what its closed part made or lost: its open basis is put back.
      cash += positions.find(({ conId }) => conId === ES)?.basis ?? 0;
      expect(units(account?.cash)).toBe(cash);
      expect(units(account?.commissions)).toBe(commissions);
      expect(new Map(account?.positions.map(({ conId, quantity }) => [conId, quantity]))).toEqual(
        new Map([...held].filter(([, quantity]) => quantity !== 0).sort(([a], [b]) => a - b)),
      );
    }, awake);
    expect(traded).toBeGreaterThan(500);
  });

  it("of an OCA group of type 1 at most one member ever trades", () => {
    let [spent, partly] = [0, 0];
    flows(({ rig, clients }) => {
      const { book } = rig.broker.saved();
      const members = [...book.live, ...book.done].filter(({ ticket }) => ticket.oca?.type === 1);
      const filled = members.filter((order) => order.filled > 0);
      expect(filled.length).toBeLessThanOrEqual(1);
      spent += members.length > 1 ? filled.length : 0;
      partly += filled.some((order) => order.filled < order.ticket.quantity) ? 1 : 0;
      const ids = new Set<string>();
      clients.forEach((heard, index) => {
        const tied = new Set(heard.all("openOrder").flatMap(([id, , { ocaGroup }]) => (ocaGroup === "one" ? [id] : [])));
        for (const { execution } of executionsOf(heard))
          if (tied.has(execution.orderId ?? 0)) ids.add(`${index}/${execution.orderId}`);
      });
      expect(ids.size).toBeLessThanOrEqual(1);
    }, mixed);
    expect(Math.min(spent, partly)).toBeGreaterThan(10);
  });

  it("no child is at work whose parent has not filled, and no more of it than that", () => {
    let [worked, smaller] = [0, 0];
    flows(({ rig }) => {
      const { book } = rig.broker.saved();
      const all = [...book.live, ...book.done];
      for (const child of all) {
        const parent = all.find(({ permId }) => permId === child.parentPermId);
        if (parent === undefined) continue;
        const atWork = child.status === "Submitted" || child.filled > 0;
        worked += atWork ? 1 : 0;
        if (atWork) expect([child.waiting, parent.ended !== null, parent.filled > 0]).toEqual([false, true, true]);
        if (child.waiting && child.ended === null) expect([child.filled, parent.ended]).toEqual([0, null]);
        // A dead parent that never filled leaves nobody behind.
        if (parent.ended !== null && parent.filled === 0) expect(child.ended).not.toBeNull();
        if (atWork) expect(child.ticket.quantity).toBeLessThanOrEqual(parent.filled);
        smaller += atWork && parent.ended?.as === "Cancelled" ? 1 : 0;
      }
    }, familyCommand);
    expect(worked).toBeGreaterThan(100);
    expect(smaller).toBeGreaterThan(5);
  });

  it("siblings of a bracket together never trade more than their parent did", () => {
    let [both, done] = [0, 0];
    flows(({ rig }) => {
      const { book } = rig.broker.saved();
      const all = [...book.live, ...book.done];
      for (const parent of all) {
        const children = all.filter(({ parentPermId }) => parentPermId === parent.permId);
        const traded = children.reduce((sum, { filled }) => sum + filled, 0);
        expect(traded).toBeLessThanOrEqual(parent.filled);
        both += children.filter(({ filled }) => filled > 0).length > 1 ? 1 : 0;
        done += traded > 0 && traded === parent.filled ? 1 : 0;
      }
    }, familyCommand);
    expect(both).toBeGreaterThan(1);
    expect(done).toBeGreaterThan(5);
  });

  it("each order's statuses are a legal life: asleep, then at work, then one end, and cumulative all the way", () => {
    const next: Readonly<Record<string, readonly string[]>> = {
      PreSubmitted: ["PreSubmitted", "Submitted", "PendingCancel", "Filled", "Cancelled", "Inactive"],
      Submitted: ["Submitted", "PendingCancel", "Filled", "Cancelled"],
      PendingCancel: ["PreSubmitted", "Submitted", "Filled", "Cancelled"],
      Filled: ["Filled"],
      Cancelled: ["Cancelled"],
      Inactive: ["Inactive"],
    };
    flows(({ clients }) => {
      for (const heard of clients) {
        const last = new Map<number, { status: string; filled: number }>();
        for (const [orderId, status, filled, remaining] of heard.all("orderStatus")) {
          const before = last.get(orderId);
          if (before !== undefined) {
            expect(next[before.status], `${before.status} → ${status}`).toContain(status);
            expect(filled).toBeGreaterThanOrEqual(before.filled);
          } else expect(["PreSubmitted", "Inactive", "Cancelled"]).toContain(status);
          expect(remaining).toBeGreaterThanOrEqual(0);
          if (status === "Filled") expect(remaining).toBe(0);
          last.set(orderId, { status, filled });
        }
      }
    });
  });

  it("an order with a limit never pays more than its limit, whatever set it off", () => {
    flows(({ clients }) => {
      for (const { heard } of clients) {
        const orders = new Map<number, { order: Order; bag: boolean }>();
        for (const [name, ...words] of heard) {
          if (name === "openOrder") {
            const [orderId, contract, order] = words as [number, Contract, Order];
            orders.set(orderId, { order, bag: contract.secType === "BAG" });
          }
          if (name !== "execDetails") continue;
          const [, contract, execution] = words as [number, Contract, Execution];
          const known = orders.get(execution.orderId ?? 0);
          expect(known).toBeDefined();
          if (known === undefined || known.bag !== (contract.secType === "BAG") || execution.execId?.endsWith(".01") !== true)
            continue;
          const { orderType, lmtPrice, action, trailStopPrice, lmtPriceOffset = 0 } = known.order;
          const paid = units(execution.price);
          const buys = action === "BUY";
          if (["LMT", "STP LMT", "LIT"].includes(orderType))
            expect(buys ? paid <= units(lmtPrice) : paid >= units(lmtPrice)).toBe(true);
          if (orderType === "TRAIL LIMIT") {
            const limit = (trailStopPrice ?? Number.NaN) + (buys ? lmtPriceOffset : -lmtPriceOffset);
            expect(buys ? paid <= units(limit) : paid >= units(limit)).toBe(true);
          }
        }
      }
    });
  });

  it("says the same, word for word, when it is played again", () => {
    fc.assert(
      fc.property(fc.array(flowCommand, { minLength: 10, maxLength: 60, size: "max" }), fc.nat(1_000), (commands, seed) => {
        const told = (): string => JSON.stringify(play(commands, "synthetic", seed, 2_000).clients.map(({ heard }) => heard));
        expect(told()).toBe(told());
      }),
      { numRuns: 40 },
    );
  });
});
