/** What trading a structure costs beyond its middle: the estimate that scores and predictions are made after. */
import type { Leg } from "../contract.ts";
import { multiplierOf } from "../payoff.ts";
import { type Price, priceUnits, roundHalfAway } from "../units.ts";

/** Commission and fees of one option contract, one way, USD: IB's tariff with exchange fees is 0.70 to 1.15. */
export const COMMISSION_USD = 1;
/** How much of the half-spread a fill gives up, percent: orders begin at the middle and walk. */
export const FILL_CONCESSION_PCT = 50;

/**
 * What a share of one unit costs in and out again, in price units: the concession twice, commissions of every contract twice. The way
 * out is charged although it may be spared at expiry: our positions are closed before it.
 */
export const roundTripCost = (legs: readonly Leg[], halfSpread: number): number => {
  const contracts = legs.reduce((sum, { ratio }) => sum + Math.abs(ratio), 0);
  const commissions = (contracts * COMMISSION_USD * 10_000) / multiplierOf(legs);
  return 2 * ((halfSpread * FILL_CONCESSION_PCT) / 100 + commissions);
};

/** The net price of a unit with all its costs in it: what it has to be worth at the end to have lost nothing. */
export const priceAfterCosts = (legs: readonly Leg[], mid: number, halfSpread: number): Price =>
  priceUnits(roundHalfAway(mid + roundTripCost(legs, halfSpread)));
