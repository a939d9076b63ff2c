/**
 * The bars of the synthetic world: its minutes, quoted as one instrument. The daily bar is the sum of its minutes.
 *
 * An option's bar is made of its values at the minutes' beginnings and ends; there are no trades in options. Bars never
 * show what comes after now; the minute in progress is shown as far as it has come.
 */
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { dollars, epochMs } from "../../domain/units.ts";
import type { BarPart } from "./bars.ts";
import { bidAskBars, DAY_MS, MINUTE_MS, merged } from "./bars.ts";
import type { DayMinutes } from "./day-minutes.ts";
import { VIX_SERIES } from "./day-minutes.ts";
import type { DayRecord } from "./history.ts";
import type { BarShow, BarsAsked, TimedBar } from "./market.ts";
import type { Sides } from "./quoting.ts";
import { volumeShare } from "./quoting.ts";
import type { World } from "./world.ts";
import type { Followed, MinuteInProgress } from "./world-minutes.ts";

/** The levels of an instant by series: log prices by index, then the log of the VIX. */
export type LogLevels = readonly number[];

/** An instrument as bars need it. */
export interface Barred {
  /** Its own name: what is kept of it is found by that. */
  readonly id: string;
  readonly of: Followed;
  /** The series that it follows, if its value rises with that alone; undefined for options. */
  readonly series: number | undefined;
  /** Its value in dollars or points. */
  value(levels: LogLevels, at: EpochMs): number;
  /** Rounds a value to what trades are told at. */
  trade(value: number): number;
  /** Undefined where nothing is bid and asked. */
  readonly sides: ((value: number, levels: LogLevels, at: EpochMs, session: Session) => Sides) | undefined;
  /** Its volume on a day and the share of it that trades by night; undefined where there are no trades. */
  readonly volume: ((day: TradingDay, vixBefore: number) => { readonly whole: number; readonly byNight: number }) | undefined;
  /** Shares or contracts per trade. */
  readonly perTrade: number;
  readonly from: EpochMs;
  readonly until: EpochMs;
}

interface MinuteSeen {
  readonly index: number;
  readonly at: EpochMs;
  readonly open: LogLevels;
  readonly high: LogLevels;
  readonly low: LogLevels;
  readonly close: LogLevels;
}

const column = (lists: readonly Float64Array[], i: number): number[] => lists.map((list) => list[i] as number);

const seenIn = (day: DayMinutes, index: number): MinuteSeen => ({
  index,
  at: epochMs(day.begins + index * MINUTE_MS),
  open: column(day.level, index),
  high: column(day.high, index),
  low: column(day.low, index),
  close: column(day.level, index + 1),
});

interface Shown {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Four prices of a minute, each by the same rule. */
const shown = (barred: Barred, minute: MinuteSeen, priceOf: (value: number, levels: LogLevels) => number): Shown => {
  const at = (levels: LogLevels): number => priceOf(barred.value(levels, minute.at), levels);
  const [open, close] = [at(minute.open), at(minute.close)];
  if (barred.series === undefined) return { open, high: Math.max(open, close), low: Math.min(open, close), close };
  // Extremes of its own series; the VIX, which widens quotes, is taken at the open for both.
  const extreme = (side: LogLevels): number =>
    at(barred.series === VIX_SERIES ? side : [...side.slice(0, VIX_SERIES), minute.open[VIX_SERIES] as number]);
  const [high, low] = [extreme(minute.high), extreme(minute.low)];
  return { open, high: Math.max(high, open, close), low: Math.min(low, open, close), close };
};

const RULES: Readonly<
  Record<
    "TRADES" | "MIDPOINT" | "BID" | "ASK",
    (barred: Barred, session: Session, at: EpochMs) => (value: number, levels: LogLevels) => number
  >
> = {
  TRADES: (barred) => (value) => barred.trade(value),
  MIDPOINT: (barred, session, at) => (value, levels) => {
    const sides = barred.sides?.(value, levels, at, session);
    return sides === undefined ? barred.trade(value) : (dollars(sides.ask) + (sides.bid === null ? 0 : dollars(sides.bid))) / 2;
  },
  BID: (barred, session, at) => (value, levels) => {
    const bid = barred.sides?.(value, levels, at, session).bid;
    return bid === undefined || bid === null ? 0 : dollars(bid);
  },
  ASK: (barred, session, at) => (value, levels) => dollars(barred.sides!(value, levels, at, session).ask),
};

type PlainShow = keyof typeof RULES;
const isPlain = (show: BarShow): show is PlainShow => show in RULES;

/** What all minutes of one instrument, kind and world day share. */
interface DayAsked {
  readonly barred: Barred;
  readonly show: PlainShow;
  readonly day: DayMinutes;
  readonly regular: boolean;
  /** The trading day that the evening before the night's pause counts to: the session before. */
  readonly eveningOf: TradingDay;
}

/** How much of a day's volume has traded before a minute, or at the close. */
const tradedBefore = ({ barred, show, day }: DayAsked): ((minute: number) => number) | undefined => {
  const { session, nightMinutes, count, nightTraded } = day;
  const volume = show === "TRADES" ? barred.volume?.(session.day, Math.exp(day.level[VIX_SERIES]![0] as number)) : undefined;
  if (volume === undefined) return undefined;
  const { whole, byNight } = volume;
  const ofNight = Math.max(1, nightTraded[nightMinutes] as number);
  return (minute) => {
    const passed = minute <= nightMinutes ? 0 : volumeShare((minute - nightMinutes) / (count - nightMinutes));
    const night = (nightTraded[Math.min(minute, nightMinutes)] as number) / ofNight;
    return Math.floor(whole * (byNight * night + (1 - byNight) * passed));
  };
};

const partOf = (asked: DayAsked, minute: MinuteSeen, traded: ((minute: number) => number) | undefined): BarPart => {
  const { barred, show, day, regular, eveningOf } = asked;
  const { session, begins, nightMinutes, pause, reopen } = day;
  const { index, at } = minute;
  const four = shown(barred, minute, RULES[show](barred, session, at));
  const volume = traded === undefined ? null : traded(index + 1) - traded(index);
  const evening = index < Math.min(pause, nightMinutes);
  const ownNight = barred.of === "futures" && !regular;
  return {
    at,
    ...four,
    volume,
    wap: show === "TRADES" ? (four.open + four.high + four.low + four.close) / 4 : null,
    count: volume === null ? null : Math.ceil(volume / barred.perTrade),
    day: evening ? eveningOf : session.day,
    opens: ownNight ? epochMs(evening ? begins : begins + reopen * MINUTE_MS) : session.open,
  };
};

/** Minute bars that have been made: of one instrument, kind and world day, up to a minute. */
interface Made {
  readonly parts: BarPart[];
  upTo: number;
}
const MADE_KEPT = 96;

/** The minute bars of a world day that are over by now; kept, as clients ask for the same again and again. */
const finishedParts = (kept: Map<string, Made>, asked: DayAsked, now: EpochMs): readonly BarPart[] => {
  const { barred, show, day, regular } = asked;
  const { session, begins, nightMinutes, count } = day;
  const key = `${barred.id}/${show}/${regular}/${session.day}`;
  const night = barred.of === "futures" && !regular;
  const made = kept.get(key) ?? { parts: [], upTo: night ? 0 : nightMinutes };
  kept.delete(key);
  kept.set(key, made);
  if (kept.size > MADE_KEPT) kept.delete(kept.keys().next().value as string);
  const last = Math.min(count, Math.floor((now - begins) / MINUTE_MS));
  if (made.upTo >= last) return made.parts;
  const traded = tradedBefore(asked);
  for (; made.upTo < last; made.upTo++) {
    const at = begins + made.upTo * MINUTE_MS;
    if (!day.futuresOpen(made.upTo) || at < barred.from || at >= barred.until) continue;
    made.parts.push(partOf(asked, seenIn(day, made.upTo), traded));
  }
  return made.parts;
};

/** The minute in progress, as far as it has come. */
const partInProgress = (asked: DayAsked, progress: MinuteInProgress, now: EpochMs): BarPart | undefined => {
  const { barred, day, regular } = asked;
  const { minute: index } = progress;
  const at = epochMs(day.begins + index * MINUTE_MS);
  const first = barred.of === "futures" && !regular ? 0 : day.nightMinutes;
  if (at >= now || index < first || index >= day.count || !day.futuresOpen(index)) return undefined;
  return at < barred.from || at >= barred.until ? undefined : partOf(asked, { ...progress, index, at }, tradedBefore(asked));
};

/** How far around the wanted stretch minutes matter: a bar may begin before it (weeks, months), and end after it. */
const reachOf = (sizeMs: number): { readonly before: number; readonly after: number } => {
  if (sizeMs >= 28 * DAY_MS) return { before: 31 * DAY_MS, after: 31 * DAY_MS };
  if (sizeMs >= 6 * DAY_MS) return { before: 7 * DAY_MS, after: 7 * DAY_MS };
  return { before: 0, after: Math.min(sizeMs, DAY_MS) };
};

export interface SyntheticBars {
  /** Bars of one instrument, oldest first; undefined when there are none of the kind. */
  of(barred: Barred, asked: BarsAsked): readonly TimedBar[] | undefined;
}

export const createSyntheticBars = (world: World): SyntheticBars => {
  const kept = new Map<string, Made>();

  const partsFor = (barred: Barred, show: PlainShow, { sizeMs, regularHours: regular, from, to }: BarsAsked): BarPart[] => {
    const { now, records, session: current } = world;
    const { before, after } = reachOf(sizeMs);
    const [since, until] = [Math.max(from - before, barred.from), Math.min(to + after, now, barred.until)];
    const parts: BarPart[] = [];
    // The first day of history has no session before it, so no evening either: it is left out.
    for (let i = 1; i <= records.length; i++) {
      const of = records[i]?.day ?? current.day;
      const session = i < records.length ? (sessionOf(of) as Session) : current;
      if (session.close <= since) continue;
      const previous = sessionOf((records[i - 1] as DayRecord).day) as Session;
      if (previous.close >= until) break;
      const day = world.minutes(of, barred.of);
      if (day === undefined) continue;
      const asked: DayAsked = { barred, show, day, regular, eveningOf: previous.day };
      for (const part of finishedParts(kept, asked, now)) if (part.at + MINUTE_MS > since && part.at < until) parts.push(part);
      if (i < records.length || until < now) continue;
      const last = partInProgress(asked, world.minuteInProgress(barred.of), now);
      if (last !== undefined) parts.push(last);
    }
    return parts;
  };

  return {
    of: (barred, asked) => {
      const { show, sizeMs, from, to } = asked;
      const within = (bars: readonly TimedBar[]): TimedBar[] => bars.filter(({ at }) => at >= from && at < to && at < world.now);
      if (show === "BID_ASK") {
        if (barred.sides === undefined) return undefined;
        return within(bidAskBars(partsFor(barred, "BID", asked), partsFor(barred, "ASK", asked), sizeMs));
      }
      if (!isPlain(show)) return undefined;
      const none = show === "TRADES" ? barred.volume === undefined && barred.sides !== undefined : barred.sides === undefined;
      return none ? undefined : within(merged(partsFor(barred, show, asked), sizeMs));
    },
  };
};
