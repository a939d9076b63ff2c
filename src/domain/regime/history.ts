/**
 * The daily past that a regime is told from: the stock's bars and the closes of the VIX, as rows that are cheap to keep in an actor's
 * state. What is no price is not kept: a day without is a hole, never a zero.
 */
import type { Bar } from "../events/broker.ts";
import type { TradingDay } from "../units.ts";

/** One day, in dollars as traded: not adjusted for dividends. */
export interface DayBar {
  readonly day: TradingDay;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}
export interface VixClose {
  readonly day: TradingDay;
  readonly close: number;
}
/** Each oldest first, no day twice. */
export interface RegimeHistory {
  readonly bars: readonly DayBar[];
  readonly vix: readonly VixClose[];
}

export type BarRow = readonly [day: TradingDay, high: number, low: number, close: number];
export type CloseRow = readonly [day: TradingDay, close: number];

/** Days that are kept. The first of 300 days has a weight of 2 in 10^10 in the newest ADX. */
export const DAYS_KEPT = 300;

const isPrice = (value: number): boolean => Number.isFinite(value) && value > 0;
export const isUsable = ({ high, low, close }: DayBar): boolean => isPrice(high) && isPrice(low) && isPrice(close) && high >= low;
export const isUsableClose = ({ close }: VixClose): boolean => isPrice(close);

/** Rows of both, a day of `newer` in place of the same day of `older`; the newest `DAYS_KEPT`. */
const merged = <Row extends readonly [day: TradingDay, ...rest: number[]]>(
  older: readonly Row[],
  newer: readonly Row[],
): readonly Row[] =>
  [...new Map([...older, ...newer].map((row) => [row[0], row])).values()]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .slice(-DAYS_KEPT);

/** With what a broker's daily bars tell of days up to and including `through`; a bar in progress is none. */
export const withBarRows = (rows: readonly BarRow[], bars: readonly Bar[], through: TradingDay): readonly BarRow[] =>
  merged(
    rows,
    bars.filter((bar) => bar.day <= through && isUsable(bar)).map(({ day, high, low, close }): BarRow => [day, high, low, close]),
  );
export const withCloseRows = (rows: readonly CloseRow[], bars: readonly Bar[], through: TradingDay): readonly CloseRow[] =>
  merged(
    rows,
    bars.filter((bar) => bar.day <= through && isUsableClose(bar)).map(({ day, close }): CloseRow => [day, close]),
  );

export const historyOf = (bars: readonly BarRow[], vix: readonly CloseRow[]): RegimeHistory => ({
  bars: bars.map(([day, high, low, close]) => ({ day, high, low, close })),
  vix: vix.map(([day, close]) => ({ day, close })),
});
