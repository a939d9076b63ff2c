/**
 * When an order that waits for a price is set off, and where a trailing stop stands. Pure: quotes in, an answer out.
 *
 * An order that waits for a rise looks at the bid, one that waits for a fall at the ask: a spread that merely widens sets off
 * nothing. Where a market shows no trades of a contract (combos never have any), bid and ask stand in for the last price.
 */
import { type EpochMs, type Price, roundHalfAway, toTick } from "../../domain/units.ts";
import type { QuoteOf, TradingLeg } from "./matching.ts";
import type { Terms } from "./terms.ts";

/** IB's numbers: 1 double bid/ask, 2 last, 3 double last, 4 bid/ask, 7 last or bid/ask, 8 mid. */
export const TRIGGER_METHODS = [1, 2, 3, 4, 7, 8] as const;
export type TriggerMethod = (typeof TRIGGER_METHODS)[number];

/** Net prices of one unit of what an order names, whichever way the order trades it. */
export interface NetQuote {
  readonly bid: number | undefined;
  readonly ask: number | undefined;
  readonly last: number | undefined;
  /** When the newest of the quotes came. */
  readonly at: EpochMs;
}

/** The net quote of an order's legs; undefined unless every leg is quoted. */
export const netQuote = (legs: readonly TradingLeg[], action: "BUY" | "SELL", quoteOf: QuoteOf): NetQuote | undefined => {
  let [bid, ask]: [number | undefined, number | undefined] = [0, 0];
  let last: number | undefined;
  let at = Number.NEGATIVE_INFINITY;
  for (const { details, ratio } of legs) {
    const quote = quoteOf(details.contract.conId);
    if (quote === undefined) return undefined;
    const own = action === "BUY" ? ratio : -ratio;
    const [low, high] = own > 0 ? [quote.bid, quote.ask] : [quote.ask, quote.bid];
    bid = bid === undefined || low === null ? undefined : bid + own * low;
    ask = ask === undefined || high === null ? undefined : ask + own * high;
    if (legs.length === 1 && own === 1) last = quote.last ?? undefined;
    at = Math.max(at, quote.at);
  }
  return { bid, ask, last, at: at as EpochMs };
};

/** Does the order wait for a rise? Stops do when they buy, if-touched orders when they sell. */
export const waitsForRise = ({ type }: Terms, action: "BUY" | "SELL"): boolean =>
  (type === "MIT" || type === "LIT") === (action === "SELL");

/** The price that the method watches; undefined while there is none. */
export const watched = (quote: NetQuote, method: TriggerMethod, rise: boolean): number | undefined => {
  const side = rise ? quote.bid : quote.ask;
  switch (method) {
    case 2:
    case 3:
      return quote.last ?? side;
    case 7:
      if (quote.last === undefined || side === undefined) return quote.last ?? side;
      return rise ? Math.max(quote.last, side) : Math.min(quote.last, side);
    case 8:
      return quote.bid === undefined || quote.ask === undefined ? undefined : (quote.bid + quote.ask) / 2;
    default:
      return side;
  }
};

/** Two quotes one after the other must agree. */
export const isDouble = (method: TriggerMethod): boolean => method === 1 || method === 3;

/** Where a trailing stop stands after the watched price has been seen: it moves in the order's favour only. Rounded away from the market. */
export const trailed = (terms: Terms, stop: Price | undefined, seen: number, rise: boolean, tick: Price): Price | undefined => {
  const { trail } = terms;
  if (trail === undefined) return stop;
  const distance = "amount" in trail ? trail.amount : roundHalfAway((Math.abs(seen) * trail.percent) / 100);
  const next = toTick(rise ? seen + distance : seen - distance, tick, rise ? "up" : "down");
  if (stop === undefined) return next;
  return rise ? (next < stop ? next : stop) : next > stop ? next : stop;
};
