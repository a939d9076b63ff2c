/**
 * How the world moves: one trading day of the three indices and of the VIX, from the state at the prior close.
 *
 * The daily law is that of reference/quant.md 3.2: a common factor with Student-t shocks and jumps, whose volatility follows
 * the VIX, and a VIX that answers the day's return. A day is walked on two grids: the night, in which the futures trade, and
 * the session. However fine the grid, the day as a whole obeys the same law, so history (coarse) and present (each second)
 * are one process. Overnight the stock session sees only the night's end: the gap at its open.
 */
import type { RandomStream } from "./random.ts";
import { studentVariance } from "./random.ts";
import type { RegimeLaw } from "./regimes.ts";
import { EXTRA_DAYS_PER_SESSION } from "./releases.ts";

/** The three indices, in the order of every list here: S&P 500, Nasdaq 100, Russell 2000. */
export const INDEX_COUNT = 3;

/** Where the world stands at a close. Log prices are of the ETFs, in dollars. */
export interface WorldState {
  readonly logPrice: readonly [number, number, number];
  readonly logVix: number;
  /** The slow factor that VIX's mean moves with. */
  readonly slow: number;
}

/**
 * The points of a day: 0 is the prior close, `nightSteps` the open, the last one the close. `logPrice[i]` belongs to the
 * i-th index.
 */
export interface DayWalk {
  readonly nightSteps: number;
  readonly logPrice: readonly [Float64Array, Float64Array, Float64Array];
  readonly logVix: Float64Array;
  readonly end: WorldState;
}

const SESSIONS_PER_YEAR = 252;
/** The share of a day's ordinary variance that falls into the night; with jumps and news it is 37 % (SPY 2003-2021, measured). */
export const NIGHT_SHARE = 0.3;
/** What jumps leave of the variance to the diffusion. */
const DIFFUSIVE_SHARE = 0.88;
const DRIFT_PER_YEAR = 0.06;
/** Realised over implied volatility at a VIX of 18, and how it grows with the VIX: without that, tails are too thin. */
const REALISED_OVER_IMPLIED = 0.79;
const REALISED_CONVEXITY = 0.36;
const NIGHT_DEGREES = 5;
const SESSION_DEGREES = 9;
const JUMPS_PER_YEAR = 2.3;
const JUMP_MEAN = -0.027;
const JUMP_SD = 0.012;
/** Judgement: news comes mostly while the stock market is closed. */
const NIGHT_JUMP_SHARE = 0.65;
const VIX_ANSWER_UP = -3.6;
const VIX_ANSWER_DOWN = -4.9;
export const VIX_OWN_SD = 0.05;
const VIX_OWN_DEGREES = 5;
const VIX_PULL = 0.03;
const VIX_PANIC_PULL = 0.09;
const LN_VIX_MEAN = Math.log(18.6);
const LN_VIX_PANIC = Math.log(40);
const LN_VIX_MIN = Math.log(8.5);
const LN_VIX_MAX = Math.log(95);
const SLOW_DECAY = 1 / 356;
const SLOW_SD = 0.023;
/** Betas to the S&P 500 and own volatilities of the Nasdaq 100 and the Russell 2000; correlation of what is their own. */
export const BETA = [1.065, 1.146] as const;
export const OWN_VOL = [0.076, 0.097] as const;
/** Small companies' own news comes by day (overnight variance share of IWM 30 %, of SPY and QQQ 37 %). */
const RUSSELL_OWN_NIGHT_SHARE = 0.1;
const OWN_DEGREES = 5;
const OWN_CORRELATION = -0.16;
/** Judgement: own volatility grows less than the common one, so that in a crash the indices move more as one. */
const OWN_VOL_EXPONENT = 0.5;

/** What makes a day unlike others: news that is scheduled, a regime laid over the law. */
export interface DayLaw {
  /** `step` counts from the night's first; `extraDays` is variance in ordinary days', `outcome` a standard normal. */
  readonly news?: { readonly step: number; readonly extraDays: number; readonly outcome: number };
  readonly regime?: RegimeLaw;
}

/** What scheduled news leave of the variance to all other moments, so that the year as a whole is as measured. */
const QUIET_SHARE = 1 / (1 + EXTRA_DAYS_PER_SESSION);

/** Where long runs start from; a few hundred days later it is forgotten. */
export const ORDINARY_STATE: WorldState = { logPrice: [0, 0, 0], logVix: Math.log(17.5), slow: 0 };

/** The volatility of a day's returns of the S&P 500, as a fraction, when the VIX stood at a level (points) at the close before. */
export const dailyVolAt = (vix: number): number =>
  (REALISED_OVER_IMPLIED * (vix / 18) ** REALISED_CONVEXITY * vix) / 100 / Math.sqrt(SESSIONS_PER_YEAR);

const vixAnswer = (sinceClose: number): number => (sinceClose > 0 ? VIX_ANSWER_UP : VIX_ANSWER_DOWN) * sinceClose;

/** The step at which a share (0 to 1) of the weights has passed. */
const stepAtShare = (weights: Float64Array, share: number): number => {
  let passed = 0;
  for (let i = 0; i < weights.length; i++) {
    passed += weights[i] as number;
    if (passed >= share) return i;
  }
  return weights.length - 1;
};

/**
 * One day. `night` and `session` hold the variance weight of each step, each list adding up to 1 (or all 0: nothing moves).
 * Draws a fixed number of times for a given number of steps.
 */
export const walkDay = (
  from: WorldState,
  draw: RandomStream,
  night: Float64Array,
  session: Float64Array,
  { news, regime }: DayLaw = {},
): DayWalk => {
  const vix = Math.exp(from.logVix);
  const level = vix / 18;
  const dailyVol = dailyVolAt(vix) * Math.sqrt(QUIET_SHARE);
  const jumpChance = (JUMPS_PER_YEAR / SESSIONS_PER_YEAR) * level * (regime?.jumpMultiple ?? 1);
  const jumpMean = JUMP_MEAN * Math.sqrt(level);

  const nightVol = dailyVol * Math.sqrt(DIFFUSIVE_SHARE * NIGHT_SHARE * studentVariance(draw, NIGHT_DEGREES));
  const sessionVol = dailyVol * Math.sqrt(DIFFUSIVE_SHARE * (1 - NIGHT_SHARE) * studentVariance(draw, SESSION_DEGREES));
  const vixOwnSd = VIX_OWN_SD * Math.sqrt(studentVariance(draw, VIX_OWN_DEGREES));
  const ownScale = level ** OWN_VOL_EXPONENT / Math.sqrt(SESSIONS_PER_YEAR);
  const ownVol = OWN_VOL.map((vol) => vol * ownScale * Math.sqrt(studentVariance(draw, OWN_DEGREES))) as [number, number];
  const slow = from.slow * (1 - SLOW_DECAY) + SLOW_SD * draw.normal();
  const jumps = draw.uniform() < jumpChance;
  const jumpAtNight = draw.uniform() < NIGHT_JUMP_SHARE;
  const jumpStep = stepAtShare(jumpAtNight ? night : session, draw.uniform()) + (jumpAtNight ? 0 : night.length);
  const jumpSize = jumpMean + JUMP_SD * draw.normal();

  const [start0, start1, start2] = from.logPrice;
  const anchored = regime?.anchor === undefined ? 0 : regime.anchor.pull * (regime.anchor.logPrice - start0);
  // A regime's drift is meant with its jumps; the ordinary one is what is left beside them.
  const drift = (regime?.drift ?? DRIFT_PER_YEAR) / SESSIONS_PER_YEAR - jumpChance * jumpMean + anchored;
  const pull =
    regime === undefined
      ? VIX_PULL * (LN_VIX_MEAN + from.slow - from.logVix) - VIX_PANIC_PULL * Math.max(0, from.logVix - LN_VIX_PANIC)
      : regime.vixPull * (regime.logVixTarget - from.logVix);
  const newsMove = news === undefined ? 0 : dailyVol * Math.sqrt(news.extraDays) * news.outcome;
  // What the answer to returns adds on average: it is stronger downward, and E|r| is near 0.78 of the daily volatility.
  const answerMean = ((VIX_ANSWER_UP - VIX_ANSWER_DOWN) * 0.78 * dailyVol) / 2;

  const steps = night.length + session.length;
  const logPrice: [Float64Array, Float64Array, Float64Array] = [
    new Float64Array(steps + 1),
    new Float64Array(steps + 1),
    new Float64Array(steps + 1),
  ];
  const logVix = new Float64Array(steps + 1);
  let [common, own1, own2, vixOwn, dayPassed] = [0, 0, 0, 0, 0];
  const ownRest = Math.sqrt(1 - OWN_CORRELATION ** 2);
  for (let i = 0; i <= steps; i++) {
    logPrice[0][i] = start0 + common;
    logPrice[1][i] = start1 + BETA[0] * common + own1;
    logPrice[2][i] = start2 + BETA[1] * common + own2;
    const vixNow = from.logVix + dayPassed * (pull - answerMean) + vixAnswer(common) + vixOwn;
    logVix[i] = Math.min(LN_VIX_MAX, Math.max(LN_VIX_MIN, vixNow));
    if (i === steps) break;
    const atNight = i < night.length;
    const weight = (atNight ? night[i] : session[i - night.length]) as number;
    const share = weight * (atNight ? NIGHT_SHARE : 1 - NIGHT_SHARE);
    const [z, z1, z2, zVix] = [draw.normal(), draw.normal(), draw.normal(), draw.normal()];
    common += share * drift + Math.sqrt(weight) * (atNight ? nightVol : sessionVol) * z;
    if (jumps && i === jumpStep) common += jumpSize;
    if (i === news?.step) common += newsMove;
    const shareRoot = Math.sqrt(share);
    own1 += shareRoot * ownVol[0] * z1;
    own2 +=
      Math.sqrt(weight * (atNight ? RUSSELL_OWN_NIGHT_SHARE : 1 - RUSSELL_OWN_NIGHT_SHARE)) *
      ownVol[1] *
      (OWN_CORRELATION * z1 + ownRest * z2);
    vixOwn += shareRoot * vixOwnSd * zVix;
    dayPassed += share;
  }
  return {
    nightSteps: night.length,
    logPrice,
    logVix,
    end: {
      logPrice: [logPrice[0][steps] as number, logPrice[1][steps] as number, logPrice[2][steps] as number],
      logVix: logVix[steps] as number,
      slow,
    },
  };
};

/** Volatility of the 13 half-hours of a session relative to their mean (SPY, October 2013, measured). */
const HALF_HOUR_VOL = [1.39, 1.21, 1.11, 1.09, 1.03, 0.85, 0.73, 0.86, 0.76, 1.11, 0.82, 0.89, 1.17];

/** Variance weights of a session in equal steps: the U of a trading day, squeezed into shorter sessions. */
export const sessionWeights = (steps: number): Float64Array => {
  const weights = Float64Array.from({ length: steps }, (_, i) => {
    const vol = HALF_HOUR_VOL[Math.floor((i * HALF_HOUR_VOL.length) / steps)] as number;
    return vol * vol;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

/** Weights of a night: equal for the steps in which the futures trade, 0 for the others. */
export const nightWeights = (open: readonly boolean[]): Float64Array => {
  const count = open.filter(Boolean).length;
  return Float64Array.from(open, (isOpen) => (isOpen ? 1 / count : 0));
};
