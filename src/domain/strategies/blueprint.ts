/**
 * What a kind of structure is, as data: its legs, how the strike of each is found, and what its payoff must look like. How strikes
 * are searched and prices are judged is the same for all kinds and said elsewhere (leg-search.ts, structure-price.ts).
 */
import type { LegConfig, StrategyConfig } from "../config.ts";
import type { Right } from "../contract.ts";
import { type Price, price } from "../units.ts";
import type { Lean } from "./payoff-shape.ts";

/** Where the strike of a leg lies. */
export type Place =
  /**
   * At the listed strike whose |delta| is nearest to the target, at most `tolerance` away. `skewed`: a short leg out of the money
   * whose target a rich skew may shift.
   */
  | { readonly by: "delta"; readonly target: number; readonly tolerance: number; readonly skewed: boolean }
  /** At this strike and no other. */
  | { readonly by: "strike"; readonly strike: Price }
  /** So many points (price units, signed) from another leg of the list: the nearest listed strike on that side of it. */
  | { readonly by: "distance"; readonly leg: number; readonly points: Price; readonly wing: boolean };

export interface LegRole {
  readonly right: Right;
  /** Signed: +1 is one bought per unit. */
  readonly ratio: number;
  readonly at: Place;
}

export interface Blueprint {
  readonly kind: StrategyConfig["kind"];
  readonly roles: (config: StrategyConfig, spot: Price) => readonly LegRole[];
  /** The strikes ascend in the order of the legs. */
  readonly ascending: boolean;
  readonly flow: "credit" | "debit" | "either";
  /** What it gains from, read off the payoff. */
  readonly lean: Lean | "any";
}

/** Further than this from the target, the nearest |delta| is another trade. */
const SHORT_TOLERANCE = 0.04;
/** Around the money |delta| changes faster from strike to strike, and less hangs on it. */
const LONG_TOLERANCE = 0.1;

/** A short leg at the configured |delta|, out of the money. */
export const shortAtDelta = (right: Right, { entry }: StrategyConfig): LegRole => ({
  right,
  ratio: -1,
  at: { by: "delta", target: entry.shortDelta, tolerance: SHORT_TOLERANCE, skewed: true },
});

const DEFAULT_LONG_DELTA = 0.5;
/** The long leg of a debit spread. */
export const longAtDelta = (right: Right, { entry }: StrategyConfig): LegRole => ({
  right,
  ratio: 1,
  at: { by: "delta", target: entry.longDelta ?? DEFAULT_LONG_DELTA, tolerance: LONG_TOLERANCE, skewed: false },
});

/** The wished width of a spread, in price units: points where they are configured, else a share of spot. */
export const wishedWidth = ({ entry }: StrategyConfig, spot: number): number =>
  entry.wingWidthPoints === undefined ? (spot * entry.wingWidthPct) / 100 : entry.wingWidthPoints * 10_000;

/** The other leg of a spread: a wing's width above (+1) or below (−1) the leg with that number. */
export const wingBeside = (
  leg: number,
  { right, ratio, side }: { readonly right: Right; readonly ratio: 1 | -1; readonly side: 1 | -1 },
  config: StrategyConfig,
  spot: Price,
): LegRole => ({
  right,
  ratio,
  at: { by: "distance", leg, points: price((side * wishedWidth(config, spot)) / 10_000), wing: true },
});

/** A leg as the configuration describes it; `before` is the leg that an offset counts from. */
const roleOf = ({ right, ratio, delta, strike, offsetPoints }: LegConfig, before: number): LegRole => {
  if (strike !== undefined) return { right, ratio, at: { by: "strike", strike: price(strike) } };
  if (offsetPoints !== undefined)
    return { right, ratio, at: { by: "distance", leg: before, points: price(offsetPoints), wing: false } };
  return { right, ratio, at: { by: "delta", target: delta ?? DEFAULT_LONG_DELTA, tolerance: SHORT_TOLERANCE, skewed: false } };
};

/** The legs that a custom structure or a single-leg position is configured to have. */
export const configuredRoles = ({ legs = [] }: StrategyConfig): readonly LegRole[] => legs.map((leg, n) => roleOf(leg, n - 1));
