/**
 * Which contracts of a chain cannot be used, each by name and with its reason: strikes of adjusted contracts, two contracts of one
 * strike and right, crossed and stub quotes, prices below exercise, nobody who bids, too little open interest, and the holes where a strike should be. None is dropped in
 * silence: what is refused here is shown in the funnel. Whether chain and underlying belong together is the forward's business.
 */
import type { WhenUnknown } from "../config.ts";
import type { Right } from "../contract.ts";
import type { RefusedContracts } from "../facts.ts";
import { isAmericanOn } from "../options/american-option.ts";
import { intrinsic } from "../options/early-exercise.ts";
import type { Quote } from "../quote.ts";
import { formatPrice, type Price, priceUnits } from "../units.ts";
import { type Chain, NAMED_AT_MOST } from "./chain.ts";
import type { Scene } from "./strategy.ts";

/** What a refused contract may still be used for: `measure` its volatility, `buy` it as a wing that nobody bids for. */
export interface Refusal {
  readonly reason: string;
  readonly still: "nothing" | "measure" | "buy";
}
export interface Hygiene {
  readonly refusals: ReadonlyMap<number, Refusal>;
  readonly refused: RefusedContracts;
  /** Quoted contracts without a refusal. */
  readonly usable: number;
  readonly quoted: number;
  /** Open interest was asked for, is not known of some contract, and the configuration lets that pass. */
  readonly interestSkipped: boolean;
}

/** Exchanges list strikes in steps of half a dollar and its multiples; what splits and payouts have adjusted falls between. */
const LISTED_STEP = 5_000;
/** A spread wider than its own middle, and than this, is a placeholder of a market maker and no price. */
const STUB_LEAST_SPREAD = 2_500;
/** A bid this far below what exercise pays tells of a stale or adjusted contract: share of that value, and of spot. */
const BELOW_INTRINSIC = 0.25;
const BELOW_INTRINSIC_OF_SPOT = 0.01;
/** What can be exercised at once costs no less than that, but for what spot and quote are apart in time: share of spot. */
const APART_IN_TIME = 0.001;
/** Legs lie within this share of spot; further out, a grid may have what holes it likes. */
const NEAR_SPOT = 0.15;
/** A gap is a hole when it is so much wider than the gaps on both its sides. */
const HOLE = 1.5;

export const isAdjusted = (strike: Price): boolean => strike % LISTED_STEP !== 0;

const say = (value: number): string => formatPrice(priceUnits(value));

/** An option as its chain lists it, and the price of what it is on. */
export interface Listed {
  readonly strike: Price;
  readonly right: Right;
  readonly spot: number;
  readonly american: boolean;
}

/** What is wrong with a two-sided quote, or with what is there of one. */
export const quoteRefusal = ({ bid, ask, crossed }: Quote, { strike, right, spot, american }: Listed): Refusal | undefined => {
  if (bid === undefined || ask === undefined) return undefined;
  const [bought, offered] = [bid ?? 0, ask ?? Number.POSITIVE_INFINITY];
  if (crossed === true || bought > offered) return { reason: "crossed", still: "nothing" };
  if (ask === null) return { reason: "nobody offers it", still: "nothing" };
  const spread = offered - bought;
  if (spread > STUB_LEAST_SPREAD && spread > (bought + offered) / 2)
    return { reason: `stub quote: ${say(bought)} bid, ${say(offered)} asked`, still: "nothing" };
  const exercised = intrinsic(right, spot, strike);
  const least = exercised - Math.max(BELOW_INTRINSIC * exercised, BELOW_INTRINSIC_OF_SPOT * spot);
  if (bought < least) return { reason: `bid ${say(bought)} far below the ${say(exercised)} of exercise`, still: "nothing" };
  if (american && offered < exercised - APART_IN_TIME * spot)
    return { reason: `asked ${say(offered)}, less than the ${say(exercised)} of exercise`, still: "nothing" };
  return bought > 0 ? undefined : { reason: "nobody bids: it cannot be sold", still: "buy" };
};

const interestRefusal = ({ openInterest }: Quote, least: number, whenUnknown: WhenUnknown): Refusal | undefined => {
  if (least <= 0) return undefined;
  if (openInterest === undefined)
    return whenUnknown === "skip" ? undefined : { reason: "open interest is not known", still: "measure" };
  return openInterest >= least ? undefined : { reason: `open interest ${openInterest} below ${least}`, still: "measure" };
};

/** Gaps in the grid of one side near the money: from a strike to the next, where one or more are missing between. */
export const holesOf = (strikes: readonly Price[], spot: number): readonly (readonly [from: Price, to: Price])[] => {
  const gap = (n: number): number => (strikes[n + 1] as number) - (strikes[n] as number);
  const holes: [Price, Price][] = [];
  for (let n = 1; n + 2 < strikes.length; n += 1) {
    const [from, to] = [strikes[n] as Price, strikes[n + 1] as Price];
    const near = Math.abs(from - spot) <= NEAR_SPOT * spot && Math.abs(to - spot) <= NEAR_SPOT * spot;
    if (near && gap(n) > HOLE * Math.max(gap(n - 1), gap(n + 1))) holes.push([from, to]);
  }
  return holes;
};

/** Looks at every contract of the scene that has a quote, and at the grid of strikes. */
export const hygieneOf = ({ config, chain, quotes, spot }: Pick<Scene, "config" | "chain" | "quotes" | "spot">): Hygiene => {
  const least = config.entry.minOpenInterest;
  const whenUnknown = config.filters.openInterest?.whenUnknown ?? "skip";
  const refusals = new Map<number, Refusal>();
  const found: { readonly contract: string; readonly reason: string; readonly away: number }[] = [];
  let quoted = 0;
  let interestSkipped = false;
  const american = isAmericanOn(config.underlyingSecType);
  const refusalOf = (quote: Quote, strike: Price, right: Right): Refusal | undefined => {
    const ofQuote = quoteRefusal(quote, { strike, right, spot, american });
    return ofQuote?.still === "nothing" ? ofQuote : (interestRefusal(quote, least, whenUnknown) ?? ofQuote);
  };
  const regular: { readonly [R in Right]: Price[] } = { C: [], P: [] };
  // Ascending by strike, calls first: what claims the same place stands side by side.
  const isTwin = (n: number): boolean => {
    const [, strike, right] = chain.options[n] as Chain["options"][number];
    return [n - 1, n + 1].some((at) => chain.options[at]?.[1] === strike && chain.options[at]?.[2] === right);
  };
  for (const [n, [conId, strike, right]] of chain.options.entries()) {
    const adjusted = isAdjusted(strike);
    if (!adjusted) regular[right].push(strike);
    const quote = quotes[conId];
    if (quote !== undefined) quoted += 1;
    const refusal: Refusal | undefined = adjusted
      ? { reason: "not on the grid of strikes: an adjusted contract", still: "nothing" }
      : isTwin(n)
        ? { reason: "another contract has the same strike and right", still: "nothing" }
        : quote === undefined
          ? undefined
          : refusalOf(quote, strike, right);
    if (quote !== undefined && least > 0 && quote.openInterest === undefined && whenUnknown === "skip") interestSkipped = true;
    if (refusal === undefined) continue;
    refusals.set(conId, refusal);
    found.push({ contract: `${strike / 10_000}${right}`, reason: refusal.reason, away: Math.abs(strike - spot) });
  }
  for (const right of ["P", "C"] as const) {
    for (const [from, to] of holesOf(regular[right], spot)) {
      const contract = `${from / 10_000}-${to / 10_000}${right}`;
      found.push({ contract, reason: "a hole in the chain: nothing is listed between", away: Math.abs(from - spot) });
    }
  }
  const usable = chain.options.filter(([conId]) => quotes[conId] !== undefined && !refusals.has(conId)).length;
  // Those near the money are named: they are the ones that somebody misses.
  const near = found.toSorted((a, b) => a.away - b.away).map(({ contract, reason }) => ({ contract, reason }));
  const named = [...(chain.refused?.named ?? []), ...near].slice(0, NAMED_AT_MOST);
  const refused = { count: (chain.refused?.count ?? 0) + found.length, named };
  return { refusals, refused, usable, quoted, interestSkipped };
};

/** Strikes of one side that may be used at all, ascending. */
export const regularStrikes = (chain: Chain, right: Right): Price[] =>
  chain.options.filter(([, strike, side]) => side === right && !isAdjusted(strike)).map(([, strike]) => strike);
