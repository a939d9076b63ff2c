/**
 * What a whole structure is bid, asked and worth, from the quotes of its legs: net prices of one unit, credits negative.
 *
 * A leg that nobody bids for fetches nothing, so "no bid" counts as 0 here (the wings of a winning condor would otherwise hide
 * its profit); a leg that nobody offers, or of which nothing was heard, makes the structure unknown, by name. Whether a price
 * is good enough to act on is the mark's business at the end of this file, and the ladder's.
 */
import { assert } from "./assert.ts";
import type { Leg } from "./contract.ts";
import { extremes, multiplierOf } from "./payoff.ts";
import type { Quote } from "./quote.ts";
import { formatPrice, type Price, priceUnits, roundHalfAway } from "./units.ts";

/** The newest quotes by conId. */
export type QuoteBook = { readonly [conId: string]: Quote };

export type StructureQuote =
  | {
      readonly known: true;
      /** What selling one unit brings at once. */
      readonly bid: Price;
      /** What buying one unit costs at once: the natural price of an order, which always buys its legs. */
      readonly ask: Price;
      /** May end in half a price unit. */
      readonly mid: number;
      /** Of the legs that nobody bids for, the one that is offered dearest. */
      readonly unbid?: { readonly leg: string; readonly ask: Price };
    }
  | { readonly known: false; readonly missing: readonly string[] };

/** A mark is a price that decisions may rest on. */
export type Mark =
  | { readonly known: true; readonly mark: Price }
  | { readonly known: false; readonly missing: readonly string[] };

/** A wider spread, in percent of the structure's width, tells nothing about its value (design section 5). */
export const MARK_SPREAD_LIMIT_PCT = 25;
/**
 * A leg without a bid is worth something between nothing and its offer. Offered for more than this, in percent of the structure's width,
 * its bid is missing rather than zero: market makers step away for a minute, and half of an offer would pass for a profit.
 */
export const MARK_UNBID_LIMIT_PCT = 5;

/** `590P`, `612.5C`: a leg as a trader says it. */
export const legName = ({ contract }: Leg): string => `${contract.strike / 10_000}${contract.right}`;

export const quoteBook = (quotes: readonly Quote[]): QuoteBook => Object.fromEntries(quotes.map((quote) => [quote.conId, quote]));

interface Sides {
  readonly bid: number;
  readonly ask: number;
}

/** Both sides of one leg, or what is wrong with its quote. */
const sidesOf = (quote: Quote | undefined, faultOf: FaultOf): Sides | string => {
  const fault = quote === undefined ? undefined : faultOf(quote);
  if (fault !== undefined) return fault;
  if (quote === undefined || quote.bid === undefined || quote.ask === undefined) return "not quoted";
  if (quote.ask === null) return "no offer";
  const bid = quote.bid ?? 0;
  return quote.ask < bid ? "crossed" : { bid, ask: quote.ask };
};

/** Why a quote does not count, in a word or two; undefined when it does. */
export type FaultOf = (quote: Quote) => string | undefined;
const noFault: FaultOf = () => undefined;

/** The net quote of one unit. Quotes with a fault do not count (see freshness.ts). */
export const quoteStructure = (legs: readonly Leg[], quotes: QuoteBook, faultOf: FaultOf = noFault): StructureQuote => {
  assert(legs.length > 0, "a structure has at least one leg");
  let bid = 0;
  let ask = 0;
  let unbid: { leg: string; ask: Price } | undefined;
  const missing: string[] = [];
  for (const leg of legs) {
    const sides = sidesOf(quotes[leg.contract.conId], faultOf);
    if (typeof sides === "string") {
      missing.push(`${legName(leg)} ${sides}`);
      continue;
    }
    if (sides.bid === 0 && sides.ask > (unbid?.ask ?? 0)) unbid = { leg: legName(leg), ask: priceUnits(sides.ask) };
    ask += leg.ratio * (leg.ratio > 0 ? sides.ask : sides.bid);
    bid += leg.ratio * (leg.ratio > 0 ? sides.bid : sides.ask);
  }
  if (missing.length > 0) return { known: false, missing };
  const net = { bid: priceUnits(bid), ask: priceUnits(ask), mid: (bid + ask) / 2 + 0 };
  return { known: true, ...net, ...(unbid === undefined ? {} : { unbid }) };
};

/**
 * What one unit is worth for decisions: the mid, kept within what the structure can be worth at expiry. Unknown when the
 * structure is not quoted, its spread exceeds MARK_SPREAD_LIMIT_PCT of its width, or a leg that is worth something has no bid.
 */
export const markOf = (legs: readonly Leg[], quote: StructureQuote): Mark => {
  if (!quote.known) return quote;
  const multiplier = multiplierOf(legs);
  const { maxProfit, maxLoss } = extremes(legs, priceUnits(0));
  const highest = maxProfit === "unbounded" ? Number.POSITIVE_INFINITY : maxProfit / multiplier;
  const lowest = maxLoss === "unbounded" ? Number.NEGATIVE_INFINITY : -maxLoss / multiplier;
  const spread = quote.ask - quote.bid;
  const limit = ((highest - lowest) * MARK_SPREAD_LIMIT_PCT) / 100;
  if (spread > limit) {
    const said = `spread ${formatPrice(priceUnits(spread))} above ${formatPrice(priceUnits(roundHalfAway(limit)))}`;
    return { known: false, missing: [said] };
  }
  const { unbid } = quote;
  if (unbid !== undefined && unbid.ask > ((highest - lowest) * MARK_UNBID_LIMIT_PCT) / 100)
    return { known: false, missing: [`${unbid.leg} no bid, offered at ${formatPrice(unbid.ask)}`] };
  return { known: true, mark: priceUnits(roundHalfAway(Math.min(highest, Math.max(lowest, quote.mid)))) };
};
