/**
 * The contracts among which a blueprint's legs will be chosen, few enough for IB's market data lines: from the volatility at the money
 * it is estimated where the strikes of the targets lie, and strikes spread over that range are asked for, with those that hang on them.
 */
import type { OptionContract, Right } from "../contract.ts";
import type { Price } from "../units.ts";
import type { LegRole } from "./blueprint.ts";
import { contractOf, nearestStrikes } from "./chain.ts";
import { regularStrikes } from "./hygiene.ts";
import type { MoneyView } from "./money-view.ts";
import { strikeOfDelta } from "./short-strike.ts";
import { type Choice, type Scene, stopAt } from "./strategy.ts";

/** With the four contracts at the money: fewer than 30 lines. */
const CONTRACTS_IN_ALL = 24;
/**
 * Where to look for a strike: between those that the target has at these multiples of the at-the-money volatility. Index skew makes
 * puts dearer and calls cheaper than a flat smile (`quant.md` 3.4).
 */
const VOL_RANGE: { readonly [R in Right]: readonly [inner: number, outer: number] } = { P: [0.85, 1.5], C: [0.65, 1.15] };

/** `count` of the strikes, evenly spread, both ends included. */
const evenly = (strikes: readonly Price[], count: number): Price[] => {
  if (strikes.length <= count) return [...strikes];
  if (count === 1) return [strikes[Math.floor(strikes.length / 2)] as Price];
  return Array.from({ length: count }, (_, i) => strikes[Math.round((i * (strikes.length - 1)) / (count - 1))] as Price);
};

type Strikes = { readonly [R in Right]: readonly Price[] };

/** The listed strikes among which a leg that stands by itself must lie, with one more at either end. */
const rangeOf = (listed: readonly Price[], { right, at }: LegRole, { ground, atmVol }: MoneyView): readonly Price[] => {
  if (at.by === "strike") return listed.filter((strike) => strike === at.strike);
  if (at.by === "distance") return [];
  const bounds = VOL_RANGE[right].map((factor) => strikeOfDelta(right, at.target, atmVol * factor, ground) * 10_000);
  const [low, high] = [Math.min(...bounds), Math.max(...bounds)];
  const within = listed.filter((strike) => strike >= low && strike <= high);
  return within.length > 2 ? within : nearestStrikes(listed, (low + high) / 2, 3);
};

/** The listed strike so far from another. */
const beyond = (listed: readonly Price[], from: Price, points: Price): Price | undefined =>
  nearestStrikes(
    listed.filter((strike) => Math.sign(strike - from) === Math.sign(points)),
    from + points,
    1,
  )[0];

/** The strikes of every leg when `count` are tried of each that stands by itself. */
const spreadOver = (
  roles: readonly LegRole[],
  ranges: readonly (readonly Price[])[],
  listed: Strikes,
  count: number,
): (readonly Price[])[] => {
  const chosen = ranges.map((range) => evenly(range, count) as readonly Price[]);
  // A chain of legs that hang on each other is as long as the list at most.
  for (let round = 0; round < roles.length; round += 1) {
    roles.forEach(({ right, at }, n) => {
      if (at.by !== "distance") return;
      const anchors = chosen[at.leg] ?? [];
      chosen[n] = [...new Set(anchors.flatMap((from) => beyond(listed[right], from, at.points) ?? []))];
    });
  }
  return chosen;
};

export const legCandidatesOf = (
  { chain }: Scene,
  view: MoneyView,
  roles: readonly LegRole[],
): Choice<{ readonly contracts: readonly OptionContract[] }> => {
  const listed: Strikes = { C: regularStrikes(chain, "C"), P: regularStrikes(chain, "P") };
  const ranges = roles.map((role) => rangeOf(listed[role.right], role, view));
  for (let count = CONTRACTS_IN_ALL; count > 0; count -= 1) {
    const wanted: { readonly [R in Right]: Set<Price> } = { C: new Set(), P: new Set() };
    spreadOver(roles, ranges, listed, count).forEach((strikes, n) => {
      for (const strike of strikes) wanted[(roles[n] as LegRole).right].add(strike);
    });
    if (wanted.C.size + wanted.P.size > CONTRACTS_IN_ALL) continue;
    const contracts = chain.options
      .filter(([, strike, right]) => wanted[right].has(strike))
      .map(([conId, strike, right]) => contractOf(chain, conId, strike, right));
    if (contracts.length > 0) return { found: true, contracts };
  }
  return stopAt("strikes", "no strikes are listed where the legs would be");
};
