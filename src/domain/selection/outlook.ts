/**
 * Where the underlying may end, for a structure: the risk-neutral lognormal world in which every strike has its own volatility, between
 * strikes what lies between. An estimate for ranking, no forecast, and blind to what the market pays for carrying risk.
 */
import { assert } from "../assert.ts";
import type { Leg } from "../contract.ts";
import { blackPrice } from "../options/black-scholes-merton.ts";
import { normalQuantile } from "../options/normal.ts";
import { probabilityInTheMoney } from "../options/probability.ts";

/** A strike of the structure in dollars, and its own annual volatility. */
export interface StrikeVol {
  readonly strike: number;
  readonly vol: number;
}
export interface StructureOutlook {
  /** Dollars, at expiry. */
  readonly forward: number;
  readonly years: number;
  /** Ascending, at least one. */
  readonly strikes: readonly StrikeVol[];
}

/** Throws without any strike. */
export const outlookOf = (
  strikes: readonly StrikeVol[],
  { forward, years }: { readonly forward: number; readonly years: number },
): StructureOutlook => {
  assert(strikes.length > 0, "an outlook needs the volatility of a strike");
  return { forward, years, strikes: strikes.toSorted((a, b) => a.strike - b.strike) };
};

/** The volatility at a price: on a straight line between strikes, that of the nearest beyond them. */
export const volAt = ({ strikes }: StructureOutlook, level: number): number => {
  let before = strikes[0] as StrikeVol;
  if (level <= before.strike) return before.vol;
  for (const next of strikes) {
    if (level <= next.strike) {
      const share = next.strike === before.strike ? 0 : (level - before.strike) / (next.strike - before.strike);
      return before.vol + share * (next.vol - before.vol);
    }
    before = next;
  }
  return before.vol;
};

/** The probability of ending below a price, dollars. */
export const probabilityBelow = (level: number, outlook: StructureOutlook): number => {
  if (level <= 0) return 0;
  if (level === Number.POSITIVE_INFINITY) return 1;
  const { forward, years } = outlook;
  return probabilityInTheMoney("P", level, { forward, years, vol: volAt(outlook, level) });
};

/** The probability of ending between two prices; 0 when they are the wrong way round. All regions together have 1. */
export const probabilityOf = (lower: number, upper: number, outlook: StructureOutlook): number =>
  upper <= lower ? 0 : Math.max(0, probabilityBelow(upper, outlook) - probabilityBelow(lower, outlook));

/**
 * The mean of what the legs are worth at expiry, dollars a share, undiscounted: the integral of their payoffs over the outlook, which
 * Black's formula is at the volatility of each strike.
 */
export const meanWorth = (legs: readonly Leg[], outlook: StructureOutlook): number => {
  const { forward, years } = outlook;
  return legs.reduce((sum, { contract, ratio }) => {
    const strike = contract.strike / 10_000;
    const vol = volAt(outlook, strike);
    return sum + ratio * blackPrice({ right: contract.right, forward, strike, years, discount: 1, vol });
  }, 0);
};

/** About the price below which the underlying ends with a probability, dollars: at the volatility of the strike nearest to that end. */
export const quantileOf = (probability: number, { forward, years, strikes }: StructureOutlook): number => {
  const { vol } = (probability < 0.5 ? strikes[0] : strikes.at(-1)) as StrikeVol;
  const deviation = vol * Math.sqrt(years);
  return forward * Math.exp(normalQuantile(probability) * deviation - (deviation * deviation) / 2);
};
