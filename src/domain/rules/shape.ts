/** What a structure is and which move hurts it, read off its legs and its payoff: its strategy's name says nothing here. Pure. */
import type { Leg, Right } from "../contract.ts";
import { valueAtExpiry } from "../payoff.ts";
import { type Price, priceUnits } from "../units.ts";
import type { Adverse, Shape } from "./rule.ts";

/** What the legs are worth at expiry when the underlying has fallen to nothing, and when it has risen beyond all bounds. */
const farEnds = (legs: readonly Leg[]): { readonly fallen: number; readonly risen: number } => {
  const slope = legs.reduce((calls, { contract, ratio }) => calls + (contract.right === "C" ? ratio : 0), 0);
  const highest = Math.max(...legs.map(({ contract }) => contract.strike));
  return {
    fallen: valueAtExpiry(legs, priceUnits(0)),
    risen: slope > 0 ? Infinity : slope < 0 ? -Infinity : valueAtExpiry(legs, priceUnits(highest)),
  };
};

/** Which far end is a loss for who opened one unit at this net price (a credit is negative). */
export const adverseOf = (legs: readonly Leg[], netPrice: Price): Adverse => {
  const { fallen, risen } = farEnds(legs);
  if (fallen < netPrice) return risen < netPrice ? "either" : "fall";
  return risen < netPrice ? "rise" : "neither";
};

/**
 * `condor`: short puts and short calls, worth most between them, with wings or without. `vertical`: one bought and one sold of one right.
 */
export const shapeOf = (legs: readonly Leg[]): Shape => {
  const [first, second] = legs;
  if (first !== undefined && legs.length === 1) return "single";
  const isPair = legs.length === 2 && first?.contract.right === second?.contract.right;
  if (isPair && first !== undefined && second !== undefined && first.ratio === -second.ratio) return "vertical";
  const strikes = legs.map(({ contract }) => contract.strike);
  const between = valueAtExpiry(legs, priceUnits(Math.round((Math.min(...strikes) + Math.max(...strikes)) / 2)));
  const { fallen, risen } = farEnds(legs);
  const isShort = (right: Right) => legs.some(({ contract, ratio }) => contract.right === right && ratio < 0);
  return isShort("C") && isShort("P") && fallen < between && risen < between ? "condor" : "other";
};
