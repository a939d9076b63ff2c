/**
 * A contract's quote as the engine knows it: three kinds of not having a price are kept apart.
 *
 * `undefined` — nothing heard yet; `null` — IB said there is no such side (−1, or size 0); a number — data, also 0 (a wing
 * of a winning condor has an honest bid of 0).
 */
import type { EpochMs, Price } from "./units.ts";

export interface Quote {
  readonly conId: number;
  readonly bid?: Price | null;
  readonly ask?: Price | null;
  readonly bidSize?: number;
  readonly askSize?: number;
  readonly last?: Price | null;
  /** The prior session's close. */
  readonly close?: Price | null;
  /** When the newest tick arrived, in market time. */
  readonly at: EpochMs;
}

/** The middle of a two-sided, uncrossed quote, in price units (may end in half a unit); undefined when there is none. */
export const midOf = (quote: Quote | undefined): number | undefined =>
  quote && typeof quote.bid === "number" && typeof quote.ask === "number" && quote.ask >= quote.bid && quote.ask > 0
    ? (quote.bid + quote.ask) / 2
    : undefined;

/** The best single figure for an underlying: the mid, else the last trade, else unknown. Never the prior close. */
export const spotOf = (quote: Quote | undefined): number | undefined =>
  midOf(quote) ?? (typeof quote?.last === "number" && quote.last > 0 ? quote.last : undefined);
