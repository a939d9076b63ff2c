/**
 * A market made from one seed: SPY, QQQ, IWM and their options, the VIX, ES, NQ and RTY futures, with two years of history.
 *
 * The same seed gives the same market, whatever is asked and in whichever steps time moves. Everything in it is SIMULATED: a
 * calibrated shape (reference/quant.md section 3), no real quote, and no evidence of profit: a surface tied to the VIX pays
 * premium sellers more than history did. Left out of that page: regimes, event days, shocks of the skew, discrete dividends, the
 * premium of early exercise above exercise itself, trades in options (`last` is null), weekday expiries other than Friday.
 */
import { assert } from "../../domain/assert.ts";
import { frontQuarter } from "../../domain/calendar/futures-quarter.ts";
import { futuresSessionState } from "../../domain/calendar/futures-session.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import type { ContractDetails, ContractQuery } from "../../domain/contract.ts";
import type { Bar } from "../../domain/events/broker.ts";
import { normalQuantile } from "../../domain/options/normal.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";
import { price, toTick, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import { matches } from "./contract-match.ts";
import type { DayRecord, Range } from "./history.ts";
import type { Etf } from "./instruments.ts";
import { ETFS, FUTURES, PRICE_TICK, VIX_CON_ID } from "./instruments.ts";
import type { ListedFuture } from "./listings.ts";
import { createListings } from "./listings.ts";
import type { Market, MarketQuote } from "./market.ts";
import { createOptionDesk, dayBits } from "./option-desk.ts";
import { fearMultiple, sidesAround } from "./quoting.ts";
import { drawAt, seedWord } from "./random.ts";
import { atmOf30Days } from "./surface.ts";
import type { Levels } from "./world.ts";
import { createWorld } from "./world.ts";

/** Monday 2026-10-05, 09:25 in New York: five minutes before an ordinary session, ten weeks before the December expiry. */
export const DEFAULT_BEGINS: EpochMs = instantOf("2026-10-05" as TradingDay, 9 * 60 + 25);

/** Annual, continuous. */
export const DEFAULT_RATE = 0.035;

export interface SyntheticMarketOptions {
  /** 7 and "7" are the same seed. */
  readonly seed: number | string;
  readonly begins?: EpochMs;
  /** The VIX at the close before the first day, 8.5 to 95. Without it, wherever two years of chance have led. */
  readonly vix0?: number;
  readonly rate?: number;
  /**
   * Plants a signal: within the session the ETFs and their options follow the futures by so many whole seconds (0). Real
   * futures lead by milliseconds; any other value is for testing whether a lead is found, and is told in the label.
   */
  readonly futuresLeadSeconds?: number;
}

const YEAR_MS = 365 * 86_400_000;
const NIGHT_VOLUME_SHARE = 0.1;
const ROLL_DAYS = 8;
/** Of a future's volume and open interest, what the contract behind the front one has. */
const BACK_SHARE = 0.03;
/** Futures wander about their fair value by this share of it, over minutes. */
const BASIS_SD = 0.000015;
const STOCK_WIDTH = 0.0099;
const FINAL_SETTLEMENT_MINUTE = 9 * 60 + 30;

/** A market. Throws when an option is out of range. */
export const createSyntheticMarket = (options: SyntheticMarketOptions): Market => {
  const { seed, begins = DEFAULT_BEGINS, vix0, rate = DEFAULT_RATE, futuresLeadSeconds = 0 } = options;
  assert(vix0 === undefined || (vix0 >= 8.5 && vix0 <= 95), `vix0 must be 8.5 to 95, got ${vix0}`);
  assert(rate > -0.05 && rate < 0.5, `rate must be an annual fraction such as 0.035, got ${rate}`);
  assert(
    Number.isInteger(futuresLeadSeconds) && futuresLeadSeconds >= 0 && futuresLeadSeconds <= 600,
    "futuresLeadSeconds must be 0 to 600",
  );
  const chance = seedWord(seed);
  const listings = createListings();
  const world = createWorld({
    seed,
    begins,
    vix0,
    futuresLeadSeconds,
    onDay: (day, { logPrice }) => listings.open(day, logPrice.map(Math.exp)),
  });
  const desk = createOptionDesk(world, rate, chance);
  const etfOf = (conId: number): Etf | undefined => ETFS.find((etf) => etf.conId === conId);

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

  const stockQuote = ({ conId, index, dailyShares }: Etf): MarketQuote => {
    const { stock, reference, tape, widening } = world;
    const { bid, ask } = sidesAround(Math.exp(stock.logPrice[index]), STOCK_WIDTH * widening, PRICE_TICK);
    return {
      bid,
      bidSize: 100 * sizeAt(conId, stock.at, 1, 20),
      ask,
      askSize: 100 * sizeAt(conId, stock.at, 2, 20),
      last: lastTrade(conId, stock.at, bid, ask),
      lastSize: 100 * sizeAt(conId, stock.at, 7, 5),
      close: price(Math.round(Math.exp(reference.logPrice[index]) * 100) / 100),
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

  /** What a dollar of the ETF is worth in index points of a contract at an instant: level and carry. */
  const pointsPerDollar = ({ root, expiry }: ListedFuture, at: number): number => {
    const years = Math.max(0, expiryInstant(expiry) - at) / YEAR_MS;
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
    Math.exp(levels.logPrice[listed.root.index]) * pointsPerDollar(listed, levels.at) * basisAt(listed.conId, levels.at);

  const futureQuote = (listed: ListedFuture): MarketQuote => {
    const { conId, root } = listed;
    const { future, reference, tape } = world;
    const wide = drawAt(chance, conId, Math.floor(future.at / 1000), 9) < 0.02 ? 1 : 0;
    const widthTicks = Math.max(1, Math.round(fearMultiple(Math.exp(future.logVix)) / 2)) + wide;
    const { bid, ask } = sidesAround(futurePoints(listed, future), (widthTicks * root.tick) / UNITS_PER_DOLLAR, root.tick);
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

  const barOf = (conId: number, show: "TRADES" | "OPTION_IMPLIED_VOLATILITY"): ((record: DayRecord) => Bar) | undefined => {
    const etf = etfOf(conId);
    if (show === "OPTION_IMPLIED_VOLATILITY") {
      if (etf === undefined) return undefined;
      const iv = (vix: number): number => atmOf30Days(vix) * etf.smile.atmFactor;
      return ({ day, vix }) =>
        bar(day, { open: iv(vix.open), high: iv(vix.high), low: iv(vix.low), close: iv(vix.close) }, 1, 0.0001, 0);
    }
    if (conId === VIX_CON_ID) return ({ day, vix }) => bar(day, vix, 1, 0.01, 0);
    if (etf !== undefined) {
      return ({ day, prices, vixBefore }) =>
        bar(day, prices[etf.index], 1, 0.01, volumeOfDay(etf.dailyShares, conId, day, vixBefore));
    }
    const listed = listings.future(conId);
    if (listed === undefined) return undefined;
    const { root } = listed;
    return ({ day, prices, vixBefore }) => {
      const volume = volumeOfDay(root.dailyContracts * shareOfRoot(listed, day), conId, day, vixBefore);
      const scale = pointsPerDollar(listed, instantOf(day, 16 * 60));
      return bar(day, prices[root.index], scale, root.tick / UNITS_PER_DOLLAR, volume);
    };
  };

  const recordOn = (day: TradingDay): DayRecord | undefined => world.records.findLast((record) => record.day === day);

  const settlement = (underlyingConId: number, day: TradingDay): Price | undefined => {
    const etf = etfOf(underlyingConId);
    const record = recordOn(day);
    if (etf !== undefined) return record && price(Math.round(record.prices[etf.index].close * 100) / 100);
    const root = FUTURES.find((one) => one.underlyingConId === underlyingConId);
    if (root === undefined) return undefined;
    const opened = world.session.day === day ? world.opening : undefined;
    const open = opened === undefined ? record?.prices[root.index].open : Math.exp(opened.logPrice[root.index]);
    return open === undefined ? undefined : price(Math.round(open * root.pointsPerDollar * 100) / 100);
  };

  const listedNow = (query: ContractQuery): number[] => {
    if (query.conId !== undefined && query.conId !== 0) return [query.conId];
    const day = world.today;
    switch (query.secType) {
      case "STK":
        return ETFS.map(({ conId }) => conId);
      case "IND":
        return [VIX_CON_ID];
      case "FUT":
        return listings.futures(day).map(({ conId }) => conId);
      case "OPT": {
        const etf = ETFS.find(({ symbol }) => symbol === query.symbol);
        if (etf === undefined) return [];
        const chains = listings.chain(etf, day).filter(([expiry]) => query.expiry === undefined || expiry === query.expiry);
        return chains.flatMap(([, chain]) => chain.map(({ conId }) => conId));
      }
      default:
        return [];
    }
  };

  const details = (conId: number): ContractDetails | undefined => listings.details(conId, world.today);
  const planted = futuresLeadSeconds === 0 ? "" : `, futures lead planted: ${futuresLeadSeconds} s`;
  return {
    label: `synthetic, seed ${seed}, from ${newYorkDay(begins)} (SIMULATED${planted})`,
    begins,
    ends: undefined,
    get now() {
      return world.now;
    },
    advance: world.advance,
    find: (query) =>
      listedNow(query)
        .flatMap((conId) => details(conId) ?? [])
        .filter(({ contract }) => matches(query, contract)),
    byConId: details,
    optionParameters: (underlyingConId) => {
      const etf = etfOf(underlyingConId);
      if (etf === undefined) return [];
      const chains = listings.chain(etf, world.today);
      const strikes = new Set(chains.flatMap(([, chain]) => chain.map(({ contract }) => contract.strike as Price)));
      return [
        {
          exchange: "SMART",
          tradingClass: etf.symbol,
          multiplier: 100,
          expirations: chains.map(([expiry]) => expiry),
          strikes: [...strikes].sort((a, b) => a - b),
        },
      ];
    },
    quote: (conId) => {
      const option = listings.option(conId);
      if (option !== undefined) return option.series.expiry < world.today ? undefined : desk.quote(option);
      const listed = listings.future(conId);
      if (listed !== undefined) return listed.expiry < world.today ? undefined : futureQuote(listed);
      const etf = etfOf(conId);
      if (etf !== undefined) return stockQuote(etf);
      return conId === VIX_CON_ID ? vixQuote() : undefined;
    },
    isOpen: (conId) => {
      const { now, session } = world;
      const option = listings.option(conId);
      if (option !== undefined || etfOf(conId) !== undefined) {
        return now >= session.open && now < session.close && (option === undefined || option.series.expiry >= session.day);
      }
      const listed = listings.future(conId);
      if (listed === undefined) return false;
      return futuresSessionState(now) === "open" && now < instantOf(listed.expiry, FINAL_SETTLEMENT_MINUTE);
    },
    dailyBars: (conId, show, days) => {
      const toBar = barOf(conId, show);
      if (toBar === undefined) return undefined;
      const day = world.today;
      const before = world.records.filter((record) => record.day < day);
      return days <= 0 ? [] : before.slice(-days).map(toBar);
    },
    settlement,
  };
};
