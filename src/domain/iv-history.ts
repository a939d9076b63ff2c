/**
 * Where implied volatility stands in its own year: the percentile of the newest daily bar among the days before it, like with
 * like (IB's daily OPTION_IMPLIED_VOLATILITY bars). Too few days, or a newest bar that is not a volatility, is unknown.
 */
import type { Bar } from "./events/broker.ts";

export type IvPercentile =
  | { readonly known: true; readonly percentile: number; readonly vol: number; readonly days: number }
  | { readonly known: false; readonly days: number; readonly missing: string };

/** Days of one year. */
const DAYS_COUNTED = 252;

const isVol = (value: number): boolean => Number.isFinite(value) && value > 0;

/** The share of earlier days with a lower volatility, in percent: 0 the lowest, 100 above all. Equal days count half. */
export const ivPercentile = (bars: readonly Bar[], minDays: number): IvPercentile => {
  const byDay = bars.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  const newest = byDay.at(-1);
  const earlier = byDay
    .slice(0, -1)
    .map((bar) => bar.close)
    .filter(isVol)
    .slice(-DAYS_COUNTED);
  const days = earlier.length;
  if (newest === undefined || !isVol(newest.close))
    return { known: false, days, missing: "no implied volatility of the newest day" };
  if (days < Math.max(1, minDays))
    return { known: false, days, missing: `${days} days of implied volatility, ${minDays} needed` };
  const vol = newest.close;
  const below = earlier.filter((value) => value < vol).length;
  const equal = earlier.filter((value) => value === vol).length;
  return { known: true, percentile: (100 * (below + equal / 2)) / days, vol, days };
};
