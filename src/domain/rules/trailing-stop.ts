/**
 * The peak of a position's profit, as the trailing stop follows it: in percent of the base, so that it has the position's direction
 * and not the price's. A level counts when profit has stayed at or above it for the time that confirms (rules.confirmSeconds, at least
 * two evaluations): a single tick makes no peak. A new one must be higher by a least move, and a loss is none.
 *
 * Pure state, folded once per evaluation; the slot keeps it.
 */
import { assert } from "../assert.ts";
import type { RulesConfig } from "../config.ts";
import type { EpochMs } from "../units.ts";
import { FORGET_AFTER_MS } from "./confirmation.ts";

export interface TrailingPeak {
  /** Confirmed; null before the first. */
  readonly peakPct: number | null;
  /** The lowest profit since it rose above what would be a new peak. */
  readonly candidate: { readonly pct: number; readonly since: EpochMs; readonly last: EpochMs } | null;
}
export const EMPTY_PEAK: TrailingPeak = { peakPct: null, candidate: null };

/**
 * The peak after one more evaluation. `profitPct`: percent of the base; undefined when it is not known, which neither confirms nor
 * clears for a while.
 */
export const notePeak = (
  before: TrailingPeak,
  profitPct: number | undefined,
  now: EpochMs,
  { trailingStop: { minMovePct }, confirmSeconds }: RulesConfig,
): TrailingPeak => {
  const remembered = before.candidate !== null && now - before.candidate.last <= FORGET_AFTER_MS ? before.candidate : null;
  if (profitPct === undefined) return remembered === before.candidate ? before : { ...before, candidate: null };
  assert(Number.isFinite(profitPct), () => `a profit of ${profitPct} % makes no peak`);
  const isPeak = (pct: number): boolean => pct > (before.peakPct ?? 0) && pct >= (before.peakPct ?? 0) + minMovePct;
  if (!isPeak(profitPct)) return before.candidate === null ? before : { ...before, candidate: null };
  if (remembered === null) return { ...before, candidate: { pct: profitPct, since: now, last: now } };
  const pct = Math.min(remembered.pct, profitPct);
  if (now === remembered.since || now - remembered.since < confirmSeconds * 1_000)
    return { ...before, candidate: { pct, since: remembered.since, last: now } };
  const higher = profitPct > pct && profitPct >= pct + minMovePct;
  return { peakPct: pct, candidate: higher ? { pct: profitPct, since: now, last: now } : null };
};
