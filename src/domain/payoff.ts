/**
 * What a structure is worth when all its legs expire together: exact integers, per one unit of the structure.
 *
 * The net price is what a unit cost: a debit is positive, a credit negative. Fees are not in here, nor is anything before
 * expiry. Between two strikes a payoff is a straight line, so the strikes, zero and the slope beyond the last strike say all.
 */
import { assert } from "./assert.ts";
import type { Leg } from "./contract.ts";
import type { Money, Price } from "./units.ts";
import { moneyUnits, priceUnits, roundHalfAway } from "./units.ts";

export interface Extremes {
  /** The most a unit can make; negative when even the best end is a loss. */
  readonly maxProfit: Money | "unbounded";
  /** The most a unit can lose, as a positive amount; negative when even the worst end is a profit. */
  readonly maxLoss: Money | "unbounded";
  /** Underlying prices with no profit and no loss, ascending; of a whole stretch without either, its ends. */
  readonly breakevens: readonly Price[];
}

/** The multiplier that all legs share. Throws when legs differ in multiplier or expiry: then there is no one payoff. */
export const multiplierOf = (legs: readonly Leg[]): number => {
  const [first, ...others] = legs;
  assert(first !== undefined, "a structure has at least one leg");
  const { multiplier, expiry } = first.contract;
  for (const { contract } of others) {
    assert(contract.expiry === expiry, () => `legs expire together, got ${expiry} and ${contract.expiry}`);
    assert(contract.multiplier === multiplier, () => `legs share a multiplier, got ${multiplier} and ${contract.multiplier}`);
  }
  return multiplier;
};

/** What the legs are worth at expiry per contract point, before any price paid. */
export const valueAtExpiry = (legs: readonly Leg[], underlying: Price): Price => {
  let value = 0;
  for (const { contract, ratio } of legs) {
    const inTheMoney = contract.right === "C" ? underlying - contract.strike : contract.strike - underlying;
    value += ratio * Math.max(0, inTheMoney);
  }
  return priceUnits(value);
};

/** Profit (positive) or loss of one unit bought at `netPrice`, should the underlying end at `underlying`. */
export const payoffAt = (legs: readonly Leg[], netPrice: Price, underlying: Price): Money =>
  moneyUnits((valueAtExpiry(legs, underlying) - netPrice) * multiplierOf(legs));

/** Where the line may bend: zero and the strikes, ascending. */
const bends = (legs: readonly Leg[]): Price[] => {
  const strikes = new Set([0, ...legs.map(({ contract }) => contract.strike)]);
  return [...strikes].toSorted((a, b) => a - b).map(priceUnits);
};

/** Change of value per unit of the underlying above the last strike: the net number of calls. */
const lastSlope = (legs: readonly Leg[]): number =>
  legs.reduce((calls, { contract, ratio }) => calls + (contract.right === "C" ? ratio : 0), 0);

/** The lowest and highest value at expiry, per contract point. */
const valueRange = (legs: readonly Leg[]): { readonly lowest: Price | "unbounded"; readonly highest: Price | "unbounded" } => {
  const values = bends(legs).map((bend) => valueAtExpiry(legs, bend));
  const slope = lastSlope(legs);
  return {
    lowest: slope < 0 ? "unbounded" : priceUnits(Math.min(...values)),
    highest: slope > 0 ? "unbounded" : priceUnits(Math.max(...values)),
  };
};

/**
 * How far the value at expiry can range, per contract point: the strike distance of a vertical, the wider wing of a condor.
 * Zero for a box, whose value is certain.
 */
export const width = (legs: readonly Leg[]): Price | "unbounded" => {
  const { lowest, highest } = valueRange(legs);
  return lowest === "unbounded" || highest === "unbounded" ? "unbounded" : priceUnits(highest - lowest);
};

/**
 * Breakevens are exact where the line rises or falls by one contract per point; on steeper lines they are rounded to the
 * nearest 1/10,000 dollar.
 */
const breakevensOf = (legs: readonly Leg[], netPrice: Price): Price[] => {
  const points = bends(legs).map((at) => ({ at, value: valueAtExpiry(legs, at) - netPrice }));
  const found: Price[] = [];
  let slopeBefore = 0;
  points.forEach(({ at, value }, index) => {
    const next = points[index + 1];
    const slope = next === undefined ? lastSlope(legs) : (next.value - value) / (next.at - at);
    if (value === 0 && (slopeBefore !== 0 || slope !== 0)) found.push(at);
    const crosses = next === undefined ? value * slope < 0 : value * next.value < 0;
    if (crosses) found.push(priceUnits(roundHalfAway(at - value / slope)));
    slopeBefore = slope;
  });
  return found;
};

/** The best end, the worst end and the ends between them of one unit bought at `netPrice`. */
export const extremes = (legs: readonly Leg[], netPrice: Price): Extremes => {
  const multiplier = multiplierOf(legs);
  const { lowest, highest } = valueRange(legs);
  return {
    maxProfit: highest === "unbounded" ? "unbounded" : moneyUnits((highest - netPrice) * multiplier),
    maxLoss: lowest === "unbounded" ? "unbounded" : moneyUnits((netPrice - lowest) * multiplier),
    breakevens: breakevensOf(legs, netPrice),
  };
};
