/** The underlyings as the read side shows them. */
import { describe, expect, test } from "vitest";
import type { UnderlyingTold } from "../../src/domain/events/weather.ts";
import { epochMs, price, tradingDay } from "../../src/domain/units.ts";
import { Underlyings, underlyingWords } from "../../src/projections/underlyings.ts";
import { stepAt } from "../support/steps.ts";

const NOTHING = {
  spot: null,
  priorClose: null,
  hourHigh: null,
  hourLow: null,
  iv30: null,
  iv30PriorClose: null,
  ivRank: null,
  ivPercentile: null,
  term: null,
  skew: null,
  dividend: null,
};
const told = (symbol: string, figures: Partial<UnderlyingTold> = {}): UnderlyingTold => {
  const all = { ...NOTHING, ...figures };
  const unknown = Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === null ? [[name, `no ${name}`]] : [])),
  );
  return { type: "underlying.told", symbol, at: epochMs(1), ...all, unknown };
};
const fed = (...all: readonly UnderlyingTold[]): Underlyings => {
  const underlyings = new Underlyings();
  for (const [i, one] of all.entries()) {
    const fact = { actor: `underlying/${one.symbol}`, type: "underlying.measured", told: one };
    underlyings.apply({ ...stepAt(i + 1), facts: [JSON.parse(JSON.stringify(fact))] });
  }
  return underlyings;
};
const words = (one: UnderlyingTold): string => underlyingWords(fed(one).view[0] as never, () => "10:15:00");

describe("the underlyings", () => {
  test("are each shown as last measured, with the time of that, by symbol; what is unknown now is not what was known before", () => {
    const { view } = fed(told("SPY", { spot: price(600), ivRank: 40 }), told("QQQ"), told("SPY", { spot: price(601) }));
    expect(view.map(({ symbol, spot, ivRank, measuredAt }) => [symbol, spot, ivRank, measuredAt])).toEqual([
      ["QQQ", null, null, stepAt(2).now],
      ["SPY", price(601), null, stepAt(3).now],
    ]);
  });
  test("have one line for people, which names why a figure is missing", () => {
    expect(words(told("SPY"))).toBe(
      "SPY unknown (no spot); IV unknown (no iv30), rank and percentile unknown (no ivRank); put/call skew unknown (no skew); term unknown (no term); measured 10:15:00",
    );
    const skew = { ratio: 1.234, expiry: tradingDay("2027-01-08"), yearMedian: 1.3, daysKept: 252 };
    const known = { spot: price(600), iv30: 0.2, ivRank: 40.4, ivPercentile: 60.6, skew };
    expect(words(told("SPY", { ...known, term: { nearDays: 31, nearVol: 0.15, farDays: 88, farVol: 0.17 } }))).toBe(
      "SPY 600.00; IV 20.0 %, rank 40, percentile 61; put/call skew 1.23 (year's median 1.30); term 31 days 15.0 %, 88 days 17.0 %; measured 10:15:00",
    );
    expect(words(told("SPY", { skew: { ...skew, yearMedian: null, daysKept: 7 } }))).toContain(
      "1.23 (no year's median yet, 7 days kept)",
    );
  });
});
