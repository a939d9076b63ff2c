/**
 * The past, derived again: the state at any seq, from genesis or from a snapshot, and whether it derives what was recorded.
 *
 * It reads and never writes. Meaningful only under the build that wrote the records; others are counted apart.
 */
import type { Journal, Snapshot } from "../ports/journal.ts";
import type { Logic, View } from "./logic.ts";
import { type Difference, rederiveAll } from "./recovery.ts";
import type { StateParts } from "./state.ts";

export interface Replay {
  /** Records derived, from the snapshot's on. */
  readonly records: number;
  /** Where the state stands now. */
  readonly seq: number;
  readonly now: number;
  /** Records of this build that did not derive again: each is a defect. */
  readonly divergences: readonly Difference[];
  /** Records of other builds that differ: expected after an upgrade. */
  readonly differences: readonly Difference[];
  /** What the state hash is taken over. */
  readonly parts: StateParts;
  readonly view: View;
}

/** Replays the journal, after `snapshot` when given, up to and including the record `upTo` when given. */
export const replay = async (options: {
  readonly logic: Logic;
  readonly journal: Journal;
  readonly build: string;
  readonly snapshot?: Snapshot | undefined;
  readonly upTo?: number;
}): Promise<Replay> => {
  const { state, ...rest } = await rederiveAll({ ...options, snapshot: options.snapshot });
  const { records, divergences, differences } = rest;
  return { records, seq: state.seq, now: state.now, divergences, differences, parts: state.parts(), view: state };
};
