/**
 * One option on the ground of its expiry: the volatility that its price tells, its Greeks, its worth. The strategies' board, the survey
 * of an underlying and the rules of a position all measure with these, so that an option is the same to each of them.
 *
 * An American option whose right to exercise early may be worth more than half a tick comes from the tree: in the money, and in expiries
 * of more than 60 days also out of it. Every other comes from Black's formula on the forward.
 */
import type { Right } from "../contract.ts";
import { americanImpliedVolatility } from "./american-implied-volatility.ts";
import type { AmericanOption } from "./american-option.ts";
import { blackGreeks, blackPrice, perSpot } from "./black-scholes-merton.ts";
import { dividendsWorth } from "./cash-dividends.ts";
import { earlyExerciseBound } from "./early-exercise.ts";
import { type Ground, HALF_TICK, isEarlyExerciseNear, isInTheMoney, STEPS } from "./expiry-ground.ts";
import { type ImpliedVolatility, impliedVolatility } from "./implied-volatility.ts";
import { americanPrice, americanValue } from "./leisen-reimer.ts";

/** Per share. Delta and gamma per dollar of the underlying (puts negative), vega per 1.00, theta per year with the forward held still. */
export interface OptionGreeks {
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly theta: number;
  /** What early exercise is worth of its price, dollars; 0 where it was priced as European. */
  readonly premium: number;
}

/** What one option is like. */
export interface Measures extends OptionGreeks {
  /** Annual: 0.20 is 20 %. */
  readonly vol: number;
  /** The price tells the volatility to a vol point; where it does not, the Greeks are small, but no strike is chosen by them. */
  readonly sure: boolean;
}

/** The option that the tree has to price; undefined where Black's formula is as good. */
const forTheTree = (ground: Ground, right: Right, strike: number, vol: number): AmericanOption | undefined => {
  if (ground.american === undefined || !isEarlyExerciseNear(ground, right, strike)) return undefined;
  const option = { ...ground.american, right, strike, vol };
  return earlyExerciseBound(option) > HALF_TICK ? option : undefined;
};

/** The volatility that a price tells, dollars a share. Never throws: what cannot be solved has a name. */
export const volatilityOf = (ground: Ground, right: Right, strike: number, price: number): ImpliedVolatility => {
  const { forward, years, discount, american } = ground;
  return american !== undefined && isEarlyExerciseNear(ground, right, strike)
    ? americanImpliedVolatility({ ...american, right, strike, price, halfTick: HALF_TICK }, STEPS)
    : impliedVolatility({ right, price, forward, strike, years, discount, halfTick: HALF_TICK });
};

/** What the spot gains in a year while the forward stands still, dollars. */
const driftOf = ({ spot, years, rate, dividendYield, dividends }: AmericanOption): number => {
  const escrowed = dividendsWorth(dividends, years, rate);
  return (rate - dividendYield) * (spot - escrowed) + rate * escrowed;
};

/** The Greeks at a volatility. */
export const greeksAt = (ground: Ground, right: Right, strike: number, vol: number): OptionGreeks => {
  const option = forTheTree(ground, right, strike, vol);
  if (option === undefined) {
    const { forward, years, discount, spot } = ground;
    const { delta, gamma, vega, theta } = perSpot(blackGreeks({ right, forward, strike, years, discount, vol }), forward, spot);
    return { delta, gamma, vega, theta, premium: 0 };
  }
  const { delta, gamma, vega, theta, premium } = americanValue(option, STEPS);
  return { delta, gamma, vega, theta: theta + driftOf(option) * delta, premium };
};

/** What it is worth at a volatility, dollars a share. */
export const worthAt = (ground: Ground, right: Right, strike: number, vol: number): number => {
  const option = forTheTree(ground, right, strike, vol);
  const { forward, years, discount } = ground;
  return option === undefined ? blackPrice({ right, forward, strike, years, discount, vol }) : americanPrice(option, STEPS);
};

interface Volatility {
  readonly vol: number;
  readonly sure: boolean;
}
const told = (implied: ImpliedVolatility): Volatility | undefined =>
  "vol" in implied ? { vol: implied.vol, sure: implied.kind === "ok" } : undefined;

const OTHER: { readonly [R in Right]: Right } = { C: "P", P: "C" };

/**
 * Measures of the option of one strike, dollars; mids of either side may be NaN. Undefined when none of them tells a volatility: such an
 * option is no candidate, and no volatility is ever made up for it. Each strike has one volatility, that of its side out of the money,
 * whose price consists of nothing else; the other side's own is asked only without it.
 */
export const measuresOf = (
  ground: Ground,
  right: Right,
  strike: number,
  mids: { readonly own: number; readonly otherSide: number },
): Measures | undefined => {
  const otherFirst = isInTheMoney(right, strike, ground.forward)
    ? told(volatilityOf(ground, OTHER[right], strike, mids.otherSide))
    : undefined;
  const found = otherFirst?.sure ? otherFirst : (told(volatilityOf(ground, right, strike, mids.own)) ?? otherFirst);
  if (found === undefined) return undefined;
  return { ...greeksAt(ground, right, strike, found.vol), ...found };
};
