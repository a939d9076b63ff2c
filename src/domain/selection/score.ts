/**
 * One figure, 0 to 100, by which structures are compared, made of four parts of 0 to 100 each:
 *
 * - **probability**, 35 %: of ending with a profit after costs, as it is.
 * - **expected return**, 30 %: the mean after costs over the worst loss. 50 when it is none (a fair price without costs), a point up or
 *   down for each fifth of a percent: −10 % is 0, +10 % is 100. In a risk-neutral world it is what trading costs, as a share of the risk.
 * - **reward**, 20 %: the best end over the worst, r / (r + 1/3): 50 for a condor that pays a third of its risk, nearing 100 beyond.
 * - **volatility**, 15 %: where implied volatility stands in its year, the mean of percentile and rank as far as they are known. Those who
 *   sell volatility want it high, those who buy it want it low. Not known counts as 0, and is said.
 *
 * The weights are judgement. What they are worth is learnt from outcomes, by kind and regime, and bends the score (prediction.ts).
 */
import type { Expected } from "./expected-return.ts";

export const SCORE_WEIGHTS = { probability: 0.35, expectedReturn: 0.3, reward: 0.2, volatility: 0.15 } as const;
/** Points of the expected return's part for each percent of return on risk. */
const POINTS_PER_PCT = 5;
const FAIR_REWARD = 1 / 3;

export interface ScoreInput extends Expected {
  /** 0 to 100; null is not known. */
  readonly ivPercentile: number | null;
  readonly ivRank: number | null;
  /** It gains when volatility rises. */
  readonly longVega: boolean;
}
export interface Score {
  /** 0 to 100. */
  readonly score: number;
  /** The four parts, 0 to 100, unweighted; `volatility` null: not known. */
  readonly parts: {
    readonly probability: number;
    readonly expectedReturn: number;
    readonly reward: number;
    readonly volatility: number | null;
  };
}

const clamp = (value: number): number => Math.min(100, Math.max(0, value));

/** How good the volatility's standing is for this structure; null when neither figure is known. */
const volatilityPart = ({ ivPercentile, ivRank, longVega }: ScoreInput): number | null => {
  const known = [ivPercentile, ivRank].filter((figure) => figure !== null);
  if (known.length === 0) return null;
  const standing = clamp(known.reduce((sum, figure) => sum + figure, 0) / known.length);
  return longVega ? 100 - standing : standing;
};

export const scoreOf = (input: ScoreInput): Score => {
  const { probability, expectedReturn, rewardToRisk } = input;
  const parts = {
    probability: clamp(100 * probability),
    expectedReturn: clamp(50 + POINTS_PER_PCT * 100 * expectedReturn),
    reward: clamp((100 * rewardToRisk) / (rewardToRisk + FAIR_REWARD)),
    volatility: volatilityPart(input),
  };
  const score =
    SCORE_WEIGHTS.probability * parts.probability +
    SCORE_WEIGHTS.expectedReturn * parts.expectedReturn +
    SCORE_WEIGHTS.reward * parts.reward +
    SCORE_WEIGHTS.volatility * (parts.volatility ?? 0);
  return { score: clamp(score), parts };
};

/** The parts in words: `probability 71, expected return 42, reward 38, volatility not known: 0`. */
export const inWords = ({ parts }: Score): string =>
  [
    `probability ${Math.round(parts.probability)}`,
    `expected return ${Math.round(parts.expectedReturn)}`,
    `reward ${Math.round(parts.reward)}`,
    parts.volatility === null ? "volatility not known: 0" : `volatility ${Math.round(parts.volatility)}`,
  ].join(", ");
