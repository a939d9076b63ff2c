/** The connection: away, silent, back in the middle of something. */
import { expect, test } from "vitest";
import { expectAgreement, factsOfType, play } from "./scenario.ts";

test("an order sent into the gateway's restart ends, and the next entries come after it (pains 25, 32)", async () => {
  const played = await play({ minutes: 60, stage: (stage) => stage.afterOrder(1, () => stage.begin("gateway.restart", 0.6)) });
  expect(played.outcome.faultsTriggered).toMatchObject({ "gateway.restart": 1 });
  expect(factsOfType(played, "session.readied").length).toBeGreaterThan(1);
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});

test("a peer that falls silent amid an order is given up, and what it did meanwhile is known afterwards (pain 28)", async () => {
  const played = await play({ minutes: 60, stage: (stage) => stage.afterOrder(1, () => stage.begin("line.silence", 0.7)) });
  expect(factsOfType(played, "session.lost").length).toBeGreaterThan(0);
  expectAgreement(played);
});

test("a line that breaks while positions are being compared changes no position (pain 30)", async () => {
  let cut = 0;
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.onRecord(({ effects }) => {
        if (cut < 5 && effects.some(({ type }) => type === "positions.request")) {
          cut++;
          stage.begin("line.reset");
        }
      }),
  });
  expect(cut).toBe(5);
  expect(played.facts.filter(({ type }) => type === "slot.quarantined")).toEqual([]);
  expectAgreement(played);
});

test("after hours of lost servers it is not ready, says so, and trades again when they are back (pains 23, 32)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      for (const minute of [2, 6, 10]) stage.at(minute, () => stage.begin("servers.dataLost", 0.99));
    },
  });
  expect(factsOfType(played, "session.lost").length).toBeGreaterThan(2);
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});

test("a cancel that IB answers with 'not found' or 'cannot be cancelled' is answered: nothing hangs, the order's end is found (pain 26)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      stage.afterOrder(1, () => stage.market.halt(true));
      stage.at(2, () => stage.fault({ fault: "order.cancelRefused", with: { cancels: 1, code: 10147 } }));
      stage.at(30, () => stage.market.halt(false));
    },
  });
  const cancels = played.records.flatMap(({ effects }) => effects).filter(({ type }) => type === "order.cancel");
  expect(cancels.length).toBeGreaterThan(0);
  expect(played.truth.accounts[0]?.openOrders).toEqual([]);
  expect(factsOfType(played, "order.doubted").length).toBeGreaterThan(0);
  expectAgreement(played);
});

test("a data farm that is away for twenty minutes is told, and the order connection stays as it was (pain 27)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => stage.at(3, () => stage.fault({ fault: "farm.broken", with: { resubscribe: "no" }, forMs: 20 * 60_000 })),
  });
  expect(factsOfType(played, "session.lost")).toEqual([]);
  expect(factsOfType(played, "session.readied").length).toBe(1);
  const degraded = factsOfType(played, "session.degraded").map(({ reason }) => reason);
  expect(degraded[0]).not.toBe("");
  expect(degraded.at(-1)).toBe("");
  expectAgreement(played);
});
