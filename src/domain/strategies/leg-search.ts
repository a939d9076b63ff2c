/**
 * Which listed contracts could be the legs of a blueprint: for each leg the strike nearest to its wish, and its near neighbours, so
 * that several structures around the targets can be priced. Whether they are worth it is said in structure-price.ts and selection/.
 */
import type { Right } from "../contract.ts";
import type { FunnelStep } from "../facts.ts";
import { isInTheMoney } from "../options/expiry-ground.ts";
import type { LegRole, Place } from "./blueprint.ts";
import type { Row } from "./board.ts";
import { legLabel } from "./chain.ts";
import type { MoneyView } from "./money-view.ts";
import { nearestDelta } from "./short-strike.ts";
import { type Choice, stopAt } from "./strategy.ts";

/** So many strikes are tried for each leg, the nearest first. */
const CHOICES_PER_LEG = 3;
/** Neighbours of the nearest strike are tried when their |delta| is this near to the target, */
const DELTA_NEIGHBOURHOOD = 0.02;
/** and other widths when they are this near to the wished one, as a share of it. */
const WIDTH_NEIGHBOURHOOD = 0.25;
/** A leg this far from its wished distance, as a share of that, is another trade. */
const DISTANCE_TOLERANCE = 0.5;
/** Targets up to this lie at most so far inside the money, as a share of the forward: no need to look further. */
const MODEST_DELTA = 0.6;
const INSIDE = 0.05;
/** No more structures than this are priced for one blueprint. */
const MOST_STRUCTURES = 81;

const sideName = (right: Right): string => (right === "C" ? "call" : "put");
const usableFor = ({ ratio }: LegRole, row: Row): boolean => (ratio < 0 ? row.canSell : row.canBuy);

/** A structure with its legs chosen, in the order of the roles. */
export interface Placed {
  readonly rows: readonly Row[];
  /** The stages of strikes and wings as this structure passed them. */
  readonly steps: readonly FunnelStep[];
}

type ByDelta = Extract<Place, { by: "delta" }>;
type ByDistance = Extract<Place, { by: "distance" }>;

/** The strikes of a leg that is placed by its |delta|, the nearest first. */
const byDelta = ({ board, ground }: MoneyView, role: LegRole, at: ByDelta): Choice<{ readonly rows: readonly Row[] }> => {
  const { right } = role;
  const { forward } = ground;
  // The short strikes of the known kinds lie on either side of the forward, whatever the delta of a strike at the money is.
  const inside = at.skewed ? 0 : at.target <= MODEST_DELTA ? INSIDE : Number.POSITIVE_INFINITY;
  const side = board.rows[right].filter(({ strike }) => {
    const at = strike / 10_000;
    return !isInTheMoney(right, at, forward) || Math.abs(at - forward) < inside * forward;
  });
  const within = right === "C" ? side : side.toReversed();
  const outward = within.filter((row) => usableFor(role, row));
  const deltaOf = (row: Row): number | undefined => {
    const measures = board.measure(row);
    return measures?.sure ? Math.abs(measures.delta) : undefined;
  };
  const nearest = nearestDelta(outward, deltaOf, at.target);
  if (nearest === undefined) {
    const unsold = within.find((row) => deltaOf(row) !== undefined);
    return unsold === undefined
      ? stopAt("shortDelta", `no ${sideName(right)} has a volatility`)
      : stopAt("liquidity", `no ${sideName(right)} can be ${role.ratio < 0 ? "sold" : "bought"}`);
  }
  const away = (row: Row): number => Math.abs((deltaOf(row) ?? Number.POSITIVE_INFINITY) - at.target);
  const best = outward[nearest] as Row;
  if (away(best) > at.tolerance) {
    const numbers = { actual: deltaOf(best) ?? null, limit: at.target, unit: "|delta|" };
    return stopAt("shortDelta", `${legLabel(best)} is the nearest`, numbers);
  }
  const others = [nearest - 1, nearest + 1, nearest - 2, nearest + 2]
    .flatMap((n) => outward[n] ?? [])
    .filter((row) => away(row) <= DELTA_NEIGHBOURHOOD)
    .toSorted((a, b) => away(a) - away(b));
  return { found: true, rows: [best, ...others].slice(0, CHOICES_PER_LEG) };
};

const atStrike = ({ board }: MoneyView, role: LegRole, strike: number): Choice<{ readonly rows: readonly Row[] }> => {
  const row = board.rows[role.right].find((one) => one.strike === strike);
  const name = `${strike / 10_000}${role.right}`;
  if (row === undefined) return stopAt("strikes", `${name} is not listed, not quoted or refused`);
  return usableFor(role, row)
    ? { found: true, rows: [row] }
    : stopAt("liquidity", `the ${name} cannot be ${role.ratio < 0 ? "sold" : "bought"}`);
};

/** The strikes so far from another leg's, the nearest to the wished distance first; none on the wrong side of it. */
const atDistance = (
  { board }: MoneyView,
  role: LegRole,
  at: ByDistance,
  from: Row,
): Choice<{ readonly rows: readonly Row[] }> => {
  const wished = from.strike + at.points;
  const away = (row: Row): number => Math.abs(row.strike - wished);
  // Of two as near, the narrower.
  const near = board.rows[role.right]
    .filter((row) => Math.sign(row.strike - from.strike) === Math.sign(at.points) && usableFor(role, row))
    .toSorted((a, b) => away(a) - away(b) || Math.abs(a.strike - from.strike) - Math.abs(b.strike - from.strike));
  const best = near[0];
  const tolerated = DISTANCE_TOLERANCE * Math.abs(at.points);
  if (best === undefined || away(best) > tolerated) {
    const actual = best === undefined ? null : Math.abs(best.strike - from.strike) / 10_000;
    const what = at.wing ? `${sideName(role.right)} wing` : sideName(role.right);
    const numbers = { actual, limit: Math.abs(at.points) / 10_000, unit: `USD from ${legLabel(from)}` };
    return stopAt("wings", `no ${what} is offered near its distance`, numbers);
  }
  if (!at.wing) return { found: true, rows: [best] };
  const others = near.slice(1, CHOICES_PER_LEG).filter((row) => away(row) <= WIDTH_NEIGHBOURHOOD * Math.abs(at.points));
  return { found: true, rows: [best, ...others] };
};

/** Legs in an order in which each comes after the one that it is placed by; undefined when there is none. */
const orderOf = (roles: readonly LegRole[]): readonly number[] | undefined => {
  const order: number[] = [];
  while (order.length < roles.length) {
    const next = roles.findIndex(({ at }, n) => !order.includes(n) && (at.by !== "distance" || order.includes(at.leg)));
    if (next === -1) return undefined;
    order.push(next);
  }
  return order;
};

/** How the legs that are placed by |delta|, and those that are placed by distance, came out: the worst of each. */
const stepsOf = ({ board }: MoneyView, roles: readonly LegRole[], rows: readonly Row[]): FunnelStep[] => {
  const steps: FunnelStep[] = [];
  let byDeltas: FunnelStep | undefined;
  let byDistances: FunnelStep | undefined;
  roles.forEach(({ at }, n) => {
    const row = rows[n] as Row;
    if (at.by === "delta") {
      const actual = Math.abs(board.measure(row)?.delta ?? 0);
      const distance = at.tolerance - Math.abs(actual - at.target);
      if (byDeltas?.distance === undefined || distance < byDeltas.distance)
        byDeltas = {
          stage: "shortDelta",
          verdict: "passed",
          reason: legLabel(row),
          actual,
          limit: at.target,
          distance,
          unit: "|delta|",
        };
    }
    if (at.by === "distance") {
      const actual = Math.abs(row.strike - (rows[at.leg] as Row).strike) / 10_000;
      const limit = Math.abs(at.points) / 10_000;
      const distance = DISTANCE_TOLERANCE * limit - Math.abs(actual - limit);
      if (byDistances?.distance === undefined || distance < byDistances.distance)
        byDistances = { stage: "wings", verdict: "passed", reason: legLabel(row), actual, limit, distance, unit: "USD" };
    }
  });
  if (byDeltas !== undefined) steps.push(byDeltas);
  if (byDistances !== undefined) steps.push(byDistances);
  return steps;
};

/**
 * The structures to be priced, the one nearest to all wishes first; at least one, or what stopped the search. A leg with no contract
 * near its wish stops it, unless another choice of an earlier leg has one.
 */
export const placements = (view: MoneyView, roles: readonly LegRole[]): Choice<{ readonly placed: readonly Placed[] }> => {
  const order = orderOf(roles);
  if (order === undefined || roles.length === 0) return stopAt("strikes", "no leg says where it lies by itself");
  const remembered = new Map<string, Choice<{ readonly rows: readonly Row[] }>>();
  const choicesOf = (n: number, chosen: readonly (Row | undefined)[]): Choice<{ readonly rows: readonly Row[] }> => {
    const role = roles[n] as LegRole;
    const { at } = role;
    const from = at.by === "distance" ? chosen[at.leg] : undefined;
    const key = `${n}/${from?.conId ?? ""}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const found =
      at.by === "delta"
        ? byDelta(view, role, at)
        : at.by === "strike"
          ? atStrike(view, role, at.strike)
          : atDistance(view, role, at, from as Row);
    remembered.set(key, found);
    return found;
  };
  const placed: (Placed & { readonly rank: number })[] = [];
  let stopped: Choice<never> | undefined;
  /** `width`: which of the widths all wings have, so that those of a condor are alike; undefined until the first is placed. */
  const place = (depth: number, chosen: readonly (Row | undefined)[], rank: number, width?: number): void => {
    if (placed.length >= MOST_STRUCTURES) return;
    const n = order[depth];
    if (n === undefined) {
      placed.push({ rows: chosen as readonly Row[], steps: [], rank });
      return;
    }
    const choices = choicesOf(n, chosen);
    if (!choices.found) {
      stopped ??= choices;
      return;
    }
    const wing = (roles[n] as LegRole).at.by === "distance";
    if (wing && width !== undefined) {
      const row = choices.rows[width];
      if (row !== undefined) place(depth + 1, chosen.with(n, row), rank, width);
      return;
    }
    choices.rows.forEach((row, away) => {
      place(depth + 1, chosen.with(n, row), rank + away, wing ? away : width);
    });
  };
  place(0, new Array<Row | undefined>(roles.length).fill(undefined), 0);
  if (placed.length === 0) return stopped ?? stopAt("strikes", "no structure can be made of what is quoted");
  return {
    found: true,
    placed: placed.toSorted((a, b) => a.rank - b.rank).map(({ rows }) => ({ rows, steps: stepsOf(view, roles, rows) })),
  };
};
