/**
 * The displayed sizes, less what our own fills have already taken: an order cannot fill twice against the same quote.
 *
 * What was taken is there again with the next quote of that contract, or, where the market's quotes are computed rather than
 * recorded, after `refillMs`.
 */
import type { EpochMs } from "../../domain/units.ts";
import type { Market, MarketQuote } from "../market/market.ts";
import type { QuoteOf, TradingLeg } from "./matching.ts";

export interface Taken {
  readonly quotedAt: EpochMs;
  readonly takenAt: EpochMs;
  readonly bid: number;
  readonly ask: number;
}

export interface Liquidity {
  /** The quote now, with what is left of its sizes. */
  readonly left: QuoteOf;
  take(legs: readonly TradingLeg[], units: number): void;
  /** What is taken and not there again yet. */
  taken(): (Taken & { readonly conId: number })[];
}

export const createLiquidity = (market: Market, refillMs: number, from: ReturnType<Liquidity["taken"]> = []): Liquidity => {
  const taken = new Map<number, Taken>(from.map(({ conId, ...entry }) => [conId, entry]));
  const takenOf = (conId: number, quote: MarketQuote): Taken | undefined => {
    const entry = taken.get(conId);
    return entry === undefined || entry.quotedAt !== quote.at || market.now - entry.takenAt >= refillMs ? undefined : entry;
  };
  return {
    left: (conId) => {
      const quote = market.quote(conId);
      const gone = quote === undefined ? undefined : takenOf(conId, quote);
      if (quote === undefined || gone === undefined) return quote;
      return { ...quote, bidSize: Math.max(0, quote.bidSize - gone.bid), askSize: Math.max(0, quote.askSize - gone.ask) };
    },
    take: (legs, units) => {
      for (const { details, ratio } of legs) {
        const { conId } = details.contract;
        const quote = market.quote(conId);
        if (quote === undefined) continue;
        const before = takenOf(conId, quote);
        taken.set(conId, {
          quotedAt: quote.at,
          takenAt: market.now,
          bid: (before?.bid ?? 0) + (ratio < 0 ? -ratio * units : 0),
          ask: (before?.ask ?? 0) + (ratio > 0 ? ratio * units : 0),
        });
      }
    },
    taken: () =>
      [...taken.keys()]
        .sort((a, b) => a - b)
        .flatMap((conId) => {
          const quote = market.quote(conId);
          const entry = quote === undefined ? undefined : takenOf(conId, quote);
          return entry === undefined ? [] : [{ conId, ...entry }];
        }),
  };
};
