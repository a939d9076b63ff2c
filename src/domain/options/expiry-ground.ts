/**
 * The ground that all options of one expiry are priced on: the forward that their own parity tells and, where they may be exercised
 * early, what the spot pays on the way there. Single options are measured in priced-option.ts.
 *
 * Parity holds for European prices. In long expiries what early exercise adds to the mids is taken out before they tell the forward.
 */
import type { Right } from "../contract.ts";
import type { AmericanOption } from "./american-option.ts";
import { discountFactor } from "./black-scholes-merton.ts";
import { type CashDividend, dividendsWorth } from "./cash-dividends.ts";
import { earlyExerciseBound } from "./early-exercise.ts";
import { type ParityForward, type ParityQuote, parityForward } from "./forward.ts";
import { impliedVolatility } from "./implied-volatility.ts";
import { americanPrice, europeanValue } from "./leisen-reimer.ts";

/** Half of an option's 0.01 tick, dollars: how exactly a mid can tell anything. */
export const HALF_TICK = 0.005;
/**
 * Steps of the trees where options are measured: within half a tick of the reference prices without cash dividends, within 5e-4 of the
 * price with them.
 */
export const STEPS = 51;
/**
 * Up to 60 days and their hours, out of the money and at it, early exercise counts for little: at a rate of 4 % and a volatility of 16 %
 * it makes a put of 45 days at |delta| 0.15 a twentieth of a vol point dearer, and the forward 3 parts in 10,000 too low.
 */
const SHORT_YEARS = 61 / 365;
/** Rounds of taking the premium of early exercise out of the prices, each on the forward of the round before. */
const FORWARD_ROUNDS = 2;
/** Strikes nearest to the spot that take part in it: a few more than parity asks. */
const NEAREST = 9;

/** What the spot does on the way to the forward. */
export type SpotTerms = Pick<AmericanOption, "spot" | "years" | "rate" | "dividendYield" | "dividends">;

/** The common ground of one expiry's prices. Dollars a share. */
export interface Ground {
  readonly spot: number;
  readonly forward: number;
  readonly years: number;
  readonly discount: number;
  /** Where its options may be exercised early; absent where they may not. */
  readonly american?: SpotTerms;
}

/** What is known of an expiry before its prices are asked. */
export interface ExpiryTerms {
  /** Dollars. */
  readonly spot: number;
  readonly years: number;
  /** Annual, continuously compounded. */
  readonly rate: number;
  readonly american: boolean;
  /** In cash, up to expiry. Absent: not known; what the forward says of them is carried as a yield then. */
  readonly dividends?: readonly CashDividend[] | undefined;
}

export const isInTheMoney = (right: Right, strike: number, forward: number): boolean =>
  right === "C" ? strike < forward : strike > forward;

/** The ground under a forward. The yield is what the forward implies beyond the dividends known: borrow, dividends that nobody told. */
export const groundOn = (forward: number, { spot, years, rate, american, dividends }: ExpiryTerms): Ground => {
  const ground = { spot, forward, years, discount: discountFactor(rate, years) };
  const bare = spot - dividendsWorth(dividends, years, rate);
  if (!american || !(years > 0 && bare > 0 && forward > 0)) return ground;
  const dividendYield = rate - Math.log(forward / bare) / years;
  const cash = dividends !== undefined && dividends.length > 0 ? { dividends } : {};
  return { ...ground, american: { spot, years, rate, dividendYield, ...cash } };
};

/** The ground when the underlying has moved by a share of itself at once: the forward moves along, the dividends known do not. */
export const movedGround = (ground: Ground, move: number): Ground => {
  const [spot, forward] = [ground.spot * (1 + move), ground.forward * (1 + move)];
  if (ground.american === undefined) return { ...ground, spot, forward };
  return groundOn(forward, { ...ground.american, spot, american: true });
};

/** In time and place the right to exercise early is worth a look: in the money, and in a long expiry everywhere. */
export const isEarlyExerciseNear = ({ years, forward }: Ground, right: Right, strike: number): boolean =>
  years > SHORT_YEARS || isInTheMoney(right, strike, forward);

/** A strike's mids without what early exercise adds to them, by the volatility of the side out of the money. */
const europeanPair = (pair: ParityQuote, { forward, years, discount, american }: Ground): ParityQuote => {
  const { strike, callMid, putMid } = pair;
  if (american === undefined) return pair;
  const right: Right = strike < forward ? "P" : "C";
  const price = right === "P" ? putMid : callMid;
  const implied = impliedVolatility({ right, price, forward, strike, years, discount, halfTick: HALF_TICK });
  if (!("vol" in implied)) return { strike, callMid: Number.NaN, putMid: Number.NaN };
  const premium = (side: Right): number => {
    const option: AmericanOption = { ...american, right: side, strike, vol: implied.vol };
    if (earlyExerciseBound(option) <= HALF_TICK) return 0;
    return americanPrice(option, STEPS) - europeanValue(option).price;
  };
  return { strike, callMid: callMid - premium("C"), putMid: putMid - premium("P") };
};

/** The ground that pairs of mids tell; parity's own refusal when they tell none. Pairs without two mids do not count. */
export const groundFrom = (
  pairs: readonly ParityQuote[],
  terms: ExpiryTerms,
): { readonly ground?: Ground; readonly parity: ParityForward } => {
  const { spot, years, rate, american, dividends } = terms;
  const carry = {
    spot: spot - dividendsWorth(dividends, years, rate),
    years,
    rate,
    dividendYield: 0,
    dividendsUnknown: dividends === undefined,
  };
  let parity = parityForward(pairs, carry);
  if (american && years > SHORT_YEARS) {
    const away = ({ strike }: ParityQuote): number => Math.abs(strike - spot);
    const nearest = pairs
      .filter(({ callMid, putMid }) => callMid >= 0 && putMid >= 0)
      .toSorted((a, b) => away(a) - away(b))
      .slice(0, NEAREST);
    for (let round = 0; round < FORWARD_ROUNDS && parity.kind !== "no-strikes"; round += 1) {
      const ground = groundOn(parity.forward, terms);
      const refined = parityForward(
        nearest.map((pair) => europeanPair(pair, ground)),
        carry,
      );
      if (refined.kind === "no-strikes") break;
      parity = refined;
    }
  }
  return parity.kind === "ok" ? { ground: groundOn(parity.forward, terms), parity } : { parity };
};
