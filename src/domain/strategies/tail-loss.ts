/**
 * What a structure without a bound to its loss would lose at once in a crash or a melt-up: its legs repriced under the tail shocks of
 * `quant.md` 4.5. A stress loss is a convention and no worst case; limits that are reckoned with it say so.
 */
import type { Right } from "../contract.ts";
import { type Ground, movedGround } from "../options/expiry-ground.ts";
import { worthAt } from "../options/priced-option.ts";

/** Moves of the underlying, with what volatility is multiplied by in each. */
export const TAIL_SHOCKS = [
  { move: -0.07, volTimes: 1.6 },
  { move: -0.12, volTimes: 2.2 },
  { move: 0.05, volTimes: 1 },
] as const;

export interface Shocked {
  readonly ground: Ground;
  /** Strikes in dollars. */
  readonly legs: readonly { readonly right: Right; readonly strike: number; readonly ratio: number; readonly vol: number }[];
}

/** The loss of the worst shock in price units a share, when a unit was bought at `netPrice` (a credit is negative); ≤ 0: none loses. */
export const tailLoss = ({ ground, legs }: Shocked, netPrice: number): number => {
  const losses = TAIL_SHOCKS.map(({ move, volTimes }) => {
    const moved = movedGround(ground, move);
    const value = legs.reduce(
      (sum, { right, strike, ratio, vol }) => sum + ratio * worthAt(moved, right, strike, vol * volTimes),
      0,
    );
    return netPrice - value * 10_000;
  });
  return Math.max(...losses);
};
