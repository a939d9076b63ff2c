/**
 * Where the underlying may end, in the risk-neutral lognormal world of a volatility: estimates for ranking and display, not
 * forecasts, and blind to the skew unless the volatility given is the strike's own.
 */
import { assert } from "../assert.ts";
import type { Right } from "../contract.ts";
import { normalCdf } from "./normal.ts";

/** The world at expiry: centred on the forward, as wide as the volatility over the years left. */
export interface Outlook {
  readonly forward: number;
  readonly years: number;
  readonly vol: number;
}

/** The standardised distance from a price down to zero's side: P(end below price) = N(−d2(price)). */
const d2 = ({ forward, years, vol }: Outlook, level: number): number => {
  assert(forward > 0 && years >= 0 && vol >= 0, () => `no outlook from ${forward} over ${years} years at volatility ${vol}`);
  if (level <= 0) return Infinity;
  if (level === Infinity) return -Infinity;
  const moneyness = Math.log(forward / level);
  const deviation = vol * Math.sqrt(years);
  if (deviation === 0) return moneyness === 0 ? 0 : moneyness > 0 ? Infinity : -Infinity;
  return moneyness / deviation - deviation / 2;
};

/** The probability that an option ends in the money. With nothing left to happen: 1, 0, or one half exactly at the strike. */
export const probabilityInTheMoney = (right: Right, strike: number, outlook: Outlook): number =>
  normalCdf((right === "C" ? 1 : -1) * d2(outlook, strike));
