/**
 * How good predictions were: one record for each kind of strategy in each regime, and the weight that follows from it.
 *
 * Everything is in one unit, the return on risk (profit after costs over the worst loss at entry), so that kinds and sizes compare. The
 * probability of a profit has its own measure: tenths of it, with how often they came true.
 */
import type { EngineConfig } from "../config.ts";
import type { LearntWeight } from "../events/actors.ts";
import type { Prediction, PredictionOutcome } from "../facts.ts";
import type { Regime } from "../regime/regime.ts";

export type WeightLimits = NonNullable<EngineConfig["predictions"]>;
export const DEFAULT_WEIGHT_LIMITS: WeightLimits = { minTrades: 20, lowestWeight: 0.8, highestWeight: 1.25 };

/** Predictions whose probability lay in one tenth. */
export interface Tenth {
  readonly count: number;
  readonly won: number;
  /** Of the probabilities: their mean is what should have come true. */
  readonly sum: number;
}
export interface TrackRecord {
  readonly kind: string;
  /** Null: of positions entered while the regime was not known. */
  readonly regime: Regime | null;
  readonly count: number;
  /** Of the errors, outcome less prediction. */
  readonly sum: number;
  readonly sumAbsolute: number;
  readonly sumSquared: number;
  /** Ten: [0, 0.1), … [0.9, 1]. */
  readonly tenths: readonly Tenth[];
}
export type TrackRecords = { readonly [key: string]: TrackRecord };

const EMPTY_TENTH: Tenth = { count: 0, won: 0, sum: 0 };
const empty = (kind: string, regime: Regime | null): TrackRecord => ({
  kind,
  regime,
  count: 0,
  sum: 0,
  sumAbsolute: 0,
  sumSquared: 0,
  tenths: Array.from({ length: 10 }, () => EMPTY_TENTH),
});
const keyOf = (kind: string, regime: Regime | null): string => `${kind} ${regime ?? "unknown"}`;

/** Outcome less prediction, in return on risk. */
export const errorOf = (prediction: Prediction, outcome: PredictionOutcome): number =>
  outcome.returnOnRisk - prediction.expectedReturn;

export const recordOf = (records: TrackRecords, kind: string, regime: Regime | null): TrackRecord =>
  records[keyOf(kind, regime)] ?? empty(kind, regime);

/** The records after one more outcome. */
export const noteOutcome = (
  records: TrackRecords,
  kind: string,
  regime: Regime | null,
  prediction: Prediction,
  outcome: PredictionOutcome,
): TrackRecords => {
  const before = recordOf(records, kind, regime);
  const error = errorOf(prediction, outcome);
  const tenth = Math.min(9, Math.max(0, Math.floor(prediction.probability * 10)));
  const after: TrackRecord = {
    ...before,
    count: before.count + 1,
    sum: before.sum + error,
    sumAbsolute: before.sumAbsolute + Math.abs(error),
    sumSquared: before.sumSquared + error * error,
    tenths: before.tenths.map((one, n) =>
      n === tenth ? { count: one.count + 1, won: one.won + (outcome.won ? 1 : 0), sum: one.sum + prediction.probability } : one,
    ),
  };
  return { ...records, [keyOf(kind, regime)]: after };
};

export const meanAbsoluteError = ({ count, sumAbsolute }: TrackRecord): number | null =>
  count === 0 ? null : sumAbsolute / count;
export const meanSquaredError = ({ count, sumSquared }: TrackRecord): number | null => (count === 0 ? null : sumSquared / count);

/**
 * By what a score is multiplied: 1 until `minTrades` outcomes are known; then it leans towards a limit by how much of the error is bias
 * (mean error over its root mean square, −1 to 1), shrunk by n / (n + minTrades). Always within the limits.
 */
export const weightOf = (record: TrackRecord, { minTrades, lowestWeight, highestWeight }: WeightLimits): number => {
  const { count, sum, sumSquared } = record;
  if (count < minTrades || sumSquared === 0) return 1;
  const bias = sum / Math.sqrt(count * sumSquared);
  const lean = bias * (count / (count + minTrades));
  const weight = 1 + lean * (lean > 0 ? highestWeight - 1 : 1 - lowestWeight);
  return Math.min(highestWeight, Math.max(lowestWeight, weight));
};

/** All weights of known regimes, in a stable order. */
export const weightsOf = (records: TrackRecords, limits: WeightLimits): readonly LearntWeight[] =>
  Object.keys(records)
    .toSorted()
    .flatMap((key) => {
      const record = records[key] as TrackRecord;
      const { kind, regime, count } = record;
      return regime === null ? [] : [{ kind, regime, count, weight: weightOf(record, limits) }];
    });
