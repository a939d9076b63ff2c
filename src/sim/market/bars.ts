/**
 * Bars of any size from minutes: which bar a minute falls into, and what the bar tells. Whose minutes they are, and in which
 * prices, is the market's business.
 */
import { addDays, MONDAY, weekday } from "../../domain/calendar/civil-date.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { epochMs } from "../../domain/units.ts";
import type { TimedBar } from "./market.ts";

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** A bar of a minute, or of a session, with the trading day that it counts to and the instant at which that day's trading opened. */
export interface BarPart extends TimedBar {
  readonly day: TradingDay;
  readonly opens: EpochMs;
}

/** From six days on a bar is a calendar week, from 28 a calendar month; from one day on, a session. */
const groupOf = (day: TradingDay, sizeMs: number): string => {
  if (sizeMs >= 28 * DAY_MS) return day.slice(0, 7);
  return sizeMs >= 6 * DAY_MS ? addDays(day, -((weekday(day) - MONDAY + 7) % 7)) : day;
};

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

/** Where each bar of a size begins: sizes below a day count from midnight in New York, cut off at the session's opening. */
const bucketing = (sizeMs: number): ((part: BarPart) => { readonly key: string | number; readonly at: EpochMs }) => {
  if (sizeMs >= DAY_MS) return ({ day, opens }) => ({ key: groupOf(day, sizeMs), at: opens });
  let midnight = Number.NaN;
  let nextMidnight = Number.NEGATIVE_INFINITY;
  return ({ at, opens }) => {
    if (!(at >= midnight && at < nextMidnight)) {
      const day = newYorkDay(at);
      midnight = instantOf(day, 0);
      nextMidnight = instantOf(addDays(day, 1), 0);
    }
    const begins = midnight + Math.floor((at - midnight) / sizeMs) * sizeMs;
    return { key: begins, at: epochMs(Math.max(begins, opens <= at ? opens : begins)) };
  };
};

/** Parts in order of time, merged into bars. Averages are weighted by volume, or equally where there is none. */
export const merged = (parts: Iterable<BarPart>, sizeMs: number): TimedBar[] => {
  const bars: TimedBar[] = [];
  const bucketOf = bucketing(sizeMs);
  let bar: { -readonly [Field in keyof TimedBar]: TimedBar[Field] } | undefined;
  let key: string | number | undefined;
  let [weighted, weight] = [0, 0];
  for (const part of parts) {
    const bucket = bucketOf(part);
    const ownWeight = part.volume === null || part.volume === 0 ? 1e-6 : part.volume;
    if (bar === undefined || bucket.key !== key) {
      const { open, high, low, close, volume, wap, count } = part;
      bar = { at: bucket.at, open, high, low, close, volume, wap, count };
      bars.push(bar);
      key = bucket.key;
      [weighted, weight] = [(wap ?? 0) * ownWeight, ownWeight];
      continue;
    }
    bar.high = Math.max(bar.high, part.high);
    bar.low = Math.min(bar.low, part.low);
    bar.close = part.close;
    bar.volume = sum(bar.volume, part.volume);
    bar.count = sum(bar.count, part.count);
    weighted += (part.wap ?? 0) * ownWeight;
    weight += ownWeight;
    bar.wap = bar.wap === null || part.wap === null ? null : Number((weighted / weight).toFixed(6));
  }
  return bars;
};

/**
 * BID_ASK bars from bars of bids and of asks: average bid, greatest ask, least bid, average ask. The average is of the parts'
 * closes, over the same stretches.
 */
export const bidAskBars = (bids: readonly BarPart[], asks: readonly BarPart[], sizeMs: number): TimedBar[] => {
  // A bar of parts whose average price is their close has the average of closes as its own.
  const closes = (parts: readonly BarPart[]) =>
    merged(
      parts.map((part) => ({ ...part, wap: part.close, volume: null })),
      sizeMs,
    );
  const asked = closes(asks);
  return closes(bids).map((bid, i) => {
    const ask = asked[i] as TimedBar;
    return {
      at: bid.at,
      open: bid.wap as number,
      high: ask.high,
      low: bid.low,
      close: ask.wap as number,
      volume: null,
      wap: null,
      count: null,
    };
  });
};
