/**
 * The process is killed between the moment a rule fires and the moment its order is filled, and comes back from its journal alone: every
 * record derives again, and the end is the same, by one order.
 */
import { describe, expect, test } from "vitest";
import type { House } from "../support/story-house.ts";
import { opened } from "../support/story-openings.ts";
import { TALES, type Tale } from "../support/story-tales.ts";

const TOLD = ["catastrophe/fall", "stop-loss/debit", "take-profit/partial", "dte-roll/window", "single-leg/profit"];
const tales = TOLD.map((name) => TALES.find(({ rule, clause }) => `${rule}/${clause}` === name) as Tale);

const isOver = (house: House): boolean =>
  house.facts("slot.closed").length + house.facts("slot.reduced").length + house.facts("slot.rolled").length > 0;
const intended = (house: House, since: number) => house.facts("order.intended", since);

const MOMENTS: readonly (readonly [when: string, until: (house: House, since: number) => boolean, away: "kept" | "filled"])[] = [
  [
    "between the two looks",
    (house, since) => house.facts("decision.made", since).some(({ decision }) => decision.action !== "hold"),
    "kept",
  ],
  ["when the order is intended", (house, since) => intended(house, since).length > 0, "kept"],
  ["while the order is at work", (house) => house.working.length === 1, "kept"],
  ["while the order is at work, which is filled meanwhile", (house) => house.working.length === 1, "filled"],
];

describe.each(tales.map((tale) => [`${tale.rule}/${tale.clause}, ${tale.of}`, tale] as const))("%s", (_, tale) => {
  test.each(MOMENTS)("killed %s, it comes to the same end", async (_when, until, away) => {
    const house = opened(tale.opening);
    tale.before?.(house);
    const since = house.seq;
    const before = house.orders.length;
    tale.turn(house);
    house.holding = true;
    expect(house.runUntil(() => until(house, since), 120)).toBe(true);
    if (away === "filled") house.silence().release();
    await house.killAndRecover();
    house.holding = false;
    // A roll that came to nothing is sought again after half an hour.
    expect(house.runUntil(() => isOver(house), 1_900)).toBe(true);
    house.run(1);

    const entries = house.facts("order.intended").flatMap(({ intent }) => (intent.purpose === "entry" ? [intent.orderRef] : []));
    const orders = house.orders.slice(before).filter(({ ticket }) => !entries.includes(ticket.orderRef));
    expect(orders.map(({ status }) => status)).toEqual(["Filled"]);
    const { ending, rule } = tale;
    if (ending.action === "close") {
      const ours = [house.orders[0]?.ticket.orderRef, orders[0]?.ticket.orderRef];
      expect(house.facts("slot.closed")).toMatchObject([{ rule, profit: house.cashOf((ref) => ours.includes(ref)) }]);
      expect([...house.heldOf((ref) => ours.includes(ref))]).toEqual([]);
    } else if (ending.action === "reduce") {
      expect(house.facts("slot.reduced")).toMatchObject([{ rule, closed: ending.quantity, units: ending.left }]);
      expect([...house.held.values()].map(Math.abs)).toEqual([...house.held.values()].map(() => ending.left));
    } else {
      expect(house.facts("slot.rolled")).toHaveLength(1);
      expect(house.held.size).toBe(2);
    }
    expect(house.incidents).toEqual([]);
  });
});
