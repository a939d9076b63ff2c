/**
 * The synthetic world in time: which day it is, where on the day's walk, and what the levels are there.
 *
 * A day belongs to the world from the prior session's close to its own. It is walked whole when that time comes, from a
 * stream named after it, on a fixed grid (a minute at night, a second in the session); advancing only moves along it. So
 * levels do not depend on who asks, how often, or in which steps time moves. What the levels are quoted as is others' business.
 */
import { assert } from "../../domain/assert.ts";
import { addDays } from "../../domain/calendar/civil-date.ts";
import { futuresSessionState } from "../../domain/calendar/futures-session.ts";
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { nextSession, previousSession, sessionOf } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { epochMs } from "../../domain/units.ts";
import type { DayRecord } from "./history.ts";
import { recordOf, walkHistory } from "./history.ts";
import type { DayWalk, WorldState } from "./index-path.ts";
import { nightWeights, sessionWeights, walkDay } from "./index-path.ts";
import { fearMultiple, hourMultiple, volumeShare } from "./quoting.ts";
import { randomStream } from "./random.ts";

const NIGHT_STEP_MS = 60_000;
const SESSION_STEP_MS = 1000;
/** The futures open and close on whole quarter hours. */
const HALT_GRID_STEPS = 15;

/** Levels at an instant of the grid: log prices of the ETFs by index, and the log of the VIX. */
export interface Levels {
  readonly at: EpochMs;
  readonly logPrice: readonly [number, number, number];
  readonly logVix: number;
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
}

interface Day {
  readonly session: Session;
  readonly nightBegins: EpochMs;
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
  /** Called with each day before it is shown, and the levels that it starts from. */
  readonly onDay: (day: TradingDay, from: WorldState) => void;
}

export const createWorld = ({ seed, begins, vix0, futuresLeadSeconds, onDay }: WorldLaw): World => {
  const weightsBySteps = new Map<number, Float64Array>();
  const weightsOf = (steps: number): Float64Array => {
    const weights = weightsBySteps.get(steps) ?? sessionWeights(steps);
    weightsBySteps.set(steps, weights);
    return weights;
  };

  const startDay = (session: Session, from: WorldState): Day => {
    const nightBegins = previousSession(session.open).close;
    const nightSteps = (session.open - nightBegins) / NIGHT_STEP_MS;
    const open: boolean[] = [];
    for (let i = 0; i < nightSteps; i++) {
      const known = i % HALT_GRID_STEPS === 0 ? undefined : open[i - 1];
      open.push(known ?? futuresSessionState(epochMs(nightBegins + i * NIGHT_STEP_MS)) === "open");
    }
    const lastTraded = new Int32Array(nightSteps + 1);
    for (let i = 1; i <= nightSteps; i++)
      lastTraded[i] = open[i] || open[i - 1] || i === nightSteps ? i : (lastTraded[i - 1] as number);
    const steps = (session.close - session.open) / SESSION_STEP_MS;
    const walk = walkDay(from, randomStream(seed, `day/${session.day}`), nightWeights(open), weightsOf(steps));
    onDay(session.day, from);
    return { session, nightBegins, walk, lastTraded };
  };

  const firstSession = (): Session => {
    const today = sessionOf(newYorkDay(begins));
    return today !== undefined && today.close > begins ? today : nextSession(begins);
  };

  const { records, end } = walkHistory(seed, firstSession().day, vix0);
  let now = begins;
  let day = startDay(firstSession(), end);
  const beforeLast = records.at(-2) as DayRecord;
  /** The close of the session before the last one: the reference on the evening after a close. */
  let olderClose: Levels = {
    at: (sessionOf(beforeLast.day) as Session).close,
    logPrice: [Math.log(beforeLast.prices[0].close), Math.log(beforeLast.prices[1].close), Math.log(beforeLast.prices[2].close)],
    logVix: Math.log(beforeLast.vix.close),
  };
  let version = 0;

  const levelsAt = (point: number, at: EpochMs): Levels => {
    const { logPrice, logVix } = day.walk;
    return {
      at,
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
  let today = newYorkDay(now);
  let midnight = instantOf(addDays(today, 1), 0);

  const look = (): void => {
    const [oldStock, oldFuture, oldReference] = [stock, future, reference];
    if (now >= midnight) {
      today = newYorkDay(now);
      midnight = instantOf(addDays(today, 1), 0);
    }
    [stock, future] = [stockLevels(), futureLevels()];
    const { session, nightBegins } = day;
    const lastClosed = newYorkDay(nightBegins);
    if (today === lastClosed) {
      reference = olderClose;
      tape = { day: lastClosed, volumeShare: 1 };
    } else {
      if (reference.at !== nightBegins) reference = levelsAt(0, nightBegins);
      tape = { day: session.day, volumeShare: volumeShare((stock.at - session.open) / (session.close - session.open)) };
    }
    widening = fearMultiple(Math.exp(stock.logVix)) * hourMultiple(stock.at, session);
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
    advance: (to) => {
      assert(to >= now, `time moves forward only: at ${now}, asked for ${to}`);
      now = to;
      while (now >= day.session.close) {
        records.push(recordOf(day.session.day, day.walk));
        olderClose = levelsAt(0, day.nightBegins);
        day = startDay(nextSession(day.session.close), day.walk.end);
      }
      look();
    },
  };
};
