/**
 * What a skew that is off its own year does to the targets: the side whose options are rich is sold further out. A skew that is not
 * known, or has no year behind it, shifts nothing, and the funnel says so.
 */
import type { Right } from "../contract.ts";
import type { FunnelStep } from "../facts.ts";
import type { LegRole } from "./blueprint.ts";
import type { Scene } from "./strategy.ts";

export interface SkewShift {
  /** The side that is rich; absent: none, or not known. */
  readonly rich?: Right;
  readonly step: FunnelStep;
}

const skipped = (reason: string): SkewShift => ({ step: { stage: "skew", verdict: "skipped", reason } });

/** Volatility of the 25-delta put over that of the call, against the median of its year: `shiftAbovePct` off it either way is rich. */
export const skewShift = ({ config, state }: Pick<Scene, "config" | "state">): SkewShift => {
  const filter = config.filters.skew;
  if (filter === undefined) return skipped("no skew is configured");
  const skew = state?.skew ?? null;
  if (skew === null) return skipped(state?.unknown["skew"] ?? "the skew is not known");
  const { ratio, yearMedian, daysKept } = skew;
  if (yearMedian === null || !(yearMedian > 0)) return skipped(`no median of a year: ${daysKept} days are kept`);
  const offPct = (ratio / yearMedian - 1) * 100;
  const rich: Right | undefined = offPct > filter.shiftAbovePct ? "P" : offPct < -filter.shiftAbovePct ? "C" : undefined;
  const step: FunnelStep = {
    stage: "skew",
    verdict: "passed",
    reason: rich === undefined ? "as it was in its year" : `${rich === "P" ? "puts" : "calls"} are rich: sold further out`,
    actual: offPct,
    limit: filter.shiftAbovePct,
    distance: filter.shiftAbovePct - Math.abs(offPct),
    unit: "% off the median",
  };
  return { ...(rich !== undefined && { rich }), step };
};

/** The target of a short leg on the rich side: times the factor, at most the largest shift away. */
export const shiftedTarget = (target: number, { config }: Pick<Scene, "config">): number => {
  const filter = config.filters.skew;
  return filter === undefined ? target : Math.max(target * filter.targetFactor, target - filter.maxShiftDelta);
};

export const shiftedRoles = (
  roles: readonly LegRole[],
  rich: Right | undefined,
  scene: Pick<Scene, "config">,
): readonly LegRole[] =>
  roles.map((role) =>
    role.at.by === "delta" && role.at.skewed && role.right === rich
      ? { ...role, at: { ...role.at, target: shiftedTarget(role.at.target, scene) } }
      : role,
  );
