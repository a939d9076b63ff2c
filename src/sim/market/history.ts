/** Finished days of the synthetic world, and the two years before it begins: the same daily law, on a coarser grid. */

import type { Session } from "../../domain/calendar/market-calendar.ts";
import { sessionOfTradingDay, tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import { instantOf } from "../../domain/calendar/new-york.ts";
import type { TradingDay } from "../../domain/units.ts";
import type { DayLaw, DayWalk, WorldState } from "./index-path.ts";
import { INDEX_COUNT, ORDINARY_STATE, sessionWeights, walkDay } from "./index-path.ts";
import { ETFS } from "./instruments.ts";
import { randomStream } from "./random.ts";
import { releaseOn } from "./releases.ts";

/** Sessions of history before the world begins: two years. */
export const HISTORY_SESSIONS = 504;
/** Walked before those and thrown away, so that history starts from a state of no one's choice. */
const FORGOTTEN_SESSIONS = 300;
/** Five-minute steps of a history session; its night is one step. */
const HISTORY_STEPS = 78;
/** A wished-for VIX is reached by bending the path over its last weeks, fading with this many sessions. */
const BEND_SESSIONS = 34;

/** Open, high, low and close: the indices in dollars of their ETFs, the VIX in points. */
export interface Range {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export interface DayRecord {
  readonly day: TradingDay;
  /** By index. */
  readonly prices: readonly [Range, Range, Range];
  readonly vix: Range;
  /** The VIX at the close before: the day's volume depends on it. */
  readonly vixBefore: number;
}

const rangeOf = (logs: Float64Array, from: number, scale: number): Range => {
  let [high, low] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = from; i < logs.length; i++) {
    const value = logs[i] as number;
    if (value > high) high = value;
    if (value < low) low = value;
  }
  const level = (log: number): number => Math.exp(log) * scale;
  return { open: level(logs[from] as number), high: level(high), low: level(low), close: level(logs.at(-1) as number) };
};

/** A walked day's record. Scales turn the walk's levels into the world's; 1 for the living world. */
export const recordOf = (day: TradingDay, walk: DayWalk, priceScale: readonly number[] = [1, 1, 1], vixScale = 1): DayRecord => {
  const ranges = walk.logPrice.map((logs, i) => rangeOf(logs, walk.nightSteps, priceScale[i] as number));
  return {
    day,
    prices: ranges as [Range, Range, Range],
    vix: rangeOf(walk.logVix, walk.nightSteps, vixScale),
    vixBefore: Math.exp(walk.logVix[0] as number) * vixScale,
  };
};

/** A day of history as it was walked; the shifts turn its logarithms into the world's. */
export interface WalkedDay {
  readonly walk: DayWalk;
  /** By index, and last the VIX. */
  readonly shift: readonly [number, number, number, number];
}

export interface History {
  /** Oldest first. */
  readonly records: DayRecord[];
  readonly walked: ReadonlyMap<TradingDay, WalkedDay>;
  /** The state at the last record's close: prices are the ETFs' starting prices. */
  readonly end: WorldState;
}

/**
 * The day's scheduled news on a walk of so many steps. Its outcome is the seed's, from a stream of its own; what comes before
 * the open of a night in one step comes with that.
 */
export const newsOn = (
  seed: number | string,
  { day, open, close }: Session,
  nightSteps: number,
  sessionSteps: number,
): DayLaw["news"] => {
  const release = releaseOn(day);
  if (release === undefined) return undefined;
  const at = instantOf(day, release.minute);
  const before = Math.max(0, nightSteps - Math.round((open - at) / 60_000));
  const within = nightSteps + Math.min(sessionSteps - 1, Math.floor(((at - open) / (close - open)) * sessionSteps));
  const outcome = randomStream(seed, `news/${day}`).normal();
  return { step: at < open ? before : within, extraDays: release.extraDays, outcome };
};

/** The sessions before `firstDay`. With `vix0` the VIX ends there; without, wherever chance has led it. */
export const walkHistory = (seed: number | string, firstDay: TradingDay, vix0: number | undefined): History => {
  const draw = randomStream(seed, "history");
  const days: TradingDay[] = [];
  for (let day = tradingDayBefore(firstDay); days.length < HISTORY_SESSIONS; day = tradingDayBefore(day)) days.push(day);
  days.reverse();
  const night = Float64Array.of(1);
  const session = sessionWeights(HISTORY_STEPS);
  let state = ORDINARY_STATE;
  const walks: DayWalk[] = [];
  for (let i = 0; i < FORGOTTEN_SESSIONS + HISTORY_SESSIONS; i++) {
    const day = days[i - FORGOTTEN_SESSIONS];
    const news = day === undefined ? undefined : newsOn(seed, sessionOfTradingDay(day), 1, HISTORY_STEPS);
    const walk = walkDay(state, draw, night, session, news === undefined ? {} : { news });
    state = walk.end;
    if (day !== undefined) walks.push(walk);
  }

  const priceScale = Array.from({ length: INDEX_COUNT }, (_, i) => ETFS[i]!.startsAt / Math.exp(state.logPrice[i]!));
  const bend = vix0 === undefined ? 0 : Math.log(vix0) - state.logVix;
  const walked = new Map<TradingDay, WalkedDay>();
  const records = walks.map((walk, i) => {
    const fade = Math.exp(-(walks.length - 1 - i) / BEND_SESSIONS);
    const [first, second, third] = priceScale.map(Math.log) as [number, number, number];
    walked.set(days[i] as TradingDay, { walk, shift: [first, second, third, bend * fade] });
    return recordOf(days[i] as TradingDay, walk, priceScale, Math.exp(bend * fade));
  });
  return {
    records,
    walked,
    end: {
      logPrice: [Math.log(ETFS[0].startsAt), Math.log(ETFS[1].startsAt), Math.log(ETFS[2].startsAt)],
      logVix: state.logVix + bend,
      slow: state.slow,
    },
  };
};
