/**
 * On which weekdays the US stock and option exchanges stay closed or close at 13:00: rules, and the exceptions by date.
 *
 * Verified for 1998 to 2028 against an independent table; later years follow today's rules until the exchanges change them.
 * At run time IB's trading hours are the authority: a disagreement is an alert and no entry. Hours are the market calendar's.
 */
import type { TradingDay } from "../units.ts";
import type { CivilDate } from "./civil-date.ts";
import {
  civilDate,
  civilDateOf,
  dayNumber,
  FRIDAY,
  lastWeekday,
  MONDAY,
  nthWeekday,
  numberOfDay,
  SATURDAY,
  SUNDAY,
  THURSDAY,
  weekday,
  weekdayOfNumber,
} from "./civil-date.ts";

/** Closures that no rule foretells: each was announced days, or hours, before. */
const ONE_OFF_CLOSURES: { readonly [day: string]: string } = {
  "2001-09-11": "Attack on the World Trade Center",
  "2001-09-12": "Attack on the World Trade Center",
  "2001-09-13": "Attack on the World Trade Center",
  "2001-09-14": "Attack on the World Trade Center",
  "2004-06-11": "Mourning for President Reagan",
  "2007-01-02": "Mourning for President Ford",
  "2012-10-29": "Hurricane Sandy",
  "2012-10-30": "Hurricane Sandy",
  "2018-12-05": "Mourning for President G. H. W. Bush",
  "2025-01-09": "Mourning for President Carter",
};

/** Early closes that no rule foretells, and the eve in 2002 that gave way to one of them. */
const ONE_OFF_EARLY_CLOSES: { readonly [day: string]: true } = { "2002-07-05": true, "2003-12-26": true };
const FULL_SESSIONS_ON_AN_EVE: { readonly [day: string]: true } = { "2002-07-03": true };

/** Easter Sunday as a day number: the Gregorian computus in its anonymous form of 1876 (Meeus, Astronomical Algorithms, ch. 8). */
const easter = (year: number): number => {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const yearOfCentury = year % 100;
  const moonCorrection = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - moonCorrection + 15) % 30;
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - epact - (yearOfCentury % 4)) % 7;
  const lateMoon = Math.floor((golden + 11 * epact + 22 * toSunday) / 451);
  const sum = epact + toSunday - 7 * lateMoon + 114;
  return dayNumber(year, Math.floor(sum / 31), (sum % 31) + 1);
};

/** Is `number` the weekday on which a fixed date is kept: Saturdays move to Friday, Sundays to Monday? */
const keeps = (number: number, month: number, dayOfMonth: number): boolean => {
  const { year } = civilDate(number);
  const date = dayNumber(year, month, dayOfMonth);
  const which = weekdayOfNumber(date);
  return number === (which === SATURDAY ? date - 1 : which === SUNDAY ? date + 1 : date);
};

const ruledHoliday = (number: number, { year, month }: CivilDate): string | undefined => {
  switch (month) {
    case 1:
      // Only looked for in January: on a Saturday it is not kept, for the books of the old year close on that Friday.
      if (keeps(number, 1, 1)) return "New Year's Day";
      return year >= 1998 && number === nthWeekday(year, 1, MONDAY, 3) ? "Martin Luther King Jr. Day" : undefined;
    case 2:
      return number === nthWeekday(year, 2, MONDAY, 3) ? "Presidents' Day" : undefined;
    case 3:
    case 4:
      return number === easter(year) - 2 ? "Good Friday" : undefined;
    case 5:
      return number === lastWeekday(year, 5, MONDAY) ? "Memorial Day" : undefined;
    case 6:
      return year >= 2022 && keeps(number, 6, 19) ? "Juneteenth" : undefined;
    case 7:
      return keeps(number, 7, 4) ? "Independence Day" : undefined;
    case 9:
      return number === nthWeekday(year, 9, MONDAY, 1) ? "Labor Day" : undefined;
    case 11:
      return number === nthWeekday(year, 11, THURSDAY, 4) ? "Thanksgiving Day" : undefined;
    case 12:
      return keeps(number, 12, 25) ? "Christmas Day" : undefined;
    default:
      return undefined;
  }
};

/** Why the exchanges are closed on a weekday by rule; undefined on other days. */
export const holidayOn = (day: TradingDay): string | undefined => ruledHoliday(numberOfDay(day), civilDateOf(day));

/** Why the exchanges were closed on a weekday that no rule names; undefined on other days. */
export const oneOffClosureOn = (day: TradingDay): string | undefined => ONE_OFF_CLOSURES[day];

/** Is it Saturday or Sunday? */
export const isWeekend = (day: TradingDay): boolean => {
  const which = weekday(day);
  return which === SATURDAY || which === SUNDAY;
};

/** Does a session of this day end at 13:00: the Friday after Thanksgiving, and the eves of Independence Day and Christmas? */
export const closesEarly = (day: TradingDay): boolean => {
  if (ONE_OFF_EARLY_CLOSES[day]) return true;
  if (isWeekend(day) || FULL_SESSIONS_ON_AN_EVE[day] || holidayOn(day) !== undefined) return false;
  const { year, month, dayOfMonth } = civilDateOf(day);
  if (month === 11) return weekday(day) === FRIDAY && numberOfDay(day) === nthWeekday(year, 11, THURSDAY, 4) + 1;
  return (month === 7 && dayOfMonth === 3) || (month === 12 && dayOfMonth === 24);
};
