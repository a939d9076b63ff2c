/**
 * What the options of one expiry say about volatility: at the money, and of the put and the call whose |delta| is a quarter. It looks
 * in two stages to spare market data lines: six options around the money tell forward and volatility, then a few further out on each
 * side bracket the delta. A figure that the quotes do not tell has a reason.
 */
import { daysToExpiry, yearsToExpiry } from "../calendar/time-to-expiry.ts";
import type { OptionContract, Right } from "../contract.ts";
import type { OptionParameters } from "../events/broker.ts";
import type { DividendExpected } from "../events/weather.ts";
import { type FreshnessLimits, staleness } from "../freshness.ts";
import { dividendsAhead } from "../options/cash-dividends.ts";
import { type Ground, groundFrom, isInTheMoney } from "../options/expiry-ground.ts";
import { measuresOf } from "../options/priced-option.ts";
import { midOf } from "../quote.ts";
import { type Chain, nearestStrikes, optionAt, strikesOf } from "../strategies/chain.ts";
import { quoteRefusal } from "../strategies/hygiene.ts";
import { strikeOfDelta } from "../strategies/short-strike.ts";
import type { QuoteBook } from "../structure-quote.ts";
import { type EpochMs, type Price, price, type TradingDay, UNITS_PER_DOLLAR } from "../units.ts";

/** One expiry at an instant. Quotes that may not be acted upon do not count. */
export interface ExpiryView {
  readonly chain: Chain;
  readonly quotes: QuoteBook;
  readonly spot: Price;
  readonly now: EpochMs;
  readonly riskFreeRatePct: number;
  readonly freshness: FreshnessLimits;
  /** Its options may be exercised early. */
  readonly american: boolean;
  /** The next one; absent: not known. */
  readonly dividend?: DividendExpected;
}
export type VolFigure = { readonly known: true; readonly vol: number } | { readonly known: false; readonly missing: string };
export interface ExpiryVols {
  readonly atm: VolFigure;
  readonly put25: VolFigure;
  readonly call25: VolFigure;
}

const unknown = (missing: string): VolFigure => ({ known: false, missing });

// ── which expiries and strikes ──
/** Calendar days that the expiries shall be nearest to. */
export const TERM_DAYS = { near: 30, skew: 45, far: 90 } as const;
/** In the last days an option's volatility is the volatility of single events. */
const FEWEST_DAYS = 8;
const STANDARD_MULTIPLIER = 100;

export interface SurveyedExpiries {
  readonly near: TradingDay;
  readonly skew: TradingDay;
  readonly far: TradingDay;
}
/** The expiries to look at, or why there are none. Of two as near, the later. */
export const surveyedExpiries = (
  parameters: readonly OptionParameters[],
  tradingClass: string,
  today: TradingDay,
): SurveyedExpiries | string => {
  const rows = parameters.filter((row) => row.multiplier === STANDARD_MULTIPLIER && row.tradingClass === tradingClass);
  const listing = rows.find((row) => row.exchange === "SMART") ?? rows[0];
  if (listing === undefined) return `no options of class ${tradingClass} are listed`;
  const listed = listing.expirations.filter((expiry) => daysToExpiry(today, expiry) >= FEWEST_DAYS);
  const nearest = (days: number): TradingDay | undefined =>
    listed.toSorted(
      (a, b) => Math.abs(daysToExpiry(today, a) - days) - Math.abs(daysToExpiry(today, b) - days) || (a < b ? 1 : -1),
    )[0];
  const [near, skew, far] = [nearest(TERM_DAYS.near), nearest(TERM_DAYS.skew), nearest(TERM_DAYS.far)];
  if (near === undefined || skew === undefined || far === undefined)
    return `no options of class ${tradingClass} have ${FEWEST_DAYS} days or more to go`;
  return { near, skew, far };
};

/** Strikes kept of an expiry: one for each half percent, up to 35 % from the money. */
const GRID = 0.005;
const GRID_REACH = 70;
/** The chain with the few strikes that a survey may ask for: both rights listed, evenly spread about a price. */
export const thinned = (chain: Chain, spot: Price): Chain => {
  const puts = new Set<number>(strikesOf(chain, "P"));
  const both = strikesOf(chain, "C").filter((strike) => puts.has(strike));
  const kept = new Set<number>();
  let i = 0;
  for (let step = -GRID_REACH; step <= GRID_REACH; step += 1) {
    const target = spot * Math.exp(step * GRID);
    const off = (at: number): number => Math.abs((both[at] ?? Number.POSITIVE_INFINITY) - target);
    while (off(i + 1) <= off(i) && i + 1 < both.length) i += 1;
    const strike = both[i];
    if (strike !== undefined && off(i) <= spot * GRID) kept.add(strike);
  }
  return { ...chain, options: chain.options.filter(([, strike]) => kept.has(strike)) };
};

const STRIKES_NEAR_THE_MONEY = 3;
/** Calls and puts of the strikes around the money. */
export const nearTheMoney = (chain: Chain, spot: Price): readonly OptionContract[] =>
  nearestStrikes(strikesOf(chain, "C"), spot, STRIKES_NEAR_THE_MONEY).flatMap((strike) =>
    (["C", "P"] as const).map((right) => optionAt(chain, strike, right)).filter((option) => option !== undefined),
  );

// ── what the quotes say ──
/** A forward further from the strikes that are measured than this share says nothing about the money. */
const FURTHEST_FROM_MONEY = 0.02;

/** NaN where the quote may not be acted upon, or is none that a strategy would use. */
const midDollars = (view: ExpiryView, [conId, strike, right]: Chain["options"][number]): number => {
  const { quotes, now, freshness, spot, american } = view;
  const quote = quotes[conId];
  if (quote === undefined || quoteRefusal(quote, { strike, right, spot, american })?.still === "nothing") return Number.NaN;
  const mid = staleness(quote, "leg", now, freshness) === undefined ? midOf(quote) : undefined;
  return mid === undefined ? Number.NaN : mid / UNITS_PER_DOLLAR;
};

const groundOf = (view: ExpiryView): Ground | string => {
  const { chain, now } = view;
  const years = yearsToExpiry(now, chain.expiry);
  const rate = view.riskFreeRatePct / 100;
  const spot = view.spot / UNITS_PER_DOLLAR;
  const mids = new Map<number, { C?: number; P?: number }>();
  for (const option of chain.options) {
    const [conId, strike, right] = option;
    if (view.quotes[conId] !== undefined) mids.set(strike, { ...mids.get(strike), [right]: midDollars(view, option) });
  }
  const pairs = [...mids].map(([strike, { C, P }]) => ({
    strike: strike / UNITS_PER_DOLLAR,
    callMid: C ?? Number.NaN,
    putMid: P ?? Number.NaN,
  }));
  const dividends = dividendsAhead(view.dividend, now, chain.expiry);
  const { ground, parity } = groundFrom(pairs, { spot, years, rate, american: view.american, dividends });
  if (ground !== undefined) return ground;
  return parity.kind === "no-strikes"
    ? "no strike near the money has both mids"
    : `the options' forward ${parity.forward.toFixed(2)} is off the spot's ${parity.expected.toFixed(2)}`;
};

/** An option out of the money; |delta|. */
interface Measured {
  readonly strike: number;
  readonly vol: number;
  readonly delta: number;
}
/** Volatility and delta of each option out of the money whose quote tells them for sure; nearest the money first. */
const outOfTheMoney = (view: ExpiryView, ground: Ground, right: Right): readonly Measured[] => {
  const measured = view.chain.options.flatMap((option): readonly Measured[] => {
    const [conId, at, side] = option;
    const strike = at / UNITS_PER_DOLLAR;
    if (side !== right || view.quotes[conId] === undefined || isInTheMoney(right, strike, ground.forward)) return [];
    const measures = measuresOf(ground, right, strike, { own: midDollars(view, option), otherSide: Number.NaN });
    return measures?.sure ? [{ strike, vol: measures.vol, delta: Math.abs(measures.delta) }] : [];
  });
  return measured.sort((a, b) => (right === "C" ? a.strike - b.strike : b.strike - a.strike));
};

/** Between the nearest put below the forward and the nearest call above it, straight in the strike. */
const atTheMoney = ({ forward }: Ground, puts: readonly Measured[], calls: readonly Measured[]): VolFigure => {
  const points = [puts[0], calls[0]]
    .filter((option) => option !== undefined)
    .filter(({ strike }) => Math.abs(strike - forward) <= FURTHEST_FROM_MONEY * forward);
  const [low, high] = points;
  if (low === undefined) return unknown("no option near the money tells a volatility");
  if (high === undefined || high.strike === low.strike) return { known: true, vol: low.vol };
  const share = (forward - low.strike) / (high.strike - low.strike);
  return { known: true, vol: low.vol + share * (high.vol - low.vol) };
};

const QUARTER = 0.25;
/** Neighbours further apart in delta do not tell what lies between them. */
const WIDEST_BRACKET = 0.15;
/** A single option so near to the target is as good as a bracket. */
const NEAR_ENOUGH = 0.015;
const nearestOf = (options: readonly Measured[]): Measured | undefined =>
  options.toSorted((a, b) => Math.abs(a.delta - QUARTER) - Math.abs(b.delta - QUARTER))[0];

/** Out of the money |delta| falls with the distance: the first pair that passes the target brackets it, whatever noise lies further out. */
const atQuarter = (outward: readonly Measured[]): VolFigure => {
  let inner: Measured | undefined;
  for (const outer of outward) {
    if (inner !== undefined && outer.delta < QUARTER) {
      const width = inner.delta - outer.delta;
      if (width > WIDEST_BRACKET) break;
      return { known: true, vol: outer.vol + ((QUARTER - outer.delta) / width) * (inner.vol - outer.vol) };
    }
    if (outer.delta >= QUARTER) inner = outer;
  }
  const nearest = nearestOf(outward);
  if (nearest !== undefined && Math.abs(nearest.delta - QUARTER) <= NEAR_ENOUGH) return { known: true, vol: nearest.vol };
  return unknown(nearest === undefined ? "no option is measured" : `the nearest delta is ${nearest.delta.toFixed(2)}`);
};

/** All that the quotes of one expiry say. */
export const expiryVols = (view: ExpiryView): ExpiryVols => {
  const ground = groundOf(view);
  if (typeof ground === "string") return { atm: unknown(ground), put25: unknown(ground), call25: unknown(ground) };
  const [puts, calls] = [outOfTheMoney(view, ground, "P"), outOfTheMoney(view, ground, "C")];
  return { atm: atTheMoney(ground, puts, calls), put25: atQuarter(puts), call25: atQuarter(calls) };
};

/**
 * Where on a flat smile to look first, in multiples of the volatility at the money: skew makes puts dearer and calls cheaper. Later
 * the smile is known nearby, and the strikes of these deltas bracket the target.
 */
const FIRST_LOOK: { readonly [R in Right]: readonly number[] } = { P: [1, 1.2, 1.4], C: [0.75, 0.9, 1.05] };
const LATER_LOOK = [0.3, QUARTER, 0.2] as const;
/** From here inwards an option tells little about the smile at the target. */
const KNOWN_NEARBY = { from: 0.14, to: 0.38 } as const;

/** The options to be quoted next so that the quarter deltas get known: at most three a side; none when they are, or cannot get known. */
export const wingsWanted = (view: ExpiryView): readonly OptionContract[] => {
  const ground = groundOf(view);
  if (typeof ground === "string") return [];
  const vols = expiryVols(view);
  if (!vols.atm.known) return [];
  const { vol } = vols.atm;
  return (["P", "C"] as const).flatMap((right) => {
    if ((right === "P" ? vols.put25 : vols.call25).known) return [];
    const nearest = nearestOf(outOfTheMoney(view, ground, right));
    const wished =
      nearest !== undefined && nearest.delta >= KNOWN_NEARBY.from && nearest.delta <= KNOWN_NEARBY.to
        ? LATER_LOOK.map((delta) => strikeOfDelta(right, delta, nearest.vol, ground))
        : FIRST_LOOK[right].map((factor) => strikeOfDelta(right, QUARTER, vol * factor, ground));
    const strikes = new Set(wished.flatMap((at) => nearestStrikes(strikesOf(view.chain, right), price(at), 1)));
    return [...strikes]
      .map((strike) => optionAt(view.chain, strike, right))
      .filter((option) => option !== undefined && view.quotes[option.conId] === undefined) as OptionContract[];
  });
};
