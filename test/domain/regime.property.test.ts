/** Laws of the regime that hold for any market, however broken. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sessionsBetween } from "../../src/domain/calendar/market-calendar.ts";
import { canonical } from "../../src/domain/canonical-json.ts";
import { type ClassifiedDay, classifyDays, regimeOf } from "../../src/domain/regime/classify.ts";
import type { RegimeHistory } from "../../src/domain/regime/history.ts";
import { crashOn, NO_REGIME, nextRegimeState, type RegimeState, regimeThrough } from "../../src/domain/regime/hysteresis.ts";
import { REGIMES } from "../../src/domain/regime/regime.ts";
import { DEFAULT_REGIME, type RegimeConfig } from "../../src/domain/regime/thresholds.ts";
import { tradingDay } from "../../src/domain/units.ts";

const SESSIONS = sessionsBetween(tradingDay("2025-01-02"), tradingDay("2026-06-30")).map(({ day }) => day);

/** A VIX that wanders through every regime, a price that trends or does not, and now and then a day of nonsense or none at all. */
const arbitraryHistory = (holes: boolean): fc.Arbitrary<RegimeHistory> =>
  fc
    .tuple(
      fc.array(
        fc.record({
          move: fc.double({ min: -0.03, max: 0.03, noNaN: true }),
          fear: fc.double({ min: -0.12, max: 0.12, noNaN: true }),
        }),
        {
          minLength: 60,
          maxLength: 160,
        },
      ),
      fc.double({ min: 10, max: 40, noNaN: true }),
      fc.array(fc.record({ at: fc.nat(159), kind: fc.constantFrom("noBar", "noVix", "neither", "nan", "zero") }), {
        maxLength: holes ? 4 : 0,
      }),
    )
    .map(([steps, vix0, broken]) => {
      let [close, vix] = [400, vix0];
      const bars = [];
      const closes = [];
      for (const [n, { move, fear }] of steps.entries()) {
        close *= 1 + move;
        // Drawn back to 19, as the VIX is, so that it crosses its thresholds again and again.
        vix = Math.exp(0.95 * Math.log(vix) + 0.05 * Math.log(19) + fear);
        const day = SESSIONS[n] as (typeof SESSIONS)[number];
        const wrong = broken.find(({ at }) => at === n)?.kind;
        const value = wrong === "nan" ? Number.NaN : wrong === "zero" ? 0 : close;
        if (wrong !== "noBar" && wrong !== "neither") bars.push({ day, high: value * 1.01, low: value * 0.99, close: value });
        if (wrong !== "noVix" && wrong !== "neither") closes.push({ day, close: wrong === "zero" ? 0 : vix });
      }
      return { bars, vix: closes };
    });
const classified = (history: RegimeHistory): readonly ClassifiedDay[] => classifyDays(history, DEFAULT_REGIME);
const folded = (days: readonly ClassifiedDay[], config: RegimeConfig = DEFAULT_REGIME): RegimeState[] => {
  let state = NO_REGIME;
  return days.map((day) => {
    state = nextRegimeState(state, day, config);
    return state;
  });
};
const spells = (each: readonly (string | null)[]): number => each.filter((regime, n) => n === 0 || regime !== each[n - 1]).length;
const WITHOUT: RegimeConfig = {
  ...DEFAULT_REGIME,
  confirmDays: 1,
  crash: { ...DEFAULT_REGIME.crash, leaveVixPoints: DEFAULT_REGIME.crash.vixPoints },
  highVol: { vixPoints: 25, leaveVixPoints: 25 },
  lowVol: { vixPoints: 13, leaveVixPoints: 13 },
};

describe("the classifier", () => {
  test("tells every bar of any history one regime with finite figures, or why not; and is whole for whole histories", () => {
    fc.assert(
      fc.property(arbitraryHistory(true), (history) => {
        const days = classified(history);
        expect(days.map(({ day }) => day)).toEqual(history.bars.map(({ day }) => day));
        for (const day of days) {
          canonical(day);
          if (day.known) {
            expect(Object.values(day.inputs).every(Number.isFinite)).toBe(true);
            expect(day.regime).toBe(regimeOf(day.inputs, DEFAULT_REGIME));
            expect(REGIMES).toContain(day.regime);
          } else expect(day.missing).not.toBe("");
        }
      }),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(arbitraryHistory(false), (history) => {
        const days = classified(history);
        expect(days.slice(0, 49).every(({ known }) => !known)).toBe(true);
        const unknown = days.slice(49).flatMap((day) => (day.known ? [] : [day.missing]));
        expect(unknown.filter((why) => why !== "prices that never move")).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
  test("judges a day by what was known at its close: later days change nothing", () => {
    fc.assert(
      fc.property(arbitraryHistory(false), fc.nat(159), (history, cut) => {
        const upTo = { bars: history.bars.slice(0, cut), vix: history.vix.slice(0, cut) };
        expect(classified(upTo)).toEqual(classified(history).slice(0, cut));
      }),
      { numRuns: 50 },
    );
  });
  test("does not care for the level of prices, only for their changes", () => {
    fc.assert(
      fc.property(arbitraryHistory(false), (history) => {
        const doubled = history.bars.map(({ day, high, low, close }) => ({
          day,
          high: 4 * high,
          low: 4 * low,
          close: 4 * close,
        }));
        const label = (day: ClassifiedDay) => (day.known ? day.regime : null);
        expect(classified({ ...history, bars: doubled }).map(label)).toEqual(classified(history).map(label));
      }),
      { numRuns: 50 },
    );
  });
});

describe("hysteresis", () => {
  test("never changes the regime within two sessions of the last change, except into a crash", () => {
    fc.assert(
      fc.property(arbitraryHistory(true), (history) => {
        const states = folded(classified(history));
        const changes = states.flatMap(({ regime }, n) => (n > 0 && regime !== states[n - 1]?.regime ? [n] : []));
        for (const [k, n] of changes.entries()) {
          const before = changes[k - 1];
          if (before !== undefined && states[n]?.regime !== "crash") expect(n - before).toBeGreaterThanOrEqual(2);
        }
      }),
      { numRuns: 150 },
    );
  });
  test("is in a crash on every day that is one, from the day itself", () => {
    fc.assert(
      fc.property(arbitraryHistory(true), (history) => {
        const days = classified(history);
        for (const [n, { regime, since }] of folded(days).entries()) {
          const day = days[n];
          if (!day?.known || day.regime !== "crash") continue;
          expect(regime).toBe("crash");
          expect(since !== null && since <= day.day).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
  test("has fewer spells, or as many; without bands and with one day's confirmation it is the classifier", () => {
    fc.assert(
      fc.property(arbitraryHistory(false), (history) => {
        const days = classified(history).filter((day) => day.known);
        const labels = days.map(({ regime }) => regime);
        const held = folded(days).map(({ regime }) => regime);
        expect(spells(held)).toBeLessThanOrEqual(spells(labels));
        expect(folded(days, WITHOUT).map(({ regime }) => regime)).toEqual(labels);
      }),
      { numRuns: 150 },
    );
  });
  test("goes on from any day as if it had never stopped, through JSON", () => {
    fc.assert(
      fc.property(arbitraryHistory(true), fc.nat(159), (history, cut) => {
        const days = classified(history);
        const half = regimeThrough(NO_REGIME, days.slice(0, cut), DEFAULT_REGIME);
        const whole = regimeThrough(NO_REGIME, days, DEFAULT_REGIME);
        expect(regimeThrough(JSON.parse(JSON.stringify(half)) as RegimeState, days, DEFAULT_REGIME)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });
  test("is not let out of a crash by the close of the day on which it was seen", () => {
    fc.assert(
      fc.property(arbitraryHistory(false), fc.integer({ min: 50, max: 159 }), (history, at) => {
        const days = classified(history);
        const day = days[at];
        fc.pre(day !== undefined);
        const seen = crashOn(regimeThrough(NO_REGIME, days.slice(0, at), DEFAULT_REGIME), (day as ClassifiedDay).day);
        expect(nextRegimeState(seen, day as ClassifiedDay, DEFAULT_REGIME).regime).toBe("crash");
      }),
      { numRuns: 50 },
    );
  });
});
