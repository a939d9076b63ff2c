/**
 * The implied volatility of every strike and expiry, from the level of the VIX: a term structure at the money, and a smile.
 *
 * Term structure: by default premiums are fair. For each level of the VIX the volatility at the money is the one at which a
 * 16-delta strangle and a 16/5-delta condor, sold at mid and held to expiry, earned nothing on average over 2,000,000 days of
 * the daily law (index-path.ts). That puts it a little below what VIX and real surfaces have (VIX over 30-day volatility at the
 * money 1.22 here at a VIX of 18, 1.18 measured): the difference is the historic premium, which `premium` gives back. Scheduled
 * news is time that counts more. Smile: the power-law SSVI surface of J. Gatheral and A. Jacquier (2014), fitted to S&P options,
 * with a floor for the call wing, where SSVI runs too low. The larger of two arbitrage-free prices is convex in strike again,
 * so the floor admits no butterfly.
 */
import type { Skew } from "./skew-shocks.ts";
import { FITTED_SKEW } from "./skew-shocks.ts";

const YEAR_DAYS = 365;
const ETA = 1.56;
const GAMMA = 0.42;
/** The call wing of real surfaces stays above this share of the volatility at the money. */
const FLOOR_OF_ATM = 0.75;

/** Levels of the VIX, and for each number of days the fair volatility at the money there, in points. */
const LEVELS = [8.5, 10, 12, 14, 16, 18, 21, 25, 30, 37, 46].map(Math.log);
const FAIR: readonly (readonly [days: number, vols: readonly number[]])[] = [
  [1.448, [4.82, 6.02, 7.72, 9.52, 11.4, 13.36, 16.42, 20.74, 26.45, 35, 46.81]],
  [2.897, [4.99, 6.21, 7.93, 9.74, 11.64, 13.61, 16.7, 21.03, 26.76, 35.3, 47.06]],
  [7.242, [5.34, 6.54, 8.25, 10.07, 11.97, 13.95, 17.05, 21.36, 26.96, 35.06, 45.67]],
  [14.484, [5.74, 6.91, 8.6, 10.41, 12.31, 14.29, 17.35, 21.55, 26.84, 34.1, 42.84]],
  [30.417, [6.4, 7.54, 9.21, 10.99, 12.85, 14.77, 17.7, 21.59, 26.28, 32.24, 38.58]],
  [44.901, [6.84, 8.01, 9.68, 11.45, 13.27, 15.12, 17.89, 21.5, 25.73, 30.92, 36.16]],
  [91.25, [7.98, 9.11, 10.72, 12.4, 14.1, 15.8, 18.29, 21.42, 24.92, 28.9, 32.44]],
  [140.496, [8.78, 9.93, 11.54, 13.17, 14.79, 16.38, 18.65, 21.44, 24.44, 27.72, 30.47]],
];

/**
 * An underlying's variance from the S&P's: `beta` squared of it and its own volatility (annual, at a VIX of 18), the whole
 * volatility times `multiplier`, which a flatter skew needs for premiums to be fair. The skews are judgement but for the S&P's.
 */
export interface SmileLaw {
  readonly rho: number;
  readonly beta: number;
  readonly ownVol: number;
  readonly multiplier: number;
}

/** One expiry's smile: everything that does not depend on the strike. */
export interface Smile {
  readonly years: number;
  readonly rho: number;
  /** Total variance at the money. */
  readonly theta: number;
  readonly phi: number;
}

/** What besides the VIX a smile depends on. */
export interface SmileTerms {
  readonly skew: Skew;
  /** The expiry's days as variance counts them: more than calendar days when news is due. */
  readonly varianceDays: number;
  /** Vol points that sellers are paid beyond what is fair. */
  readonly premium: number;
}

/** The natural logarithm of the variance at a row of FAIR, (vol points)² × days: linear in ln VIX between levels and beyond. */
const logVarianceOf = ([days, vols]: (typeof FAIR)[number], logVix: number): number => {
  let i = 1;
  while (i < LEVELS.length - 1 && logVix > (LEVELS[i] as number)) i++;
  const [low, high] = [LEVELS[i - 1] as number, LEVELS[i] as number];
  const [from, to] = [Math.log(vols[i - 1] as number), Math.log(vols[i] as number)];
  return 2 * (from + ((logVix - low) / (high - low)) * (to - from)) + Math.log(days);
};

/** The S&P's fair total variance at the money, (vol points)² × days: linear in days between the table's, so it only increases. */
const fairVarianceDays = (logVix: number, days: number): number => {
  const first = FAIR[0]!;
  if (days <= first[0]) return (Math.exp(logVarianceOf(first, logVix)) * days) / first[0];
  let i = 1;
  while (i < FAIR.length - 1 && days > FAIR[i]![0]) i++;
  const [low, high] = [FAIR[i - 1]!, FAIR[i]!];
  const [from, to] = [Math.exp(logVarianceOf(low, logVix)), Math.exp(logVarianceOf(high, logVix))];
  return from + ((days - low[0]) / (high[0] - low[0])) * (to - from);
};

/** Own volatility grows with the square root of the VIX, total volatility with its 1.36th power: with this power of that. */
const OWN_EXPONENT = 1 / 1.36;
const ATM_AT_18 = 14.77;

/** The volatility at the money `days` ahead, in points; `calendarDays` are what it is annual by. */
const atmPoints = (
  { beta, ownVol, multiplier }: SmileLaw,
  logVix: number,
  calendarDays: number,
  { varianceDays, premium }: Pick<SmileTerms, "varianceDays" | "premium">,
): number => {
  const index = fairVarianceDays(logVix, varianceDays);
  const level = Math.sqrt(index / varianceDays) / ATM_AT_18;
  const own = (ownVol * 100) ** 2 * level ** OWN_EXPONENT * varianceDays;
  return multiplier * Math.sqrt((beta * beta * index + own) / calendarDays) + premium;
};

/** The volatility at the money of an option with 30 days to go and no news ahead, as a fraction, when the VIX is at a level. */
export const atmOf30Days = (law: SmileLaw, vix: number, premium = 0): number =>
  atmPoints(law, Math.log(vix), 30, { varianceDays: 30, premium }) / 100;

/** The smile of an expiry `years` (above 0) away, when the natural logarithm of the VIX is `logVix`. */
export const smileOf = (law: SmileLaw, logVix: number, years: number, terms?: SmileTerms): Smile => {
  const days = years * YEAR_DAYS;
  const { skew, ...rest } = terms ?? { skew: FITTED_SKEW, varianceDays: days, premium: 0 };
  const atm = atmPoints(law, logVix, days, rest) / 100;
  const theta = atm * atm * years;
  return { years, rho: law.rho * skew.rho, theta, phi: (ETA * skew.eta) / (theta ** GAMMA * (1 + theta) ** (1 - GAMMA)) };
};

/** SSVI's total variance at log-moneyness ln(strike / forward), without the floor. */
export const ssviVariance = ({ rho, theta, phi }: Smile, logMoneyness: number): number => {
  const x = phi * logMoneyness;
  return (theta / 2) * (1 + rho * x + Math.sqrt((x + rho) * (x + rho) + 1 - rho * rho));
};

/** The annual volatility at log-moneyness ln(strike / forward). */
export const volAt = (smile: Smile, logMoneyness: number): number => {
  const variance = ssviVariance(smile, logMoneyness);
  const floor = FLOOR_OF_ATM * FLOOR_OF_ATM * smile.theta;
  return Math.sqrt(Math.max(variance, floor) / smile.years);
};
