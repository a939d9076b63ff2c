/**
 * The listed strike whose |delta| is nearest to a target. Going outward |delta| only falls, so one walk finds the place where it
 * passes the target; noise further out cannot mislead it, and what lies there need not even be measured.
 */
import type { Right } from "../contract.ts";
import type { Ground } from "../options/expiry-ground.ts";
import { normalQuantile } from "../options/normal.ts";

/**
 * Where among options of one side, nearest the money first, the one nearest to the target |delta| stands; of two as near, the one
 * further out. Options without a delta are passed by; undefined when none has one.
 */
export const nearestDelta = <Option>(
  outward: readonly Option[],
  deltaOf: (option: Option) => number | undefined,
  target: number,
): number | undefined => {
  let before: { readonly at: number; readonly delta: number } | undefined;
  for (let at = 0; at < outward.length; at += 1) {
    const measured = deltaOf(outward[at] as Option);
    if (measured === undefined) continue;
    const delta = Math.abs(measured);
    if (delta < target) return before === undefined || target - delta <= before.delta - target ? at : before.at;
    before = { at, delta };
  }
  return before?.at;
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
