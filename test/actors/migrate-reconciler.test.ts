/** A reconciler of an earlier build goes on with its books, and says anew what stands. */
import { expect, test } from "vitest";
import { migrateReconciler } from "../../src/actors/migrations.ts";
import type { Json } from "../../src/domain/json.ts";

const line = { quantity: -1 };
const snapshot = (context: object): Json =>
  ({
    value: "resolved",
    status: "active",
    context: { config: {}, account: "DU1", epoch: 3, round: 9, ...context },
  }) as unknown as Json;

test("a reconciler of version 2 keeps its state and its books; what the operator was told as one text is said again as alerts", () => {
  const before = {
    ledger: { 7: { ...line, slots: { "slot/s1": -1 }, opened: 5, cost: 2 } },
    alarmed: "SPY quantity (ours 1, theirs 2)",
  };
  expect(migrateReconciler(snapshot(before), 2)).toMatchObject({
    value: "resolved",
    context: { ledger: before.ledger, alarmed: {}, round: 9 },
  });
});

test("one of version 1 learns its slots from fills to come, and begins its rounds anew", () => {
  expect(migrateReconciler(snapshot({ ledger: { 7: line }, alarmed: "x" }), 1)).toMatchObject({
    value: "idle",
    context: { ledger: { 7: { quantity: -1, slots: {} } }, alarmed: {}, account: "DU1" },
  });
});
