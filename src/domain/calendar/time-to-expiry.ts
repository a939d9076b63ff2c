/**
 * How long an option still has, in the three ways that traders count it: calendar days, sessions, and years for pricing.
 */
import type { EpochMs, TradingDay } from "../units.ts";
import { addDays, daysBetween } from "./civil-date.ts";
import { isTradingDay, sessionOfTradingDay, sessionsBetween, tradingDayBefore } from "./market-calendar.ts";
import { remembered } from "./remembered.ts";

const YEAR_MS = 365 * 86_400_000;

/** DTE: calendar days from a day to the expiry, 0 on the expiry itself, negative after it. */
export const daysToExpiry = (day: TradingDay, expiry: TradingDay): number => daysBetween(day, expiry);

/** Sessions after a day, up to and including the expiry's: 0 on the expiry and later. */
export const sessionsToExpiry = (day: TradingDay, expiry: TradingDay): number => sessionsCounted(`${day}/${expiry}`);
const sessionsCounted = remembered((key): number => {
  const [day, expiry] = key.split("/") as [TradingDay, TradingDay];
  return sessionsBetween(addDays(day, 1), expiry).length;
});

/**
 * The moment an option expires: the close of the expiry's session. Expiries that are no trading day (options before 2015
 * expired on Saturdays) end with the last session before.
 */
export const expiryInstant = (expiry: TradingDay): EpochMs =>
  sessionOfTradingDay(isTradingDay(expiry) ? expiry : tradingDayBefore(expiry)).close;

/**
 * Years to expiry for pricing: the time to the close of the expiry's session over 365 calendar days; 0 once it has passed.
 * Weekends and nights count like sessions. Another count would move the Greeks of expiration day by tens of percent, so all
 * of the engine uses this one.
 */
export const yearsToExpiry = (now: EpochMs, expiry: TradingDay): number => Math.max(0, yearsFrom(now, expiryInstant(expiry)));

/** Years from one instant to another by the same count; negative when it has passed. */
export const yearsFrom = (now: EpochMs, then: EpochMs): number => (then - now) / YEAR_MS;
