/**
 * Quotes a quarter of an hour ago, for who is entitled to no more. Watched contracts are remembered from then on; what came before is taken
 * from minute bars where the market has them (without sizes and volume, which bars do not tell).
 */
import type { ContractDetails } from "../../../domain/contract.ts";
import { type EpochMs, epochMs, type Price, price } from "../../../domain/units.ts";
import type { BarShow, Market, MarketQuote, TimedBar } from "../../market/market.ts";

export const DELAY_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

interface Past {
  watchers: number;
  /** Oldest first; the first is the newest that is old enough, once one is. */
  readonly seen: { readonly at: EpochMs; readonly quote: MarketQuote }[];
}

export interface Delay {
  watch(details: ContractDetails): void;
  unwatch(details: ContractDetails): void;
  /** Remembers what is quoted now. */
  advance(): void;
  quote(conId: number): MarketQuote | undefined;
}

const closeOf = (bar: TimedBar | undefined): Price | null => (bar === undefined || bar.close < 0 ? null : price(bar.close));

export const createDelay = (market: Market): Delay => {
  const pasts = new Map<number, Past>();

  /** A quote for each minute of the last quarter hour, and the one before, as far as bars tell. */
  const fromBars = (conId: number): Past["seen"] => {
    const from = epochMs(Math.floor((market.now - DELAY_MS) / MINUTE_MS) * MINUTE_MS - MINUTE_MS);
    const byShow = (show: BarShow): Map<number, TimedBar> => {
      const bars = market.bars(conId, { show, sizeMs: MINUTE_MS, from, to: market.now, regularHours: false });
      return new Map(bars?.map((bar) => [bar.at, bar]));
    };
    const [bids, asks, trades] = [byShow("BID"), byShow("ASK"), byShow("TRADES")];
    const close = market.quote(conId)?.close ?? null;
    const minutes = [...new Set([...bids.keys(), ...asks.keys(), ...trades.keys()])].sort((a, b) => a - b);
    return minutes
      .filter((at) => at + MINUTE_MS <= market.now)
      .map((at) => ({
        at: epochMs(at + MINUTE_MS),
        quote: {
          bid: closeOf(bids.get(at)),
          bidSize: 0,
          ask: closeOf(asks.get(at)),
          askSize: 0,
          last: closeOf(trades.get(at)),
          lastSize: 0,
          close,
          volume: null,
          openInterest: null,
          at: epochMs(at + MINUTE_MS),
        },
      }));
  };

  const look = (conId: number, past: Past): void => {
    const quote = market.quote(conId);
    const newest = past.seen.at(-1)?.quote;
    if (
      quote !== undefined &&
      (newest === undefined || quote.at !== newest.at || quote.bid !== newest.bid || quote.ask !== newest.ask)
    )
      past.seen.push({ at: market.now, quote });
    let old = 0;
    while ((past.seen[old + 1]?.at ?? Number.POSITIVE_INFINITY) <= market.now - DELAY_MS) old++;
    if (old > 0) past.seen.splice(0, old);
  };

  const watch = (conId: number): void => {
    const known = pasts.get(conId);
    if (known !== undefined) {
      known.watchers++;
      return;
    }
    const past: Past = { watchers: 1, seen: fromBars(conId) };
    pasts.set(conId, past);
    look(conId, past);
  };
  const unwatch = (conId: number): void => {
    const past = pasts.get(conId);
    if (past !== undefined && --past.watchers === 0) pasts.delete(conId);
  };
  /** An option's computations need its underlying as it then was. */
  const conIdsOf = ({ contract, underlyingConId }: ContractDetails): number[] =>
    contract.right === undefined ? [contract.conId] : [contract.conId, underlyingConId];

  return {
    watch: (details) => conIdsOf(details).forEach(watch),
    unwatch: (details) => conIdsOf(details).forEach(unwatch),
    advance: () => {
      for (const [conId, past] of pasts) look(conId, past);
    },
    quote: (conId) => {
      const oldest = pasts.get(conId)?.seen[0];
      return oldest !== undefined && oldest.at <= market.now - DELAY_MS ? oldest.quote : undefined;
    },
  };
};
