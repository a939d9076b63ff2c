/** What holds of an order whatever the broker, the connection and the process do. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { executionFamily } from "../../src/domain/identity.ts";
import { type Heard, OrderWorld, type Plan } from "../support/order-world.ts";

const plan: fc.Arbitrary<Plan> = fc.record({
  tape: fc.array(fc.nat(4_000), { minLength: 0, maxLength: 250, size: "max" }),
  purpose: fc.constantFrom("entry" as const, "exit" as const),
  quantity: fc.constantFrom(1, 2, 3),
});

/** One order's life: troubles while the tape lasts, then a world that behaves. */
const live = (from: Plan): OrderWorld => {
  const world = new OrderWorld(from);
  world.runUntil(() => world.state.snapshotOf("engine")?.value === "trading", 600_000);
  world.askSlot();
  world.spawn();
  for (let n = 0; !world.healed && n < 400; n++) {
    switch (world.choose(24)) {
      case 1:
        world.lose("the socket was closed");
        break;
      case 2:
        world.restart();
        break;
      case 3:
        world.away();
        break;
      case 4:
        world.say({ to: world.saga, event: { type: "order.abandon", reason: "the owner changed its mind" } });
        break;
      case 5:
        world.say({ to: world.saga, event: { type: "order.escalate", urgency: "immediate" } });
        break;
      case 6:
      case 7:
        world.quote(1 + world.choose(12) / 10);
        break;
      default:
        world.runFor(world.choose(30) * 400);
    }
    world.advance(world.now + 5_000);
  }
  world.quote();
  world.runUntil(() => world.ended, 3_600_000);
  world.runFor(300_000);
  return world;
};
const told = (world: OrderWorld, type: string): Heard[] => world.heard.filter((event: Heard) => event.type === type);

describe("an order, whatever happens to it", () => {
  const runs = { numRuns: 250 };

  test("ends, having sent at most one order, nothing in doubt, and told its owner exactly what was filled", () => {
    fc.assert(
      fc.property(plan, (given) => {
        const world = live(given);
        expect(world.breaches).toEqual([]);
        // P2, O3.
        expect(world.placed.length).toBeLessThanOrEqual(1);
        const firsts = world.steps.flatMap(({ effects }) => effects).filter(({ type, params }) => type === "order.place" && params["modify"] === false);
        expect(firsts.length).toBeLessThanOrEqual(1);
        // L2.
        expect([world.sagaState, world.ended]).toEqual([world.sagaState, true]);
        expect(world.orders.filter(({ over }) => !over)).toEqual([]);
        // S4.
        const truth = new Map<number, number>();
        for (const { contract, side, shares } of world.truth()) truth.set(contract.conId, (truth.get(contract.conId) ?? 0) + (side === "BOT" ? shares : -shares));
        const booked = new Map<number, number>();
        const cash = { told: 0, truth: 0 };
        for (const { contract, quantity, price } of told(world, "leg.filled")) {
          booked.set(contract.conId, (booked.get(contract.conId) ?? 0) + quantity);
          cash.told += quantity * price;
        }
        for (const { side, shares, price } of world.truth()) cash.truth += (side === "BOT" ? shares : -shares) * price;
        expect(booked).toEqual(truth);
        expect(cash.told).toBe(cash.truth);
        const fees = new Map<string, { revision: number; amount: number }>();
        for (const [execId, amount] of world.fees) {
          const { family, revision } = executionFamily(execId);
          if (revision > (fees.get(family)?.revision ?? 0)) fees.set(family, { revision, amount });
        }
        const feesTold = told(world, "commission.charged").reduce((sum: number, { amount }: Heard) => sum + amount, 0);
        expect(feesTold).toBe([...fees.values()].reduce((sum, { amount }) => sum + amount, 0));
        // O5.
        const ends = told(world, "order.ended");
        expect(ends.length).toBe(1);
        const after = world.heard.slice(world.heard.indexOf(ends[0]) + 1).map(({ type }: Heard) => type);
        expect(after.filter((type) => type.startsWith("order."))).toEqual([]);
        const filled = world.orders.reduce((sum, order) => sum + order.filled, 0);
        if (ends[0].outcome === "filled") expect(filled).toBe(world.intent.quantity);
        if (["denied", "notAtBroker"].includes(ends[0].outcome)) expect(filled).toBe(0);
      }),
      runs,
    );
  });
});
