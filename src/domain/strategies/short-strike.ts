/**
 * The listed strike whose |delta| is nearest to a target. Out of the money |delta| falls with the distance, so one walk
 * outward finds the place where it passes the target; noise further out cannot mislead it.
 */
import type { OptionContract, Right } from "../contract.ts";
import { normalQuantile } from "../options/normal.ts";
import type { Ground, Measured } from "./option-measures.ts";

/** Options of one side by distance from the money, nearest first. */
export const outward = <Option extends { readonly contract: OptionContract }>(options: readonly Option[]): Option[] =>
  options.toSorted((a, b) =>
    a.contract.right === "C" ? a.contract.strike - b.contract.strike : b.contract.strike - a.contract.strike,
  );

/** The option of one side that is nearest to the target |delta|; of two as near, the one further out. */
export const nearestDelta = (options: readonly Measured[], target: number): Measured | undefined => {
  let before: Measured | undefined;
  for (const option of outward(options)) {
    if (Math.abs(option.delta) < target) {
      if (before === undefined) return option;
      return target - Math.abs(option.delta) <= Math.abs(before.delta) - target ? option : before;
    }
    before = option;
  }
  return before;
};

/**
 * Where on a flat smile of volatility `vol` the strike of a target |delta| would lie, in dollars: N(d1) solved for the strike
 * (the put's delta is N(d1) − 1, discounted). Skew moves puts out and calls in, so it is where to look, not what to choose.
 */
export const strikeOfDelta = (right: Right, target: number, vol: number, { forward, years, discount }: Ground): number => {
  const deviation = vol * Math.sqrt(years);
  const sideways = normalQuantile(Math.min(0.999, Math.max(0.001, target / discount)));
  const d1 = right === "C" ? sideways : -sideways;
  return forward * Math.exp((deviation / 2 - d1) * deviation);
};
