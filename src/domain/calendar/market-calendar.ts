/**
 * The sessions of the US stock and option exchanges: 09:30 to 16:00 in New York, 13:00 on early closes.
 *
 * Options on SPY, QQQ and IWM are taken to close with the stock session. Broad-based index options (SPX, VIX) and a few ETF
 * options trade until 16:15, SPX and VIX also overnight; for those, and whenever they differ, the hours in IB's contract
 * details rule. The last trading moment of an expiring SPY, QQQ or IWM option is 16:00 in any case.
 */
import { assert } from "../assert.ts";
import type { EpochMs, TradingDay } from "../units.ts";
import { addDays } from "./civil-date.ts";
import { closesEarly, holidayOn, isWeekend, oneOffClosureOn } from "./holidays.ts";
import { instantOf, newYorkDay } from "./new-york.ts";
import { remembered } from "./remembered.ts";

const OPEN_MINUTE = 9 * 60 + 30;
const CLOSE_MINUTE = 16 * 60;
const EARLY_CLOSE_MINUTE = 13 * 60;

/** One regular session. It is in progress from `open` up to, not including, `close`. */
export interface Session {
  readonly day: TradingDay;
  readonly open: EpochMs;
  readonly close: EpochMs;
  readonly earlyClose: boolean;
}

/** Why there is no session on a day, in words for the operator; undefined on a trading day. */
export const closedBecause = (day: TradingDay): string | undefined =>
  isWeekend(day) ? "Weekend" : (holidayOn(day) ?? oneOffClosureOn(day));

export const isTradingDay = (day: TradingDay): boolean => closedBecause(day) === undefined;

const sessionByRule = remembered((text): Session | undefined => {
  const day = text as TradingDay;
  if (!isTradingDay(day)) return undefined;
  const earlyClose = closesEarly(day);
  return {
    day,
    open: instantOf(day, OPEN_MINUTE),
    close: instantOf(day, earlyClose ? EARLY_CLOSE_MINUTE : CLOSE_MINUTE),
    earlyClose,
  };
});

/** The session of a day; undefined when the exchanges are closed on it. */
export const sessionOf = (day: TradingDay): Session | undefined => sessionByRule(day);

/** The session of a day that is known to have one. Throws when the exchanges are closed on it. */
export const sessionOfTradingDay = (day: TradingDay): Session => {
  const session = sessionOf(day);
  assert(session !== undefined, `${day} is no trading day: ${closedBecause(day)}`);
  return session;
};

/** The first trading day after a day. */
export const tradingDayAfter = (day: TradingDay): TradingDay => {
  let next = addDays(day, 1);
  while (!isTradingDay(next)) next = addDays(next, 1);
  return next;
};

/** The last trading day before a day. */
export const tradingDayBefore = (day: TradingDay): TradingDay => {
  let previous = addDays(day, -1);
  while (!isTradingDay(previous)) previous = addDays(previous, -1);
  return previous;
};

/** The session in progress at an instant; undefined outside sessions. */
export const sessionAt = (at: EpochMs): Session | undefined => {
  const session = sessionOf(newYorkDay(at));
  return session !== undefined && session.open <= at && at < session.close ? session : undefined;
};

/** The first session that opens after an instant. A session that opens at that very instant is in progress, not next. */
export const nextSession = (at: EpochMs): Session => {
  const today = sessionOf(newYorkDay(at));
  if (today !== undefined && today.open > at) return today;
  return sessionOfTradingDay(tradingDayAfter(newYorkDay(at)));
};

/** The last session that had closed at an instant. */
export const previousSession = (at: EpochMs): Session => {
  const today = sessionOf(newYorkDay(at));
  if (today !== undefined && today.close <= at) return today;
  return sessionOfTradingDay(tradingDayBefore(newYorkDay(at)));
};

/** The sessions of all days from `from` to `to`, both included; none when `to` is the earlier. */
export const sessionsBetween = (from: TradingDay, to: TradingDay): Session[] => {
  const sessions: Session[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const session = sessionOf(day);
    if (session !== undefined) sessions.push(session);
  }
  return sessions;
};

/** How long a session lasts: 390 minutes, 210 on an early close. */
export const minutesOfSession = (session: Session): number => (session.close - session.open) / 60_000;
