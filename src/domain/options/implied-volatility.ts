/**
 * The volatility at which the Black price of an option is its market price, or the reason why there is none.
 *
 * The price is first stripped of its intrinsic value, so that deep in-the-money options are solved as the out-of-the-money
 * options that parity makes of them, and scaled to one forward and one discounted dollar: a function of log-moneyness and
 * total deviation alone (P. Jäckel, "Let's be rational", 2015). A safeguarded Newton then runs on that function in the shape
 * in which it is nearly straight, so that wings of 1e-8 dollar converge as quickly as the money.
 */
import type { Right } from "../contract.ts";
import { normalCdf, normalPdf } from "./normal.ts";

export interface OptionQuote {
  readonly right: Right;
  /** Dollars a share. NaN when there is none. */
  readonly price: number;
  readonly forward: number;
  readonly strike: number;
  readonly years: number;
  readonly discount: number;
  /** By how many dollars the price may be off because it is quoted in ticks. Without it the price is taken as exact. */
  readonly halfTick?: number;
}

/**
 * `ill-conditioned`: a volatility fits, but half a tick is worth more than a vol point, so the price does not tell it.
 * `zero-vol`: the price is the discounted intrinsic value and leaves nothing for volatility. `nan`: some number is missing, or
 * beyond what a double can reckon with.
 */
export type ImpliedVolatility =
  | { readonly kind: "ok"; readonly vol: number; readonly vega: number }
  | { readonly kind: "ill-conditioned"; readonly vol: number; readonly vega: number }
  | { readonly kind: "below-intrinsic"; readonly bound: number }
  | { readonly kind: "above-upper-bound"; readonly bound: number }
  | { readonly kind: "zero-vol" }
  | { readonly kind: "zero-price" }
  | { readonly kind: "expired" }
  | { readonly kind: "nan" };

/** The largest error of volatility that half a tick may cause: one vol point. */
const DETERMINED_WITHIN_VOL = 0.01;
/** What rounding may do to a difference of two discounted amounts, per dollar of their sum. */
const ROUNDING = 4 * Number.EPSILON;
const MAX_ITERATIONS = 100;
/** A relative step of Newton's this small leaves an error of about its square, below a double's last digit. */
const CONVERGED = 1e-9;

/** Solves the quote for its volatility. Never throws: what cannot be solved has a name. */
export const impliedVolatility = ({
  right,
  price,
  forward,
  strike,
  years,
  discount,
  halfTick = 0,
}: OptionQuote): ImpliedVolatility => {
  const known = [price, forward, strike, years, discount, halfTick, discount * (forward + strike)];
  if (!known.every(Number.isFinite)) return { kind: "nan" };
  if (forward <= 0 || strike <= 0 || discount <= 0) return { kind: "nan" };
  if (years <= 0) return { kind: "expired" };
  if (price === 0) return { kind: "zero-price" };
  const floor = Math.max(0, discount * (right === "C" ? forward - strike : strike - forward));
  const ceiling = discount * (right === "C" ? forward : strike);
  const rounding = ROUNDING * discount * (forward + strike);
  const timeValue = price - floor;
  if (floor > 0 && Math.abs(timeValue) <= rounding) return { kind: "zero-vol" };
  if (timeValue < 0) return { kind: "below-intrinsic", bound: floor };
  if (price >= ceiling - rounding) return { kind: "above-upper-bound", bound: ceiling };

  const scale = discount * Math.sqrt(forward) * Math.sqrt(strike);
  const x = -Math.abs(Math.log(forward / strike));
  const deviation = deviationOf(x, timeValue / scale);
  const vol = deviation / Math.sqrt(years);
  const vega = scale * slope(x, deviation) * Math.sqrt(years);
  if (!(vol > 0 && vol < Infinity && vega < Infinity)) return { kind: "nan" };
  const priceError = Math.max(halfTick, floor > 0 ? rounding : 0);
  const kind = priceError <= DETERMINED_WITHIN_VOL * vega ? "ok" : "ill-conditioned";
  return { kind, vol, vega };
};

/** The scaled price of an out-of-the-money option: log-moneyness x ≤ 0, total deviation s > 0. */
const scaledPrice = (x: number, s: number): number =>
  Math.exp(x / 2) * normalCdf(x / s + s / 2) - Math.exp(-x / 2) * normalCdf(x / s - s / 2);

/** d scaledPrice / d s. */
const slope = (x: number, s: number): number => Math.exp(x / 2) * normalPdf(x / s + s / 2);

/** One look at a deviation: how far it is too large (any increasing measure), and where Newton would go. */
type Look = (s: number) => { readonly excess: number; readonly next: number };

/** Low prices: 1 / ln(price) is nearly straight in s². */
const lowPrice = (x: number, target: number): Look => {
  const logTarget = Math.log(target);
  return (s) => {
    const value = scaledPrice(x, s);
    const log = Math.log(value);
    return { excess: log - logTarget, next: s + (log * (1 - log / logTarget) * value) / slope(x, s) };
  };
};

/** Higher prices: above its inflection the price itself is concave, and Newton climbs to the root from below. */
const highPrice = (x: number, target: number): Look => {
  return (s) => {
    const excess = scaledPrice(x, s) - target;
    return { excess, next: s - excess / slope(x, s) };
  };
};

/** The total deviation that gives a scaled price. Newton inside a bracket; where Newton would leave it, the bracket is halved. */
const deviationOf = (x: number, target: number): number => {
  const inflection = Math.sqrt(-2 * x);
  const isLow = x < 0 && target < scaledPrice(x, inflection);
  const look = isLow ? lowPrice(x, target) : highPrice(x, target);
  let low = isLow ? 0 : inflection;
  let high = isLow ? inflection : Infinity;
  // A price near the money is about s / √(2π).
  let s = isLow ? inflection : Math.max(inflection, Math.sqrt(2 * Math.PI) * target);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration += 1) {
    const { excess, next } = look(s);
    // Only a step of Newton's tells how near the root is; a halved bracket may be short and still miss it.
    if (Math.abs(next - s) <= CONVERGED * s) return next;
    if (excess > 0) high = s;
    else low = s;
    const inBracket = next > low && next < high;
    s = inBracket ? next : high === Infinity ? 2 * s : (low + high) / 2;
  }
  return s;
};
