/**
 * How far a future has moved: against its own price an hour and four hours ago, since the stock market's last close, and since its trade
 * date began. Always within one contract: the price of the quarter before says nothing about this one. Without a bar near the earlier
 * instant a change is unknown, never zero.
 */

import { addDays } from "../calendar/civil-date.ts";
import { futuresSessionState, futuresTradeDate, nextFuturesChange } from "../calendar/futures-session.ts";
import { previousSession, sessionAt } from "../calendar/market-calendar.ts";
import { instantOf } from "../calendar/new-york.ts";
import type { Bar } from "../events/broker.ts";
import { type EpochMs, price } from "../units.ts";

/** The price, in 1/10,000 dollar, at the end of a bar: oldest first. */
export type Closes = readonly (readonly [at: EpochMs, price: number])[];

export const BAR_MS = 300_000;
/** Two trade dates of five-minute bars, and a little. */
const MOST_CLOSES = 600;
/** A bar counts for an instant when the market was open for no longer than this in between. */
const NEAR_MS = 2 * BAR_MS;

const HOUR_MS = 3_600_000;
const EVENING_MINUTE = 18 * 60;

/** For how long the market was open between two instants; counted no further than `enough`. */
const openBetween = (from: EpochMs, to: EpochMs, enough: number): number => {
  let [at, open] = [from, 0];
  while (at < to && open <= enough) {
    const change = nextFuturesChange(at);
    const until = Math.min(change.at, to) as EpochMs;
    if (futuresSessionState(at) === "open") open += until - at;
    at = until;
  }
  return open;
};

/** The last price at or before an instant; undefined when the market went on trading after it without us. */
export const priceAt = (closes: Closes, instant: EpochMs): number | undefined => {
  const close = closes.findLast(([at]) => at <= instant);
  return close !== undefined && openBetween(close[0], instant, NEAR_MS) <= NEAR_MS ? close[1] : undefined;
};

/** The bars of an answer as closes; a bar that is not over yet is none. */
export const closesOf = (bars: readonly Bar[], now: EpochMs): Closes =>
  bars
    .flatMap(({ at, close }) =>
      at !== undefined && at + BAR_MS <= now ? [[(at + BAR_MS) as EpochMs, price(close)] as const] : [],
    )
    .sort(([a], [b]) => a - b);

/** Both in one, the later list counting where both have an instant. */
export const joined = (closes: Closes, more: Closes): Closes =>
  [...new Map([...closes, ...more])].sort(([a], [b]) => a - b).slice(-MOST_CLOSES);

/** Shares of the earlier price; null is unknown. */
export interface Changes {
  readonly change1h: number | null;
  readonly change4h: number | null;
  /** From the stock market's last close to its opening; before the opening, until now. */
  readonly changeOvernight: number | null;
  /** From the end of the last trade date, 17:00 in New York, until now. */
  readonly changeDay: number | null;
}
export const UNKNOWN_CHANGES: Changes = { change1h: null, change4h: null, changeOvernight: null, changeDay: null };

const change = (from: number | undefined, to: number | undefined): number | null =>
  from === undefined || to === undefined || from <= 0 ? null : to / from - 1;

/** `spot` is the price now, in 1/10,000 dollar; undefined is unknown. */
export const changesOf = (closes: Closes, spot: number | undefined, now: EpochMs): Changes => {
  const inSession = sessionAt(now);
  const before = previousSession(inSession?.open ?? now);
  const since = (ms: number): number | undefined => priceAt(closes, (now - ms) as EpochMs);
  const began = instantOf(addDays(futuresTradeDate(now), -1), EVENING_MINUTE);
  return {
    change1h: change(since(HOUR_MS), spot),
    change4h: change(since(4 * HOUR_MS), spot),
    changeOvernight: change(priceAt(closes, before.close), inSession === undefined ? spot : priceAt(closes, inSession.open)),
    changeDay: change(priceAt(closes, Math.min(began, now) as EpochMs), spot),
  };
};

/** Whether bars could tell what is unknown now. */
export const lacksBars = (closes: Closes, now: EpochMs): boolean => Object.values(changesOf(closes, 1, now)).includes(null);
