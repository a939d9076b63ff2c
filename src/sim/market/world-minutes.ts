/**
 * The minutes of the world's days, kept for a while; and what has been seen of the minute in progress.
 */
import type { Session } from "../../domain/calendar/market-calendar.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import type { DayMinutes, Night } from "./day-minutes.ts";
import { minutesOfWalk, SERIES, seriesOf } from "./day-minutes.ts";
import type { DayWalk } from "./index-path.ts";

/** Whose view: with a planted lead of the futures the stocks see everything later. */
export type Followed = "stocks" | "futures";

export interface MinuteInProgress {
  readonly minute: number;
  readonly open: readonly number[];
  readonly high: readonly number[];
  readonly low: readonly number[];
  readonly close: readonly number[];
}

/** Days whose minutes are kept; older ones are made again when asked for. */
const MINUTES_KEPT = 24;
/** A session is walked by the second. */
export const SESSION_STEP_MS = 1000;

interface MinutesOf {
  readonly futuresLeadSeconds: number;
  readonly now: () => EpochMs;
  /** The day in progress. */
  readonly current: () => { readonly session: Session; readonly night: Night; readonly walk: DayWalk };
  /** Makes a finished day's minutes, seen so many steps late; undefined when the world has no such day. */
  readonly made: (day: TradingDay, behind: number) => DayMinutes | undefined;
}

export const createWorldMinutes = ({ futuresLeadSeconds, now, current, made }: MinutesOf) => {
  const minutesKept = new Map<string, DayMinutes>();

  const behindOf = (of: Followed): number => (of === "stocks" ? futuresLeadSeconds : 0);
  const minutesMade = (wanted: TradingDay, of: Followed): DayMinutes | undefined => {
    const { session, night, walk } = current();
    return wanted === session.day ? minutesOfWalk(session, night, walk, behindOf(of)) : made(wanted, behindOf(of));
  };
  const minutes = (wanted: TradingDay, of: Followed): DayMinutes | undefined => {
    const key = `${wanted}${behindOf(of) === 0 ? "" : of}`;
    const kept = minutesKept.get(key);
    const found = kept ?? minutesMade(wanted, of);
    if (found === undefined) return undefined;
    // The one asked for last is forgotten last.
    minutesKept.delete(key);
    minutesKept.set(key, found);
    if (minutesKept.size > MINUTES_KEPT) minutesKept.delete(minutesKept.keys().next().value as string);
    return found;
  };

  const inProgress = (of: Followed): MinuteInProgress => {
    const { session, night, walk } = current();
    const at = now();
    const minute = Math.floor((at - night.begins) / 60_000);
    const inSession = at >= session.open;
    const last = inSession ? Math.floor((at - session.open) / SESSION_STEP_MS) : 0;
    const first = inSession ? (minute - walk.nightSteps) * (60_000 / SESSION_STEP_MS) : 0;
    const point = (step: number): number =>
      inSession ? walk.nightSteps + Math.max(0, step - behindOf(of)) : Math.min(minute, walk.nightSteps);
    const seen = { minute, open: [] as number[], high: [] as number[], low: [] as number[], close: [] as number[] };
    const logs = seriesOf(walk);
    for (let series = 0; series < SERIES; series++) {
      const of = logs[series] as Float64Array;
      let [high, low] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let step = first; step <= last; step++) {
        const value = of[point(step)] as number;
        if (value > high) high = value;
        if (value < low) low = value;
      }
      seen.open.push(of[point(first)] as number);
      seen.high.push(high);
      seen.low.push(low);
      seen.close.push(of[point(last)] as number);
    }
    return seen;
  };

  return { minutes, inProgress };
};
