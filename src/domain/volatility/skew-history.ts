/**
 * A year of daily samples of the put/call skew: the volatility of the 25-delta put over that of the 25-delta call, in the expiry
 * nearest to 45 days. Nobody sells its history, so it is kept from what was measured; until a year is full it has no median.
 */
import type { TradingDay } from "../units.ts";

/** The ratio of one day. */
export type SkewDay = readonly [day: TradingDay, ratio: number];
/** Oldest first, no day twice. */
export type SkewHistory = readonly SkewDay[];

export const NO_SKEW_HISTORY: SkewHistory = [];

/** Days of one year: fewer have no median. */
export const YEAR_OF_DAYS = 252;
/** A year, the day in progress, and a few more. */
const DAYS_KEPT = 260;

/** With a day's sample; a later one of the same day replaces it. Throws nothing: what is no ratio is not kept. */
export const withSkew = (history: SkewHistory, day: TradingDay, ratio: number): SkewHistory => {
  if (!Number.isFinite(ratio) || ratio <= 0) return history;
  return [...history.filter(([kept]) => kept !== day), [day, ratio] as const]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .slice(-DAYS_KEPT);
};

/** The median of the newest `YEAR_OF_DAYS` days before a day, and how many there are; the day itself is what is compared with it. */
export const skewYear = (
  history: SkewHistory,
  today: TradingDay,
): { readonly median: number | null; readonly daysKept: number } => {
  const ratios = history
    .filter(([day]) => day < today)
    .slice(-YEAR_OF_DAYS)
    .map(([, ratio]) => ratio)
    .sort((a, b) => a - b);
  const daysKept = ratios.length;
  if (daysKept < YEAR_OF_DAYS) return { median: null, daysKept };
  const upper = ratios[daysKept / 2] as number;
  return { median: ((ratios[daysKept / 2 - 1] as number) + upper) / 2, daysKept };
};
