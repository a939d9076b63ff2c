/**
 * New York's wall clock: the one file that knows time zones.
 *
 * Daylight saving by the United States' rule, computed here rather than asked of the host, so that a replay does not depend
 * on a machine's zone tables and so that it is cheap enough for every step. Right from 1987 on, for as long as the law of
 * 2007 stands (checked against the zone tables from 1990 to 2037). What trades when is the market calendar's business.
 */
import type { EpochMs, TradingDay } from "../units.ts";
import { epochMs } from "../units.ts";
import { civilDate, dayOfNumber, lastWeekday, nthWeekday, numberOfDay, SUNDAY } from "./civil-date.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Eastern Standard Time, UTC−5. */
const STANDARD_MS = -5 * HOUR_MS;
/** Eastern Daylight Time, UTC−4. */
const DAYLIGHT_MS = -4 * HOUR_MS;

export interface NewYorkTime {
  readonly day: TradingDay;
  /** Whole minutes on the wall clock since 00:00; 570 is 09:30. */
  readonly minuteOfDay: number;
  /** Whole seconds on the wall clock since 00:00. */
  readonly secondOfDay: number;
}

/**
 * When a year's daylight time begins and ends, in milliseconds of the wall clock that shows 02:00 then: standard time in
 * spring, daylight time in autumn. Uniform Time Act as amended in 1986, and by the Energy Policy Act of 2005 from 2007 on.
 */
const daylightOf = (year: number): { readonly begins: number; readonly ends: number } => {
  const first = year >= 2007 ? nthWeekday(year, 3, SUNDAY, 2) : nthWeekday(year, 4, SUNDAY, 1);
  const last = year >= 2007 ? nthWeekday(year, 11, SUNDAY, 1) : lastWeekday(year, 10, SUNDAY);
  return { begins: first * DAY_MS + 2 * HOUR_MS, ends: last * DAY_MS + 2 * HOUR_MS };
};

const yearOfWall = (wallMs: number): number => civilDate(Math.floor(wallMs / DAY_MS)).year;

/** Milliseconds that New York's wall clock is ahead of UTC at an instant: −5 h, or −4 h in daylight time. */
const offsetAt = (at: number): number => {
  // Daylight time never touches a turn of the year, so standard time tells the year.
  const { begins, ends } = daylightOf(yearOfWall(at + STANDARD_MS));
  return at >= begins - STANDARD_MS && at < ends - DAYLIGHT_MS ? DAYLIGHT_MS : STANDARD_MS;
};

/** What calendar and clock show in New York at an instant. */
export const newYorkTime = (at: EpochMs): NewYorkTime => {
  const wall = at + offsetAt(at);
  const number = Math.floor(wall / DAY_MS);
  const secondOfDay = Math.floor((wall - number * DAY_MS) / 1000);
  return { day: dayOfNumber(number), minuteOfDay: Math.floor(secondOfDay / 60), secondOfDay };
};

/** The day in New York at an instant. */
export const newYorkDay = (at: EpochMs): TradingDay => dayOfNumber(Math.floor((at + offsetAt(at)) / DAY_MS));

/**
 * The instant at which New York's clock shows a time. Minutes past 1,440 or below 0 run on into the neighbouring days. The
 * hour that spring leaves out is read as if the clock had not yet been moved (02:30 is 03:30 EDT); of the hour that autumn
 * repeats, the first is meant. No session begins or ends in either.
 */
export const instantOf = (day: TradingDay, minutesSinceMidnight: number): EpochMs => {
  const wall = numberOfDay(day) * DAY_MS + minutesSinceMidnight * MINUTE_MS;
  const { begins, ends } = daylightOf(yearOfWall(wall));
  return epochMs(wall - (wall >= begins + HOUR_MS && wall < ends ? DAYLIGHT_MS : STANDARD_MS));
};

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/** New York's clock for display: `09:30:00`. */
export const formatNewYork = (at: EpochMs): string => {
  const { secondOfDay } = newYorkTime(at);
  const [hour, minute, second] = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60];
  return `${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(second)}`;
};
