/** Trading hours as IB prints them in contract details: a week from a day on, `20151224:0930-20151224:1300;20151225:CLOSED`. */

import { addDays } from "../../domain/calendar/civil-date.ts";
import { futuresSessionState, nextFuturesChange } from "../../domain/calendar/futures-session.ts";
import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkTime } from "../../domain/calendar/new-york.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { epochMs } from "../../domain/units.ts";

const DAYS_SHOWN = 7;
/** Chicago's clock is always one hour behind New York's. */
const CHICAGO_BEHIND_MS = 3_600_000;

export interface HoursText {
  readonly timeZone: string;
  readonly tradingHours: string;
  readonly liquidHours: string;
}

const compact = (day: TradingDay): string => day.replaceAll("-", "");
const stamp = (newYorkClock: EpochMs): string => {
  const { day, minuteOfDay } = newYorkTime(newYorkClock);
  const clock = `${Math.floor(minuteOfDay / 60)}`.padStart(2, "0") + `${minuteOfDay % 60}`.padStart(2, "0");
  return `${compact(day)}:${clock}`;
};

const regularHours = (from: TradingDay, behindMs: number): string => {
  const days = Array.from({ length: DAYS_SHOWN }, (_, i) => addDays(from, i));
  return days
    .map((day) => {
      const session = sessionOf(day);
      return session === undefined
        ? `${compact(day)}:CLOSED`
        : `${stamp(epochMs(session.open - behindMs))}-${stamp(epochMs(session.close - behindMs))}`;
    })
    .join(";");
};

/** Stocks, indices and options. These markets have no trading outside the regular session, so both fields say the same. */
export const stockHours = (from: TradingDay): HoursText => {
  const hours = regularHours(from, 0);
  return { timeZone: "US/Eastern", tradingHours: hours, liquidHours: hours };
};

/** ES, NQ, RTY, in Chicago's time as IB gives it: every open stretch that touches the days shown. */
export const futuresHours = (from: TradingDay): HoursText => {
  const end = instantOf(addDays(from, DAYS_SHOWN), 0);
  const stretches: string[] = [];
  let at = instantOf(addDays(from, -1), 18 * 60);
  while (at < end) {
    const change = nextFuturesChange(at);
    if (futuresSessionState(at) === "open") {
      stretches.push(`${stamp(epochMs(at - CHICAGO_BEHIND_MS))}-${stamp(epochMs(change.at - CHICAGO_BEHIND_MS))}`);
    }
    at = change.at;
  }
  return { timeZone: "US/Central", tradingHours: stretches.join(";"), liquidHours: regularHours(from, CHICAGO_BEHIND_MS) };
};
