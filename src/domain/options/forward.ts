/**
 * The forward that an expiry's own option prices imply: put-call parity at the strikes nearest to the money.
 *
 * It carries the market's dividends, borrow and rates, so that calls and puts of a strike get one volatility. American
 * options obey parity only nearly; near the money, and without a large dividend ahead, the difference is within the spread.
 */

/** Mid prices of a strike's call and put, in dollars a share. */
export interface ParityQuote {
  readonly strike: number;
  readonly callMid: number;
  readonly putMid: number;
}

/** What the forward is expected near: the spot, carried to expiry. */
export interface Carry {
  readonly spot: number;
  readonly years: number;
  /** Annual, continuously compounded. */
  readonly rate: number;
  readonly dividendYield: number;
}

export type ParityForward =
  | { readonly kind: "ok"; readonly forward: number; readonly strikes: number }
  /** No strike near the money has both mids. */
  | { readonly kind: "no-strikes" }
  /** The chain and the underlying do not belong together: one of them is stale, adjusted or wrong. */
  | { readonly kind: "off-spot"; readonly forward: number; readonly expected: number };

/** Strikes further from the money tell more about early exercise and wide quotes than about the forward. */
const NEAR_THE_MONEY = 0.05;
/** An odd number, so that a single wrong quote never moves the median beyond its neighbours. */
const STRIKES_ASKED = 7;
const LARGEST_DEVIATION = 0.01;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
};

/**
 * The median of strike + (call − put) / discount over up to seven strikes within 5 % of the carried spot; refused when it is
 * more than 1 % away from that. Strikes without two finite, non-negative mids do not count.
 */
export const parityForward = (quotes: readonly ParityQuote[], { spot, years, rate, dividendYield }: Carry): ParityForward => {
  const expected = spot * Math.exp((rate - dividendYield) * years);
  const distance = ({ strike }: ParityQuote): number => Math.abs(strike - expected);
  const implied = quotes
    .filter(({ callMid, putMid }) => callMid >= 0 && putMid >= 0 && callMid < Infinity && putMid < Infinity)
    .filter((quote) => distance(quote) <= NEAR_THE_MONEY * expected)
    .toSorted((a, b) => distance(a) - distance(b) || a.strike - b.strike)
    .slice(0, STRIKES_ASKED)
    .map(({ strike, callMid, putMid }) => strike + (callMid - putMid) * Math.exp(rate * years));
  if (implied.length === 0) return { kind: "no-strikes" };
  const forward = median(implied);
  if (Math.abs(forward - expected) > LARGEST_DEVIATION * expected) return { kind: "off-spot", forward, expected };
  return { kind: "ok", forward, strikes: implied.length };
};
