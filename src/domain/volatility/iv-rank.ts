/**
 * Where implied volatility stands in its own year: its rank and its percentile among the 252 closes before it, like with like (IB's
 * daily OPTION_IMPLIED_VOLATILITY bars, and its live 30-day figure). One definition for the whole engine (reference/quant.md 4.3).
 *
 * A year that has not passed yet, or one in which nothing moved, ranks nothing: both are unknown then, never 0 or 100.
 */
import type { Bar } from "../events/broker.ts";
import type { TradingDay } from "../units.ts";

/** Closes of one year. */
export const YEAR_OF_CLOSES = 252;

/** One day's close of implied volatility, shares a year. */
export type VolClose = readonly [day: TradingDay, vol: number];

/** 0 to 100. `days`: how many closes it was told from, at most `YEAR_OF_CLOSES`. */
export type Standing =
  | { readonly known: true; readonly value: number; readonly days: number }
  | { readonly known: false; readonly days: number; readonly missing: string };

const isVol = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value) && value > 0;
const clamped = (value: number): number => Math.min(100, Math.max(0, value));

/** The year of a figure: the newest closes before it, or why they tell nothing. */
const yearOf = (
  vol: number | undefined,
  earlier: readonly number[],
  minDays: number,
): { readonly closes: readonly number[]; readonly missing: string } => {
  const closes = earlier.filter(isVol).slice(-YEAR_OF_CLOSES);
  const needed = Math.max(1, Math.min(minDays, YEAR_OF_CLOSES));
  if (closes.length < needed) return { closes, missing: `${closes.length} days of implied volatility, ${needed} needed` };
  if (Math.max(...closes) === Math.min(...closes)) return { closes, missing: "implied volatility did not move in its year" };
  return { closes, missing: isVol(vol) ? "" : "no implied volatility now" };
};

/** How far up it is between the lowest and the highest close of its year; beyond them it is 0 or 100. `earlier`: oldest first. */
export const ivRankOf = (vol: number | undefined, earlier: readonly number[], minDays: number = YEAR_OF_CLOSES): Standing => {
  const { closes, missing } = yearOf(vol, earlier, minDays);
  const days = closes.length;
  if (missing !== "" || vol === undefined) return { known: false, days, missing };
  const [low, high] = [Math.min(...closes), Math.max(...closes)];
  return { known: true, value: clamped((100 * (vol - low)) / (high - low)), days };
};

/** The share of closes in its year that are strictly below it, in percent. `earlier`: oldest first. */
export const ivPercentileOf = (
  vol: number | undefined,
  earlier: readonly number[],
  minDays: number = YEAR_OF_CLOSES,
): Standing => {
  const { closes, missing } = yearOf(vol, earlier, minDays);
  const days = closes.length;
  if (missing !== "" || vol === undefined) return { known: false, days, missing };
  return { known: true, value: (100 * closes.filter((close) => close < vol).length) / days, days };
};

/** Closes that are kept: a year, and some weeks in which none may be told. */
const CLOSES_KEPT = 280;

/** With what daily bars tell of days before `today`; a day told again replaces itself. Oldest first, the newest `CLOSES_KEPT`. */
export const withVolBars = (rows: readonly VolClose[], bars: readonly Bar[], today: TradingDay): readonly VolClose[] => {
  const told = bars.filter(({ day, close }) => day < today && isVol(close)).map(({ day, close }): VolClose => [day, close]);
  return [...new Map([...rows, ...told].map((row) => [row[0], row])).values()]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .slice(-CLOSES_KEPT);
};
