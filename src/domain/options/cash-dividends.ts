/** Dividends in cash ahead of an option: when and how much, and what is expected of them when only the next one is known. */
import { addDays } from "../calendar/civil-date.ts";
import { instantOf } from "../calendar/new-york.ts";
import { yearsFrom } from "../calendar/time-to-expiry.ts";
import type { DividendExpected } from "../events/weather.ts";
import { dollars, type EpochMs, type TradingDay } from "../units.ts";

/** A dividend in cash, by the time until the morning of its ex-date. */
export interface CashDividend {
  readonly years: number;
  /** Dollars a share. */
  readonly amount: number;
}

/** What the dividends after now and up to `until` (years from now) are worth now, in dollars a share, at an annual continuous rate. */
export const dividendsWorth = (dividends: readonly CashDividend[] | undefined, until: number, rate: number): number => {
  let worth = 0;
  for (const { years, amount } of dividends ?? []) {
    if (years > 0 && years <= until) worth += amount * Math.exp(-rate * years);
  }
  return worth;
};

/** A quarter of weeks, so that an ex-date keeps its weekday. */
const QUARTER_DAYS = 91;
/** The opening of the session in which the stock first trades without its dividend. */
const EX_MINUTES = 9 * 60 + 30;

/**
 * The dividends with an ex-date up to expiry, oldest first; undefined when not even the next one is known. Only that one is announced:
 * that the same amount follows every 91 days is an assumption, true of most American stocks and funds. Of one that pays every month it
 * counts a third, so that the forward of a far expiry may look off its spot.
 */
export const dividendsAhead = (
  next: DividendExpected | null | undefined,
  now: EpochMs,
  expiry: TradingDay,
): readonly CashDividend[] | undefined => {
  if (next === null || next === undefined) return undefined;
  const ahead: CashDividend[] = [];
  for (let day = next.exDate; day <= expiry; day = addDays(day, QUARTER_DAYS)) {
    const years = yearsFrom(now, instantOf(day, EX_MINUTES));
    if (years > 0) ahead.push({ years, amount: dollars(next.amount) });
  }
  return ahead;
};
