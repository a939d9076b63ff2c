/** What is expected of a candidate, written down at its entry: its figures, its score, and the score bent by what was learnt so far. */
import { assert } from "../assert.ts";
import type { LearntWeight } from "../events/actors.ts";
import type { Prediction } from "../facts.ts";
import type { Regime } from "../regime/regime.ts";
import type { Expected } from "./expected-return.ts";

/** Whatever was learnt, a weight beyond these is not used: the configuration's own bounds lie within. */
const LOWEST_WEIGHT = 0.5;
const HIGHEST_WEIGHT = 2;

/** The weight of a kind in a regime; 1 where nothing was learnt or the regime is not known. */
export const weightFor = (kind: string, regime: Regime | null, weights: readonly LearntWeight[]): number => {
  const learnt = weights.find((one) => one.kind === kind && one.regime === regime)?.weight;
  if (learnt === undefined || !Number.isFinite(learnt)) return 1;
  return Math.min(HIGHEST_WEIGHT, Math.max(LOWEST_WEIGHT, learnt));
};

/** Throws on figures that are none: what cannot be estimated is no candidate. */
export const predictionOf = (
  { probability, expectedReturn, rewardToRisk }: Expected,
  rawScore: number,
  weight: number,
): Prediction => {
  assert([probability, expectedReturn, rewardToRisk, rawScore, weight].every(Number.isFinite), "a prediction is made of numbers");
  return {
    probability,
    expectedReturn,
    rewardToRisk,
    rawScore,
    weight,
    score: Math.min(100, Math.max(0, rawScore * weight)),
  };
};
