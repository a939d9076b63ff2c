/** A year of daily skews and its median. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { tradingDay } from "../../src/domain/units.ts";
import { NO_SKEW_HISTORY, type SkewHistory, skewYear, withSkew } from "../../src/domain/volatility/skew-history.ts";

const FIRST = tradingDay("2026-01-01");
const ratio = fc.double({ min: 0.5, max: 2.5, noNaN: true });
const kept = (ratios: readonly number[]): SkewHistory =>
  ratios.reduce<SkewHistory>((history, one, i) => withSkew(history, addDays(FIRST, i), one), NO_SKEW_HISTORY);

describe("a year of skews", () => {
  test("has the median of its newest 252 days before today: as many are no lower as are no higher", () => {
    fc.assert(
      fc.property(fc.array(ratio, { minLength: 252, maxLength: 300 }), (ratios) => {
        const { median, daysKept } = skewYear(kept(ratios), addDays(FIRST, ratios.length));
        const year = ratios.slice(-252).sort((a, b) => a - b);
        expect([median, daysKept]).toEqual([((year[125] as number) + (year[126] as number)) / 2, 252]);
      }),
      { numRuns: 30 },
    );
  });
  test("has none until 252 days are kept, and the day in progress is not one of them", () => {
    fc.assert(
      fc.property(fc.array(ratio, { maxLength: 252 }), (ratios) => {
        const today = addDays(FIRST, Math.max(0, ratios.length - 1));
        const { median, daysKept } = skewYear(kept(ratios), today);
        expect([median, daysKept]).toEqual([null, Math.max(0, ratios.length - 1)]);
      }),
      { numRuns: 30 },
    );
  });
  test("keeps one sample a day, the newest, oldest day first, and no more than a year and a little", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 320 }), ratio), { maxLength: 400 }), (samples) => {
        const history = samples.reduce<SkewHistory>((all, [i, one]) => withSkew(all, addDays(FIRST, i), one), NO_SKEW_HISTORY);
        const days = history.map(([day]) => day);
        expect(days).toEqual([...new Set(days)].sort());
        expect(history.length).toBeLessThanOrEqual(260);
        const last = samples.at(-1);
        const told = last && history.find(([day]) => day === addDays(FIRST, last[0]));
        // A day older than all that are kept is not kept.
        if (told !== undefined) expect(told[1]).toBe(last?.[1]);
      }),
      { numRuns: 30 },
    );
  });
  test("keeps nothing that is no ratio", () => {
    for (const one of [0, -1, Number.NaN, Infinity]) expect(withSkew(NO_SKEW_HISTORY, FIRST, one)).toBe(NO_SKEW_HISTORY);
  });
});
