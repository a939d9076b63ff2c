/**
 * The implied volatility of every strike and expiry, from the level of the VIX: a term structure at the money, and a smile.
 *
 * Term structure: VIX, and three and six month VIX by regression on it (reference/quant.md 3.1), linear in total variance
 * between them, flat before and after. Smile: the power-law SSVI surface of J. Gatheral and A. Jacquier (2014), fitted to S&P
 * options, with a floor for the call wing, where SSVI runs too low. The larger of two arbitrage-free prices is convex in
 * strike again, so the floor admits no butterfly.
 */

const YEAR_DAYS = 365;
const ETA = 1.56;
const GAMMA = 0.42;
/** The call wing of real surfaces stays above this share of the volatility at the money. */
const FLOOR_OF_ATM = 0.75;

/** VIX against what it is multiples of, the at-the-money volatility of 30 days, under this smile: interpolated in the VIX. */
const VIX_OVER_ATM: readonly (readonly [vix: number, ratio: number])[] = [
  [9.1, 1.138],
  [15.13, 1.164],
  [20.06, 1.18],
  [30.2, 1.209],
  [50.1, 1.252],
];

/** The skews are judgement but for the S&P's: flatter for the others. `atmFactor` scales the S&P's volatility. */
export interface SmileLaw {
  readonly rho: number;
  readonly atmFactor: number;
}

/** One expiry's smile: everything that does not depend on the strike. */
export interface Smile {
  readonly years: number;
  readonly rho: number;
  /** Total variance at the money. */
  readonly theta: number;
  readonly phi: number;
}

const atmOfIndex = (index: number): number => {
  const first = VIX_OVER_ATM[0]!;
  if (index <= first[0]) return index / first[1];
  for (let i = 1; i < VIX_OVER_ATM.length; i++) {
    const [low, high] = [VIX_OVER_ATM[i - 1]!, VIX_OVER_ATM[i]!];
    if (index <= high[0]) return index / (low[1] + ((index - low[0]) / (high[0] - low[0])) * (high[1] - low[1]));
  }
  return index / VIX_OVER_ATM.at(-1)![1];
};

/** The volatility at the money of an S&P option with 30 days to go, as a fraction, when the VIX is at a level. */
export const atmOf30Days = (vix: number): number => atmOfIndex(vix) / 100;

/** Total variance at the money, for the S&P, in (vol points)² × days: increases with time, so that calendars cost something. */
const atmVarianceDays = (logVix: number, days: number): number => {
  const knots = [
    { day: 30, index: Math.exp(logVix) },
    { day: 93, index: Math.exp(0.614 + 0.8255 * logVix) },
    { day: 182, index: Math.exp(1.061 + 0.697 * logVix) },
  ] as const;
  let indexVariance = (days <= 30 ? knots[0].index : knots[2].index) ** 2 * days;
  for (let i = 1; i < knots.length; i++) {
    const [low, high] = [knots[i - 1]!, knots[i]!];
    if (days <= low.day || days > high.day) continue;
    const passed = (days - low.day) / (high.day - low.day);
    indexVariance = low.index ** 2 * low.day * (1 - passed) + high.index ** 2 * high.day * passed;
  }
  const atm = atmOfIndex(Math.sqrt(indexVariance / days));
  return atm * atm * days;
};

/** The smile of an expiry `years` (above 0) away, when the natural logarithm of the VIX is `logVix`. */
export const smileOf = ({ rho, atmFactor }: SmileLaw, logVix: number, years: number): Smile => {
  const theta = (atmVarianceDays(logVix, years * YEAR_DAYS) / YEAR_DAYS / 10_000) * atmFactor * atmFactor;
  return { years, rho, theta, phi: ETA / (theta ** GAMMA * (1 + theta) ** (1 - GAMMA)) };
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
