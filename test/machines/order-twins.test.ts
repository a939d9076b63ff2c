/** Around the saga of an order that the broker keeps twice: what the gate holds for it, and sagas of a time before twins were known. */
import { expect, test } from "vitest";
import { household } from "../../src/actors/household.ts";
import type { Json } from "../../src/domain/json.ts";
import { moneyUnits } from "../../src/domain/units.ts";
import { riskGateMachine } from "../../src/machines/risk-gate.machine.ts";
import { given } from "../support/given.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";

test("the gate holds for a slot what both orders of its entry may lose, and later what was filled", () => {
  const gate = given(riskGateMachine, { config: ENGINE }, NOON).hear(
    {
      type: "reconciliation.completed",
      epoch: 1,
      startedAt: NOON,
      orders: [],
      discrepancies: [],
      netLiquidation: moneyUnits(1e10),
    },
    { type: "mode.changed", mode: "trading", reason: "" },
    { type: "slot.requested", replyTo: "strategy/x", strategy: "x", symbol: "SPY", maxLoss: 4_000_000, quantity: 1 },
    {
      type: "approval.requested",
      replyTo: "order/1",
      orderRef: "ref-1",
      slot: "slot/s1",
      reducing: false,
      maxLoss: 4_000_000,
      quantity: 1,
      initialMarginAfter: 1,
    },
  );
  const held = (): number | undefined => gate.context.occupied["slot/s1"]?.maxLoss;
  expect(held()).toBe(4_000_000);
  gate.hear({ type: "exposure.grown", orderRef: "ref-1", slot: "slot/s1", maxLoss: 8_000_000 });
  expect(held()).toBe(8_000_000);
  // Another order's word, or a smaller one, changes nothing.
  gate.hear({ type: "exposure.grown", orderRef: "ref-2", slot: "slot/s1", maxLoss: 9_000_000 });
  gate.hear({ type: "exposure.grown", orderRef: "ref-1", slot: "slot/s1", maxLoss: 1_000_000 });
  expect(held()).toBe(8_000_000);
  gate.hear({ type: "exposure.released", orderRef: "ref-1", slot: "slot/s1", heldMaxLoss: 4_000_000 });
  expect(held()).toBe(4_000_000);
});

test("a saga of version 1 knows one order, and its executions are that order's", () => {
  const { order } = household.machines;
  const row = { execId: "a.b.01.01", revision: 1, conId: 7, quantity: 1, price: 10_000, at: NOON };
  const before = { value: "unknown", status: "active", context: { permId: 900, book: { "a.b.01": row }, counted: 1 } };
  expect(order.migrate(before as unknown as Json)).toEqual({
    ...before,
    context: { ...before.context, book: { "a.b.01": { ...row, permId: 0 } }, twins: [], twinsTold: 0 },
  });
});
