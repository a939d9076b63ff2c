/**
 * Classes of options on stock indices: which index a class is on, and at which price of the expiry's day it settles. All of
 * them are European and settle in cash.
 *
 * The monthly classes settle on the opening of the index (its special quotation, which a file of bars tells only nearly) and
 * trade for the last time on the session before; the weekly ones settle on the official close and trade until it.
 */
import { isTradingDay, tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import type { Contract } from "../../domain/contract.ts";
import { type Price, price, type TradingDay } from "../../domain/units.ts";

export type Settles = "open" | "close";

interface IndexClass {
  readonly symbol: string;
  readonly settles: Settles;
}

const CLASSES: ReadonlyMap<string, IndexClass> = new Map([
  ["SPX", { symbol: "SPX", settles: "open" }],
  ["SPXW", { symbol: "SPX", settles: "close" }],
  ["XSP", { symbol: "XSP", settles: "close" }],
  ["NDX", { symbol: "NDX", settles: "open" }],
  ["NDXP", { symbol: "NDX", settles: "close" }],
  ["RUT", { symbol: "RUT", settles: "open" }],
  ["RUTW", { symbol: "RUT", settles: "close" }],
]);

const LONG_NAMES: ReadonlyMap<string, string> = new Map([
  ["SPX", "S&P 500 Stock Index"],
  ["NDX", "NASDAQ 100 Stock Index"],
  ["RUT", "Russell 2000 Stock Index"],
  ["VIX", "CBOE Volatility Index"],
]);

/** What the options of a class are on: classes that are none of an index's are called like their stock. */
export const underlyingOf = (tradingClass: string): string => CLASSES.get(tradingClass)?.symbol ?? tradingClass;

export const longNameOf = (symbol: string): string => LONG_NAMES.get(symbol) ?? symbol;

/** Which price of its day an expiring contract settles on; the close, unless it is of an index's monthly class. */
export const settlesOn = ({ secType, tradingClass }: Contract): Settles =>
  secType === "OPT" ? (CLASSES.get(tradingClass ?? "")?.settles ?? "close") : "close";

/** The last day on which a contract can be traded, of one that has an expiry. */
export const lastTradingDay = (contract: Contract, expiry: TradingDay): TradingDay => {
  const last = isTradingDay(expiry) ? expiry : tradingDayBefore(expiry);
  return settlesOn(contract) === "open" ? tradingDayBefore(last) : last;
};

/** Prices of 3 points and more stand 0.10 apart, below 0.05: of single options; combos go by 0.05 throughout. */
export const COARSE_FROM = price(3);
export const COARSE_TICK = price(0.1);

/** The step of an option's prices at one of them, where its class has two; undefined where the contract's `minTick` is all. */
export const coarseTickAt = ({ secType, tradingClass }: Contract, at: Price): Price | undefined =>
  secType === "OPT" && CLASSES.get(tradingClass ?? "")?.symbol === "SPX" && Math.abs(at) >= COARSE_FROM ? COARSE_TICK : undefined;
