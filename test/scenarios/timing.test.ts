/** When an exit acts, how often, and what becomes of it when something more severe comes: in the whole household, over positions it opened. */
import { describe, expect, test } from "vitest";
import type { EngineConfig } from "../../src/domain/config.ts";
import { tradingDay } from "../../src/domain/units.ts";
import { SPY } from "../support/quoted-chain.ts";
import type { StoryOrder } from "../support/story-books.ts";
import type { House } from "../support/story-house.ts";
import { FIRST_DAY } from "../support/story-market.ts";
import { at, BEAR_CALL, BULL_CALL, BULL_PUT, CONDOR, later, opened, SLOT, strategy } from "../support/story-openings.ts";
import { DTE_21, DTE_25, EVE, EXPIRY_DAY, TUESDAY, WEDNESDAY } from "../support/story-tales.ts";

const exitsSince = (house: House, since: number) =>
  house.facts("order.intended", since).filter(({ intent }) => intent.purpose !== "entry");
const purposes = (house: House, since: number): string[] => exitsSince(house, since).map(({ intent }) => intent.purpose);
const rulesSince = (house: House, since: number): string[] => [
  ...new Set(
    house.facts("decision.made", since).map(({ decision: { action, rule, urgency } }) => `${action} ${rule} ${urgency}`),
  ),
];

describe("the first five minutes of a session", () => {
  const morning = (house: House, spot: number, priorClose: number): House => {
    later(house, TUESDAY, 9, 29, { spot });
    house.story.closes.set(FIRST_DAY, priorClose);
    return house;
  };
  test("only a catastrophe acts in them: a gap beyond the limit closes within half a minute", () => {
    const house = morning(opened({ strategies: [CONDOR] }), 580, 600);
    const since = house.seq;
    house.run(60 + 30);
    expect(exitsSince(house, since)).toMatchObject([{ intent: { purpose: "exit", urgency: "immediate" } }]);
    expect(rulesSince(house, since)).toContain("close catastrophe immediate");
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "catastrophe", profit: house.cash }]);
  });
  test.each([
    ["stop-loss", { spot: 540 }, BULL_PUT],
    ["vix-exit", { vix: 30 }, CONDOR],
    ["take-profit", { atmVol: 0.1 }, CONDOR],
  ] as const)("%s is seen firing in them, waits for their end, and is then looked at twice", (rule, market, one) => {
    const house = opened({ strategies: [one] });
    morning(house, 600, 600);
    const spot = "spot" in market ? market.spot : 600;
    house.story.closes.set(FIRST_DAY, spot);
    house.change({ ...market, spot });
    const since = house.seq;
    house.run(60 + 5 * 60 - 1);
    expect(rulesSince(house, since).some((said) => said.startsWith(`close ${rule}`))).toBe(true);
    expect(exitsSince(house, since)).toEqual([]);
    house.run(25);
    expect(exitsSince(house, since)).toHaveLength(1);
    expect(exitsSince(house, since)[0]?.time).toBeGreaterThanOrEqual(at(TUESDAY, 9, 35) + 10_000);
    expect(house.facts("slot.closed")).toMatchObject([{ rule, profit: house.cash }]);
  });
  test("and the calendar waits for their end too", () => {
    const house = opened({ strategies: [BULL_PUT] });
    later(house, EVE, 9, 29);
    const since = house.seq;
    house.run(60 + 5 * 60 - 1);
    expect(exitsSince(house, since)).toEqual([]);
    house.run(10);
    expect(exitsSince(house, since)).toMatchObject([{ intent: { urgency: "high" } }]);
  });
});

describe("two looks, ten seconds apart", () => {
  test("a price that fires and is gone before the second look closes nothing", () => {
    const house = opened({ strategies: [BULL_PUT] });
    const since = house.seq;
    for (let n = 0; n < 5; n += 1) {
      house.change({ spot: 581 }).run(8);
      house.change({ spot: 600 }).run(12);
    }
    expect(rulesSince(house, since)).toContain("close catastrophe immediate");
    expect(exitsSince(house, since)).toEqual([]);
  });
  test("a minute without sight of it forgets the first look", () => {
    const house = opened({ strategies: [CONDOR] });
    const since = house.seq;
    house.change({ spot: 581 }).run(6);
    house.story.broken.set(SPY.conId, "a farm is down");
    house.retell().run(70);
    expect(exitsSince(house, since)).toEqual([]);
    house.story.broken.clear();
    house.retell().run(8);
    expect(exitsSince(house, since)).toEqual([]);
    house.run(8);
    expect(exitsSince(house, since)).toHaveLength(1);
  });
});

describe("the eve of expiry", () => {
  test("an exit that found no fair price since the morning is immediate from half past three on, by the same order", () => {
    const house = opened({ strategies: [BULL_PUT] });
    house.holding = true;
    const since = house.seq;
    later(house, EVE, 15, 20);
    house.run(9 * 60);
    expect(exitsSince(house, since)).toMatchObject([{ intent: { urgency: "high" } }]);
    const [order] = house.working;
    const before = order?.repriced ?? 0;
    house.run(75);
    expect(rulesSince(house, since)).toContain("close expiry immediate");
    house.run(60);
    expect(exitsSince(house, since)).toHaveLength(1);
    expect(house.working).toEqual([order]);
    expect(order?.repriced).toBeGreaterThan(before);
    house.release().run(15);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "expiry", profit: house.cash }]);
    expect([...house.held]).toEqual([]);
  });
});

describe("an exit that is not filled by the close", () => {
  test("goes out again when the first minutes of the next session are over, at the prices of that morning", () => {
    const house = opened({ strategies: [CONDOR] });
    later(house, TUESDAY, 15, 55);
    house.holding = true;
    const since = house.seq;
    house.change({ vix: 22 }).run(6 * 60);
    expect(house.working).toEqual([]);
    house.run(17.4 * 3_600);
    // Overnight it has become much cheaper.
    house.change({ atmVol: 0.12 });
    expect(house.runUntil(() => house.working.length === 1, 3_600)).toBe(true);
    expect(house.now).toBeGreaterThanOrEqual(at(WEDNESDAY, 9, 35));
    expect(house.now).toBeLessThan(at(WEDNESDAY, 9, 36));
    const [order] = house.working as [StoryOrder];
    expect(Math.abs(order.limit - house.midOf(order))).toBeLessThanOrEqual(800);
    house.release().run(15);
    expect(purposes(house, since)).toEqual(["exit", "exit"]);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "vix-exit", profit: house.cash }]);
  });
});

describe("an exit that slept, and a catastrophe in the first minutes", () => {
  test("does not wait for their end", () => {
    const house = opened({ strategies: [CONDOR] });
    later(house, TUESDAY, 15, 55);
    house.holding = true;
    const since = house.seq;
    house.change({ vix: 22 }).run(6 * 60);
    house.run(17.4 * 3_600);
    house.story.closes.set(TUESDAY, 600);
    house.change({ spot: 580 });
    expect(house.runUntil(() => house.working.length === 1, 3_600)).toBe(true);
    expect(house.now).toBeLessThan(at(WEDNESDAY, 9, 31));
    house.release().run(15);
    expect(exitsSince(house, since).map(({ intent }) => intent.urgency)).toEqual(["high", "immediate"]);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "catastrophe", profit: house.cash }]);
  });
});

describe("a more severe rule", () => {
  test("re-prices the exit at work, and never adds a second order", () => {
    const house = opened({ strategies: [CONDOR] });
    house.holding = true;
    const since = house.seq;
    house.change({ vix: 22 }).run(25);
    expect(exitsSince(house, since)).toMatchObject([{ intent: { urgency: "high" } }]);
    const [order] = house.working;
    house.change({ spot: 581 }).run(60);
    expect(exitsSince(house, since)).toHaveLength(1);
    expect(house.orders.filter(({ ticket }) => ticket.orderRef !== house.orders[0]?.ticket.orderRef)).toEqual([order]);
    // Every five seconds, not every fifteen.
    expect(order?.repriced).toBeGreaterThanOrEqual(5);
    house.release().run(15);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "catastrophe", profit: house.cash }]);
    expect([...house.held]).toEqual([]);
  });
  test("withdraws a reduction at work, and closes all when that has ended", () => {
    const house = opened({ strategies: [{ ...CONDOR, quantity: 4 }] });
    later(house, TUESDAY, 12, 0, { atmVol: 0.137 });
    house.holding = true;
    const since = house.seq;
    house.run(40);
    expect(purposes(house, since)).toEqual(["reduce"]);
    house.change({ vix: 22 }).run(30);
    expect(purposes(house, since)).toEqual(["reduce", "exit"]);
    expect(house.working).toHaveLength(1);
    house.release().run(15);
    expect(exitsSince(house, since)[1]?.intent).toMatchObject({ quantity: 4, urgency: "high" });
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "vix-exit", profit: house.cash }]);
    expect([...house.held]).toEqual([]);
  });
});

describe("when several fire at once", () => {
  test("the most severe decides, and the trace shows them all", () => {
    const house = opened({ strategies: [strategy("bull-put", { entry: { shortDelta: 0.3, wingWidthPct: 10 } })] });
    const since = house.seq;
    // The loss, the VIX, the delta and the days, all beyond their limits.
    later(house, DTE_21, 12, 0, { spot: 565, atmVol: 0.24, vix: 30 }).run(60);
    const made = house.facts("decision.made", since).filter(({ decision }) => decision.action !== "hold");
    const fired = (n: number): string[] =>
      (made.at(n)?.trace ?? []).flatMap(({ rule, verdict }) => (verdict === "fired" ? [rule] : []));
    expect(fired(-1)).toEqual(["stop-loss", "vix-exit", "delta-risk", "dte-roll"]);
    expect(exitsSince(house, since)).toMatchObject([{ intent: { purpose: "exit", urgency: "immediate" } }]);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "stop-loss", profit: house.cash }]);
  });
});

describe("once", () => {
  test("a part is closed once, though the profit stays above half of the target", () => {
    const house = opened({ strategies: [{ ...CONDOR, quantity: 4 }] });
    later(house, TUESDAY, 12, 0, { atmVol: 0.137 });
    const since = house.seq;
    house.run(180);
    expect(house.facts("slot.reduced")).toMatchObject([{ closed: 2, units: 2 }]);
    later(house, TUESDAY, 13, 0);
    house.run(120);
    expect(purposes(house, since)).toEqual(["reduce"]);
    const line = house
      .facts("decision.made")
      .at(-1)
      ?.trace.find(({ rule }) => rule === "take-profit");
    expect(line?.clauses?.find(({ clause }) => clause === "partial")?.verdict).toBe("notApplicable");
    house.change({ atmVol: 0.1 }).run(60);
    expect(purposes(house, since)).toEqual(["reduce", "exit"]);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "take-profit", profit: house.cash }]);
  });
  test("a position is rolled once: at the end of the next structure's time it is closed", () => {
    const house = opened({ strategies: [BULL_PUT], rules: { takeProfit: { targetPct: 95 } } });
    later(house, DTE_25, 12, 0, { spot: 605 }).run(60);
    const [rolled] = house.facts("slot.rolled");
    expect(rolled?.legs[0]?.contract.expiry).toBe(tradingDay("2026-11-20"));
    const since = house.seq;
    later(house, EXPIRY_DAY, 12, 0).run(60);
    expect(purposes(house, since)).toEqual(["exit"]);
    const made = house.facts("decision.made", since).find(({ decision }) => decision.action !== "hold");
    expect(made?.decision).toMatchObject({ action: "close", rule: "dte-roll", urgency: "high" });
    expect(made?.trace.find(({ rule }) => rule === "dte-roll")?.clause).toBe("spent");
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "dte-roll", profit: house.cash }]);
    expect(house.facts("slot.rolled")).toHaveLength(1);
  });
});

describe("a roll that does not pay", () => {
  // The underlying has come near: the next expiry's put is sold for less than this one costs.
  const opening = { strategies: [BULL_PUT], rules: { takeProfit: { targetPct: 95 } } };
  test("is declined with the numbers, and the position is held while there is time", () => {
    const house = opened(opening);
    later(house, DTE_25, 12, 0, { spot: 596 });
    const since = house.seq;
    house.run(300);
    expect(house.facts("roll.declined", since).map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^no credit after costs: \d+\.\d\d a unit, commissions \$2\.60, at most -0\.03$/),
    ]);
    expect(purposes(house, since)).toEqual([]);
    expect(house.held.size).toBe(2);
  });
  test("is closed instead when the time is over", () => {
    const house = opened(opening);
    later(house, DTE_21, 12, 0, { spot: 596 });
    const since = house.seq;
    house.run(60);
    expect(house.facts("roll.declined", since)).toHaveLength(1);
    expect(exitsSince(house, since)).toMatchObject([{ intent: { purpose: "exit", urgency: "high" } }]);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "dte-roll", profit: house.cash }]);
  });
});

describe("a condor that is due to be rolled", () => {
  test("is closed and entered again in the roll's expiry, as the same campaign", () => {
    const house = opened({ strategies: [CONDOR], rules: { takeProfit: { targetPct: 95 } } });
    later(house, DTE_21, 12, 0, { atmVol: 0.165 });
    const since = house.seq;
    house.run(400);
    expect(house.facts("slot.closed")).toMatchObject([{ rule: "dte-roll" }]);
    expect(house.facts("order.intended", since).map(({ intent }) => intent.purpose)).toEqual(["exit", "entry"]);
    const [, again] = house.facts("slot.opened");
    expect(again?.legs[0]?.contract.expiry).toBe(tradingDay("2026-11-20"));
    expect(house.context(SLOT)?.campaign.rolls ?? house.context("slot/s2")?.campaign.rolls).toBe(1);
  });
});

describe("a rule that throws", () => {
  test("quarantines its slot, and the engine goes on: the other position is still closed", () => {
    const house = opened({ strategies: [BULL_CALL, BEAR_CALL] });
    const slots = Object.fromEntries(house.facts("slot.opened").map(({ slot, strategy: name }) => [name, slot]));
    // A threshold that is no number: only debits are compared with it.
    const { debitPct: _, ...stopLoss } = house.config.rules.stopLoss;
    const broken = { ...house.config, rules: { ...house.config.rules, stopLoss } } as unknown as EngineConfig;
    house.sleepUntil(at(FIRST_DAY, 11, 0), broken);
    const since = house.seq;
    house.run(30);
    expect(house.facts("slot.quarantined", since)).toMatchObject([
      { slot: slots["bull-call"], reason: "the rule stop-loss failed" },
    ]);
    expect(house.state.snapshotOf("engine")?.value).toBe("trading");
    const alerts = house.facts("alert.changed", since).filter(({ severity }) => severity === "critical");
    expect(alerts.map(({ slot }) => slot)).toEqual([slots["bull-call"]]);
    house.change({ spot: 620 }).run(30);
    expect(exitsSince(house, since)).toMatchObject([{ intent: { owner: slots["bear-call"], purpose: "exit" } }]);
    expect(house.facts("slot.closed")).toMatchObject([{ slot: slots["bear-call"], rule: "catastrophe" }]);
    expect(house.held.size).toBe(2);
  });
});

describe("no peak, no trailing stop", () => {
  test("a profit that was never confirmed arms nothing", () => {
    const house = opened({ strategies: [BULL_PUT], rules: { takeProfit: { targetPct: 80 } } });
    const since = house.seq;
    house.change({ spot: 617 }).run(6);
    house.change({ spot: 601.5 }).run(70);
    expect(exitsSince(house, since)).toEqual([]);
    const line = house
      .facts("decision.made", since)
      .at(-1)
      ?.trace.find(({ rule }) => rule === "trailing-stop");
    expect(line?.verdict).not.toBe("fired");
  });
});
