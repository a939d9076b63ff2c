/**
 * What is listed in the synthetic world on a day: option expiries and strikes, futures quarters, and each contract's conId
 * and description. A strike once listed stays; an expired contract is still described by its conId, but found no more.
 */
import { assert } from "../../domain/assert.ts";
import { addDays, civilDateOf, FRIDAY, numberOfDay, parseDay, THURSDAY, weekday } from "../../domain/calendar/civil-date.ts";
import { frontQuarter, quarterAfter } from "../../domain/calendar/futures-quarter.ts";
import { isTradingDay, sessionOfTradingDay, tradingDayAfter, tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import type { Contract, ContractDetails, Right } from "../../domain/contract.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { price } from "../../domain/units.ts";
import { occSymbol } from "./contract-match.ts";
import { futuresHours, stockHours } from "./hours.ts";
import type { Etf, FutureRoot } from "./instruments.ts";
import { ETFS, FUTURES, PRICE_TICK, VIX_CON_ID } from "./instruments.ts";

/** Every trading day ends an expiry so far ahead; Fridays and third Fridays further. */
const DAILY_DAYS = 14;
const WEEKLY_DAYS = 70;
const MONTHLY_DAYS = 140;
/** Strikes lie 1 point apart within 6 % of the spot, at least 30 points to either side; beyond that 5 points. */
const NEAR_SHARE = 0.06;
const NEAR_POINTS = 30;
const FAR_DOWN_SHARE = 0.3;
const FAR_UP_SHARE = 0.15;
const FAR_STEP = 5;
const OPTION_CON_IDS_FROM = 2 ** 30;
const MONTH_CODES = "FGHJKMNQUVXZ";

/** All options of an ETF that expire together. One object for all of them. */
export interface Series {
  readonly etf: Etf;
  readonly expiry: TradingDay;
  readonly expires: EpochMs;
}

export interface ListedOption {
  readonly kind: "option";
  readonly series: Series;
  readonly conId: number;
  /** Dollars. */
  readonly strike: number;
  readonly logStrike: number;
  readonly right: Right;
  readonly contract: Contract;
  /** The opening of the first session in which it could trade. */
  readonly listedFrom: EpochMs;
}

export interface ListedFuture {
  readonly kind: "listedFuture";
  readonly root: FutureRoot;
  readonly conId: number;
  readonly expiry: TradingDay;
  readonly contractMonth: string;
  readonly contract: Contract;
}

const isThird = (dayOfMonth: number): boolean => dayOfMonth >= 15 && dayOfMonth <= 21;
/** The month's own expiry: the third Friday's, or the Thursday before where that is a holiday. */
const isMonthly = (expiry: TradingDay): boolean => {
  const days = weekday(expiry) === FRIDAY ? 0 : weekday(expiry) === THURSDAY && !isTradingDay(addDays(expiry, 1)) ? 1 : undefined;
  return days !== undefined && isThird(civilDateOf(addDays(expiry, days)).dayOfMonth);
};

/**
 * Every trading day for two weeks, Fridays for ten and third Fridays for four months, from a day on; the trading day before
 * where a Friday is none.
 */
export const optionExpiries = (day: TradingDay): TradingDay[] => {
  const expiries: TradingDay[] = [];
  for (let ahead = 0; ahead <= MONTHLY_DAYS; ahead++) {
    const date = addDays(day, ahead);
    const friday = weekday(date) === FRIDAY && (ahead <= WEEKLY_DAYS || isThird(civilDateOf(date).dayOfMonth));
    if (!friday && (ahead > DAILY_DAYS || !isTradingDay(date))) continue;
    const expiry = isTradingDay(date) ? date : tradingDayBefore(date);
    if (expiry >= day && expiry !== expiries.at(-1)) expiries.push(expiry);
  }
  return expiries;
};

/** The strikes that are listed around a spot, in whole dollars, ascending. */
export const strikesAround = (spot: number): number[] => {
  const near = Math.max(NEAR_POINTS, Math.round(spot * NEAR_SHARE));
  const [nearFrom, nearTo] = [Math.round(spot) - near, Math.round(spot) + near];
  const strikes: number[] = [];
  const lowest = Math.ceil((spot * (1 - FAR_DOWN_SHARE)) / FAR_STEP) * FAR_STEP;
  for (let strike = lowest; strike < nearFrom; strike += FAR_STEP) strikes.push(strike);
  for (let strike = Math.max(1, nearFrom); strike <= nearTo; strike++) strikes.push(strike);
  const highest = spot * (1 + FAR_UP_SHARE);
  for (let strike = Math.ceil((nearTo + 1) / FAR_STEP) * FAR_STEP; strike <= highest; strike += FAR_STEP) strikes.push(strike);
  return strikes;
};

/** A number of 31 bits made of what the option is: 2 bits of ETF, 15 of days since 1990, 12 of strike, 1 of right. */
const optionConId = (etf: Etf, expiry: TradingDay, strike: number, right: Right): number => {
  const days = numberOfDay(expiry) - numberOfDay(parseDay("1990-01-01") as TradingDay);
  assert(days >= 0 && days < 2 ** 15 && strike > 0 && strike < 2 ** 12, `no conId for ${etf.symbol} ${expiry} ${strike}`);
  return OPTION_CON_IDS_FROM + ((etf.index * 2 ** 15 + days) * 2 ** 12 + strike) * 2 + (right === "C" ? 1 : 0);
};

const listedOption = (series: Series, strike: number, right: Right, listedFrom: EpochMs): ListedOption => {
  const { etf, expiry } = series;
  const conId = optionConId(etf, expiry, strike, right);
  const { symbol } = etf;
  return {
    kind: "option",
    series,
    conId,
    strike,
    logStrike: Math.log(strike),
    right,
    listedFrom,
    contract: {
      conId,
      secType: "OPT",
      symbol,
      exchange: "SMART",
      currency: "USD",
      multiplier: 100,
      localSymbol: occSymbol(symbol, expiry, right, strike),
      tradingClass: symbol,
      expiry,
      strike: price(strike),
      right,
    },
  };
};

const listedFuture = (root: FutureRoot, contractMonth: string, expiry: TradingDay): ListedFuture => {
  const conId = root.conIdBase + Number(contractMonth);
  const { symbol, multiplier } = root;
  const localSymbol = `${symbol}${MONTH_CODES[Number(contractMonth.slice(4)) - 1]}${contractMonth[3]}`;
  return {
    kind: "listedFuture",
    root,
    conId,
    expiry,
    contractMonth,
    contract: {
      conId,
      secType: "FUT",
      symbol,
      exchange: "CME",
      currency: "USD",
      multiplier,
      localSymbol,
      tradingClass: symbol,
      expiry,
    },
  };
};

const stockContract = ({ conId, symbol, primaryExchange }: Etf): Contract => ({
  conId,
  secType: "STK",
  symbol,
  exchange: "SMART",
  primaryExchange,
  currency: "USD",
  multiplier: 1,
  localSymbol: symbol,
  tradingClass: symbol,
});

const VIX_CONTRACT: Contract = {
  conId: VIX_CON_ID,
  secType: "IND",
  symbol: "VIX",
  exchange: "CBOE",
  currency: "USD",
  multiplier: 1,
  localSymbol: "VIX",
  tradingClass: "VIX",
};

/** So long after its expiry an option is known: positions are settled and executions told by then. */
const EXPIRED_KEPT_DAYS = 10;

export interface Listings {
  /** Lists what a day brings, around the spots (dollars, by index) of the prior close. Days come in order. */
  open(day: TradingDay, spots: readonly number[]): void;
  option(conId: number): ListedOption | undefined;
  future(conId: number): ListedFuture | undefined;
  /** The expiries of an ETF's options that have not passed on a day, ascending, each with its options by strike. */
  chain(etf: Etf, day: TradingDay): readonly (readonly [TradingDay, readonly ListedOption[]])[];
  /** The front quarter's and the next's contracts on a day. */
  futures(day: TradingDay): readonly ListedFuture[];
  /** A contract as it is described on a day, expired or not; undefined when it was never listed, or expired long ago. */
  details(conId: number, day: TradingDay): ContractDetails | undefined;
}

export const createListings = (): Listings => {
  const options = new Map<number, ListedOption>();
  const futures = new Map<number, ListedFuture>();
  const chains = ETFS.map(() => new Map<TradingDay, ListedOption[]>());
  let hoursOf: TradingDay | undefined;
  let [stock, future] = [stockHours("1990-01-02" as TradingDay), futuresHours("1990-01-02" as TradingDay)];

  /** What the first day finds was listed when its expiry was; what later days add, on those days. */
  const listedSince = (expiry: TradingDay, day: TradingDay): EpochMs => {
    if (firstDay !== undefined && day !== firstDay) return sessionOfTradingDay(day).open;
    const weekly = weekday(expiry) === FRIDAY ? WEEKLY_DAYS : DAILY_DAYS;
    const since = addDays(expiry, -(isMonthly(expiry) ? MONTHLY_DAYS : weekly));
    return sessionOfTradingDay(isTradingDay(since) ? since : tradingDayAfter(since)).open;
  };
  let firstDay: TradingDay | undefined;

  const listChain = (etf: Etf, expiry: TradingDay, spot: number, day: TradingDay): void => {
    const chain = chains[etf.index]!;
    const listed = chain.get(expiry) ?? [];
    const known = listed.length;
    const series = listed[0]?.series ?? { etf, expiry, expires: expiryInstant(expiry) };
    const since = listedSince(expiry, day);
    for (const strike of strikesAround(spot)) {
      if (options.has(optionConId(etf, expiry, strike, "C"))) continue;
      for (const right of ["C", "P"] as const) {
        const option = listedOption(series, strike, right, since);
        options.set(option.conId, option);
        listed.push(option);
      }
    }
    if (listed.length === known) return;
    listed.sort((a, b) => a.strike - b.strike || (a.right < b.right ? -1 : 1));
    chain.set(expiry, listed);
  };

  const refreshHours = (day: TradingDay): void => {
    if (hoursOf === day) return;
    [hoursOf, stock, future] = [day, stockHours(day), futuresHours(day)];
  };

  return {
    open: (day, spots) => {
      firstDay ??= day;
      const forgotten = addDays(day, -EXPIRED_KEPT_DAYS);
      for (const [conId, { series }] of options) if (series.expiry < forgotten) options.delete(conId);
      for (const etf of ETFS) {
        for (const expiry of chains[etf.index]!.keys()) if (expiry < day) chains[etf.index]!.delete(expiry);
        for (const expiry of optionExpiries(day)) listChain(etf, expiry, spots[etf.index]!, day);
      }
      let quarter = frontQuarter(addDays(day, -1), 0);
      for (let i = 0; i < 2; i++) {
        for (const root of FUTURES) {
          const listed = listedFuture(root, quarter.contractMonth, quarter.expiry);
          if (!futures.has(listed.conId)) futures.set(listed.conId, listed);
        }
        quarter = quarterAfter(quarter);
      }
    },
    option: (conId) => options.get(conId),
    future: (conId) => futures.get(conId),
    chain: (etf, day) => [...chains[etf.index]!].filter(([expiry]) => expiry >= day).sort(([a], [b]) => (a < b ? -1 : 1)),
    futures: (day) => {
      const alive = [...futures.values()].filter(({ expiry }) => expiry >= day);
      return FUTURES.flatMap((root) =>
        alive
          .filter((listed) => listed.root === root)
          .sort((a, b) => (a.expiry < b.expiry ? -1 : 1))
          .slice(0, 2),
      );
    },
    details: (conId, day) => {
      refreshHours(day);
      const option = options.get(conId);
      if (option !== undefined) {
        const { contract } = option;
        const { etf, expiry } = option.series;
        const contractMonth = expiry.slice(0, 7).replace("-", "");
        return { contract, minTick: PRICE_TICK, longName: etf.longName, contractMonth, underlyingConId: etf.conId, ...stock };
      }
      const listed = futures.get(conId);
      if (listed !== undefined) {
        const { contract, root, contractMonth } = listed;
        const { tick, longName, underlyingConId } = root;
        return { contract, minTick: tick, longName, contractMonth, underlyingConId, ...future };
      }
      const etf = ETFS.find((one) => one.conId === conId);
      const plain = { minTick: PRICE_TICK, contractMonth: "", underlyingConId: 0, ...stock };
      if (etf !== undefined) return { ...plain, contract: stockContract(etf), longName: etf.longName };
      return conId === VIX_CON_ID ? { ...plain, contract: VIX_CONTRACT, longName: "CBOE Volatility Index" } : undefined;
    },
  };
};
