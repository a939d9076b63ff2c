/**
 * The scheduled news of the synthetic world: meetings of the central bank, consumer prices, jobs. Real days follow no exact
 * rule; these are near them (the meetings of 2026 are met to the day). How much a day moves is judgement.
 */
import { civilDateOf, dayOfNumber, FRIDAY, lastWeekday, nthWeekday } from "../../domain/calendar/civil-date.ts";
import { isTradingDay, tradingDayAfter } from "../../domain/calendar/market-calendar.ts";
import type { TradingDay } from "../../domain/units.ts";

export type ReleaseKind = "rates" | "prices" | "jobs";

export interface Release {
  readonly kind: ReleaseKind;
  /** Minutes of New York's day at which the news comes: before the open, or within the session. */
  readonly minute: number;
  /** Variance that the news adds, in ordinary days'. */
  readonly extraDays: number;
}

const RELEASES: Readonly<Record<ReleaseKind, Release>> = {
  rates: { kind: "rates", minute: 14 * 60, extraDays: 0.7 },
  prices: { kind: "prices", minute: 8 * 60 + 30, extraDays: 0.6 },
  jobs: { kind: "jobs", minute: 8 * 60 + 30, extraDays: 0.5 },
};
/** Meetings, releases of prices and of jobs in a year, over its sessions. */
export const EXTRA_DAYS_PER_SESSION = (8 * 0.7 + 12 * 0.6 + 12 * 0.5) / 252;

const WEDNESDAY = 3;
const meetingOf = (year: number, month: number): number | undefined => {
  if (month === 1 || month === 4 || month === 7 || month === 10) return lastWeekday(year, month, WEDNESDAY);
  if (month === 3 || month === 6 || month === 9) return nthWeekday(year, month, WEDNESDAY, 3);
  return month === 12 ? nthWeekday(year, month, WEDNESDAY, 2) : undefined;
};
const onTradingDay = (number: number): TradingDay => {
  const day = dayOfNumber(number);
  return isTradingDay(day) ? day : tradingDayAfter(day);
};

const byMonth = new Map<string, ReadonlyMap<TradingDay, Release>>();

/** What is scheduled for a day. Prices make way for a meeting; of jobs and others on one day the others count. */
export const releaseOn = (day: TradingDay): Release | undefined => {
  const monthName = day.slice(0, 7);
  const known = byMonth.get(monthName);
  if (known !== undefined) return known.get(day);
  const { year, month } = civilDateOf(day);
  const releases = new Map<TradingDay, Release>();
  releases.set(onTradingDay(nthWeekday(year, month, FRIDAY, 1)), RELEASES.jobs);
  const meeting = meetingOf(year, month);
  const prices = nthWeekday(year, month, WEDNESDAY, 2);
  releases.set(onTradingDay(prices === meeting ? prices + 1 : prices), RELEASES.prices);
  if (meeting !== undefined) releases.set(onTradingDay(meeting), RELEASES.rates);
  byMonth.set(monthName, releases);
  return releases.get(day);
};
