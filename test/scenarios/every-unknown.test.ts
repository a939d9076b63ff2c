/**
 * The same stories with one needed input hidden: the rule does not fire on what it cannot see, its trace names what is missing, and when
 * the rule protects, an alert is raised. What needs nothing of the market fires whatever is hidden.
 */
import { describe, expect, test } from "vitest";
import { RULES } from "../../src/domain/rules/index.ts";
import type { FactName } from "../../src/domain/rules/rule.ts";
import { SPY } from "../support/quoted-chain.ts";
import type { House } from "../support/story-house.ts";
import { CONDOR, opened, SLOT } from "../support/story-openings.ts";
import { TALES, type Tale } from "../support/story-tales.ts";

const nameOf = (tale: Tale): string => `${tale.rule}/${tale.clause}, ${tale.of}`;
const ruleOf = ({ rule }: Tale) => RULES.find(({ name }) => name === rule) as (typeof RULES)[number];
/** What the calendar and the position's own books say. */
const ALWAYS_KNOWN: readonly FactName[] = [
  "shape",
  "adverse",
  "units",
  "reduced",
  "unitBase",
  "unitCredit",
  "unitDebit",
  "unitMaxLoss",
  "campaignLoss",
  "rolls",
  "sessionsToExpiry",
  "daysToExpiry",
  "minutesToClose",
  "minutesToActBy",
];
const blindAlerts = (house: House, since: number): string[] =>
  house
    .facts("alert.changed", since)
    .filter(({ key, change }) => key.startsWith(`${SLOT}/blind`) && change === "raised")
    .map(({ text }) => text);

/** The rules that limit a loss: each raises an alert when it cannot be evaluated. */
const PROTECTIVE = ["catastrophe", "stop-loss", "expiry", "vix-exit", "delta-risk", "gamma-risk"];

describe("with one input hidden", () => {
  const told = TALES.flatMap((tale) => tale.twins.map((twin) => [`${nameOf(tale)}: ${twin.hidden}`, tale, twin] as const));
  test.each(told)("%s", (_, tale, twin) => {
    const house = opened(twin.opening?.(tale.opening) ?? tale.opening);
    const begun = house.seq;
    tale.before?.(house);
    twin.hide?.(house);
    const since = house.seq;
    tale.turn(house);
    house.run(80);

    expect(house.facts("order.intended", begun)).toEqual([]);
    const traces = house.facts("decision.made", since).map(({ trace }) => trace.find(({ rule }) => rule === tale.rule));
    expect(traces.length).toBeGreaterThan(0);
    expect(traces.filter((line) => line?.verdict === "fired")).toEqual([]);
    const last = traces.at(-1);
    expect(last?.verdict).toBe("unknown");
    const clause = last?.clauses === undefined ? last : last.clauses.find(({ clause: name }) => name === tale.clause);
    const found = twin.ruleOnly ? last : clause;
    expect(found?.verdict).toBe("unknown");
    expect(found?.missing?.join("; ")).toMatch(twin.missing);

    const alerts = blindAlerts(house, begun);
    if (PROTECTIVE.includes(tale.rule)) expect(alerts.filter((text) => text.includes(tale.rule))).toHaveLength(1);
    expect(house.held.size).toBeGreaterThan(0);
    expect(house.incidents).toEqual([]);
  });
});

describe("what was hidden is shown again", () => {
  test("the alert is resolved, and the rule acts on what it sees after two looks", () => {
    const house = opened({ strategies: [CONDOR] });
    const since = house.seq;
    house.story.broken.set(SPY.conId, "a farm is down");
    house.change({ spot: 581 }).run(100);
    expect(blindAlerts(house, since)).toHaveLength(1);
    house.story.broken.clear();
    house.retell().run(9);
    expect(house.facts("order.intended", since)).toEqual([]);
    house.run(15);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "catastrophe", profit: house.cash }]);
    const ended = house.facts("alert.changed", since).filter(({ key, state }) => key.includes("/blind") && state === "resolved");
    expect(ended).toHaveLength(1);
  });
});

describe("what follows the calendar alone", () => {
  const calendar = TALES.filter(({ twins }) => twins.length === 0);
  test("needs nothing that could be hidden", () => {
    for (const tale of calendar) {
      const clause = ruleOf(tale).clauses.find(({ name }) => name === tale.clause);
      const needs = [...(clause?.needs ?? []), ...(clause?.concerns?.needs ?? [])];
      expect([nameOf(tale), needs.filter((name) => !ALWAYS_KNOWN.includes(name))]).toEqual([nameOf(tale), []]);
    }
  });
  test.each(calendar.map((tale) => [nameOf(tale), tale] as const))("%s fires with every feed broken", (_, tale) => {
    const house = opened(tale.opening);
    house.story.broken.set(SPY.conId, "a farm is down");
    const since = house.seq;
    tale.turn(house);
    expect(house.runUntil(() => house.facts("order.intended", since).length > 0, 120)).toBe(true);
    const made = house.facts("decision.made", since).find(({ decision }) => decision.action !== "hold");
    expect(made?.decision).toMatchObject({ rule: tale.rule, ...tale.ending });
    expect(house.facts("order.intended", since)).toMatchObject([{ intent: { purpose: "exit", urgency: tale.ending.urgency } }]);
  });
});
