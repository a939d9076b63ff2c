/**
 * The synthetic world in time: which day it is, where on the day's walk, and what the levels are there.
 *
 * A day belongs to the world from the prior session's close to its own. It is walked whole when that time comes, from a
 * stream named after it, on a fixed grid (a minute at night, a second in the session); advancing only moves along it. So
 * levels do not depend on who asks, how often, or in which steps time moves. What the levels are quoted as is others' business.
 */
import { assert } from "../../domain/assert.ts";
import { addDays } from "../../domain/calendar/civil-date.ts";
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { nextSession, sessionOf } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { epochMs } from "../../domain/units.ts";
import type { DayMinutes, Night } from "./day-minutes.ts";
import { minutesOfHistory, minutesOfWalk, nightBefore } from "./day-minutes.ts";
import type { DayRecord } from "./history.ts";
import { newsOn, recordOf, walkHistory } from "./history.ts";
import type { DayLaw, DayWalk, WorldState } from "./index-path.ts";
import { nightWeights, sessionWeights, walkDay } from "./index-path.ts";
import { fearMultiple, hourMultiple, volumeShare } from "./quoting.ts";
import { randomStream } from "./random.ts";
import type { Regime, RegimeState } from "./regimes.ts";
import { nextRegime, regimeLaw } from "./regimes.ts";
import type { Skew } from "./skew-shocks.ts";
import { createSkewShocks } from "./skew-shocks.ts";
import type { Followed, MinuteInProgress } from "./world-minutes.ts";
import { createWorldMinutes, SESSION_STEP_MS } from "./world-minutes.ts";

const NIGHT_STEP_MS = 60_000;
/** After a halt quotes are wider for a while. */
const AFTER_HALT_MS = 5 * 60_000;
const AFTER_HALT_MULTIPLE = 4;

/** Levels at an instant of the grid: log prices of the indices in dollars of their ETFs, the log of the VIX, the smile's shape. */
export interface Levels {
  readonly at: EpochMs;
  /** The day in New York at that instant. */
  readonly day: TradingDay;
  readonly logPrice: readonly [number, number, number];
  readonly logVix: number;
  readonly skew: Skew;
}

/** The session whose trading the quotes show, and the share (0 to 1) of its volume that has traded. */
export interface Tape {
  readonly day: TradingDay;
  readonly volumeShare: number;
}

export interface World {
  readonly now: EpochMs;
  /** The day in New York. */
  readonly today: TradingDay;
  advance(to: EpochMs): void;
  /** What stocks and options are quoted at: now on the session's grid, or the last close while closed. */
  readonly stock: Levels;
  /** What futures are quoted at: also at night, but standing still while they are halted. */
  readonly future: Levels;
  /** The close of the last session before today: what today's changes are measured from. */
  readonly reference: Levels;
  readonly tape: Tape;
  /** How much wider than usual stocks and options are quoted: the hour's and the VIX's doing. */
  readonly widening: number;
  /** The session that comes or is in progress. */
  readonly session: Session;
  /** The levels at that session's open, once it has come. */
  readonly opening: Levels | undefined;
  /** Changes whenever anything above but `now` may have. */
  readonly version: number;
  /** Finished days, oldest first. */
  readonly records: readonly DayRecord[];
  /**
   * A day of the past or the one in progress, whole, in minutes: its future included, which is the caller's to withhold.
   * Undefined for days before history and after the one in progress.
   */
  minutes(day: TradingDay, of: Followed): DayMinutes | undefined;
  /** The smile's shape on a day of the past or the one in progress. */
  skewOn(day: TradingDay): Skew;
  /** The regime in force; undefined in a world without. */
  readonly regime: Regime | undefined;
  /** A halt of all trading: quotes stand still until it is over. The world goes on meanwhile. */
  halt(on: boolean): void;
  readonly halted: boolean;
  /** Of the minute in progress, by series, what has been seen of it. */
  minuteInProgress(of: Followed): MinuteInProgress;
}

interface Day {
  readonly session: Session;
  readonly nightBegins: EpochMs;
  readonly night: Night;
  readonly from: WorldState;
  readonly law: DayLaw;
  readonly walk: DayWalk;
  /** For each night step, the last step up to it at whose instant the futures traded. */
  readonly lastTraded: Int32Array;
}

export interface WorldLaw {
  readonly seed: number | string;
  readonly begins: EpochMs;
  readonly vix0: number | undefined;
  /** By how many whole seconds the futures run ahead of the ETFs within the session. */
  readonly futuresLeadSeconds: number;
  /** A regime for all days, or a chain of them that wanders; undefined leaves the law alone. */
  readonly regime: Regime | "wandering" | undefined;
  /** Called with each day of history and of life, in order, and the close before it. */
  readonly onClose: (day: TradingDay, logPrice: readonly [number, number, number]) => void;
  /** Called with each day before it is shown, and the levels that it starts from. */
  readonly onDay: (day: TradingDay, from: WorldState) => void;
}

export const createWorld = ({ seed, begins, vix0, futuresLeadSeconds, regime, onClose, onDay }: WorldLaw): World => {
  const weightsBySteps = new Map<number, Float64Array>();
  const weightsOf = (steps: number): Float64Array => {
    const weights = weightsBySteps.get(steps) ?? sessionWeights(steps);
    weightsBySteps.set(steps, weights);
    return weights;
  };

  const stepsOf = ({ open, close }: Session): number => (close - open) / SESSION_STEP_MS;
  const walkOf = (session: Session, { open }: Night, from: WorldState, law: DayLaw): DayWalk =>
    walkDay(from, randomStream(seed, `day/${session.day}`), nightWeights(open), weightsOf(stepsOf(session)), law);

  const skews = createSkewShocks(randomStream(seed, "skew"));
  const regimeDraw = randomStream(seed, "regimes");
  let regimeState: RegimeState | undefined;
  const lawOf = (session: Session, night: Night, from: WorldState): DayLaw => {
    if (regime !== undefined) {
      regimeState = nextRegime(regimeState, regime === "wandering" ? undefined : regime, from.logPrice[0], regimeDraw);
    }
    const news = newsOn(seed, session, night.open.length, stepsOf(session));
    return {
      ...(news === undefined ? {} : { news }),
      ...(regimeState === undefined ? {} : { regime: regimeLaw(regimeState) }),
    };
  };

  const startDay = (session: Session, from: WorldState): Day => {
    const night = nightBefore(session);
    const { begins: nightBegins, open } = night;
    const nightSteps = open.length;
    const lastTraded = new Int32Array(nightSteps + 1);
    for (let i = 1; i <= nightSteps; i++)
      lastTraded[i] = open[i] || open[i - 1] || i === nightSteps ? i : (lastTraded[i - 1] as number);
    const law = lawOf(session, night, from);
    const walk = walkOf(session, night, from, law);
    skews.open(session.day);
    onClose(session.day, from.logPrice);
    onDay(session.day, from);
    return { session, nightBegins, night, from, law, walk, lastTraded };
  };

  const firstSession = (): Session => {
    const today = sessionOf(newYorkDay(begins));
    return today !== undefined && today.close > begins ? today : nextSession(begins);
  };

  const { records, walked, end } = walkHistory(seed, firstSession().day, vix0);
  for (const [i, { day: past }] of records.entries()) {
    const { prices } = records[Math.max(0, i - 1)] as DayRecord;
    skews.open(past);
    onClose(past, [Math.log(prices[0].close), Math.log(prices[1].close), Math.log(prices[2].close)]);
  }
  let now = begins;
  let day = startDay(firstSession(), end);
  const beforeLast = records.at(-2) as DayRecord;
  /** The close of the session before the last one: the reference on the evening after a close. */
  let olderClose: Levels = {
    at: (sessionOf(beforeLast.day) as Session).close,
    logPrice: [Math.log(beforeLast.prices[0].close), Math.log(beforeLast.prices[1].close), Math.log(beforeLast.prices[2].close)],
    logVix: Math.log(beforeLast.vix.close),
    day: beforeLast.day,
    skew: skews.on(beforeLast.day),
  };
  let version = 0;
  /** What each finished day of the living world started from: enough to walk it again. */
  const lived = new Map<TradingDay, { readonly from: WorldState; readonly law: DayLaw }>();
  const past = createWorldMinutes({
    futuresLeadSeconds,
    now: () => now,
    current: () => day,
    made: (wanted, behind) => {
      const session = sessionOf(wanted);
      const [coarse, done] = [walked.get(wanted), lived.get(wanted)];
      if (session === undefined) return undefined;
      const night = nightBefore(session);
      if (coarse !== undefined) return minutesOfHistory(session, night, coarse, randomStream(seed, `minutes/${wanted}`));
      return done && minutesOfWalk(session, night, walkOf(session, night, done.from, done.law), behind);
    },
  });

  const levelsAt = (point: number, at: EpochMs): Levels => {
    const { logPrice, logVix } = day.walk;
    const of = newYorkDay(at);
    return {
      at,
      day: of,
      skew: skews.on(of),
      logPrice: [logPrice[0][point] as number, logPrice[1][point] as number, logPrice[2][point] as number],
      logVix: logVix[point] as number,
    };
  };

  const stockLevels = (): Levels => {
    const { session, nightBegins, walk } = day;
    if (now < session.open) return levelsAt(0, nightBegins);
    const step = Math.floor((now - session.open) / SESSION_STEP_MS);
    const behind = Math.max(0, step - futuresLeadSeconds);
    return levelsAt(walk.nightSteps + behind, epochMs(session.open + step * SESSION_STEP_MS));
  };
  const futureLevels = (): Levels => {
    const { session, nightBegins, walk, lastTraded } = day;
    if (now < session.open) {
      const step = lastTraded[Math.floor((now - nightBegins) / NIGHT_STEP_MS)] as number;
      return levelsAt(step, epochMs(nightBegins + step * NIGHT_STEP_MS));
    }
    const step = Math.floor((now - session.open) / SESSION_STEP_MS);
    return levelsAt(walk.nightSteps + step, epochMs(session.open + step * SESSION_STEP_MS));
  };

  let [stock, future] = [stockLevels(), futureLevels()];
  let reference = stock;
  let tape: Tape = { day: day.session.day, volumeShare: 0 };
  let widening = 1;
  let halted = false;
  let resumed = Number.NEGATIVE_INFINITY;
  let today = newYorkDay(now);
  let midnight = instantOf(addDays(today, 1), 0);

  const look = (): void => {
    const [oldStock, oldFuture, oldReference] = [stock, future, reference];
    if (now >= midnight) {
      today = newYorkDay(now);
      midnight = instantOf(addDays(today, 1), 0);
    }
    if (!halted) [stock, future] = [stockLevels(), futureLevels()];
    const { session, nightBegins } = day;
    const lastClosed = newYorkDay(nightBegins);
    if (today === lastClosed) {
      reference = olderClose;
      tape = { day: lastClosed, volumeShare: 1 };
    } else {
      if (reference.at !== nightBegins) reference = levelsAt(0, nightBegins);
      tape = { day: session.day, volumeShare: volumeShare((stock.at - session.open) / (session.close - session.open)) };
    }
    const shaken = now < resumed + AFTER_HALT_MS ? AFTER_HALT_MULTIPLE : 1;
    widening = fearMultiple(Math.exp(stock.logVix)) * hourMultiple(stock.at, session) * shaken;
    if (stock.at !== oldStock.at || future.at !== oldFuture.at || reference.at !== oldReference.at) version++;
  };

  look();
  return {
    get now() {
      return now;
    },
    get stock() {
      return stock;
    },
    get future() {
      return future;
    },
    get reference() {
      return reference;
    },
    get today() {
      return today;
    },
    get widening() {
      return widening;
    },
    get tape() {
      return tape;
    },
    get session() {
      return day.session;
    },
    get opening() {
      return now < day.session.open ? undefined : levelsAt(day.walk.nightSteps, day.session.open);
    },
    get version() {
      return version;
    },
    records,
    minutes: past.minutes,
    minuteInProgress: past.inProgress,
    skewOn: skews.on,
    get regime() {
      return regimeState?.regime;
    },
    get halted() {
      return halted;
    },
    halt: (on) => {
      if (halted && !on) resumed = now;
      halted = on;
      look();
      version++;
    },
    advance: (to) => {
      assert(to >= now, `time moves forward only: at ${now}, asked for ${to}`);
      now = to;
      while (now >= day.session.close) {
        records.push(recordOf(day.session.day, day.walk));
        lived.set(day.session.day, { from: day.from, law: day.law });
        olderClose = levelsAt(0, day.nightBegins);
        day = startDay(nextSession(day.session.close), day.walk.end);
      }
      look();
    },
  };
};
