import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORGET_AFTER_MS } from "../../src/domain/rules/confirmation.ts";
import { evaluateRules } from "../../src/domain/rules/index.ts";
import { EMPTY_PEAK, notePeak, type TrailingPeak } from "../../src/domain/rules/trailing-stop.ts";
import type { EpochMs } from "../../src/domain/units.ts";
import { NOON, RULES_CONFIG } from "../support/quoted-chain.ts";
import { calm, usd } from "../support/rule-facts.ts";

const { armPct, keepPctOfPeak, minMovePct } = RULES_CONFIG.trailingStop;
const CONFIRM_MS = RULES_CONFIG.confirmSeconds * 1_000;

interface Point {
  readonly at: number;
  /** Percent of base; undefined: not known. */
  readonly pct: number | undefined;
}
/** A walk of profit with jumps, at irregular looks, some blind. */
const path: fc.Arbitrary<readonly Point[]> = fc
  .array(
    fc.record({
      after: fc.integer({ min: 1, max: 30 }),
      move: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -30, max: 40 }).map((n) => n / 10) },
        { weight: 1, arbitrary: fc.integer({ min: -80, max: 80 }) },
      ),
      blind: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
    { maxLength: 120 },
  )
  .map((moves) => {
    let [at, pct] = [NOON as number, 20];
    return moves.map(({ after, move, blind }) => {
      at += after * 1_000;
      pct = Math.max(-300, Math.min(100, pct + move));
      return { at, pct: blind ? undefined : pct };
    });
  });
const followed = (points: readonly Point[], from: TrailingPeak = EMPTY_PEAK): TrailingPeak[] => {
  let state = from;
  return points.map(({ at, pct }) => {
    state = notePeak(state, pct, at as EpochMs, RULES_CONFIG);
    return state;
  });
};
const fires = (peakPct: number | null, pct: number): boolean => {
  const { trace } = evaluateRules(calm({ peakPct, unitProfit: usd((240 * pct) / 100) }), RULES_CONFIG);
  return trace.find(({ rule }) => rule === "trailing-stop")?.verdict === "fired";
};

describe("the peak of a trailing stop", () => {
  it("is a level that profit held at two looks at least ten seconds apart and at all between them", () => {
    fc.assert(
      fc.property(path, (points) => {
        followed(points).forEach(({ peakPct }, i) => {
          if (peakPct === null) return;
          const seen = points.slice(0, i + 1);
          const held = seen.some((first, a) =>
            seen.some((last, b) => {
              const between = seen.slice(a, b + 1).map(({ pct }) => pct);
              return (
                last.at - first.at >= CONFIRM_MS &&
                first.pct !== undefined &&
                last.pct !== undefined &&
                between.every((pct) => pct === undefined || pct >= peakPct)
              );
            }),
          );
          expect(held).toBe(true);
        });
      }),
    );
  });

  it("misses no level that was held for long: it is at most two least moves below it", () => {
    fc.assert(
      fc.property(path, fc.integer({ min: 10, max: 95 }), (points, level) => {
        const before = followed(points).at(-1) ?? EMPTY_PEAK;
        const at = (points.at(-1)?.at ?? NOON) + 1_000;
        const held = [0, 5, 11, 17, 23].map((second) => ({ at: at + second * 1_000, pct: level }));
        expect(followed(held, before).at(-1)?.peakPct ?? 0).toBeGreaterThanOrEqual(level - 2 * minMovePct);
      }),
    );
  });

  it("never falls, and rises by no less than the least move", () => {
    fc.assert(
      fc.property(path, (points) => {
        const peaks = followed(points).flatMap(({ peakPct }) => peakPct ?? []);
        peaks.forEach((peak, i) => {
          const before = peaks[i - 1] ?? 0;
          if (peak !== before) expect(peak).toBeGreaterThanOrEqual(before + minMovePct);
        });
      }),
    );
  });

  it("is never made of a loss, and so a loss never arms", () => {
    fc.assert(
      fc.property(path, (points) => {
        const losing = points.map(({ at, pct }) => ({ at, pct: pct === undefined ? undefined : -Math.abs(pct) }));
        for (const { peakPct } of followed(losing)) expect(peakPct).toBeNull();
      }),
    );
  });

  it("does not know a single tick, up or down", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 90 }), fc.integer({ min: -300, max: 300 }), (level, spike) => {
        const calmly = [0, 4, 8, 12, 16].map((second) => ({ at: NOON + second * 1_000, pct: level as number | undefined }));
        const settled = followed(calmly).at(-1) as TrailingPeak;
        expect(settled.peakPct).toBe(level);
        const after = [
          { at: NOON + 18_000, pct: spike },
          ...[20, 26, 32].map((second) => ({ at: NOON + second * 1_000, pct: level })),
        ];
        expect(followed(after, settled).at(-1)?.peakPct).toBe(level);
      }),
    );
  });

  it("is kept while profit is not known, and a candidate only for a while", () => {
    const candidate = notePeak(EMPTY_PEAK, 50, NOON, RULES_CONFIG);
    const blind = (ms: number) => notePeak(candidate, undefined, (NOON + ms) as EpochMs, RULES_CONFIG);
    expect(blind(FORGET_AFTER_MS)).toEqual(candidate);
    expect(blind(FORGET_AFTER_MS + 1)).toEqual(EMPTY_PEAK);
    expect(notePeak(candidate, 50, (NOON + FORGET_AFTER_MS + 1) as EpochMs, RULES_CONFIG).peakPct).toBeNull();
    expect(notePeak({ peakPct: 50, candidate: null }, undefined, NOON, RULES_CONFIG).peakPct).toBe(50);
  });

  it("is the same when it is asked twice at one instant", () => {
    fc.assert(
      fc.property(path, (points) => {
        const twice = points.flatMap((point) => [point, point]);
        expect(followed(twice).at(-1)).toEqual(followed(points).at(-1));
      }),
    );
  });

  it("needs two looks even where no time is wanted between them", () => {
    const atOnce = { ...RULES_CONFIG, confirmSeconds: 0 };
    const first = notePeak(EMPTY_PEAK, 50, NOON, atOnce);
    expect(notePeak(first, 50, NOON, atOnce).peakPct).toBeNull();
    expect(notePeak(first, 50, (NOON + 1) as EpochMs, atOnce).peakPct).toBe(50);
  });

  it("is plain JSON", () => {
    fc.assert(
      fc.property(path, (points) => {
        const last = followed(points).at(-1) ?? EMPTY_PEAK;
        expect(JSON.parse(JSON.stringify(last))).toEqual(last);
      }),
    );
  });
});

describe("the trailing stop", () => {
  it("fires only when armed, and then exactly when no more than its share of the peak is left", () => {
    fc.assert(
      fc.property(path, (points) => {
        followed(points).forEach(({ peakPct }, i) => {
          const pct = points[i]?.pct;
          if (pct === undefined) return;
          const isArmed = peakPct !== null && peakPct >= armPct;
          const kept = ((peakPct ?? 0) * keepPctOfPeak) / 100;
          // The profit of the facts is in whole units of money: a hair's breadth from the threshold proves nothing.
          fc.pre(Math.abs(pct - kept) > 1e-6);
          expect(fires(peakPct, pct)).toBe(isArmed && pct < kept);
        });
      }),
    );
  });
  it("fires at a loss too, once armed", () => {
    expect(fires(60, -80)).toBe(true);
    expect(fires(39, -80)).toBe(false);
    expect(fires(null, -80)).toBe(false);
  });
});
