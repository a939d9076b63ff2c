/** Fills: made while nobody listens, told in the wrong order, twice, without a status, with a late fee. */
import { expect, test } from "vitest";
import { expectAgreement, factsOfType, play } from "./scenario.ts";

test("fills made while IB's servers were away are asked for when they are back (pain 13)", async () => {
  const played = await play({ stage: (stage) => stage.afterOrder(1, () => stage.begin("servers.dataKept", 0.3)) });
  expect(played.outcome.faultsTriggered).toMatchObject({ "servers.dataKept": 1 });
  expect(factsOfType(played, "fill.booked").length).toBe(played.truth.accounts[0]?.executions);
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});

test("fills made while our process was dead are booked once when it is back (pain 13)", async () => {
  const played = await play({ stage: (stage) => stage.afterOrder(1, () => stage.kill(), 400) });
  expect(played.outcome.crashes).toBe(1);
  expect(factsOfType(played, "fill.booked").length).toBe(played.truth.accounts[0]?.executions);
  expectAgreement(played);
});

test("a combo whose executions come before its first openOrder is filled and no phantom; its credit is exact (pains 14, 15)", async () => {
  const played = await play({
    stage: (stage) => {
      stage.broker.faults.execBeforeOpenOrder = true;
    },
  });
  const opened = factsOfType(played, "slot.opened");
  expect(opened.length).toBeGreaterThan(0);
  for (const { netPrice } of opened) expect(netPrice).toBeLessThan(0);
  expect(played.facts.filter(({ type }) => type === "slot.quarantined")).toEqual([]);
  expectAgreement(played);
});

test("orders of which no status is ever told are opened, filled and ended all the same (pain 18)", async () => {
  const played = await play({
    stage: (stage) => {
      stage.broker.faults.loseStatus = 1;
    },
  });
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});

test("a fee that comes minutes later is booked when it comes, and nothing is booked for it before (pain 20)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => {
      stage.broker.faults.delayCommissionMs = 5 * 60_000;
    },
  });
  const booked = factsOfType(played, "commission.booked");
  expect(booked.length).toBeGreaterThan(0);
  for (const { amount } of booked) expect(amount).toBeGreaterThan(0);
  expectAgreement(played);
});

test("an order that becomes Inactive and wakes up later is not given up, and not doubled (pain 54)", async () => {
  const played = await play({
    minutes: 60,
    stage: (stage) => stage.at(0, () => stage.fault({ fault: "order.sleeps", with: { orders: 3, sleep: "20s" } })),
  });
  expect(played.outcome.entries).toBeGreaterThan(0);
  expectAgreement(played);
});
