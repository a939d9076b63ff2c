/**
 * From disk to the state of the last record: the newest snapshot, then the tail, each record derived anew (K5, K10).
 *
 * A tail of the same build must derive exactly what it recorded; anything else ends the start. A tail of another build may
 * differ: then the journaled effects stand, the derived ones are dropped, and the actors that differ are named, to be
 * quarantined by the coming `run.started`. Nothing is released here.
 */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import { canonical } from "../domain/canonical-json.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Effect, Journal, Snapshot, Snapshots, Step } from "../ports/journal.ts";
import type { Logic, Probe, Recovered } from "./logic.ts";
import { settled } from "./settled.ts";
import { State } from "./state.ts";
import { step } from "./step.ts";

/** The same build derived something else than it once recorded: a defect of determinism, or the wrong build string. */
export class RecoveryDivergence extends Error {
  override name = "RecoveryDivergence";
  readonly seq: number;
  readonly difference: string;
  constructor(seq: number, difference: string) {
    super(`record ${seq} does not derive again: ${difference}`);
    this.seq = seq;
    this.difference = difference;
  }
}

/** The snapshot knows of records that the journal has lost: the state would run ahead of its own history. */
export class JournalBehindSnapshot extends Error {
  override name = "JournalBehindSnapshot";
  constructor(journal: number, snapshot: number) {
    super(`the journal ends at ${journal}, its snapshot is of ${snapshot}: the journal lost its tail`);
  }
}

/** The state cannot be derived over a record whose quote was thinned out, or that was let go: what it said is not kept any more. */
export class RecordsNotKept extends Error {
  override name = "RecordsNotKept";
  /** The first record that the state lacks. */
  readonly seq: number;
  constructor(seq: number, why: string) {
    super(
      `the state cannot be derived from record ${seq} on: ${why}. Begin at a later snapshot; facts and transitions that are kept can still be read`,
    );
    this.seq = seq;
  }
}

const PARTS = ["transitions", "facts", "effects", "incidents"] as const;
const RECENT_MS = 60_000;
const MAX_DIFFERENCES = 20;

/** The first difference between what was recorded and what is derived, and the actors it concerns; undefined when equal. */
export interface Difference {
  readonly seq: number;
  readonly actors: readonly string[];
  readonly text: string;
}

/** Derives a record anew on the state and compares. The journaled effects stand, whatever was derived. */
export const rederive = (state: State, recorded: Step): Difference | undefined => {
  // What comes from disk is sorted already; what a test keeps in memory may not be.
  const derived = step(state, recorded.seq, recorded.now, settled(recorded.input));
  let text: string | undefined;
  const actors = new Set<string>();
  for (const part of PARTS) {
    const was: readonly { readonly actor: string }[] = recorded[part];
    const is: readonly { readonly actor: string }[] = derived[part];
    if (was.length === 0 && is.length === 0) continue;
    if (was.length === is.length && canonical(was) === canonical(is)) continue;
    const { first, differing } = compare(was, is);
    text ??= `${part}: ${first}`;
    for (const actor of differing) actors.add(actor);
  }
  if (text === undefined) return undefined;
  for (const effect of derived.effects) state.unacknowledged.delete(effect.id);
  for (const effect of recorded.effects) state.unacknowledged.set(effect.id, effect as Effect);
  return { seq: recorded.seq, actors: [...actors].filter((actor) => actor !== "").sort(), text };
};

const compare = (
  was: readonly { readonly actor: string }[],
  is: readonly { readonly actor: string }[],
): { readonly first: string; readonly differing: ReadonlySet<string> } => {
  const differing = new Set<string>();
  const said = (all: readonly { readonly actor: string }[], actor: string): string =>
    canonical(all.filter((one) => one.actor === actor).map((one) => ({ ...one, id: null })));
  for (const actor of new Set([...was, ...is].map((one) => one.actor)))
    if (said(was, actor) !== said(is, actor)) differing.add(actor);
  for (let i = 0; i < Math.max(was.length, is.length); i++) {
    const a = was[i] === undefined ? "nothing" : canonical(was[i]);
    const b = is[i] === undefined ? "nothing" : canonical(is[i]);
    if (a !== b) return { first: `recorded ${a}, derived ${b}`, differing };
  }
  return { first: "the same in another order", differing };
};

/** What a run through the journal gives: the state of its end, and what differed on the way. */
export interface Rederived {
  readonly state: State;
  readonly snapshotSeq: number;
  readonly records: number;
  /** Differences in records of this very build; recovery refuses them. */
  readonly divergences: readonly Difference[];
  /** Differences in records of other builds. */
  readonly differences: readonly Difference[];
  /** When the runs since the snapshot started. */
  readonly starts: readonly number[];
}

export interface RederiveOptions {
  readonly logic: Logic;
  readonly journal: Journal;
  readonly snapshot: Snapshot | undefined;
  readonly build: string;
  /** Stop after this record. */
  readonly upTo?: number;
  /** Called after each record. May throw. */
  readonly onRecord?: (state: State, recorded: Step, difference: Difference | undefined, sameBuild: boolean) => void;
}

/** The one path from disk to state, for recovery and for replay alike. */
export const rederiveAll = async ({ logic, journal, snapshot, build, upTo, onRecord }: RederiveOptions): Promise<Rederived> => {
  const state = snapshot === undefined ? new State(logic) : State.restored(logic, snapshot);
  const snapshotSeq = state.seq;
  const divergences: Difference[] = [];
  const differences: Difference[] = [];
  const starts: number[] = [];
  let records = 0;
  const { firstSeq = 1 } = journal;
  if (state.seq + 1 < firstSeq) throw new RecordsNotKept(state.seq + 1, `records before ${firstSeq} were let go`);
  if (state.seq < (upTo ?? Number.POSITIVE_INFINITY)) {
    for await (const recorded of journal.read(state.seq + 1)) {
      if (recorded.thinned) {
        throw new RecordsNotKept(recorded.seq, `its quote of ${newYorkDay(recorded.now as EpochMs)} was thinned out`);
      }
      if (recorded.input.type === "run.started") {
        starts.push(recorded.now);
        state.build = String(recorded.input["build"]);
      }
      const sameBuild = state.build === build;
      const difference = rederive(state, recorded);
      if (difference !== undefined) (sameBuild ? divergences : differences).push(difference);
      records++;
      onRecord?.(state, recorded, difference, sameBuild);
      if (recorded.seq === upTo) break;
    }
  }
  return { state, snapshotSeq, records, divergences, differences, starts };
};

export interface Recovery {
  readonly state: State;
  readonly snapshotSeq: number;
  /** For the input `run.started`, given the time of the start. */
  report(now: number): Recovered;
}

/** The state to start from. Throws RecoveryDivergence, JournalBehindSnapshot, or whatever the journal finds damaged. */
export const recover = async (options: {
  readonly logic: Logic;
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  readonly build: string;
  readonly probe?: Probe | undefined;
}): Promise<Recovery> => {
  const { logic, journal, snapshots, build, probe } = options;
  const snapshot = await snapshots.latest();
  if (snapshot !== undefined && snapshot.seq > journal.lastSeq) throw new JournalBehindSnapshot(journal.lastSeq, snapshot.seq);
  probe?.("recover.restored", snapshot?.seq ?? 0);
  const rederived = await rederiveAll({
    logic,
    journal,
    snapshot,
    build,
    onRecord: (_, recorded, difference, sameBuild) => {
      if (difference !== undefined && sameBuild) throw new RecoveryDivergence(recorded.seq, difference.text);
      probe?.("recover.step", recorded.seq);
    },
  });
  const { state } = rederived;
  if (state.seq !== journal.lastSeq) throw new RecoveryDivergence(state.seq, `the journal says it ends at ${journal.lastSeq}`);
  probe?.("recover.done", state.seq);
  return { state, snapshotSeq: rederived.snapshotSeq, report: (now) => reportOf(rederived, now) };
};

const reportOf = ({ state, snapshotSeq, records, differences, starts }: Rederived, now: number): Recovered => {
  const unrestored = [...state.unrestored].map(([path, why]) => ({
    seq: snapshotSeq,
    actors: [path],
    text: `not restored: ${why}`,
  }));
  const all: readonly Difference[] = [...unrestored, ...differences];
  const open = [...state.unacknowledged.values()];
  return {
    snapshotSeq,
    records,
    build: state.build === "" ? null : state.build,
    quarantined: [...new Set(all.flatMap(({ actors }) => actors))].sort(),
    differences: all.slice(0, MAX_DIFFERENCES).map(({ seq, actors, text }) => `${seq} ${actors.join(", ")}: ${text}`),
    unconfirmed: open.filter((effect) => state.isOrder(effect)).map((effect) => effect.id),
    held: open.filter((effect) => !state.isOrder(effect)).map((effect) => effect.id),
    recentStarts: starts.filter((at) => now - at <= RECENT_MS).length,
  };
};
