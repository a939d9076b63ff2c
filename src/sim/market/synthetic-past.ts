/**
 * The past of the synthetic world as bars: daily ones from its records, others from its minutes. Both tell the same.
 */
import { assert } from "../../domain/assert.ts";
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import type { Bar } from "../../domain/events/broker.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { epochMs, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import type { BarPart } from "./bars.ts";
import { DAY_MS, MINUTE_MS, merged } from "./bars.ts";
import type { Dividends } from "./dividends.ts";
import type { DayRecord, Range } from "./history.ts";
import type { Etf } from "./instruments.ts";
import { VIX_CON_ID } from "./instruments.ts";
import type { Listings } from "./listings.ts";
import type { BarShow, BarsAsked, TimedBar } from "./market.ts";
import { atmOf30Days } from "./surface.ts";
import type { Barred } from "./synthetic-bars.ts";
import { createSyntheticBars } from "./synthetic-bars.ts";
import type { Quotes } from "./synthetic-quotes.ts";
import type { World } from "./world.ts";

const VOLATILITY_RETURNS = 30;

export interface PastOf {
  readonly world: World;
  readonly listings: Listings;
  readonly quotes: Quotes;
  readonly dividends: Dividends;
  readonly premium: number;
}

export const createPast = ({ world, listings, quotes, dividends, premium }: PastOf) => {
  const { etfOf, pointsPerDollar, volumeOfDay, shareOfRoot } = quotes;
  const minuteBars = createSyntheticBars(world);

  const bar = (day: TradingDay, range: Range, scale: number, step: number, volume: number): Bar => {
    const rounded = (value: number): number => Number((Math.round((value * scale) / step) * step).toFixed(4));
    return {
      day,
      open: rounded(range.open),
      high: rounded(range.high),
      low: rounded(range.low),
      close: rounded(range.close),
      volume,
    };
  };

  /** An ETF's prices from its index's: with what has accrued of the next dividend. */
  const held = (etf: Etf, day: TradingDay, { open, high, low, close }: Range): Range => {
    const accrued = dividends.accrued(etf, day);
    return { open: open + accrued, high: high + accrued, low: low + accrued, close: close + accrued };
  };

  const barOf = (conId: number, show: "TRADES" | "OPTION_IMPLIED_VOLATILITY"): ((record: DayRecord) => Bar) | undefined => {
    const etf = etfOf(conId);
    if (show === "OPTION_IMPLIED_VOLATILITY") {
      if (etf === undefined) return undefined;
      const iv = (vix: number): number => atmOf30Days(etf.smile, vix, premium);
      return ({ day, vix }) =>
        bar(day, { open: iv(vix.open), high: iv(vix.high), low: iv(vix.low), close: iv(vix.close) }, 1, 0.0001, 0);
    }
    if (conId === VIX_CON_ID) return ({ day, vix }) => bar(day, vix, 1, 0.01, 0);
    if (etf !== undefined) {
      return ({ day, prices, vixBefore }) =>
        bar(day, held(etf, day, prices[etf.index]), 1, 0.01, volumeOfDay(etf.dailyShares, conId, day, vixBefore));
    }
    const listed = listings.future(conId);
    if (listed === undefined) return undefined;
    const { root } = listed;
    return ({ day, prices, vixBefore }) => {
      const volume = volumeOfDay(root.dailyContracts * shareOfRoot(listed, day), conId, day, vixBefore);
      const scale = pointsPerDollar(listed, day);
      return bar(day, prices[root.index], scale, root.tick / UNITS_PER_DOLLAR, volume);
    };
  };

  const dailyBars = (conId: number, show: "TRADES" | "OPTION_IMPLIED_VOLATILITY", days: number): readonly Bar[] | undefined => {
    const toBar = barOf(conId, show);
    if (toBar === undefined) return undefined;
    const day = world.today;
    const before = world.records.filter((record) => record.day < day);
    return days <= 0 ? [] : before.slice(-days).map(toBar);
  };

  const opening = (index: number): EpochMs => (sessionOf(world.records[index]!.day) as Session).open;
  // A future's first day has no evening before it, and thirty returns need thirty-one closes.
  const [historyBegins, volatilityBegins] = [opening(1), opening(VOLATILITY_RETURNS)];

  /** The volatility of the last thirty daily returns, annual, told by the day at whose close it was known. */
  const volatilityBars = ({ index }: Etf, { sizeMs, from, to }: BarsAsked): readonly TimedBar[] => {
    const closes = world.records.map(({ prices }) => Math.log(prices[index].close));
    const none = { volume: null, wap: null, count: null };
    const parts = world.records.flatMap(({ day }, i) => {
      const { open } = sessionOf(day) as Session;
      if (i < VOLATILITY_RETURNS || open < from - 31 * DAY_MS || open >= to) return [];
      const returns = closes
        .slice(i - VOLATILITY_RETURNS + 1, i + 1)
        .map((close, j) => close - closes[i - VOLATILITY_RETURNS + j]!);
      const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
      const variance = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (returns.length - 1);
      const value = Number(Math.sqrt(variance * 252).toFixed(6));
      return [{ at: open, open: value, high: value, low: value, close: value, ...none, day, opens: open }];
    });
    return merged(parts, sizeMs).filter(({ at }) => at >= from);
  };

  /** Whole sessions of what daily records tell: the finished ones from those, the one in progress from its minutes. */
  const dailyTimed = (toBar: (record: DayRecord) => Bar, barred: Barred, asked: BarsAsked): readonly TimedBar[] => {
    const { session, now } = world;
    const parts = world.records.slice(1).flatMap((record): BarPart[] => {
      const { open } = sessionOf(record.day) as Session;
      if (open < asked.from - 31 * DAY_MS || open >= asked.to || open >= barred.until) return [];
      const { open: first, high, low, close, volume } = toBar(record);
      const traded = barred.volume === undefined ? null : volume;
      const wap = (first + high + low + close) / 4;
      const count = traded === null ? null : Math.ceil(traded / barred.perTrade);
      return [{ at: open, open: first, high, low, close, volume: traded, wap, count, day: record.day, opens: open }];
    });
    if (session.open < now) {
      const today = { ...asked, sizeMs: DAY_MS, from: session.open, to: session.close };
      for (const bar of minuteBars.of(barred, today) ?? []) parts.push({ ...bar, day: session.day, opens: session.open });
    }
    return merged(parts, asked.sizeMs).filter(({ at }) => at >= asked.from && at < asked.to);
  };

  const bars = (conId: number, asked: BarsAsked): readonly TimedBar[] | undefined => {
    const { show, sizeMs, regularHours } = asked;
    assert(
      sizeMs >= MINUTE_MS && (sizeMs >= DAY_MS || DAY_MS % sizeMs === 0),
      `a bar lasts minutes that divide a day, got ${sizeMs} ms`,
    );
    const etf = etfOf(conId);
    if (show === "HISTORICAL_VOLATILITY") return etf && volatilityBars(etf, asked);
    const barred = quotes.barred(conId, show);
    if (barred === undefined) return undefined;
    const toBar =
      sizeMs >= DAY_MS && (show === "TRADES" || show === "OPTION_IMPLIED_VOLATILITY") ? barOf(conId, show) : undefined;
    // An evening's futures count to the next day: those days are put together from minutes.
    const byRecord = toBar !== undefined && (barred.of === "stocks" || regularHours);
    if (byRecord) return dailyTimed(toBar, barred, { ...asked, show: "TRADES" });
    return minuteBars.of(barred, show === "OPTION_IMPLIED_VOLATILITY" ? { ...asked, show: "TRADES" } : asked);
  };

  const headTimestamp = (conId: number, show: BarShow): EpochMs | undefined => {
    if (show === "HISTORICAL_VOLATILITY") return etfOf(conId) && volatilityBegins;
    const barred = quotes.barred(conId, show);
    return barred && epochMs(Math.max(barred.from, historyBegins));
  };

  return { dailyBars, bars, headTimestamp };
};
