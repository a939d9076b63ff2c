import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Prediction } from "../../src/domain/facts.ts";
import {
  meanAbsoluteError,
  meanSquaredError,
  noteOutcome,
  recordOf,
  type TrackRecords,
  weightOf,
  weightsOf,
} from "../../src/domain/prediction/track-record.ts";

const LIMITS = { minTrades: 5, lowestWeight: 0.8, highestWeight: 1.25 };
const share = fc.double({ min: -1, max: 1, noNaN: true });
const scored = fc.record({
  probability: fc.double({ min: 0, max: 1, noNaN: true }),
  expectedReturn: share,
  returnOnRisk: share,
});
type Scored = { readonly probability: number; readonly expectedReturn: number; readonly returnOnRisk: number };
const predicted = ({ probability, expectedReturn }: Scored): Prediction => ({
  probability,
  expectedReturn,
  rewardToRisk: 0.3,
  rawScore: 50,
  weight: 1,
  score: 50,
});
const booked = (list: readonly Scored[], kind = "iron-condor"): TrackRecords =>
  list.reduce<TrackRecords>(
    (records, one) =>
      noteOutcome(records, kind, "normal", predicted(one), { won: one.returnOnRisk > 0, returnOnRisk: one.returnOnRisk }),
    {},
  );

describe("a track record", () => {
  it("has the mean absolute and the mean squared error of what was booked", () => {
    fc.assert(
      fc.property(fc.array(scored, { minLength: 1, maxLength: 40 }), (list) => {
        const record = recordOf(booked(list), "iron-condor", "normal");
        const errors = list.map(({ returnOnRisk, expectedReturn }) => returnOnRisk - expectedReturn);
        const mean = (of: (error: number) => number): number => errors.reduce((sum, error) => sum + of(error), 0) / errors.length;
        expect(record.count).toBe(list.length);
        expect(meanAbsoluteError(record)).toBeCloseTo(mean(Math.abs), 10);
        expect(meanSquaredError(record)).toBeCloseTo(
          mean((error) => error * error),
          10,
        );
        expect(record.tenths.reduce((sum, { count }) => sum + count, 0)).toBe(list.length);
        record.tenths.forEach(({ count, won, sum }, n) => {
          expect(won).toBeLessThanOrEqual(count);
          if (count > 0) expect(Math.abs(sum / count - (n / 10 + 0.05))).toBeLessThanOrEqual(0.05 + 1e-9);
        });
      }),
    );
  });

  it("never weighs beyond its limits, and weighs nothing before enough is known", () => {
    fc.assert(
      fc.property(fc.array(scored, { maxLength: 60 }), (list) => {
        const weight = weightOf(recordOf(booked(list), "iron-condor", "normal"), LIMITS);
        expect(weight).toBeGreaterThanOrEqual(LIMITS.lowestWeight);
        expect(weight).toBeLessThanOrEqual(LIMITS.highestWeight);
        if (list.length < LIMITS.minTrades) expect(weight).toBe(1);
      }),
    );
  });

  it("weighs what did better than predicted up and what did worse down, more so the longer it goes on", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 40 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.constantFrom(1, -1),
        (n, by, sign) => {
          const one: Scored = { probability: 0.5, expectedReturn: 0, returnOnRisk: sign * by };
          const weight = (count: number) => weightOf(recordOf(booked(Array(count).fill(one)), "iron-condor", "normal"), LIMITS);
          expect(Math.sign(weight(n) - 1)).toBe(sign);
          expect(Math.abs(weight(n + 1) - 1)).toBeGreaterThan(Math.abs(weight(n) - 1));
        },
      ),
    );
  });

  it("is kept apart for each kind and regime, and one of an unknown regime gives no weight", () => {
    const one = predicted({ probability: 0.7, expectedReturn: 0.1, returnOnRisk: 0 });
    const outcome = { won: false, returnOnRisk: -1 };
    let records: TrackRecords = {};
    for (let n = 0; n < 10; n++) {
      records = noteOutcome(records, "bull-put", "crash", one, outcome);
      records = noteOutcome(records, "bull-put", null, one, outcome);
    }
    expect(weightsOf(records, LIMITS)).toEqual([
      { kind: "bull-put", regime: "crash", count: 10, weight: weightOf(recordOf(records, "bull-put", "crash"), LIMITS) },
    ]);
    expect(recordOf(records, "bull-put", "normal").count).toBe(0);
  });
});
