/**
 * How simulated market time runs against real time: `speed` times as fast and, if wished, past every closed hour. The
 * engine's clock and the simulated gateway's are both this function, so that they agree. Reading a real clock is theirs.
 *
 * With closed hours skipped, time exists from 5 minutes before each session's open to 2 minutes after its close, both ends
 * included; from there it goes on 5 minutes before the next open. The warm-up lets an engine connect and reconcile before
 * the open, the tail lets it see the closing facts.
 */
import { assert } from "../assert.ts";
import type { EpochMs, TradingDay } from "../units.ts";
import { epochMs } from "../units.ts";
import { nextSession, sessionOf } from "./market-calendar.ts";
import { newYorkDay } from "./new-york.ts";

/** How long before a session's open time begins again. */
export const WARM_UP_MS = 5 * 60_000;
/** How long after a session's close time still runs. */
export const TAIL_MS = 2 * 60_000;

/** How market time runs. `speed` is milliseconds of market time per real millisecond, above 0. */
export interface MarketPace {
  readonly speed: number;
  readonly skipClosed: boolean;
  /**
   * With closed hours skipped: the only days whose sessions take place, ascending (a recorded market has no others). After the last
   * of them all days do again. Absent: all days.
   */
  readonly days?: readonly TradingDay[];
}

interface Span {
  readonly begins: number;
  readonly ends: number;
}

/** The span that contains an instant, else the next one. */
const spanAtOrAfter = (at: number, days: MarketPace["days"]): Span => {
  for (const day of days ?? []) {
    const session = sessionOf(day);
    if (session !== undefined && at <= session.close + TAIL_MS)
      return { begins: session.open - WARM_UP_MS, ends: session.close + TAIL_MS };
  }
  const today = sessionOf(newYorkDay(at as EpochMs));
  const session = today !== undefined && at <= today.close + TAIL_MS ? today : nextSession(at as EpochMs);
  return { begins: session.open - WARM_UP_MS, ends: session.close + TAIL_MS };
};

const assertPace = ({ speed }: MarketPace): void => assert(speed > 0 && speed < Infinity, `speed must be above 0, got ${speed}`);

/**
 * The market time `elapsedMs` real milliseconds after `from`, rounded down to whole milliseconds. Where speed × elapsed is
 * whole (every integer speed), going on from the result loses nothing: after a, then b, is after a + b. With another speed,
 * keep the anchor and pass the whole elapsed time. Costs one look at the calendar per session passed.
 */
export const marketTimeAfter = (start: MarketPace & { readonly from: EpochMs; readonly elapsedMs: number }): EpochMs => {
  assertPace(start);
  assert(start.elapsedMs >= 0 && start.elapsedMs < Infinity, `elapsed time cannot be ${start.elapsedMs} ms`);
  let left = start.elapsedMs * start.speed;
  if (!start.skipClosed) return epochMs(Math.floor(start.from + left));
  let span = spanAtOrAfter(start.from, start.days);
  let at = Math.max(start.from, span.begins);
  while (at + left > span.ends) {
    left -= span.ends - at;
    span = spanAtOrAfter(span.ends + 1, start.days);
    at = span.begins;
  }
  return epochMs(Math.floor(at + left));
};

/**
 * The least real milliseconds, rounded up, after which market time has reached `to`; 0 when it has already. What a clock
 * needs to set a real timer for a market deadline. A deadline inside skipped hours is reached at the next span's beginning.
 */
export const realMsUntil = (start: MarketPace & { readonly from: EpochMs; readonly to: EpochMs }): number => {
  assertPace(start);
  if (start.to <= start.from) return 0;
  if (!start.skipClosed) return Math.ceil((start.to - start.from) / start.speed);
  let span = spanAtOrAfter(start.from, start.days);
  let at = Math.max(start.from, span.begins);
  let passed = 0;
  while (start.to > span.ends) {
    passed += span.ends - at;
    span = spanAtOrAfter(span.ends + 1, start.days);
    at = span.begins;
    // The end of a span is its last instant: a deadline beyond it needs the first instant of the next, one step later.
    if (start.to <= at) return Math.ceil((passed + 1) / start.speed);
  }
  return Math.ceil((passed + Math.max(0, start.to - at)) / start.speed);
};
