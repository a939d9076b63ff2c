/**
 * What the synthetic world's stocks, index and futures are quoted at now, and how bars are to price any of its contracts.
 * Options are the option desk's.
 */

import { addDays, daysBetween } from "../../domain/calendar/civil-date.ts";
import { frontQuarter } from "../../domain/calendar/futures-quarter.ts";
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import { normalQuantile } from "../../domain/options/normal.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";
import { price, toTick, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import { VIX_SERIES } from "./day-minutes.ts";
import type { Dividends } from "./dividends.ts";
import type { Etf, FutureRoot } from "./instruments.ts";
import { ETFS, PRICE_TICK, VIX_CON_ID } from "./instruments.ts";
import type { ListedFuture, ListedOption, Listings } from "./listings.ts";
import type { BarShow, MarketQuote } from "./market.ts";
import type { OptionDesk } from "./option-desk.ts";
import { dayBits } from "./option-desk.ts";
import type { Sides } from "./quoting.ts";
import { fearMultiple, hourMultiple, sidesAround } from "./quoting.ts";
import { drawAt } from "./random.ts";
import { atmOf30Days } from "./surface.ts";
import type { Barred, LogLevels } from "./synthetic-bars.ts";
import type { Levels, World } from "./world.ts";

const NIGHT_VOLUME_SHARE = 0.1;
const ROLL_DAYS = 8;
/** Of a future's volume and open interest, what the contract behind the front one has. */
const BACK_SHARE = 0.03;
/** Futures wander about their fair value by this share of it, over minutes. */
const BASIS_SD = 0.000015;
const STOCK_WIDTH = 0.0099;
/** In New York: futures expire at the opening of their last day. */
export const FINAL_SETTLEMENT_MINUTE = 9 * 60 + 30;

export interface QuotesOf {
  readonly world: World;
  readonly listings: Listings;
  readonly desk: OptionDesk;
  readonly dividends: Dividends;
  readonly rate: number;
  readonly premium: number;
  readonly chance: number;
}

export const createQuotes = ({ world, listings, desk, dividends, rate, premium, chance }: QuotesOf) => {
  const etfOf = (conId: number): Etf | undefined => ETFS.find((etf) => etf.conId === conId);

  const stockPrice = (etf: Etf, { logPrice, day }: Pick<Levels, "logPrice" | "day">): number =>
    Math.exp(logPrice[etf.index]) + dividends.accrued(etf, day);

  const sizeAt = (conId: number, at: EpochMs, side: number, largest: number): number =>
    1 + Math.floor(largest * drawAt(chance, conId, Math.floor(at / 1000), side) ** 2);

  /** How many trade on a day that follows a VIX: more when it is high, and now and then more or less. */
  const volumeOfDay = (usual: number, conId: number, day: TradingDay, vixBefore: number): number =>
    Math.floor(usual * (vixBefore / 18) ** 0.7 * Math.exp(0.25 * normalQuantile(drawAt(chance, conId, dayBits(day), 5))));

  const shareOfRoot = (listed: ListedFuture, day: TradingDay): number =>
    frontQuarter(day, ROLL_DAYS).contractMonth === listed.contractMonth ? 1 : BACK_SHARE;

  /** The tape's day's volume and a future's share of its root's, which hold until the tape or the reference changes. */
  const daily = new Map<number, { readonly of: Levels; readonly volume: number; readonly share: number }>();
  const dailyOf = (conId: number, usual: number, listed?: ListedFuture) => {
    const { reference, tape } = world;
    const known = daily.get(conId);
    if (known?.of === reference) return known;
    const share = listed === undefined ? 1 : shareOfRoot(listed, tape.day);
    const fresh = { of: reference, share, volume: volumeOfDay(usual * share, conId, tape.day, Math.exp(reference.logVix)) };
    daily.set(conId, fresh);
    return fresh;
  };

  const lastTrade = (conId: number, at: EpochMs, bid: Price | null, ask: Price): Price | null =>
    drawAt(chance, conId, Math.floor(at / 1000), 6) < 0.5 ? bid : ask;

  const stockQuote = (etf: Etf): MarketQuote => {
    const { conId, dailyShares } = etf;
    const { stock, reference, tape, widening } = world;
    const { bid, ask } = sidesAround(stockPrice(etf, stock), STOCK_WIDTH * widening, PRICE_TICK);
    return {
      bid,
      bidSize: 100 * sizeAt(conId, stock.at, 1, 20),
      ask,
      askSize: 100 * sizeAt(conId, stock.at, 2, 20),
      last: lastTrade(conId, stock.at, bid, ask),
      lastSize: 100 * sizeAt(conId, stock.at, 7, 5),
      close: price(Math.round(stockPrice(etf, reference) * 100) / 100),
      volume: Math.floor(dailyOf(conId, dailyShares).volume * tape.volumeShare),
      openInterest: null,
      at: stock.at,
    };
  };

  const vixQuote = (): MarketQuote => {
    const points = ({ logVix }: Levels): Price => toTick(Math.exp(logVix) * UNITS_PER_DOLLAR, PRICE_TICK, "near");
    const { stock, reference } = world;
    const none = { bid: null, bidSize: 0, ask: null, askSize: 0, lastSize: 0, volume: null, openInterest: null };
    return { ...none, last: points(stock), close: points(reference), at: stock.at };
  };

  /** What a dollar of the ETF is worth in index points of a contract on a day: level and carry. */
  const pointsPerDollar = ({ root, expiry }: ListedFuture, day: TradingDay): number => {
    const years = Math.max(0, daysBetween(day, expiry)) / 365;
    return root.pointsPerDollar * Math.exp((rate - ETFS[root.index].dividendYield) * years);
  };

  /** A slow wander about fair value: a normal for each minute, straight lines between. */
  const basisAt = (conId: number, at: number): number => {
    const minute = Math.floor(at / 60_000);
    const normalOf = (m: number): number => normalQuantile(drawAt(chance, conId, m, 8));
    const passed = at / 60_000 - minute;
    return 1 + BASIS_SD * (normalOf(minute) * (1 - passed) + normalOf(minute + 1) * passed);
  };

  const futurePoints = (listed: ListedFuture, levels: Levels): number =>
    Math.exp(levels.logPrice[listed.root.index]) * pointsPerDollar(listed, levels.day) * basisAt(listed.conId, levels.at);

  const futureSides = ({ tick }: FutureRoot, points: number, logVix: number, moreTicks: number): Sides => {
    const widthTicks = Math.max(1, Math.round(fearMultiple(Math.exp(logVix)) / 2)) + moreTicks;
    return sidesAround(points, (widthTicks * tick) / UNITS_PER_DOLLAR, tick);
  };

  const futureQuote = (listed: ListedFuture): MarketQuote => {
    const { conId, root } = listed;
    const { future, reference, tape } = world;
    const wide = drawAt(chance, conId, Math.floor(future.at / 1000), 9) < 0.02 ? 1 : 0;
    const { bid, ask } = futureSides(root, futurePoints(listed, future), future.logVix, wide);
    const { share, volume } = dailyOf(conId, root.dailyContracts, listed);
    const passed = NIGHT_VOLUME_SHARE + (1 - NIGHT_VOLUME_SHARE) * tape.volumeShare;
    return {
      bid,
      bidSize: sizeAt(conId, future.at, 1, 60),
      ask,
      askSize: sizeAt(conId, future.at, 2, 60),
      last: lastTrade(conId, future.at, bid, ask),
      lastSize: sizeAt(conId, future.at, 7, 10),
      close: toTick(futurePoints(listed, reference) * UNITS_PER_DOLLAR, root.tick, "near"),
      volume: Math.floor(volume * passed),
      openInterest: Math.floor(root.dailyContracts * 1.5 * share),
      at: future.at,
    };
  };

  const quote = (conId: number): MarketQuote | undefined => {
    const option = listings.option(conId);
    if (option !== undefined) return option.series.expiry < world.today ? undefined : desk.quote(option);
    const listed = listings.future(conId);
    if (listed !== undefined) return listed.expiry < world.today ? undefined : futureQuote(listed);
    const etf = etfOf(conId);
    if (etf !== undefined) return stockQuote(etf);
    return conId === VIX_CON_ID ? vixQuote() : undefined;
  };

  let [dayOf, dayBegins, dayEnds] = [world.today, 0, 0];
  const newYorkDayOf = (at: EpochMs): TradingDay => {
    if (at >= dayBegins && at < dayEnds) return dayOf;
    dayOf = newYorkDay(at);
    [dayBegins, dayEnds] = [instantOf(dayOf, 0), instantOf(addDays(dayOf, 1), 0)];
    return dayOf;
  };
  const levelsOf = (levels: LogLevels, at: EpochMs): Levels => ({
    at,
    day: newYorkDayOf(at),
    skew: world.skewOn(newYorkDayOf(at)),
    logPrice: [levels[0] as number, levels[1] as number, levels[2] as number],
    logVix: levels[VIX_SERIES] as number,
  });
  const wideningAt = (levels: LogLevels, at: EpochMs, session: Session): number =>
    fearMultiple(Math.exp(levels[VIX_SERIES] as number)) * hourMultiple(at, session);
  const rounder = (step: number) => (value: number) => Number((Math.round(value / step) * step).toFixed(4));
  const historyBegins = (sessionOf(world.records[1]!.day) as Session).open;
  const plain = { of: "stocks", perTrade: 120, from: historyBegins, until: Number.POSITIVE_INFINITY as EpochMs } as const;

  const barredEtf = (etf: Etf): Barred => ({
    ...plain,
    id: `${etf.conId}`,
    series: etf.index,
    value: (levels, at) => Math.exp(levels[etf.index] as number) + dividends.accrued(etf, newYorkDayOf(at)),
    trade: rounder(0.01),
    sides: (value, levels, at, session) => sidesAround(value, STOCK_WIDTH * wideningAt(levels, at, session), PRICE_TICK),
    volume: (day, vixBefore) => ({ whole: volumeOfDay(etf.dailyShares, etf.conId, day, vixBefore), byNight: 0 }),
  });
  /** The VIX, or what is a function of it alone. */
  const barredVix = (id: string, levelOf: (vix: number) => number, step: number): Barred => ({
    ...plain,
    id,
    series: VIX_SERIES,
    value: (levels) => levelOf(Math.exp(levels[VIX_SERIES] as number)),
    trade: rounder(step),
    sides: undefined,
    volume: undefined,
  });
  const barredFuture = (listed: ListedFuture): Barred => {
    const { root, conId, expiry } = listed;
    let [day, scale] = [world.today, pointsPerDollar(listed, world.today)];
    const scaleAt = (at: EpochMs): number => {
      const of = newYorkDayOf(at);
      if (of !== day) [day, scale] = [of, pointsPerDollar(listed, of)];
      return scale;
    };
    return {
      ...plain,
      id: `${conId}`,
      of: "futures",
      perTrade: 3,
      series: root.index,
      value: (levels, at) => Math.exp(levels[root.index] as number) * scaleAt(at),
      trade: rounder(root.tick / UNITS_PER_DOLLAR),
      sides: (value, levels) => futureSides(root, value, levels[VIX_SERIES] as number, 0),
      volume: (of, vixBefore) => ({
        whole: volumeOfDay(root.dailyContracts * shareOfRoot(listed, of), conId, of, vixBefore),
        byNight: NIGHT_VOLUME_SHARE,
      }),
      until: instantOf(expiry, FINAL_SETTLEMENT_MINUTE),
    };
  };
  const barredOption = (option: ListedOption): Barred => ({
    ...plain,
    id: `${option.conId}`,
    series: undefined,
    value: (levels, at) => desk.valueAt(option, levelsOf(levels, at)),
    trade: rounder(0.01),
    sides: (value, levels, at, session) => desk.sidesAt(option, value, levelsOf(levels, at), wideningAt(levels, at, session)),
    volume: undefined,
    from: option.listedFrom,
    until: option.series.expires,
  });

  /** How bars price a contract; undefined when there are none of that kind. */
  const barred = (conId: number, show: BarShow): Barred | undefined => {
    const etf = etfOf(conId);
    if (show === "OPTION_IMPLIED_VOLATILITY") {
      return etf && barredVix(`iv${conId}`, (vix) => atmOf30Days(etf.smile, vix, premium), 0.0001);
    }
    if (show === "HISTORICAL_VOLATILITY") return undefined;
    if (conId === VIX_CON_ID) return show === "TRADES" ? barredVix(`${conId}`, (vix) => vix, 0.01) : undefined;
    if (etf !== undefined) return barredEtf(etf);
    const listed = listings.future(conId);
    if (listed !== undefined) return barredFuture(listed);
    const option = listings.option(conId);
    return option === undefined || show === "TRADES" ? undefined : barredOption(option);
  };

  return { quote, barred, etfOf, stockPrice, pointsPerDollar, volumeOfDay, shareOfRoot };
};

export type Quotes = ReturnType<typeof createQuotes>;
