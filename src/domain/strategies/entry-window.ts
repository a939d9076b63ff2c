/**
 * When a strategy may look for entries: from one New York wall time to another, within a session. An early close cuts the
 * window short, or away.
 */
import { assert } from "../assert.ts";
import { type Session, sessionOf, sessionOfTradingDay, tradingDayAfter } from "../calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../calendar/new-york.ts";
import type { EpochMs } from "../units.ts";

/** `[from, to)`. */
export interface EntryWindow {
  readonly from: EpochMs;
  readonly to: EpochMs;
}
interface WallTimes {
  readonly from: string;
  readonly to: string;
}

/** Minutes since midnight of `HH:MM`. Throws on another form: the config's schema has checked it. */
export const minutesOf = (wall: string): number => {
  const match = /^(\d{2}):(\d{2})$/.exec(wall);
  assert(match !== null, `a wall time is written HH:MM, got ${wall}`);
  return Number(match[1]) * 60 + Number(match[2]);
};

/** The window of one session; undefined when nothing of it is left. */
const windowOf = (session: Session, { from, to }: WallTimes): EntryWindow | undefined => {
  const opens = Math.max(session.open, instantOf(session.day, minutesOf(from)));
  const ends = Math.min(session.close, instantOf(session.day, minutesOf(to)));
  return opens < ends ? { from: opens as EpochMs, to: ends as EpochMs } : undefined;
};

/** Days to look ahead for a window: one that no session of a week has is never there. */
const SESSIONS_LOOKED_AT = 10;

/** The window in progress at an instant, or the next one. Throws when the wall times leave none in any session. */
export const entryWindow = (now: EpochMs, wall: WallTimes): EntryWindow => {
  const today = newYorkDay(now);
  let session = sessionOf(today) ?? sessionOfTradingDay(tradingDayAfter(today));
  for (let looked = 0; looked < SESSIONS_LOOKED_AT; looked += 1) {
    const window = windowOf(session, wall);
    if (window !== undefined && now < window.to) return window;
    session = sessionOfTradingDay(tradingDayAfter(session.day));
  }
  assert(false, `no session has a moment between ${wall.from} and ${wall.to}`);
};

export const isWithin = (now: EpochMs, window: EntryWindow): boolean => window.from <= now && now < window.to;
