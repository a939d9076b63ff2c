/**
 * When a limit order fills, how much, and at which leg prices. Pure: quotes in, a proposal out; nothing is booked here.
 *
 * A unit of an order is what its ratios say; its *cost* is what one unit takes out of the pocket (negative: a credit), so
 * buying and selling, single contracts and combos are one case: fill if the cost at the opposite side of every leg is within
 * the limit. Legs then trade at those sides, and the net price is their sum, exactly.
 */
import type { ContractDetails } from "../../domain/contract.ts";
import { type EpochMs, type Price, priceUnits } from "../../domain/units.ts";
import type { MarketQuote } from "../market/market.ts";

/** `ratio` is signed per unit of the order as it trades: positive is bought. */
export interface TradingLeg {
  readonly details: ContractDetails;
  readonly ratio: number;
}

export type QuoteOf = (conId: number) => MarketQuote | undefined;

/** What the other side offers for one unit. */
export interface Offer {
  /** What one unit costs, in price units. */
  readonly cost: Price;
  readonly legPrices: readonly Price[];
  /** Whole units that the smallest displayed size allows. */
  readonly units: number;
  /** When the newest of the quotes came. */
  readonly at: EpochMs;
}

/**
 * The natural price: bought legs at the ask, sold legs at the bid. Undefined when a leg has no such side; a bid of 0 is a
 * price to mark by but nobody who buys.
 */
export const natural = (legs: readonly TradingLeg[], quoteOf: QuoteOf): Offer | undefined => {
  let cost = 0;
  let units = Number.POSITIVE_INFINITY;
  let at = Number.NEGATIVE_INFINITY;
  const legPrices: Price[] = [];
  for (const { details, ratio } of legs) {
    const quote = quoteOf(details.contract.conId);
    const side = ratio > 0 ? quote?.ask : quote?.bid;
    const size = ratio > 0 ? quote?.askSize : quote?.bidSize;
    if (quote === undefined || side === undefined || side === null || side <= 0 || size === undefined || size <= 0)
      return undefined;
    cost += ratio * side;
    units = Math.min(units, Math.floor(size / Math.abs(ratio)));
    at = Math.max(at, quote.at);
    legPrices.push(side);
  }
  return { cost: priceUnits(cost), legPrices, units, at: at as EpochMs };
};

/** Mid and half-spread of one unit's cost; undefined unless every leg has a two-sided, uncrossed quote. */
const middle = (legs: readonly TradingLeg[], quoteOf: QuoteOf): { cost: number; halfSpread: number } | undefined => {
  let cost = 0;
  let halfSpread = 0;
  for (const { details, ratio } of legs) {
    const quote = quoteOf(details.contract.conId);
    if (quote === undefined || quote.bid === null || quote.ask === null || quote.ask < quote.bid) return undefined;
    cost += (ratio * (quote.bid + quote.ask)) / 2;
    halfSpread += (Math.abs(ratio) * (quote.ask - quote.bid)) / 2;
  }
  return { cost, halfSpread };
};

/** One fill in five minutes at the mid, one in twenty seconds a quarter of the half-spread beyond (judgement: quant 3.5). */
const AT_MID_PER_MS = 1 / 300_000;
const AT_A_QUARTER_PER_MS = 1 / 20_000;
const STEEPNESS = Math.log(AT_A_QUARTER_PER_MS / AT_MID_PER_MS) / 0.25;

/** Fills per millisecond of an order that rests between mid and natural; 0 outside, where nobody would trade with it early. */
export const restingHazard = (legs: readonly TradingLeg[], maxCost: Price, quoteOf: QuoteOf): number => {
  const mid = middle(legs, quoteOf);
  if (mid === undefined || mid.halfSpread <= 0 || maxCost < mid.cost) return 0;
  return AT_MID_PER_MS * Math.exp(STEEPNESS * Math.min(1, (maxCost - mid.cost) / mid.halfSpread));
};

/**
 * Leg prices of a fill inside the spread: the natural ones, bettered in proportion to each leg's spread until a unit costs
 * the limit. Legs keep to their ticks where that is possible; the last one (ratio 1 if there is one) takes the exact rest, so
 * the sum never exceeds the limit.
 */
export const insideTheSpread = (legs: readonly TradingLeg[], offer: Offer, maxCost: Price, quoteOf: QuoteOf): Offer => {
  const spreadOf = (leg: TradingLeg): number => {
    const quote = quoteOf(leg.details.contract.conId);
    return quote === undefined || quote.bid === null || quote.ask === null ? 0 : Math.max(0, quote.ask - quote.bid);
  };
  const order = legs.map((_, index) => index).sort((a, b) => Math.abs(legs[b]?.ratio ?? 0) - Math.abs(legs[a]?.ratio ?? 0));
  let togo = offer.cost - maxCost;
  let spreadsToGo = legs.reduce((sum, leg) => sum + Math.abs(leg.ratio) * spreadOf(leg), 0);
  const legPrices = [...offer.legPrices];
  order.forEach((index, turn) => {
    const leg = legs[index] as TradingLeg;
    const ratio = Math.abs(leg.ratio);
    const spread = spreadOf(leg);
    const fair = spreadsToGo > 0 ? (togo * spread) / spreadsToGo : 0;
    const last = turn === order.length - 1;
    const better = last ? Math.ceil(togo / ratio) : Math.floor(fair / leg.details.minTick) * leg.details.minTick;
    legPrices[index] = priceUnits((legPrices[index] as Price) - Math.sign(leg.ratio) * better);
    togo -= better * ratio;
    spreadsToGo -= spread * ratio;
  });
  const cost = legs.reduce((sum, leg, index) => sum + leg.ratio * (legPrices[index] as Price), 0);
  return { ...offer, cost: priceUnits(cost), legPrices };
};

const withPrices = (legs: readonly TradingLeg[], offer: Offer, legPrices: readonly Price[], units: number): Offer => ({
  ...offer,
  cost: priceUnits(legs.reduce((sum, leg, index) => sum + leg.ratio * (legPrices[index] as Price), 0)),
  legPrices,
  units,
});

/**
 * What a market order pays for the units beyond the displayed size: each leg worse than its natural price by half its spread
 * times the root of how many times the displayed size is wanted still, whole ticks (judgement: quant 3.5). Nothing is sold for
 * less than a tick.
 */
export const beyondTheDisplay = (legs: readonly TradingLeg[], offer: Offer, units: number, quoteOf: QuoteOf): Offer => {
  const times = Math.sqrt(units / offer.units);
  const legPrices = legs.map((leg, index) => {
    const { minTick, contract } = leg.details;
    const quote = quoteOf(contract.conId);
    const spread = quote === undefined || quote.bid === null || quote.ask === null ? 0 : Math.max(0, quote.ask - quote.bid);
    const worse = Math.ceil((times * spread) / 2 / minTick) * minTick;
    const side = offer.legPrices[index] as Price;
    return priceUnits(leg.ratio > 0 ? side + worse : Math.max(Math.min(side, minTick), side - worse));
  });
  return withPrices(legs, offer, legPrices, units);
};

/** A natural offer bettered by a share of the spread, at most half of it: nobody trades through the mid. Whole ticks of the legs. */
export const improved = (legs: readonly TradingLeg[], offer: Offer, share: number, quoteOf: QuoteOf): Offer => {
  const legPrices = legs.map((leg, index) => {
    const { minTick, contract } = leg.details;
    const quote = quoteOf(contract.conId);
    const spread = quote === undefined || quote.bid === null || quote.ask === null ? 0 : Math.max(0, quote.ask - quote.bid);
    const better = Math.floor((Math.min(0.5, share) * spread) / minTick) * minTick;
    return priceUnits((offer.legPrices[index] as Price) - Math.sign(leg.ratio) * better);
  });
  return withPrices(legs, offer, legPrices, offer.units);
};
