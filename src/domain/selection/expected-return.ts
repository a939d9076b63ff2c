/**
 * What a structure may be expected to make by expiry in its own outlook, after costs: three figures that its score is made of.
 *
 * The outlook is risk-neutral, so a structure bought at its middle makes nothing on average, and the mean is what its costs leave of that.
 * What the market pays for carrying risk comes on top and is not predicted here: outcomes tell (the learnt weights).
 */
import type { Leg } from "../contract.ts";
import { extremes, multiplierOf, payoffAt } from "../payoff.ts";
import { type Money, moneyUnits, type Price, price } from "../units.ts";
import { meanWorth, probabilityOf, quantileOf, type StructureOutlook } from "./outlook.ts";

/** Shares, not percent. */
export interface Expected {
  /** That it ends with a profit after costs. */
  readonly probability: number;
  /** Mean profit after costs, over the worst loss. */
  readonly expectedReturn: number;
  /** The best end after costs that is within reach, over the worst loss; ≥ 0. */
  readonly rewardToRisk: number;
}
export interface Bought {
  readonly legs: readonly Leg[];
  /** Net price of a unit with all costs in it. */
  readonly netPrice: Price;
  /** Of one unit: a worst loss, or a stress loss. Above 0. */
  readonly unitMaxLoss: Money;
  /** A dollar at expiry now. */
  readonly discount: number;
}

/**
 * Beyond its strikes a profit may grow with every point, a put's until the underlying is worth nothing: it is reckoned at the ends that
 * are passed in one case of forty.
 */
const FAR_END = 0.975;
const bestEnd = ({ legs, netPrice }: Bought, outlook: StructureOutlook): Money => {
  const strikes = legs.map(({ contract }) => contract.strike / 10_000);
  const low = Math.min(...strikes, quantileOf(1 - FAR_END, outlook));
  const high = Math.max(...strikes, quantileOf(FAR_END, outlook));
  const ends = [low, ...strikes, high].map((end) => payoffAt(legs, netPrice, price(end)));
  return moneyUnits(Math.max(...ends));
};

/** The probability that the payoff is above zero: the regions between breakevens (price units, ascending), each judged by a price inside it. */
export const probabilityOfProfit = (
  { legs, netPrice }: Pick<Bought, "legs" | "netPrice">,
  breakevens: readonly number[],
  outlook: StructureOutlook,
): number => {
  const levels = [0, ...breakevens.map((breakeven) => breakeven / 10_000)];
  const last = Math.max(...levels, ...legs.map(({ contract }) => contract.strike / 10_000));
  let sum = 0;
  levels.forEach((lower, n) => {
    const upper = levels[n + 1] ?? Number.POSITIVE_INFINITY;
    const inside = upper === Number.POSITIVE_INFINITY ? last + 1 : (lower + upper) / 2;
    if (payoffAt(legs, netPrice, price(inside)) > 0) sum += probabilityOf(lower, upper, outlook);
  });
  return Math.min(1, sum);
};

export const expected = (bought: Bought, outlook: StructureOutlook): Expected => {
  const { legs, netPrice, unitMaxLoss, discount } = bought;
  const { breakevens } = extremes(legs, netPrice);
  const mean = (discount * meanWorth(legs, outlook) * 10_000 - netPrice) * multiplierOf(legs);
  return {
    probability: probabilityOfProfit(bought, breakevens, outlook),
    expectedReturn: mean / unitMaxLoss,
    rewardToRisk: Math.max(0, bestEnd(bought, outlook)) / unitMaxLoss,
  };
};
