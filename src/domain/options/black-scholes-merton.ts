/**
 * European option values and Greeks, on a spot with a continuous dividend yield (Black-Scholes-Merton) and on a forward
 * (Black 1976), which is how the engine prices: from the forward that put-call parity implies, so that it need not know the
 * dividends. Prices are dollars a share as doubles: model values, never a ledger. Early exercise is not in here.
 *
 * Formulas: E. G. Haug, "The Complete Guide to Option Pricing Formulas", ch. 1 and 2.
 */
import { assert } from "../assert.ts";
import type { Right } from "../contract.ts";
import { normalCdf, normalPdf } from "./normal.ts";

/** An option on a forward. */
export interface ForwardOption {
  readonly right: Right;
  readonly forward: number;
  readonly strike: number;
  /** Time to expiry; 0 at and after it. */
  readonly years: number;
  /** What a dollar at expiry is worth now. */
  readonly discount: number;
  /** Annual volatility: 0.20 is 20 %. */
  readonly vol: number;
}

/** An option on a spot. Rates are annual and continuously compounded. */
export interface SpotOption {
  readonly right: Right;
  readonly spot: number;
  readonly strike: number;
  readonly years: number;
  readonly rate: number;
  readonly dividendYield: number;
  readonly vol: number;
}

/** Sensitivities of one share's price. */
export interface Greeks {
  /** Per dollar of the underlying. */
  readonly delta: number;
  /** Change of delta per dollar of the underlying. */
  readonly gamma: number;
  /** Per 1.00 of volatility: divide by 100 for a vol point. */
  readonly vega: number;
  /** Per year that passes: divide by 365 for a calendar day. */
  readonly theta: number;
  /** Per 1.00 of the interest rate. */
  readonly rho: number;
}

export interface SpotGreeks extends Greeks {
  /** Per 1.00 of the dividend yield. */
  readonly dividendRho: number;
}

/** The value now of a dollar in `years`, at a continuous rate. */
export const discountFactor = (rate: number, years: number): number => Math.exp(-rate * years);

/** The forward that a spot carries to: spot × e^((rate − dividend yield) × years). */
export const carriedForward = (spot: number, rate: number, dividendYield: number, years: number): number =>
  spot * Math.exp((rate - dividendYield) * years);

const assertPriceable = (underlying: number, strike: number, years: number, vol: number): void => {
  assert(
    underlying > 0 && strike > 0 && underlying < Infinity && strike < Infinity,
    () => `cannot price ${strike} on ${underlying}`,
  );
  assert(
    years >= 0 && vol >= 0 && years < Infinity && vol < Infinity,
    () => `cannot price over ${years} years at volatility ${vol}`,
  );
};

/** Total deviation, and d1 and d2: at no deviation the option is worth what it is worth if nothing moves. */
const distances = (forward: number, strike: number, years: number, vol: number) => {
  const deviation = vol * Math.sqrt(years);
  const moneyness = Math.log(forward / strike);
  if (deviation === 0) {
    const certain = moneyness === 0 ? 0 : moneyness > 0 ? Infinity : -Infinity;
    return { deviation, d1: certain, d2: certain };
  }
  const d1 = moneyness / deviation + deviation / 2;
  return { deviation, d1, d2: d1 - deviation };
};

const signOf = (right: Right): 1 | -1 => (right === "C" ? 1 : -1);

/** The price of an option on a forward (Black 1976). At expiry, or without volatility, its discounted intrinsic value. */
export const blackPrice = ({ right, forward, strike, years, discount, vol }: ForwardOption): number => {
  assertPriceable(forward, strike, years, vol);
  const sign = signOf(right);
  const { d1, d2 } = distances(forward, strike, years, vol);
  return Math.max(0, discount * sign * (forward * normalCdf(sign * d1) - strike * normalCdf(sign * d2)));
};

/**
 * The Greeks of an option on a forward: delta and gamma per dollar of the *forward*, theta and rho with the forward held
 * still. `perSpot` turns delta and gamma into the underlying's. Gamma and vega are 0 at expiry and without volatility.
 */
export const blackGreeks = (option: ForwardOption): Greeks => {
  const { right, forward, strike, years, discount, vol } = option;
  const sign = signOf(right);
  const value = blackPrice(option);
  const { deviation, d1 } = distances(forward, strike, years, vol);
  const density = deviation === 0 ? 0 : discount * normalPdf(d1);
  const carry = years === 0 ? 0 : (-Math.log(discount) / years) * value;
  return {
    delta: sign * discount * normalCdf(sign * d1) + 0,
    gamma: deviation === 0 ? 0 : density / (forward * deviation),
    vega: forward * density * Math.sqrt(years),
    theta: carry - (deviation === 0 ? 0 : (forward * density * vol) / (2 * Math.sqrt(years))),
    rho: -years * value + 0,
  };
};

/** Forward delta and gamma as the underlying's, whose forward is in fixed proportion to its spot. */
export const perSpot = (greeks: Greeks, forward: number, spot: number): Greeks => {
  const leverage = forward / spot;
  return { ...greeks, delta: greeks.delta * leverage, gamma: greeks.gamma * leverage * leverage };
};

/** The price of an option on a spot with a continuous dividend yield (Black-Scholes-Merton). */
export const bsmPrice = ({ right, spot, strike, years, rate, dividendYield, vol }: SpotOption): number =>
  blackPrice({
    right,
    forward: carriedForward(spot, rate, dividendYield, years),
    strike,
    years,
    discount: discountFactor(rate, years),
    vol,
  });

/** The Greeks of an option on a spot. Gamma, vega and theta's decay are 0 at expiry and without volatility. */
export const bsmGreeks = ({ right, spot, strike, years, rate, dividendYield, vol }: SpotOption): SpotGreeks => {
  assertPriceable(spot, strike, years, vol);
  const sign = signOf(right);
  const { deviation, d1, d2 } = distances(carriedForward(spot, rate, dividendYield, years), strike, years, vol);
  const share = discountFactor(dividendYield, years);
  const density = deviation === 0 ? 0 : share * normalPdf(d1);
  const stockPart = sign * spot * share * normalCdf(sign * d1) + 0;
  const cashPart = sign * strike * discountFactor(rate, years) * normalCdf(sign * d2) + 0;
  const decay = deviation === 0 ? 0 : (spot * density * vol) / (2 * Math.sqrt(years));
  return {
    delta: stockPart / spot,
    gamma: deviation === 0 ? 0 : density / (spot * deviation),
    vega: spot * density * Math.sqrt(years),
    theta: dividendYield * stockPart - rate * cashPart - decay,
    rho: years * cashPart,
    dividendRho: -years * stockPart + 0,
  };
};
