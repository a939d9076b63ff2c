/**
 * Arithmetic on calendar days written `YYYY-MM-DD`, without clocks or time zones: the calendar's ruler.
 *
 * A day is counted as its distance from 1970-01-01 in the proleptic Gregorian calendar. Which days the exchanges trade is
 * the market calendar's business.
 */
import { assert } from "../assert.ts";
import type { TradingDay } from "../units.ts";

/** 0 is Sunday, 6 is Saturday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;
export const SUNDAY = 0;
export const MONDAY = 1;
export const THURSDAY = 4;
export const FRIDAY = 5;
export const SATURDAY = 6;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly dayOfMonth: number;
}

const DAYS_IN_400_YEARS = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_AFTER_MARCH_0000 = 719_468;

/**
 * Days since 1970-01-01. Years are counted from March, so that the leap day is the last of its year and the months before
 * it have a fixed pattern: (153 m + 2) / 5 days precede the m-th month after March.
 */
export const dayNumber = (year: number, month: number, dayOfMonth: number): number => {
  const marchYear = month > 2 ? year : year - 1;
  const monthsSinceMarch = (month + 9) % 12;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const dayOfYear = Math.floor((153 * monthsSinceMarch + 2) / 5) + dayOfMonth - 1;
  return marchYear * 365 + leapDays + dayOfYear - EPOCH_AFTER_MARCH_0000;
};

/** The civil date of a day number: the inverse of `dayNumber`. */
export const civilDate = (number: number): CivilDate => {
  const sinceMarch0000 = number + EPOCH_AFTER_MARCH_0000;
  const era = Math.floor(sinceMarch0000 / DAYS_IN_400_YEARS);
  const dayOfEra = sinceMarch0000 - era * DAYS_IN_400_YEARS;
  // Takes the leap days back out, so that the rest divides evenly into years of 365 days.
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthsSinceMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthsSinceMarch < 10 ? monthsSinceMarch + 3 : monthsSinceMarch - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    dayOfMonth: dayOfYear - Math.floor((153 * monthsSinceMarch + 2) / 5) + 1,
  };
};

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/** The day of a day number. Throws outside the years 1 to 9999, which the written form cannot hold. */
export const dayOfNumber = (number: number): TradingDay => {
  const { year, month, dayOfMonth } = civilDate(number);
  assert(year >= 1 && year <= 9999, () => `a day lies in the years 1 to 9999, got day number ${number}`);
  return `${String(year).padStart(4, "0")}-${twoDigits(month)}-${twoDigits(dayOfMonth)}` as TradingDay;
};

/** The parts of a day. Trusts the form, as `TradingDay` promises it. */
export const civilDateOf = (day: TradingDay): CivilDate => ({
  year: Number(day.slice(0, 4)),
  month: Number(day.slice(5, 7)),
  dayOfMonth: Number(day.slice(8, 10)),
});

/** Days since 1970-01-01. */
export const numberOfDay = (day: TradingDay): number => {
  const { year, month, dayOfMonth } = civilDateOf(day);
  return dayNumber(year, month, dayOfMonth);
};

/** A day that exists, from `YYYY-MM-DD` or IB's `YYYYMMDD`; undefined for anything else, such as 2026-02-30. */
export const parseDay = (text: string): TradingDay | undefined => {
  const parts = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text);
  if (parts === null || (text.length !== 8 && text.length !== 10)) return undefined;
  const [year, month, dayOfMonth] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (year < 1 || month < 1 || month > 12 || dayOfMonth < 1) return undefined;
  const written = `${parts[1]}-${parts[2]}-${parts[3]}`;
  return dayOfNumber(dayNumber(year, month, dayOfMonth)) === written ? (written as TradingDay) : undefined;
};

/** The day `days` calendar days later; earlier when negative. */
export const addDays = (day: TradingDay, days: number): TradingDay => dayOfNumber(numberOfDay(day) + days);

/** Calendar days from one day to another; negative when `to` is the earlier. */
export const daysBetween = (from: TradingDay, to: TradingDay): number => numberOfDay(to) - numberOfDay(from);

/** The weekday of a day number; 1970-01-01 was a Thursday. */
export const weekdayOfNumber = (number: number): Weekday => ((((number + THURSDAY) % 7) + 7) % 7) as Weekday;

export const weekday = (day: TradingDay): Weekday => weekdayOfNumber(numberOfDay(day));

/** Negative, zero or positive, as sorting wants it. The written form sorts like the days do. */
export const compareDays = (a: TradingDay, b: TradingDay): number => (a < b ? -1 : a > b ? 1 : 0);

/** The day number of the n-th (1 to 5) given weekday of a month. */
export const nthWeekday = (year: number, month: number, which: Weekday, nth: number): number => {
  const first = dayNumber(year, month, 1);
  return first + ((which - weekdayOfNumber(first) + 7) % 7) + 7 * (nth - 1);
};

/** The day number of the last given weekday of a month. */
export const lastWeekday = (year: number, month: number, which: Weekday): number => {
  const last = (month === 12 ? dayNumber(year + 1, 1, 1) : dayNumber(year, month + 1, 1)) - 1;
  return last - ((weekdayOfNumber(last) - which + 7) % 7);
};
