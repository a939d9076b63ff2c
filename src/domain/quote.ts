/**
 * A contract's quote as the engine knows it: three kinds of not having a price are kept apart.
 *
 * `undefined`: nothing heard yet, or a figure that was none; `null`: IB said there is no such side (−1, or size 0); a number: data,
 * also 0 (a wing of a winning condor has an honest bid of 0). Whether a quote is fresh enough to act on is said in freshness.ts.
 */
import type { EpochMs, Price, TradingDay } from "./units.ts";

/** What a line gives: IB's market data types 1 to 4, or a single look by snapshot (of live data). */
export type QuoteSource = "live" | "frozen" | "delayed" | "delayedFrozen" | "snapshot";

/** Who buys on `exDate` or later does not get `amount` a share. */
export interface NextDividend {
  readonly exDate: TradingDay;
  readonly amount: Price;
}

export interface Quote {
  readonly conId: number;
  readonly bid?: Price | null;
  readonly ask?: Price | null;
  readonly bidSize?: number;
  readonly askSize?: number;
  readonly last?: Price | null;
  /** The prior session's close. */
  readonly close?: Price | null;
  /** Of futures, where IB says so: contracts traded today. */
  readonly volume?: number;
  /** Of futures and options, where IB says so: open contracts. */
  readonly openInterest?: number;
  /** Of futures, stocks and indices, where IB says so: the implied volatility of their options, a year's. */
  readonly impliedVol?: number;
  /** Of stocks, where IB says so: the next dividend that is announced. */
  readonly dividend?: NextDividend;
  /** Absent: live, as lines are asked for. */
  readonly source?: QuoteSource;
  /** The bid is above the ask: such a quote has no middle. */
  readonly crossed?: true;
  /** Prices below zero are honest: a combo's net price, a future's. */
  readonly signed?: true;
  /** The line says nothing any more, and why; no price then is known. */
  readonly broken?: string;
  /** When the newest tick arrived, in market time; of a broken quote, when it broke. */
  readonly at: EpochMs;
}

/** The source that a market data type of IB's stands for: 1 live, 2 frozen, 3 delayed, 4 delayed frozen. */
export const sourceOfType = (dataType: number): QuoteSource | undefined =>
  (["live", "frozen", "delayed", "delayedFrozen"] as const)[dataType - 1];

/** The middle of a two-sided, uncrossed quote, in price units (may end in half a unit); undefined when there is none. */
export const midOf = (quote: Quote | undefined): number | undefined =>
  quote &&
  typeof quote.bid === "number" &&
  typeof quote.ask === "number" &&
  quote.ask >= quote.bid &&
  (quote.ask > 0 || quote.signed === true)
    ? (quote.bid + quote.ask) / 2
    : undefined;

/** The best single figure for an underlying: the mid, else the last trade, else unknown. Never the prior close. */
export const spotOf = (quote: Quote | undefined): number | undefined =>
  midOf(quote) ??
  (typeof quote?.last === "number" && (quote.last > 0 || quote.signed === true) && quote.crossed === undefined
    ? quote.last
    : undefined);
