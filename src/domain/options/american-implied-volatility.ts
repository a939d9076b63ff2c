/**
 * The volatility at which an American option is worth its market price, or the reason why there is none; in the kinds of
 * implied-volatility.ts. `below-intrinsic` names what exercise pays now; a price that is just that is `zero-vol`, since it fits every
 * volatility at which the option is best exercised at once.
 */
import type { AmericanOption } from "./american-option.ts";
import { carriedForward, discountFactor } from "./black-scholes-merton.ts";
import { dividendsWorth } from "./cash-dividends.ts";
import { earlyExerciseBound, intrinsic } from "./early-exercise.ts";
import { type ImpliedVolatility, impliedVolatility } from "./implied-volatility.ts";
import { AMERICAN_STEPS, americanPrice, europeanValue } from "./leisen-reimer.ts";

export interface AmericanQuote extends Omit<AmericanOption, "vol"> {
  /** Dollars a share. NaN when there is none. */
  readonly price: number;
  /** By how many dollars the price may be off because it is quoted in ticks. */
  readonly halfTick?: number;
}

/** The largest error of volatility that half a tick may cause: one vol point, as of European prices. */
const DETERMINED_WITHIN_VOL = 0.01;
/** Prices that agree to this share are the same, and those that agree to this share of half a tick. */
const SAME_PRICE = 1e-10;
const SAME_QUOTE = 0.01;
const MAX_ITERATIONS = 60;
/** A bracket of this share of the volatility is closed. */
const SAME_VOL = 1e-12;
/** Vega is measured over this share of the volatility. */
const VEGA_SHIFT = 0.02;
/** 1,000 % a year: no price needs more. */
const MOST_VOL = 10;

/**
 * Solves the quote for its volatility. Never throws: what cannot be solved has a name. Starts from the European answer, which is never
 * too low; where early exercise is worth nothing, or less than half a tick, it is that answer.
 */
export const americanImpliedVolatility = (quote: AmericanQuote, steps: number = AMERICAN_STEPS): ImpliedVolatility => {
  const { right, price, spot, strike, years, rate, dividendYield, dividends, halfTick = 0 } = quote;
  if (![price, spot, strike, years, rate, dividendYield, halfTick].every(Number.isFinite)) return { kind: "nan" };
  const bare = spot - dividendsWorth(dividends, years, rate);
  if (!(bare > 0 && strike > 0)) return { kind: "nan" };
  if (years <= 0) return { kind: "expired" };
  const now = intrinsic(right, spot, strike);
  const european = impliedVolatility({
    right,
    price,
    forward: carriedForward(bare, rate, dividendYield, years),
    strike,
    years,
    discount: discountFactor(rate, years),
    halfTick,
  });
  const start = "vol" in european ? european.vol : MOST_VOL;
  const option = { right, spot, strike, years, rate, dividendYield, vol: start, ...(dividends && { dividends }) };
  const bound = earlyExerciseBound(option);
  if (bound <= halfTick) return european;
  if (price === 0) return { kind: "zero-price" };
  if (now > 0 && Math.abs(price - now) <= SAME_PRICE * strike) return { kind: "zero-vol" };
  if (price < now) return { kind: "below-intrinsic", bound: now };
  const ceiling = right === "C" ? spot : strike;
  if (price >= ceiling) return { kind: "above-upper-bound", bound: ceiling };
  if (european.kind === "nan") return european;

  const excess = (vol: number): number => americanPrice({ ...option, vol }, steps) - price;
  const same = Math.max(SAME_PRICE * price, SAME_QUOTE * halfTick);
  let [low, high] = [0, start];
  let [atLow, atHigh] = [Number.NaN, excess(high)];
  while (atHigh < -same) {
    if (high >= MOST_VOL) return { kind: "above-upper-bound", bound: price + atHigh };
    [low, atLow] = [high, atHigh];
    high = Math.min(MOST_VOL, high * 1.1 + 0.01);
    atHigh = excess(high);
  }
  let [vol, error] = [high, atHigh];
  // European vega first, then the chord; the end that stays twice is halved (Illinois), so that both ends close in.
  let next = "vega" in european && european.vega > 0 ? high - atHigh / european.vega : Number.NaN;
  let kept = 0;
  for (let iteration = 0; iteration < MAX_ITERATIONS && Math.abs(error) > same && high - low > SAME_VOL * high; iteration++) {
    if (Number.isNaN(atLow) && !(next > 0)) {
      atLow = excess(0);
      // With no movement at all it is worth more already: the forward, which is the market's, may have it so.
      if (atLow >= -same) return atLow <= same ? { kind: "zero-vol" } : { kind: "below-intrinsic", bound: price + atLow };
    }
    vol = next > low && next < high ? next : (low + high) / 2;
    error = excess(vol);
    if (error > 0) {
      const steeper = (atHigh - error) / (high - vol);
      [high, atHigh] = [vol, error];
      if (kept < 0) atLow /= 2;
      kept = -1;
      if (Number.isNaN(atLow)) {
        next = vol - error / steeper;
        continue;
      }
    } else {
      [low, atLow] = [vol, error];
      if (kept > 0) atHigh /= 2;
      kept = 1;
    }
    next = (low * atHigh - high * atLow) / (atHigh - atLow);
  }
  const shift = VEGA_SHIFT * vol;
  const [here, above] = [europeanValue({ ...option, vol }), europeanValue({ ...option, vol: vol + shift })];
  // The European part in closed form: in the wings it bends over any shift that the trees could do with.
  const vega = here.vega + (excess(vol + shift) - error - (above.price - here.price)) / shift;
  if (!(vol > 0 && vega > 0)) return { kind: "zero-vol" };
  return { kind: halfTick <= DETERMINED_WITHIN_VOL * vega ? "ok" : "ill-conditioned", vol, vega };
};
