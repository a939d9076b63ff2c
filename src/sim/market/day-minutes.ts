/**
 * A day of the world in minutes, from the prior session's close to its own: what intraday bars are made of.
 *
 * Days that the world has lived were walked finely and are summed up here. History was walked in coarse steps; its minutes
 * are Brownian bridges between those, kept within the session's range, so that minutes and daily bars tell the same high and
 * low. What prices the levels are quoted as is others' business.
 */
import { futuresSessionState } from "../../domain/calendar/futures-session.ts";
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { previousSession } from "../../domain/calendar/market-calendar.ts";
import type { EpochMs } from "../../domain/units.ts";
import { epochMs } from "../../domain/units.ts";
import type { WalkedDay } from "./history.ts";
import type { DayWalk } from "./index-path.ts";
import { BETA, dailyVolAt, NIGHT_SHARE, OWN_VOL, VIX_OWN_SD } from "./index-path.ts";
import type { RandomStream } from "./random.ts";

/** Log prices by index, then the log of the VIX. */
export const SERIES = 4;
export const VIX_SERIES = 3;

export interface DayMinutes {
  readonly session: Session;
  /** The prior session's close. */
  readonly begins: EpochMs;
  /** Minutes before the session's open, and in all. */
  readonly nightMinutes: number;
  readonly count: number;
  /** Whether the futures trade in a minute: by night those of their sessions, by day all. */
  readonly futuresOpen: (minute: number) => boolean;
  /** Where the night pauses first, and where it goes on: before, futures belong to the trading day before. */
  readonly pause: number;
  readonly reopen: number;
  /** How many night minutes the futures have traded before each minute of the night, and at its end. */
  readonly nightTraded: Int32Array;
  /** By series: the level at the start of each minute and, last, at the close. */
  readonly level: readonly Float64Array[];
  /** By series: the extremes within each minute, its end included. */
  readonly high: readonly Float64Array[];
  readonly low: readonly Float64Array[];
}

/** The night before a session: when it begins, and in which of its minutes the futures trade. */
export interface Night {
  readonly begins: EpochMs;
  readonly open: readonly boolean[];
}

/** The futures open and close on whole quarter hours. */
const HALT_GRID_STEPS = 15;

export const nightBefore = (session: Session): Night => {
  const begins = previousSession(session.open).close;
  const open: boolean[] = [];
  for (let i = 0; i < (session.open - begins) / 60_000; i++) {
    const known = i % HALT_GRID_STEPS === 0 ? undefined : open[i - 1];
    open.push(known ?? futuresSessionState(epochMs(begins + i * 60_000)) === "open");
  }
  return { begins, open };
};

const emptyDay = (session: Session, night: Night) => {
  const nightMinutes = night.open.length;
  const count = nightMinutes + (session.close - session.open) / 60_000;
  const filled = (length: number, value: number): Float64Array[] =>
    Array.from({ length: SERIES }, () => new Float64Array(length).fill(value));
  const nightTraded = new Int32Array(nightMinutes + 1);
  for (let i = 0; i < nightMinutes; i++) nightTraded[i + 1] = (nightTraded[i] as number) + (night.open[i] ? 1 : 0);
  const pause = night.open.indexOf(false);
  const reopen = night.open.indexOf(true, Math.max(0, pause));
  return {
    session,
    begins: night.begins,
    nightMinutes,
    count,
    pause: pause < 0 ? nightMinutes : pause,
    reopen: pause < 0 || reopen < 0 ? nightMinutes : reopen,
    nightTraded,
    futuresOpen: (minute: number) => night.open[minute] ?? true,
    level: filled(count + 1, 0),
    high: filled(count, Number.NEGATIVE_INFINITY),
    low: filled(count, Number.POSITIVE_INFINITY),
  };
};

type OpenDay = ReturnType<typeof emptyDay>;

/** A level at a time in minutes: it belongs to its minute, and at a boundary to the minute that ends there as well. */
const see = (day: OpenDay, series: number, minute: number, atBoundary: boolean, value: number): void => {
  const [high, low] = [day.high[series] as Float64Array, day.low[series] as Float64Array];
  if (atBoundary) (day.level[series] as Float64Array)[minute] = value;
  for (let cell = atBoundary ? Math.max(0, minute - 1) : minute; cell <= minute && cell < day.count; cell++) {
    if (value > (high[cell] as number)) high[cell] = value;
    if (value < (low[cell] as number)) low[cell] = value;
  }
};

export const seriesOf = ({ logPrice, logVix }: DayWalk): readonly Float64Array[] => [...logPrice, logVix];

/** The minutes of a finely walked day. In its session everything is seen `behind` steps late (a planted lead of the futures). */
export const minutesOfWalk = (session: Session, night: Night, walk: DayWalk, behind: number): DayMinutes => {
  const day = emptyDay(session, night);
  const { nightSteps } = walk;
  const steps = walk.logVix.length - 1;
  const perMinute = (steps - nightSteps) / (day.count - day.nightMinutes);
  for (const [series, logs] of seriesOf(walk).entries()) {
    for (let i = 0; i <= day.nightMinutes; i++) see(day, series, i, true, logs[i] as number);
    for (let step = 1; step <= steps - nightSteps; step++) {
      const atBoundary = step % perMinute === 0;
      const seen = nightSteps + Math.max(0, step - behind);
      see(day, series, day.nightMinutes + Math.floor(step / perMinute), atBoundary, logs[seen] as number);
    }
  }
  return day;
};

/** How strongly the VIX answers within a day: between its answers to gains and to losses. */
const VIX_ANSWER = -4.2;
const SESSIONS_PER_YEAR = 252;

/** The minutes of a coarsely walked day of history. */
export const minutesOfHistory = (session: Session, night: Night, { walk, shift }: WalkedDay, draw: RandomStream): DayMinutes => {
  const day = emptyDay(session, night);
  const coarse = seriesOf(walk).map((logs, series) => logs.map((log) => log + (shift[series] as number)));
  const { nightSteps } = walk;
  const segments = walk.logVix.length - 1 - nightSteps;
  const sd = dailyVolAt(Math.exp((coarse[VIX_SERIES] as Float64Array)[0] as number));
  const ownSd = OWN_VOL.map((vol) => vol / Math.sqrt(SESSIONS_PER_YEAR)) as [number, number];
  const range = coarse.map((logs) => {
    const inSession = logs.subarray(nightSteps);
    return { high: inSession.reduce((a, b) => Math.max(a, b)), low: inSession.reduce((a, b) => Math.min(a, b)) };
  });

  /** Walks on to `target` by a part of what remains, both in shares of a day's variance; all of it ends exactly there. */
  const x = coarse.map((logs) => logs[0] as number);
  const bridge = (target: number, part: number, rest: number): void => {
    const done = rest - part < 1e-12;
    const scale = done ? 0 : Math.sqrt((part * (rest - part)) / rest);
    const common = scale * sd * draw.normal();
    const noise = [
      common,
      BETA[0] * common + scale * ownSd[0] * draw.normal(),
      BETA[1] * common + scale * ownSd[1] * draw.normal(),
      VIX_ANSWER * common + scale * VIX_OWN_SD * draw.normal(),
    ];
    for (let series = 0; series < SERIES; series++) {
      const end = (coarse[series] as Float64Array)[target] as number;
      const from = x[series] as number;
      x[series] = done ? end : from + ((end - from) * part) / rest + (noise[series] as number);
    }
  };
  const put = (minute: number, atBoundary: boolean, inSession: boolean): void => {
    for (let series = 0; series < SERIES; series++) {
      const value = x[series] as number;
      const { high, low } = range[series] as { high: number; low: number };
      see(day, series, minute, atBoundary, inSession ? Math.min(high, Math.max(low, value)) : value);
    }
  };

  let left = night.open.filter(Boolean).length;
  const share = NIGHT_SHARE / left;
  put(0, true, false);
  for (let i = 0; i < day.nightMinutes; i++) {
    if (night.open[i]) {
      bridge(nightSteps, share, share * left);
      left--;
    }
    put(i + 1, true, false);
  }
  const minutes = day.count - day.nightMinutes;
  const perMinute = (1 - NIGHT_SHARE) / minutes;
  let at = 0;
  for (let segment = 1; segment <= segments; segment++) {
    const end = (segment * minutes) / segments;
    while (end - at > 1e-9) {
      const next = Math.min(end, Math.floor(at + 1e-9) + 1);
      bridge(nightSteps + segment, (next - at) * perMinute, (end - at) * perMinute);
      at = next;
      const boundary = Math.abs(at - Math.round(at)) < 1e-9;
      put(day.nightMinutes + (boundary ? Math.round(at) : Math.floor(at)), boundary, true);
    }
  }
  return day;
};
