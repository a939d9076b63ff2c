/**
 * When CME's equity index futures (ES, NQ, RTY) trade: Sunday 18:00 to Friday 17:00 in New York, with maintenance from 17:00
 * to 18:00 between two trade dates.
 *
 * Holidays are a best effort by rule: New Year's Day, Christmas and most Good Fridays have no trade date; the other US
 * holidays halt at 13:00, the exchanges' early closes at 13:15, and trading resumes at 18:00 when a trade date follows. Not
 * told: the halt from 16:15 to 16:30 that existed until June 2021, and limit-down halts. IB's trading hours are the authority.
 */
import type { EpochMs, TradingDay } from "../units.ts";
import { addDays, civilDateOf } from "./civil-date.ts";
import { closesEarly, holidayOn, isWeekend, oneOffClosureOn } from "./holidays.ts";
import { instantOf, newYorkTime } from "./new-york.ts";

export type FuturesSessionState = "open" | "maintenance" | "closed";

const REOPEN_MINUTE = 18 * 60;
const CLOSE_MINUTE = 17 * 60;
const EARLY_CLOSE_MINUTE = 13 * 60 + 15;
const HOLIDAY_HALT_MINUTE = 13 * 60;
/** Until spring 2014, US holidays ended with the pit's morning. */
const OLD_HOLIDAY_HALT_MINUTE = 11 * 60 + 30;
const LAST_OLD_HOLIDAY: string = "2014-02-17";
const JOBS_REPORT_HALT_MINUTE = 9 * 60 + 15;
const MOURNING_HALT_MINUTE = 9 * 60 + 30;

/** Good Friday opens for the jobs report, which comes out on the first Friday of a month. */
const isJobsReportFriday = (day: TradingDay): boolean => civilDateOf(day).dayOfMonth <= 7;

/** The minute of the day at which a trade date ends; undefined when the day is no trade date. */
const endOfTradeDate = (day: TradingDay): number | undefined => {
  if (isWeekend(day)) return undefined;
  switch (holidayOn(day)) {
    case undefined:
      if (oneOffClosureOn(day) !== undefined) return MOURNING_HALT_MINUTE;
      return closesEarly(day) ? EARLY_CLOSE_MINUTE : CLOSE_MINUTE;
    case "New Year's Day":
    case "Christmas Day":
      return undefined;
    case "Good Friday":
      return isJobsReportFriday(day) ? JOBS_REPORT_HALT_MINUTE : undefined;
    default:
      return day <= LAST_OLD_HOLIDAY ? OLD_HOLIDAY_HALT_MINUTE : HOLIDAY_HALT_MINUTE;
  }
};

/** Does the evening of a day belong to a trade date: the next day's? Holidays that halt at noon are part of a longer one. */
const reopensInTheEvening = (day: TradingDay): boolean => endOfTradeDate(addDays(day, 1)) !== undefined;

const stateOn = (day: TradingDay, minuteOfDay: number): FuturesSessionState => {
  if (minuteOfDay >= REOPEN_MINUTE) return reopensInTheEvening(day) ? "open" : "closed";
  const end = endOfTradeDate(day);
  if (end !== undefined && minuteOfDay < end) return "open";
  return end === CLOSE_MINUTE && reopensInTheEvening(day) ? "maintenance" : "closed";
};

/** Whether ES, NQ and RTY trade at an instant, rest for maintenance, or are closed. */
export const futuresSessionState = (at: EpochMs): FuturesSessionState => {
  const { day, minuteOfDay } = newYorkTime(at);
  return stateOn(day, minuteOfDay);
};

export interface FuturesChange {
  readonly at: EpochMs;
  readonly to: FuturesSessionState;
}

/** When the state changes next after an instant, and to what. */
export const nextFuturesChange = (at: EpochMs): FuturesChange => {
  const now = newYorkTime(at);
  const state = stateOn(now.day, now.minuteOfDay);
  for (let day = now.day; ; day = addDays(day, 1)) {
    for (const minute of [endOfTradeDate(day) ?? CLOSE_MINUTE, REOPEN_MINUTE]) {
      const change = instantOf(day, minute);
      const to = stateOn(day, minute);
      if (change > at && to !== state) return { at: change, to };
    }
  }
};

/** The trade date that an instant belongs to: from 18:00 on the next day's, over a weekend Monday's. */
export const futuresTradeDate = (at: EpochMs): TradingDay => {
  const { day, minuteOfDay } = newYorkTime(at);
  let date = minuteOfDay >= REOPEN_MINUTE ? addDays(day, 1) : day;
  while (endOfTradeDate(date) === undefined) date = addDays(date, 1);
  return date;
};
