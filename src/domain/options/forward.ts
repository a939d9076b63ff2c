/**
 * The forward that an expiry's own option prices imply: put-call parity at the strikes nearest to the money.
 *
 * It carries the market's dividends, borrow and rates, so that calls and puts of a strike get one volatility. American
 * options obey parity only nearly; what is done about that is said in expiry-ground.ts.
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
  /** Nobody knows what the underlying pays: neither in spot nor in the yield is anything of it. */
  readonly dividendsUnknown?: boolean;
}

/** `expected`: the spot carried to expiry. `offPct`: by how much the forward is above it (below: negative), `limitPct` how much of that passes. */
interface OffSpot {
  readonly forward: number;
  readonly expected: number;
  readonly offPct: number;
  readonly limitPct: number;
}
export type ParityForward =
  | ({ readonly kind: "ok"; readonly strikes: number } & OffSpot)
  /** No strike near the money has both mids. */
  | { readonly kind: "no-strikes" }
  /** The chain and the underlying do not belong together: one of them is stale, adjusted or wrong. */
  | ({ readonly kind: "off-spot" } & OffSpot);

/** Strikes further from the money tell more about early exercise and wide quotes than about the forward. */
const NEAR_THE_MONEY = 0.05;
/** An odd number, so that a single wrong quote never moves the median beyond its neighbours. */
const STRIKES_ASKED = 7;
const LARGEST_OFF_PCT = 1;
/**
 * What is paid and not known puts the forward below the carried spot, further with every year: of a large fund 1.3 % of it. Within 60
 * days, where positions are entered, hardly anything; beyond, up to this much a year is taken for dividends.
 */
const UNKNOWN_YIELD_PCT = 3;
const UNKNOWN_AFTER_YEARS = 61 / 365;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
};

const limitOf = (isBelow: boolean, { years, dividendsUnknown = false }: Carry): number =>
  LARGEST_OFF_PCT + (isBelow && dividendsUnknown ? UNKNOWN_YIELD_PCT * Math.max(0, years - UNKNOWN_AFTER_YEARS) : 0);

/**
 * The median of strike + (call − put) / discount over up to seven strikes within 5 % of the carried spot; refused when it is
 * more than 1 % away from that, or, below it and later than in 60 days, more than dividends that nobody knows explain. Strikes without
 * two finite, non-negative mids do not count.
 */
export const parityForward = (quotes: readonly ParityQuote[], carry: Carry): ParityForward => {
  const { spot, years, rate, dividendYield } = carry;
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
  const offPct = (forward / expected - 1) * 100;
  const limitPct = limitOf(offPct < 0, carry);
  const found = { forward, expected, offPct, limitPct };
  return Math.abs(offPct) > limitPct ? { kind: "off-spot", ...found } : { kind: "ok", ...found, strikes: implied.length };
};
