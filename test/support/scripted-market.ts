/**
 * A market that a test writes by hand: a stock, some options on it, a future; quotes are what the test last set.
 */
import { newYorkTime } from "../../src/domain/calendar/new-york.ts";
import type { ContractDetails, Right } from "../../src/domain/contract.ts";
import type { Bar } from "../../src/domain/events/broker.ts";
import { type EpochMs, type Price, price, type TradingDay, tradingDay } from "../../src/domain/units.ts";
import type { Dividend, Market, MarketQuote } from "../../src/sim/market/market.ts";

export const SPY = 1;
export const ES = 2;
export const VIX = 3;
export const EXPIRY = tradingDay("2026-12-18");
export const STRIKES = [580, 585, 590, 595, 600, 605, 610, 615, 620] as const;
/** The conId of an option on SPY: calls 1580, ..., puts 2580, ... */
export const optionId = (right: Right, strike: number): number => (right === "C" ? 1000 : 2000) + strike;

const detailsOf = (
  contract: Pick<ContractDetails["contract"], "conId" | "secType" | "symbol" | "multiplier"> &
    Partial<ContractDetails["contract"]>,
  minTick: number,
): ContractDetails => ({
  contract: { exchange: "SMART", currency: "USD", localSymbol: contract.symbol, tradingClass: contract.symbol, ...contract },
  minTick: price(minTick),
  longName: contract.symbol,
  contractMonth: contract.expiry === undefined ? "" : contract.expiry.slice(0, 7).replace("-", ""),
  underlyingConId: contract.secType === "FUT" ? VIX : contract.right === undefined ? 0 : SPY,
  timeZone: "US/Eastern",
  tradingHours: "20261120:0930-20261120:1600",
  liquidHours: "20261120:0930-20261120:1600",
});

const option = (right: Right, strike: number): ContractDetails =>
  detailsOf(
    {
      conId: optionId(right, strike),
      secType: "OPT",
      symbol: "SPY",
      multiplier: 100,
      expiry: EXPIRY,
      strike: price(strike),
      right,
      localSymbol: `SPY   261218${right}00${strike}000`,
    },
    0.01,
  );

const LISTINGS: readonly ContractDetails[] = [
  detailsOf({ conId: SPY, secType: "STK", symbol: "SPY", multiplier: 1, primaryExchange: "ARCA" }, 0.01),
  detailsOf({ conId: ES, secType: "FUT", symbol: "ES", multiplier: 50, expiry: EXPIRY, exchange: "CME" }, 0.25),
  detailsOf({ conId: VIX, secType: "IND", symbol: "VIX", multiplier: 1, exchange: "CBOE" }, 0.01),
  ...STRIKES.flatMap((strike) => [option("C", strike), option("P", strike)]),
];

export interface ScriptedMarket extends Market {
  /** Sets what is bid and asked, in dollars, from now on; null is no such side. */
  set(conId: number, bid: number | null, ask: number | null, sizes?: { bid?: number; ask?: number }): void;
  /** Sets the last trade's price of a contract that is quoted, in dollars. */
  traded(conId: number, dollars: number): void;
  /** Forgets a contract's quote. */
  unset(conId: number): void;
  /** Overrules the clock: are contracts tradable? */
  opened(open: boolean | undefined): void;
  setSettlement(conId: number, dollars: number): void;
  /** Cash dividends of SPY from now on. */
  setDividends(dividends: readonly Dividend[]): void;
  /** Yesterday's close of a contract that is quoted, in dollars. */
  closedAt(conId: number, dollars: number): void;
  setBars(bars: readonly Bar[]): void;
}

export const createScriptedMarket = (begins: EpochMs): ScriptedMarket => {
  const quotes = new Map<number, MarketQuote>();
  const settlements = new Map<number, Price>();
  let bars: readonly Bar[] | undefined;
  let dividends: readonly Dividend[] = [];
  let now = begins;
  let open: boolean | undefined;
  return {
    label: "scripted",
    begins,
    ends: undefined,
    get now() {
      return now;
    },
    advance: (to) => {
      now = to;
    },
    find: (query) =>
      LISTINGS.filter(
        ({ contract }) =>
          contract.secType === query.secType &&
          contract.symbol === query.symbol &&
          (query.expiry === undefined || contract.expiry === query.expiry) &&
          (query.strike === undefined || contract.strike === query.strike) &&
          (query.right === undefined || contract.right === query.right),
      ),
    byConId: (conId) => LISTINGS.find(({ contract }) => contract.conId === conId),
    optionParameters: (underlyingConId) =>
      underlyingConId === SPY
        ? [{ exchange: "SMART", tradingClass: "SPY", multiplier: 100, expirations: [EXPIRY], strikes: STRIKES.map(price) }]
        : [],
    quote: (conId) => quotes.get(conId),
    isOpen: () => {
      const { minuteOfDay } = newYorkTime(now);
      return open ?? (minuteOfDay >= 570 && minuteOfDay < 960);
    },
    dailyBars: (conId, _show, days) => (conId === SPY ? bars?.slice(-days) : undefined),
    bars: () => undefined,
    headTimestamp: () => undefined,
    dividends: (conId) => (conId === SPY ? dividends : []),
    impliedVolatility: () => undefined,
    rate: 0.035,
    settlement: (conId, _day: TradingDay) => settlements.get(conId),
    set: (conId, bid, ask, sizes = {}) => {
      quotes.set(conId, {
        bid: bid === null ? null : price(bid),
        bidSize: bid === null ? 0 : (sizes.bid ?? 10),
        ask: ask === null ? null : price(ask),
        askSize: ask === null ? 0 : (sizes.ask ?? 10),
        last: null,
        lastSize: 0,
        close: null,
        volume: null,
        openInterest: null,
        at: now,
      });
    },
    traded: (conId, last) => {
      const quote = quotes.get(conId);
      if (quote !== undefined) quotes.set(conId, { ...quote, last: price(last), at: now });
    },
    unset: (conId) => quotes.delete(conId),
    opened: (value) => {
      open = value;
    },
    setDividends: (value) => {
      dividends = value;
    },
    closedAt: (conId, close) => {
      const quote = quotes.get(conId);
      if (quote !== undefined) quotes.set(conId, { ...quote, close: price(close) });
    },
    setSettlement: (conId, dollars) => settlements.set(conId, price(dollars)),
    setBars: (value) => {
      bars = value;
    },
  };
};
