/**
 * What a regime is told by, reckoned from daily bars: Wilder's ADX, simple means, Kaufman's efficiency ratio and changes over some
 * days. Pure; undefined where a figure has no meaning, never zero.
 */
import type { DayBar } from "./history.ts";

/** Wilder's smoothing over 14 days is an exponential mean with this weight of the newest day. */
const WEIGHT = 1 / 14;

/** Carries the ADX from one day to the next. The first day seeds the smoothed range with its own high minus low. */
export interface AdxState {
  readonly bar: DayBar;
  readonly up: number;
  readonly down: number;
  /** 0 to 100; null until prices have moved. */
  readonly adx: number | null;
}

const smoothed = (before: number, value: number): number => (1 - WEIGHT) * before + WEIGHT * value;

/**
 * One day further. Directional movement and its index after J. W. Wilder, New Concepts in Technical Trading Systems (1978). The true
 * range cancels out of the index, so only the two movements are kept: DX is |up − down| / (up + down).
 */
export const nextAdx = (before: AdxState | undefined, bar: DayBar): AdxState => {
  if (before === undefined) return { bar, up: 0, down: 0, adx: null };
  const rise = bar.high - before.bar.high;
  const fall = before.bar.low - bar.low;
  const up = smoothed(before.up, rise > fall && rise > 0 ? rise : 0);
  const down = smoothed(before.down, fall > rise && fall > 0 ? fall : 0);
  const moved = up + down;
  const dx = moved > 0 ? (100 * Math.abs(up - down)) / moved : undefined;
  const adx = dx === undefined ? before.adx : before.adx === null ? dx : smoothed(before.adx, dx);
  return { bar, up, down, adx };
};

/** The mean of the last `days` values up to and including index `end`; undefined when there are fewer. */
export const simpleMean = (values: readonly number[], days: number, end: number): number | undefined => {
  if (end + 1 < days) return undefined;
  let sum = 0;
  for (let i = end - days + 1; i <= end; i++) sum += values[i] as number;
  return sum / days;
};

/** values[end] / values[end − days] − 1; undefined when there is no such earlier value. */
export const changeOver = (values: readonly number[], days: number, end: number): number | undefined => {
  const earlier = values[end - days];
  return earlier === undefined ? undefined : (values[end] as number) / earlier - 1;
};

/**
 * How straight the way of the last `days` changes was: 1 is a straight line, near 0 a walk on the spot (P. J. Kaufman, Smarter Trading,
 * 1995). Undefined with fewer days, and of prices that did not move at all.
 */
export const efficiencyRatio = (closes: readonly number[], days: number, end: number): number | undefined => {
  if (end < days) return undefined;
  let way = 0;
  for (let i = end - days + 1; i <= end; i++) way += Math.abs((closes[i] as number) - (closes[i - 1] as number));
  return way > 0 ? Math.abs((closes[end] as number) - (closes[end - days] as number)) / way : undefined;
};
