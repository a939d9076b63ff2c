/**
 * The highest and the lowest price of an underlying in the last sixty minutes of trading. Minutes are session minutes: the first half
 * hour of a day follows on the last half hour of the day before, whatever lies between, and the prior close is where the two meet.
 *
 * A fold over prices as they were seen, kept by the minute: the minute in progress and the sixty before it. Prices that nobody saw are
 * not in it; what is seen outside a session is not either.
 */
import { previousSession, type Session, sessionAt } from "../calendar/market-calendar.ts";
import { type EpochMs, epochMs, type Price } from "../units.ts";

/** One minute: its beginning, the lowest and the highest price in it. */
export type MinuteRange = readonly [at: EpochMs, low: Price, high: Price];
/** Oldest first. */
export type HourRange = readonly MinuteRange[];

export interface Extremes {
  readonly high: Price;
  readonly low: Price;
}

export const NO_RANGE: HourRange = [];

const MINUTE_MS = 60_000;
/** Whole minutes that count beside the one in progress. */
const MINUTES_BEFORE = 60;

/** The session in progress and the one before it: an hour of trading never reaches further back (the shortest session has 210 minutes). */
interface Reach {
  readonly today: Session;
  readonly before: Session;
}
const reachOf = (today: Session): Reach => ({ today, before: previousSession(today.open) });

/** Session minutes from the minute that begins at `from` to the one that begins at `to`, which is in `today`. */
const minutesApart = (from: EpochMs, to: EpochMs, { today, before }: Reach): number => {
  if (from >= today.open) return (to - from) / MINUTE_MS;
  const closing = from >= before.open && from < before.close ? before.close - from : Number.POSITIVE_INFINITY;
  return (to - today.open + closing) / MINUTE_MS;
};
const minuteOf = (at: EpochMs): EpochMs => epochMs(at - (at % MINUTE_MS));

/** With a price that was seen at an instant, in whatever order they come. The very same range when it says nothing new. */
export const withPrice = (range: HourRange, at: EpochMs, price: Price): HourRange => {
  const minute = minuteOf(at);
  const newest = range.at(-1);
  if (newest !== undefined && newest[0] === minute && newest[1] <= price && price <= newest[2]) return range;
  const seen = sessionAt(at);
  if (seen === undefined) return range;
  const last = newest === undefined || minute > newest[0] ? minute : newest[0];
  const reach = reachOf(last === minute ? seen : (sessionAt(last) as Session));
  const known = range.find(([begins]) => begins === minute);
  const entry: MinuteRange = [minute, known && known[1] < price ? known[1] : price, known && known[2] > price ? known[2] : price];
  return [...range.filter(([begins]) => begins !== minute), entry]
    .filter(([begins]) => minutesApart(begins, last, reach) <= MINUTES_BEFORE)
    .sort((a, b) => a[0] - b[0]);
};

/** How many of the sixty session minutes before the one in progress have no price; 0 outside a session. */
export const minutesWithout = (range: HourRange, at: EpochMs): number => {
  const today = sessionAt(at);
  if (today === undefined) return 0;
  const reach = reachOf(today);
  const minute = minuteOf(at);
  const within = range.filter(([begins]) => begins < minute && minutesApart(begins, minute, reach) <= MINUTES_BEFORE);
  return MINUTES_BEFORE - within.length;
};

/**
 * How many of the minutes that the extremes stand for were seen by nobody: the last sixty, or in the first hour of a session those since
 * the open, because the prior close stands for what was before. 0 outside a session.
 */
export const minutesUnseen = (range: HourRange, at: EpochMs): number => {
  const today = sessionAt(at);
  if (today === undefined) return 0;
  const minute = minuteOf(at);
  const from = Math.max(today.open, minute - MINUTES_BEFORE * MINUTE_MS);
  const seen = range.filter(([begins]) => begins >= from && begins < minute).length;
  return Math.round((minute - from) / MINUTE_MS) - seen;
};

/** The extremes at an instant, or why there are none. In the first hour of a session they need the prior close, and count it. */
export const extremesAt = (range: HourRange, at: EpochMs, priorClose: Price | null): Extremes | string => {
  const today = sessionAt(at);
  if (today === undefined) return "no session is in progress";
  const reach = reachOf(today);
  const minute = minuteOf(at);
  const counted = range.filter(([begins]) => begins <= minute && minutesApart(begins, minute, reach) <= MINUTES_BEFORE);
  const isFirstHour = at - today.open < MINUTES_BEFORE * MINUTE_MS;
  if (isFirstHour && priorClose === null) return "the prior close is not known";
  const prices = [
    ...counted.flatMap(([, low, high]) => [low, high]),
    ...(isFirstHour && priorClose !== null ? [priorClose] : []),
  ];
  if (prices.length === 0) return "no price in the last hour";
  return { high: Math.max(...prices) as Price, low: Math.min(...prices) as Price };
};
