/**
 * The journal as the kernel sees it: an append-only sequence of records, and the snapshots that shorten recovery.
 *
 * Types only. `src/store` implements them over LevelDB; the same code runs on memory-level in the simulation.
 */
import type { Json, JsonObject } from "../domain/json.ts";

/** Anything that can change the core. `type` is a lower-case dotted name. */
export interface Input extends JsonObject {
  readonly type: string;
}

/** A step of one actor: from one state value to another because of an event. Paths, never XState session ids. */
export interface Transition {
  readonly actor: string;
  readonly from: Json;
  readonly event: string;
  readonly to: Json;
}

/** What an actor made known (XState `emit`). */
export interface Fact {
  readonly actor: string;
  readonly type: string;
  readonly [key: string]: Json | undefined;
}

/** What must leave the process. `id` is `<seq>.<n>`, unique for all time in one journal. */
export interface Effect {
  readonly id: string;
  readonly actor: string;
  readonly type: string;
  readonly params: JsonObject;
}

/** What went wrong or unheard inside a step, recorded beside it. */
export interface Incident {
  readonly kind: "poisoned" | "unhandled" | "undelivered" | "unrouted";
  readonly actor: string;
  readonly event: string;
  readonly detail: string;
}

/** One step, as the kernel hands it to the journal and as every projection reads it. */
export interface Step {
  readonly seq: number;
  readonly now: number;
  readonly input: Input;
  readonly transitions: readonly Transition[];
  readonly facts: readonly Fact[];
  readonly effects: readonly Effect[];
  readonly incidents: readonly Incident[];
  /** The body of the input, a quote, was thinned out long after: only its type is left. What followed from it is all there. */
  readonly thinned?: true;
}

/** One actor as a snapshot keeps it: XState's persisted snapshot, what it listens to, and its standing. */
export interface ActorRecord {
  readonly path: string;
  /** The name of the machine in the kernel's registry, and its version at the time of writing. */
  readonly machine: string;
  readonly version: number;
  readonly input: Json;
  readonly snapshot: Json;
  readonly topics: readonly string[];
  readonly standing: "live" | "quarantined" | "halted";
}

export interface TimerRecord {
  readonly actor: string;
  readonly id: string;
  /** Absolute, in the journal's own time. */
  readonly deadline: number;
  readonly event: JsonObject;
  /** The seq of the step that armed it. */
  readonly armedAt: number;
}

/** Everything of a snapshot but the actors: small, written each time. */
export interface SnapshotHead {
  readonly seq: number;
  readonly now: number;
  readonly build: string;
  readonly timers: readonly TimerRecord[];
  /** Effects journaled and not yet known to have left or been refused. */
  readonly unacknowledged: readonly Effect[];
  readonly counters: { readonly [name: string]: number };
}

export interface Snapshot extends SnapshotHead {
  readonly actors: readonly ActorRecord[];
}

/** Append and read. Any rejection of `append` means "maybe written": the caller ends the process (K6). */
export interface Journal {
  /** Durable when it resolves (`sync: true`). Steps are contiguous and continue the journal's last seq. */
  append(steps: readonly Step[]): Promise<void>;
  /** Verified steps from `fromSeq` on, in order. Throws a JournalDamage naming the place at the first bad record. */
  read(fromSeq: number): AsyncIterable<Step>;
  /** The last seq on disk, 0 when empty. */
  readonly lastSeq: number;
  /** The first seq that is kept: 1, or later once the oldest days were let go. Left out by journals that keep everything. */
  readonly firstSeq?: number;
}

export interface Snapshots {
  /** Writes the dirty actors and a manifest that names every actor's newest record; keeps three, plus one a trading day. */
  save(head: SnapshotHead, dirty: readonly ActorRecord[], removed: readonly string[]): Promise<void>;
  /** The newest snapshot that verifies, or undefined. */
  latest(): Promise<Snapshot | undefined>;
  /** The seqs of all kept snapshots, oldest first. */
  list(): Promise<readonly number[]>;
  /** One snapshot by its seq. Throws when it does not verify. */
  at(seq: number): Promise<Snapshot>;
}
