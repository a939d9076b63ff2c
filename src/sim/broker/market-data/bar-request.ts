/**
 * A request for bars, read: which size, which kind, from when to when. Sizes and durations are written as IB's clients write them; what
 * cannot be read is refused with 321, as by IB.
 */
import { addDays } from "../../../domain/calendar/civil-date.ts";
import {
  nextSession,
  previousSession,
  sessionAt,
  sessionOf,
  tradingDayBefore,
} from "../../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay, newYorkTime } from "../../../domain/calendar/new-york.ts";
import { type EpochMs, epochMs, type TradingDay, tradingDay } from "../../../domain/units.ts";
import type { BarShow } from "../../market/market.ts";
import { instantFrom } from "../ib-instant.ts";
import type { IbError } from "../resolve.ts";

const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;
/** The market's word for a calendar month. */
export const MONTH_MS = 28 * DAY_MS;
/** Trading goes on after the close where it trades at night, and then counts to the next day. */
const EVENING_BEFORE = -6 * 60;

const UNITS: readonly (readonly [form: RegExp, ms: number, counts: readonly number[]])[] = [
  [/^(\d+) secs?$/, SECOND_MS, [1, 5, 10, 15, 30]],
  [/^(\d+) mins?$/, MINUTE_MS, [1, 2, 3, 5, 10, 15, 20, 30]],
  [/^(\d+) hours?$/, HOUR_MS, [1, 2, 3, 4, 8]],
  [/^(\d+) days?$/, DAY_MS, [1]],
  [/^(\d+)(?:W| weeks?)$/, WEEK_MS, [1]],
  [/^(\d+)(?:M| months?)$/, MONTH_MS, [1]],
];

/** What can be asked to be shown, with sessions as a kind of their own. */
export type Show = BarShow | "SCHEDULE";
const SHOWS: readonly string[] = [
  "TRADES",
  "MIDPOINT",
  "BID",
  "ASK",
  "BID_ASK",
  "HISTORICAL_VOLATILITY",
  "OPTION_IMPLIED_VOLATILITY",
  "SCHEDULE",
] satisfies Show[];

const invalid = (cause: string): IbError => ({ code: 321, text: `Error validating request.-'bI' : cause - ${cause}` });

/** Milliseconds of a bar size such as `5 mins`; a week is WEEK_MS, a month MONTH_MS. */
export const barSizeOf = (text: string): number | IbError => {
  for (const [form, ms, counts] of UNITS) {
    const count = Number(form.exec(text.trim())?.[1]);
    if (counts.includes(count)) return count * ms;
  }
  const legal =
    "1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, 5 mins, 10 mins, 15 mins, 20 mins, 30 mins, 1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, 1W, 1M";
  return invalid(`Historical data bar size setting is invalid. Legal ones are: ${legal}`);
};

export const showOf = (text: string): Show | IbError =>
  SHOWS.includes(text) ? (text as Show) : invalid(`Historical data type of bar values (what to show) is not supported: ${text}`);

const monthsBefore = (day: TradingDay, months: number): TradingDay => {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const first = year * 12 + (month - 1) - months;
  const [y, m] = [Math.floor(first / 12), (first % 12) + 1];
  const lastOfMonth = [31, y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][
    m - 1
  ]!;
  const two = (value: number): string => String(value).padStart(2, "0");
  return tradingDay(`${y}-${two(m)}-${two(Math.min(date, lastOfMonth))}`);
};

/** The trading day that an instant counts to: in the evening, the next one. */
export const tradingDayAt = (at: EpochMs): TradingDay => {
  const { day, minuteOfDay } = newYorkTime(at);
  const session = sessionOf(day);
  return session !== undefined && minuteOfDay < 24 * 60 + EVENING_BEFORE ? day : nextSession(at).day;
};

export interface Span {
  readonly from: EpochMs;
  /** Bars begin before it. */
  readonly to: EpochMs;
}

/**
 * From when a duration such as `3600 S`, `2 D`, `1 W`, `6 M`, `1 Y` runs that ends at an instant. Days are days with a session, the one in
 * progress included; weeks, months and years are the calendar's.
 */
export const spanOf = (duration: string, end: EpochMs): Span | IbError => {
  const parts = /^(\d+)(?: ?([SDWMY]))?$/.exec(duration.trim());
  const count = Number(parts?.[1]);
  if (parts === null || count === 0) return invalid(`Invalid historical data duration: ${duration}`);
  const unit = parts[2] ?? "S";
  if (unit === "S" && count > 86_400)
    return invalid("Historical data requests for durations longer than 86400 seconds must be made in days.");
  if (unit === "D" && count > 365)
    return invalid("Historical data requests for durations longer than 365 days must be made in years.");
  if (count > 10_000) return invalid(`Invalid historical data duration: ${duration}`);
  if (unit === "S") return { from: epochMs(end - count * SECOND_MS), to: end };
  const today = newYorkDay(end);
  const begin = (day: TradingDay): EpochMs => instantOf(day, EVENING_BEFORE);
  if (unit === "D") {
    const inProgress = sessionAt(end);
    const begun = inProgress ?? previousSession(end);
    let first = begun.day;
    for (let i = 1; i < count; i++) first = tradingDayBefore(first);
    return { from: begin(first), to: end };
  }
  if (unit === "W") return { from: begin(addDays(today, 1 - 7 * count)), to: end };
  return { from: begin(addDays(monthsBefore(today, unit === "M" ? count : 12 * count), 1)), to: end };
};

/** The end that a request names: an instant, or now for none. */
export const endOf = (text: string, now: EpochMs): EpochMs | IbError => {
  if (text.trim() === "") return now;
  const end = instantFrom(text);
  if (end === undefined)
    return invalid(
      `Invalid date, time, or time-zone entered: ${text}. Correct: yyyymmdd hh:mm:ss xx/xxxx or yyyymmdd-hh:mm:ss (UTC)`,
    );
  return end > now ? now : end;
};
