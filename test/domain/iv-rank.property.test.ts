/** Rank and percentile of implied volatility, against slow readings of their definitions (reference/quant.md 4.3). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { tradingDay } from "../../src/domain/units.ts";
import { ivPercentileOf, ivRankOf, type VolClose, withVolBars, YEAR_OF_CLOSES } from "../../src/domain/volatility/iv-rank.ts";

// Hundredths: equal days are common.
const vol = fc.integer({ min: 1, max: 90 }).map((n) => n / 100);
const past = fc
  .array(vol, { minLength: YEAR_OF_CLOSES, maxLength: 320 })
  .filter((closes) => new Set(closes.slice(-YEAR_OF_CLOSES)).size > 1);
const told = (standing: ReturnType<typeof ivRankOf>): number => {
  if (!standing.known) throw new Error(standing.missing);
  return standing.value;
};

describe("rank and percentile of implied volatility", () => {
  test("are what their definitions say of the 252 closes before, and lie between 0 and 100", () => {
    fc.assert(
      fc.property(vol, past, (now, closes) => {
        let [low, high, below] = [Infinity, -Infinity, 0];
        for (let i = closes.length - 252; i < closes.length; i += 1) {
          const close = closes[i] as number;
          if (close < low) low = close;
          if (close > high) high = close;
          if (close < now) below += 1;
        }
        const rank = (100 * (now - low)) / (high - low);
        expect(told(ivRankOf(now, closes))).toBe(Math.min(100, Math.max(0, rank)));
        expect(told(ivPercentileOf(now, closes))).toBe((100 * below) / 252);
      }),
    );
  });
  test("never fall when the volatility rises", () => {
    fc.assert(
      fc.property(vol, vol, past, (one, other, closes) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        for (const of of [ivRankOf, ivPercentileOf]) expect(told(of(low, closes))).toBeLessThanOrEqual(told(of(high, closes)));
      }),
    );
  });
  test("count a day that was just as high as not below", () => {
    fc.assert(
      fc.property(past, (closes) => {
        const year = closes.slice(-252);
        expect(told(ivPercentileOf(Math.min(...year), closes))).toBe(0);
        expect(told(ivPercentileOf(Math.max(...year), closes))).toBeLessThan(100);
      }),
    );
  });
  test("of a shorter year are unknown, with the days that are there; of a flat one too, not 0 or 100", () => {
    fc.assert(
      fc.property(vol, fc.array(vol, { maxLength: 251 }), (now, closes) => {
        for (const of of [ivRankOf, ivPercentileOf]) expect(of(now, closes)).toMatchObject({ known: false, days: closes.length });
      }),
    );
    for (const now of [0.1, 0.2, 0.3])
      for (const of of [ivRankOf, ivPercentileOf]) expect(of(now, Array(252).fill(0.2)).known).toBe(false);
    expect(
      ivRankOf(
        undefined,
        Array.from({ length: 252 }, (_, i) => 0.1 + i / 1_000),
      ).known,
    ).toBe(false);
    expect(ivRankOf(0.2, [0.1, 0.3, 0.2], 3)).toEqual({ known: true, value: expect.closeTo(50), days: 3 });
  });
});

const FIRST = tradingDay("2026-01-01");
const bar = (i: number, close: number) => ({ day: addDays(FIRST, i), open: close, high: close, low: close, close, volume: 0 });

describe("the history of closes", () => {
  test("holds each day once, the newest telling of it, oldest first, none of today or later, none that is no volatility", () => {
    const bars = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.constantFrom(0.1, 0.2, 0.3, 0, -1, Number.NaN)), {
      maxLength: 500,
    });
    fc.assert(
      fc.property(bars, bars, fc.integer({ min: 0, max: 400 }), (one, other, today) => {
        const through = addDays(FIRST, today);
        const rows = [one, other].reduce<readonly VolClose[]>(
          (kept, bars) =>
            withVolBars(
              kept,
              bars.map(([i, close]) => bar(i, close)),
              through,
            ),
          [],
        );
        const expected = new Map<string, number>();
        for (const [i, close] of [...one, ...other]) if (i < today && close > 0) expected.set(addDays(FIRST, i), close);
        const days = [...expected.keys()].sort().slice(-280);
        expect(rows).toEqual(days.map((day) => [day, expected.get(day)]));
      }),
    );
  });
});
