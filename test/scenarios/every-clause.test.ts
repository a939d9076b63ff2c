/**
 * Every rule and every sub-clause decides at least once over a position that the engine has entered by itself, in the whole household:
 * the market turns until that clause fires, and the order that follows is filled. The list of clauses is the rules' own.
 */
import { describe, expect, test } from "vitest";
import { newYorkDay } from "../../src/domain/calendar/new-york.ts";
import { daysToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import { reversed } from "../../src/domain/contract.ts";
import { cashOf, feesOf } from "../../src/domain/pnl.ts";
import { RULES } from "../../src/domain/rules/index.ts";
import type { EpochMs } from "../../src/domain/units.ts";
import { FEE, type StoryOrder } from "../support/story-books.ts";
import type { House, Told } from "../support/story-house.ts";
import { opened, SLOT } from "../support/story-openings.ts";
import { TALES, type Tale } from "../support/story-tales.ts";

const nameOf = ({ rule, clause }: Pick<Tale, "rule" | "clause">): string => `${rule}/${clause}`;
const CLAUSES = RULES.flatMap(({ name, clauses }) => clauses.map((clause) => `${name}/${clause.name}`));
const ruleOf = ({ rule }: Tale) => RULES.find(({ name }) => name === rule) as (typeof RULES)[number];
const clauseOf = (tale: Tale) =>
  ruleOf(tale).clauses.find(({ name }) => name === tale.clause) as (typeof RULES)[number]["clauses"][number];

/** The trace has every rule once, in order, and shows this one's clause firing with its numbers. */
const expectTrace = (tale: Tale, { trace, decision }: Told<"decision.made">): void => {
  expect(trace.map(({ rule }) => rule)).toEqual(RULES.map(({ name }) => name));
  const line = trace.find(({ rule }) => rule === tale.rule);
  expect(line).toMatchObject({ verdict: "fired", ...(ruleOf(tale).clauses.length > 1 ? { clause: tale.clause } : {}) });
  expect(line?.distance).toBeLessThanOrEqual(0);
  expect(Number.isFinite(line?.actual)).toBe(true);
  if (tale.threshold !== undefined) expect(line?.threshold).toBe(tale.threshold);
  if (tale.unit !== undefined) expect(line?.unit).toBe(tale.unit);
  const first = trace.find(({ verdict }) => verdict === "fired");
  expect([decision.rule, decision.action, decision.urgency]).toEqual([first?.rule, tale.ending.action, tale.ending.urgency]);
};

/** To the cent: what the slot's books have made is what the broker's executions and commissions have brought; and they hold the same. */
const expectBooks = (house: House): void => {
  const { ledger } = house.context(SLOT);
  const held: Record<string, number> = {};
  for (const { conId, quantity } of Object.values(ledger.fills) as { conId: number; quantity: number }[])
    held[conId] = (held[conId] ?? 0) + quantity;
  expect(Object.entries(held).filter(([, quantity]) => quantity !== 0)).toEqual(Object.entries(Object.fromEntries(house.held)));
  expect(cashOf(Object.values(ledger.fills)) - feesOf(ledger)).toBe(house.cash);
};

/** At the first step of its ladder an order asks for the mid of this very moment, and not for that of a market it saw before. */
const expectFairPrice = (house: House): void => {
  const order = house.orders.at(-1) as StoryOrder;
  const off = Math.abs(order.limit - house.midOf(order)) / 10_000;
  expect([off <= 0.02 * house.legsOf(order).length, off]).toEqual([true, off]);
};

const ENDINGS: {
  readonly [Action in Tale["ending"]["action"]]: (house: House, tale: Tale, before: Told<"slot.opened">, since: number) => void;
} = {
  close: (house, { rule }, before, since) => {
    const [{ intent }] = house.facts("order.intended", since) as [Told<"order.intended">];
    expect(intent).toMatchObject({ purpose: "exit", quantity: before.quantity, reducing: true, legs: reversed(before.legs) });
    expect(house.runUntil(() => house.facts("slot.closed").length > 0, 60)).toBe(true);
    expect(house.facts("slot.closed")).toMatchObject([{ slot: SLOT, rule, profit: house.cash }]);
    expect([...house.held]).toEqual([]);
    expect(house.facts("slot.closed")[0]?.fees).toBe(house.executions.reduce((sum, { shares }) => sum + FEE * shares, 0));
  },
  reduce: (house, { rule, ending }, before, since) => {
    const { quantity, left } = ending as Extract<Tale["ending"], { action: "reduce" }>;
    const [{ intent }] = house.facts("order.intended", since) as [Told<"order.intended">];
    expect(intent).toMatchObject({ purpose: "reduce", quantity, reducing: true, legs: reversed(before.legs) });
    expect(house.runUntil(() => house.facts("slot.reduced").length > 0, 60)).toBe(true);
    expect(house.facts("slot.reduced")).toMatchObject([{ slot: SLOT, rule, closed: quantity, units: left }]);
    expect([...house.held.values()]).toEqual(before.legs.map(({ ratio }) => ratio * left));
    house.run(2);
    expectBooks(house);
  },
  roll: (house, _, before, since) => {
    const [{ intent }] = house.facts("order.intended", since) as [Told<"order.intended">];
    expect(intent).toMatchObject({ purpose: "roll", quantity: before.quantity, reducing: false });
    expect(intent.legs.slice(0, before.legs.length)).toEqual(reversed(before.legs));
    expect(house.runUntil(() => house.facts("slot.rolled").length > 0, 60)).toBe(true);
    const [rolled] = house.facts("slot.rolled");
    expect(rolled).toMatchObject({ slot: SLOT, from: before.legs, quantity: before.quantity });
    // For a net credit that is left after commissions of 0.65 a contract, and nearly 45 days ahead.
    expect(rolled?.net).toBeLessThan(-0.65 * 4 * 100);
    const days = daysToExpiry(newYorkDay(house.now as EpochMs), rolled?.legs[0]?.contract.expiry as never);
    expect(Math.abs(days - 45)).toBeLessThanOrEqual(4);
    house.run(2);
    expectBooks(house);
  },
};

describe("the scenarios cover the rules", () => {
  test("each rule and each sub-clause has one, by name", () => {
    const told = new Set(TALES.map(nameOf));
    expect(CLAUSES.filter((name) => !told.has(name))).toEqual([]);
    expect([...told].filter((name) => !CLAUSES.includes(name))).toEqual([]);
  });
});

describe("the market turns until this clause decides", () => {
  test.each(TALES.map((tale) => [`${nameOf(tale)}, ${tale.of}`, tale] as const))("%s", (_, tale) => {
    const house = opened(tale.opening);
    const [before] = house.facts("slot.opened") as [Told<"slot.opened">];
    tale.before?.(house);
    expect(house.facts("order.intended").map(({ intent }) => intent.purpose)).toEqual(["entry"]);
    const since = house.seq;
    tale.turn(house);
    expect(house.runUntil(() => house.facts("order.intended", since).length > 0, 120)).toBe(true);

    const decisions = house.facts("decision.made", since).filter(({ decision }) => decision.action !== "hold");
    const deciding = decisions.find(({ trace }) =>
      trace.some(
        ({ rule, clause = tale.clause, verdict }) => rule === tale.rule && clause === tale.clause && verdict === "fired",
      ),
    );
    expect(decisions.map(({ decision }) => decision.rule).every((rule) => rule === tale.rule)).toBe(true);
    expectTrace(tale, deciding as Told<"decision.made">);

    const intended = house.facts("order.intended", since);
    expect(intended).toHaveLength(1);
    expect(intended[0]?.intent).toMatchObject({ owner: SLOT, urgency: tale.ending.urgency });
    const waitedMs = (intended[0]?.time ?? 0) - (decisions[0]?.time ?? 0);
    // What follows prices is looked at twice, ten seconds apart; what follows the calendar acts at once.
    if (clauseOf(tale).confirms ?? ruleOf(tale).confirms) expect(waitedMs).toBeGreaterThanOrEqual(10_000);
    else expect(waitedMs).toBe(0);

    ENDINGS[tale.ending.action](house, tale, before, since);
    expect(house.facts("order.intended", since)).toHaveLength(1);
    expectFairPrice(house);
    expect(house.facts("reconciliation.completed").flatMap(({ discrepancies }) => discrepancies)).toEqual([]);
    expect(house.incidents).toEqual([]);
  });
});
