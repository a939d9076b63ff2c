/** Who an order is: ids that are refused, lost, used again, and orders that nobody heard of. */
import { expect, test } from "vitest";
import { expectAgreement, factsOfType, play } from "./scenario.ts";

test("killed with an order at work and positions held, twice, it enters nothing a second time (pains 2, 63)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      stage.afterOrder(1, () => stage.kill());
      stage.afterOrder(3, () => stage.kill(), 2_000);
    },
  });
  expect(played.outcome.crashes).toBe(2);
  const intents = factsOfType(played, "order.intended").map(({ intent }) => intent.intentId);
  expect(new Set(intents).size).toBe(intents.length);
  expectAgreement(played);
});

test("an order that was working when the process died is found again, repriced or cancelled, and ends (pain 7)", async () => {
  const played = await play({ minutes: 60, stage: (stage) => stage.afterOrder(2, () => stage.kill(), 1_500) });
  expect(played.outcome.crashes).toBe(1);
  expect(played.truth.accounts[0]?.openOrders).toEqual([]);
  expectAgreement(played);
});

test("killed between the order's last byte and its note, it asks the broker before it does anything else (pain 9b)", async () => {
  const played = await play({ minutes: 60, stage: (stage) => stage.at(1, () => stage.begin("crash.afterRelease")) });
  expect(played.outcome.crashes).toBe(1);
  expectAgreement(played);
});

test("orders that vanish without a word are doubted, asked about, and not sent again blindly (pains 9, 10)", async () => {
  let vanished = 0;
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.onRecord(({ effects }) => {
        if (vanished === 3 || !effects.some(({ type, params }) => type === "order.place" && params["modify"] === false)) return;
        vanished++;
        stage.broker.faults.blackholeNext = 1;
      }),
  });
  expect(vanished).toBe(3);
  expect(factsOfType(played, "order.doubted").length).toBeGreaterThanOrEqual(3);
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});

test("orders that IB took without telling us are found by asking, and are ours (pains 9, 6)", async () => {
  const played = await play({ minutes: 60, stage: (stage) => stage.at(1, () => stage.begin("broker.acceptSilently", 0.4)) });
  expect(played.outcome.faultsTriggered).toMatchObject({ "broker.acceptSilently": 1 });
  expectAgreement(played);
});

test("an order id that IB refuses as used (103) is spent, and the next order has another (pain 8)", async () => {
  let refused = 0;
  const played = await play({
    minutes: 60,
    stage: (stage) =>
      stage.onRecord(({ effects }) => {
        if (refused === 2 || !effects.some(({ type, params }) => type === "order.place" && params["modify"] === false)) return;
        refused++;
        stage.broker.faults.rejectOrders = { left: 1, code: 103 };
      }),
  });
  expect(refused).toBe(2);
  const ids = played.records
    .flatMap(({ effects }) => effects)
    .filter(({ type, params }) => type === "order.place" && params["modify"] === false)
    .map(({ params }) => (params["ticket"] as { readonly orderId: number }).orderId);
  expect(ids.length).toBeGreaterThan(2);
  expect(new Set(ids).size).toBe(ids.length);
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});

test("killed as its cancel is written, it finds out how the order ended, and cancels what still works (pain 7)", async () => {
  let cancels = 0;
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      stage.afterOrder(1, () => stage.market.halt(true));
      stage.at(30, () => stage.market.halt(false));
      stage.onRecord(({ effects }) => {
        if (cancels < 3 && effects.some(({ type }) => type === "order.cancel")) stage.after(cancels++, () => stage.kill());
      });
    },
  });
  expect(cancels).toBeGreaterThan(0);
  expect(played.outcome.crashes).toBe(cancels);
  expect(played.truth.accounts[0]?.openOrders).toEqual([]);
  expectAgreement(played);
});
