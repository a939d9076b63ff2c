/**
 * The whole portfolio in the units of its limits: every position and every order that may still fill, beta-weighted to SPY.
 *
 *   delta  Σ shares × spot × beta / spot of SPY                     share-equivalents of SPY, per 100,000 USD of equity
 *   gamma  what that delta gains when SPY rises by 1 % and each underlying by beta times as much
 *   theta  USD a day, percent of equity        vega  USD lost when volatility rises by 10 points, percent of equity
 *
 * One figure that is not known makes the sum unknown: there is no portfolio "as far as known".
 */
import type { PortfolioLimits } from "../config.ts";
import type { Money, Price } from "../units.ts";
import type { PositionGreeks } from "./greeks.ts";

/** What one slot holds or may come to hold. Null is unknown. */
export interface Exposure {
  readonly symbol: string;
  readonly maxLoss: Money;
  readonly greeks: PositionGreeks | null;
  readonly spot: Price | null;
}
/** What the sums are measured against. */
export interface Yardstick {
  readonly equity: Money;
  readonly spySpot: Price | null;
  readonly limits: PortfolioLimits;
}
export const PORTFOLIO_MEASURES = ["delta", "gamma", "theta", "vega"] as const;
export type PortfolioMeasure = (typeof PORTFOLIO_MEASURES)[number];
export const MEASURE_UNITS: { readonly [M in PortfolioMeasure]: string } = {
  delta: "shares of SPY per 100,000 USD",
  gamma: "shares of SPY per 1 % and 100,000 USD",
  theta: "% of equity a day",
  vega: "% of equity for 10 points of volatility",
};
export type Portfolio = { readonly [M in PortfolioMeasure]: number };

const PER_USD = 100_000;
const SHOCK_POINTS = 10;

/** One exposure's share in each measure, or what is missing. Zero Greeks need no price. */
const shareOf = ({ symbol, greeks, spot }: Exposure, { equity, spySpot, limits }: Yardstick): Portfolio | string => {
  if (greeks === null) return `the Greeks of ${symbol}`;
  const usd = equity / 10_000;
  const { deltaShares, gammaShares, thetaUsd, vegaUsd } = greeks;
  const usual = { theta: (100 * thetaUsd) / usd, vega: (100 * SHOCK_POINTS * vegaUsd) / usd };
  if (deltaShares === 0 && gammaShares === 0) return { delta: 0, gamma: 0, ...usual };
  const beta = limits.betas[symbol];
  if (beta === undefined) return `a beta of ${symbol} (limits.portfolio.betas)`;
  if (spot === null) return `the price of ${symbol}`;
  if (spySpot === null) return "the price of SPY";
  const weight = ((spot / spySpot) * beta * PER_USD) / usd;
  const dollarsPerPercent = (spot / 10_000) * beta * 0.01;
  return { delta: deltaShares * weight, gamma: gammaShares * dollarsPerPercent * weight, ...usual };
};

export type Summed =
  | { readonly known: true; readonly portfolio: Portfolio }
  | { readonly known: false; readonly missing: string };

/** The sums over all exposures. */
export const portfolioOf = (exposures: readonly Exposure[], yardstick: Yardstick): Summed => {
  const sum = { delta: 0, gamma: 0, theta: 0, vega: 0 };
  for (const exposure of exposures) {
    const share = shareOf(exposure, yardstick);
    if (typeof share === "string") return { known: false, missing: share };
    for (const measure of PORTFOLIO_MEASURES) sum[measure] += share[measure];
  }
  return { known: true, portfolio: sum };
};

/** How much of a measure counts against its limit: either way for all but vega, of which only a loss does. */
export const counted = (portfolio: Portfolio, measure: PortfolioMeasure): number =>
  measure === "vega" ? Math.max(0, -portfolio.vega) : Math.abs(portfolio[measure]);

export const limitOf = (limits: PortfolioLimits, measure: PortfolioMeasure): number =>
  ({
    delta: limits.maxDeltaPer100k,
    gamma: limits.maxGammaPer100k,
    theta: limits.maxThetaPctPerDay,
    vega: limits.maxVegaLossPct,
  })[measure];

/** The first measure that is beyond its limit after a change and that the change has not brought nearer to it. */
export const worsened = (before: Portfolio, after: Portfolio, limits: PortfolioLimits): PortfolioMeasure | undefined =>
  PORTFOLIO_MEASURES.find(
    (measure) => counted(after, measure) > limitOf(limits, measure) && counted(after, measure) >= counted(before, measure),
  );

export interface Contribution {
  readonly measure: PortfolioMeasure;
  /** The key of the exposure that adds most in the direction of the breach. */
  readonly key: string;
  readonly actual: number;
  readonly limit: number;
}

/** Who was found to add most to a breach remains it until another adds so much more: what is nearly alike would change places at every price. */
const CLEARLY_MORE = 1.1;

/**
 * The first limit that is breached, and who adds most to it; undefined when none is, `unknown` when a figure is missing. `before`: what
 * was found last.
 */
export const breachOf = (
  exposures: { readonly [key: string]: Exposure },
  yardstick: Yardstick,
  before?: { readonly measure: string; readonly key: string },
): Contribution | "unknown" | undefined => {
  const keys = Object.keys(exposures).toSorted();
  const summed = portfolioOf(
    keys.map((key) => exposures[key] as Exposure),
    yardstick,
  );
  if (!summed.known) return "unknown";
  const { portfolio } = summed;
  const measure = PORTFOLIO_MEASURES.find((one) => counted(portfolio, one) > limitOf(yardstick.limits, one));
  if (measure === undefined) return undefined;
  const direction = Math.sign(portfolio[measure]);
  const added = (key: string): number => {
    const share = shareOf(exposures[key] as Exposure, yardstick);
    return typeof share === "string" ? 0 : share[measure] * direction;
  };
  const [most] = keys.toSorted((a, b) => added(b) - added(a)) as [string, ...string[]];
  const stays = before?.measure === measure && keys.includes(before.key) && added(before.key) * CLEARLY_MORE >= added(most);
  const key = stays ? before.key : most;
  return { measure, key, actual: counted(portfolio, measure), limit: limitOf(yardstick.limits, measure) };
};
