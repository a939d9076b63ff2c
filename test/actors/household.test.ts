/** The last look before an order leaves, and a day's sagas from their end to the archive, in the kernel's own step. */
import { describe, expect, test } from "vitest";
import { household } from "../../src/actors/household.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { live, OrderWorld } from "../support/order-world.ts";

const REF = "caretaker/5f2c81aa/20261123-s1-1";
const place = (more: object = {}, modify = false) => ({
  type: "order.place",
  params: {
    epoch: 3,
    modify,
    ticket: { orderRef: REF },
    approval: { id: "a1", approvedAt: 0, expiresAt: 1_000, reducing: false },
    ...more,
  },
});
const view = (saga: unknown = { live: "submitted" }, engine = "trading", breaker = "armed", now = 0) => {
  const actors: { readonly [path: string]: { readonly value: unknown; readonly context: unknown } } = {
    engine: { value: engine, context: {} },
    session: { value: "ready", context: { epoch: 3 } },
    riskGate: { value: "normal", context: { breakers: { orders: breaker } } },
    "order/20261123/s1-1": { value: saga, context: {} },
  };
  return { now, snapshotOf: (path: string) => actors[path] };
};
const REDUCING = { approval: { id: "a1", approvedAt: 0, expiresAt: 1_000, reducing: true } };

describe("the last look before an order leaves", () => {
  test("lets it go while its saga waits for it, the approval stands and the engine trades", () => {
    expect(household.gate(place(), view())).toBe(undefined);
    expect(household.gate(place({}, true), view({ live: { working: "unfilled" } }))).toBe(undefined);
  });
  test("keeps it back when the epoch is over, the approval is old, the engine does not trade or a breaker is tripped", () => {
    expect(household.gate(place({ epoch: 2 }), view())).toContain("epoch");
    expect(household.gate(place(), view(undefined, "trading", "armed", 1_001))).toContain("expired");
    for (const mode of ["reducing", "halted", "draining", "reconciling"])
      expect(household.gate(place(), view(undefined, mode))).toContain("trade");
    expect(household.gate(place(), view(undefined, "trading", "tripped"))).toContain("breaker");
  });
  test("lets a reducing order through latch and breaker, but never one that its saga does not wait for any more", () => {
    expect(household.gate(place(REDUCING), view(undefined, "halted", "tripped"))).toBe(undefined);
    for (const state of [
      { unknown: "asking" },
      { live: "cancelling" },
      { live: "settling" },
      { ended: "cancelled" },
      undefined,
    ]) {
      expect(household.gate(place(REDUCING), view(state ?? "intended"))).toContain("no longer wanted");
      expect(household.gate(place(REDUCING, true), view(state ?? "intended"))).toContain("no longer wanted");
    }
    expect(household.gate(place(REDUCING), view({ live: { working: "unfilled" } }))).toContain("no longer wanted");
  });
});

describe("a day's order in the archive (K9)", () => {
  const DAY_MS = 24 * 3_600_000;
  const ended = (): OrderWorld => live({ tape: [], purpose: "exit", quantity: 1, calm: true });
  const late = (world: OrderWorld) => {
    const [one] = world.executions;
    const execution = { ...one, execId: "0000e0d5.99999999.01.01" } as unknown as JsonObject;
    return world.input({ type: "execution.reported", epoch: 1, execution });
  };
  const named = (world: OrderWorld) =>
    world.steps
      .flatMap(({ facts }) => facts)
      .filter(({ type }) => type === "reconciliation.completed")
      .at(-1)?.["discrepancies"];

  test("is retired with its shard when the next day has begun, and not before", () => {
    const world = ended();
    world.runFor(3_600_000);
    expect(world.sagaState).toEqual({ ended: "filled" });
    world.runFor(DAY_MS);
    expect(world.sagaState).toBe(null);
    expect(world.breaches).toEqual([]);
  });
  test("of which another execution comes is a difference by name: the engine reduces until an operator has seen it", () => {
    const world = ended();
    world.runFor(DAY_MS);
    late(world);
    world.runFor(2_000);
    expect(named(world)).toMatchObject([{ kind: "archivedOrder", subject: "0000e0d5.99999999.01.01" }]);
    expect(world.state.snapshotOf("engine")?.value).toBe("reducing");
    world.runFor(1_200_000);
    expect(world.state.snapshotOf("engine")?.value).toBe("reducing");
    world.input({ type: "operator.rearm", scope: "reconciliation", by: "me", from: "cli", reason: "seen" });
    world.runFor(2_000);
    expect([named(world), world.state.snapshotOf("engine")?.value]).toEqual([[], "trading"]);
  });
  test("is no difference when IB merely repeats what was booked", () => {
    const world = ended();
    world.runFor(DAY_MS);
    for (const execution of world.executions)
      world.input({ type: "execution.reported", epoch: 1, execution: execution as unknown as JsonObject });
    world.runFor(10_000);
    expect([named(world), world.state.snapshotOf("engine")?.value]).toEqual([[], "trading"]);
  });
  test("an execution of ours for which there never was a saga is unknown, by name", () => {
    const world = new OrderWorld({ tape: [], purpose: "exit", quantity: 1, calm: true });
    world.runFor(2_000);
    const contract = world.intent.legs[0]?.contract as unknown as JsonObject;
    const execution = {
      execId: "x.1.01",
      orderId: 4,
      clientId: 7,
      permId: 3,
      orderRef: REF,
      account: "DU1",
      contract,
      side: "BOT",
      shares: 1,
      price: 1,
      cumulative: 1,
      at: 0,
    };
    world.input({ type: "execution.reported", epoch: 1, execution });
    world.runFor(2_000);
    expect(named(world)).toMatchObject([{ kind: "unknownExecution", subject: "x.1.01", theirs: 1 }]);
  });
});
