/** What holds of an order whatever the broker, the connection and the process do. The laws are written down in the world. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { live, type OrderWorld, type Plan } from "../support/order-world.ts";

const plan: fc.Arbitrary<Plan> = fc.record({
  tape: fc.array(fc.nat(4_000), { minLength: 0, maxLength: 400, size: "max" }),
  purpose: fc.constantFrom("entry" as const, "exit" as const, "roll" as const),
  quantity: fc.constantFrom(1, 2, 3),
});
/** A broker that leaves old orders working beside their changes. */
const twicePlan: fc.Arbitrary<Plan> = plan.map((given) => ({ ...given, twice: true }));
const visitedBy = (worlds: readonly OrderWorld[]): Set<string> =>
  new Set(
    worlds.flatMap(({ steps, saga }) =>
      steps.flatMap(({ transitions }) =>
        transitions.filter(({ actor }) => actor === saga).map(({ to }) => JSON.stringify(to).replace(/[{}"]/g, "")),
      ),
    ),
  );

describe("an order, whatever happens to it", () => {
  test("ends, having sent one order at most and nothing in doubt, and has told its owner exactly what was filled", () => {
    fc.assert(
      fc.property(plan, (given) => {
        expect(live(given).lastLook()).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("and of which the broker keeps two is only cancelled and asked for, and ends when neither lives, with what both have filled", () => {
    const worlds: OrderWorld[] = [];
    fc.assert(
      fc.property(twicePlan, (given) => {
        const world = live(given);
        worlds.push(world);
        expect(world.lastLook()).toEqual([]);
      }),
      { numRuns: 250 },
    );
    const twins = worlds.filter(({ orders }) => orders.length > 1);
    const filled = twins.map(({ orders }) => orders.filter((order) => order.filled > 0).length);
    const ends = twins.map(({ heard }) => heard.find(({ type }) => type === "order.ended")?.outcome);
    expect(new Set(filled)).toEqual(new Set([0, 1, 2]));
    expect(new Set(ends)).toEqual(new Set(["filled", "cancelled"]));
  });

  test("is put by these stories into its states and to its ends", () => {
    const visited = visitedBy(fc.sample(plan, 120).map(live));
    const states = [
      "intended",
      "whatIf",
      "approving",
      "live:submitted",
      "live:working:partiallyFilled",
      "live:repricing",
      "live:settling",
      "live:cancelling",
      "unknown:asking",
    ];
    const ends = ["filled", "cancelled", "rejected", "denied", "notAtBroker"].map((end) => `ended:${end}`);
    expect([...states, ...ends].filter((state) => !visited.has(state))).toEqual([]);
  });
});
