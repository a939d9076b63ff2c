/**
 * What a structure gains from, read off its payoff at expiry and never off its name: a bull put that was built the wrong way round is
 * seen here, whatever it is called.
 */
import type { Leg } from "../contract.ts";

/**
 * `rise` and `fall`: from a move that way, and never from the other. `calm`: from staying between. `move`: from moving either way.
 * `mixed`: neither; `nothing`: its value is certain.
 */
export type Lean = "rise" | "fall" | "calm" | "move" | "mixed" | "nothing";

/** Change of value per point of the underlying, from below the first strike to beyond the last. */
const slopes = (legs: readonly Leg[]): number[] => {
  const strikes = [...new Set(legs.map(({ contract }) => contract.strike as number))].toSorted((a, b) => a - b);
  let slope = legs.reduce((sum, { contract, ratio }) => sum - (contract.right === "P" ? ratio : 0), 0);
  const found = [slope];
  for (const strike of strikes) {
    // Past its strike a call begins to pay and a put ends.
    for (const { contract, ratio } of legs) if (contract.strike === strike) slope += ratio;
    found.push(slope);
  }
  return found;
};

export const leanOf = (legs: readonly Leg[]): Lean => {
  const signs = slopes(legs)
    .map(Math.sign)
    .filter((sign) => sign !== 0);
  const turns = signs.filter((sign, n) => n > 0 && sign !== signs[n - 1]).length;
  const [first] = signs;
  if (first === undefined) return "nothing";
  if (turns === 0) return first > 0 ? "rise" : "fall";
  if (turns > 1) return "mixed";
  return first > 0 ? "calm" : "move";
};

/** Whether both ends of the payoff are flat, so that the distance of strikes bounds it: verticals, condors, butterflies. */
export const isWinged = (legs: readonly Leg[]): boolean => {
  const ends = slopes(legs);
  return ends[0] === 0 && ends.at(-1) === 0;
};
