/** One comparison of a fact with a threshold, the ways to make one, and how two of them are one condition. Pure. */

/** It fires when nothing is left of `distance` (0 or less). */
export interface Reading {
  readonly actual: number;
  readonly threshold: number;
  readonly distance: number;
  readonly unit: string;
}

/** Fires at or above the threshold. */
export const atLeast = (actual: number, threshold: number, unit: string): Reading => ({
  actual,
  threshold,
  distance: threshold - actual,
  unit,
});

/** Fires at or below the threshold. */
export const atMost = (actual: number, threshold: number, unit: string): Reading => ({
  actual,
  threshold,
  distance: actual - threshold,
  unit,
});

/** On the threshold itself the least distance that there is remains. */
const strictly = (distance: number): number => (distance === 0 ? Number.MIN_VALUE : distance);
/** Fires above the threshold, not on it. */
export const above = (actual: number, threshold: number, unit: string): Reading => ({
  actual,
  threshold,
  distance: strictly(threshold - actual),
  unit,
});
/** Fires below the threshold, not on it. */
export const below = (actual: number, threshold: number, unit: string): Reading => ({
  actual,
  threshold,
  distance: strictly(actual - threshold),
  unit,
});
/** Fires on fewer whole ones than the threshold: on the threshold itself, one is left. */
export const fewerThan = (actual: number, threshold: number, unit: string): Reading => ({
  actual,
  threshold,
  distance: actual - threshold + 1,
  unit,
});

/** How far from firing, as a share of the greater of both numbers: so that percent, days and dollars can be compared. */
export const remoteness = ({ actual, threshold, distance }: Reading): number => {
  const scale = Math.max(Math.abs(actual), Math.abs(threshold));
  return scale === 0 ? distance : distance / scale;
};

/** Fires when both do, and then shows the first; until then the one that is farther from it. */
export const both = (first: Reading, second: Reading): Reading => {
  if (Number.isNaN(first.distance)) return first;
  if (Number.isNaN(second.distance)) return second;
  if (second.distance <= 0) return first;
  return first.distance <= 0 || remoteness(first) < remoteness(second) ? second : first;
};

/** Money of one unit for the trace, whose numbers are dollars. */
export const usd = (amount: number): number => amount / 10_000;
export const PER_UNIT = "USD per unit";
export const OF_BASE = "% of base";
/** A share in percent. The whole must be positive. */
export const percentOf = (part: number, whole: number): number => (100 * part) / whole;
