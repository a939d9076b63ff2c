/**
 * What the kernel is generic over: the logic it runs, the outbox it releases effects to, and the options of one run.
 *
 * Types only. `src/actors` implements Logic, `src/io` (or the simulation) implements Outbox, `src/cli` composes both.
 */
import type { AnyMachineSnapshot, AnyStateMachine } from "xstate";
import type { Json, JsonObject } from "../domain/json.ts";
import type { Clock } from "../ports/clock.ts";
import type { Effect, Input, Journal, Snapshots, Step } from "../ports/journal.ts";

/**
 * `order`: released at most once, ever; after a crash its actor hears `effect.unconfirmed`. `cancel` and `enquiry`: held over a
 * restart until the supervisor says goLive, then released again if still wanted. `notice`: the same, at least once, by key.
 */
export type EffectClass = "order" | "cancel" | "enquiry" | "notice";

/** What becomes of an actor that throws. `quarantine`: no more events. `restart`: goes on from its last good snapshot, three times in 60 s. */
export type Protection = "quarantine" | "restart";

/** One machine of the registry. */
export interface MachineEntry {
  readonly machine: AnyStateMachine;
  /** Whole number, raised when a persisted snapshot of the machine changes its shape. */
  readonly version: number;
  readonly protection: Protection;
  /** Turns a persisted snapshot of an older version into one of this version. Throws when it cannot: the actor is quarantined. */
  readonly migrate?: (snapshot: Json, fromVersion: number) => Json;
}

/** An actor to create. */
export interface Birth {
  readonly path: string;
  /** Name in `Logic.machines`. */
  readonly machine: string;
  readonly input: Json;
}

/**
 * Whom an input is for: actors by path, and the listeners of topics (each actor hears it once). When nobody is hit, `fallback`
 * hears it; without one the incident `unrouted` is recorded.
 */
export interface Route {
  readonly to?: readonly string[];
  readonly topics?: readonly string[];
  readonly fallback?: string;
}

/** What gate and stillWanted may look at: the actors as of the last step applied. */
export interface View {
  /** Market time of the last step, epoch ms. */
  readonly now: number;
  /** The XState snapshot of an actor, undefined when there is none or it is not live. */
  snapshotOf(path: string): AnyMachineSnapshot | undefined;
}

/** The program that the kernel runs: pure, and the same for every run of one build. */
export interface Logic {
  readonly machines: { readonly [name: string]: MachineEntry };
  /** The actors spawned by the first `run.started` of an empty journal, in this order, before it is routed. */
  genesis(): readonly Birth[];
  /** Pure. A throw is recorded as `unrouted`. Not asked for timers and for answers of effects: these know their actor. */
  route(input: Input): Route;
  /** The class of an effect by its action name; undefined: not an effect, and whoever speaks it is poisoned. */
  effectClass(type: string): EffectClass | undefined;
  /** Just before release: the reason to refuse, or undefined to let it go. Kill latch and expiry of the approval belong here. A throw refuses. */
  gate(effect: Effect, view: View): string | undefined;
  /** Whether a cancel, enquiry or notice held over a restart still makes sense. A throw means no. */
  stillWanted(effect: Effect, view: View): boolean;
  /**
   * The path of the actor that is told `actor.poisoned {path, machine, detail, standing}` and `actor.halted {path, machine, detail}`,
   * and that alone may say goLive.
   */
  readonly supervisor: string;
  /** Input types (quotes) that no one needs to accept: no incident `unhandled` or `unrouted` for them. */
  quiet?(type: string): boolean;
}

/** What became of one effect at the border. */
export type Release =
  | { readonly written: number } // the bytes left, in this connection epoch
  | { readonly refused: string } // they certainly did not, and why
  | "pending"; // told later: offer `effect.written {effect: id, epoch}`, `effect.refused {effect: id, reason}`, or, when the
// connection was lost first and nobody knows, `effect.unconfirmed {effect: id}`. The actor hears it with `name` and `params` added.

export interface Outbox {
  /**
   * Called once for an effect, only after the batch that holds it is on disk, in seq order (cancels first). Synchronous.
   * A throw means "maybe": an order comes back to its actor as `effect.unconfirmed`, anything else as `effect.refused`.
   */
  release(effect: Effect): Release;
}

/** How one run differs from another; journaled with `run.started`. */
export interface RunOptions {
  readonly config: JsonObject;
  readonly node: string;
  readonly mode: string;
}

/** What recovery found; part of the input `run.started` as `recovered`. */
export interface Recovered extends JsonObject {
  /** The seq of the snapshot that recovery began with, 0 for genesis. */
  readonly snapshotSeq: number;
  /** Records replayed after it. */
  readonly records: number;
  /** The build that wrote the last record, null for an empty journal. */
  readonly build: string | null;
  /** Actors quarantined because this build derives something else than the journal holds, or cannot restore them. */
  readonly quarantined: readonly string[];
  /** One line for each: path, seq, first difference. At most 20. */
  readonly differences: readonly string[];
  /** Orders journaled and not known to have left: each is told `effect.unconfirmed`. Ids. */
  readonly unconfirmed: readonly string[];
  /** Cancels, enquiries and notices held until goLive. Ids. */
  readonly held: readonly string[];
  /** Starts in the 60 s before this one that no snapshot followed. Two or more: the engine should only observe (K8). */
  readonly recentStarts: number;
}

/** Points at which a crash test may throw. Never set in production. */
export type Probe = (
  point:
    | "apply.before"
    | "apply.after"
    | "append.before"
    | "append.after"
    | "release.before"
    | "release.after"
    | "written"
    | "snapshot.before"
    | "snapshot.after"
    | "recover.restored"
    | "recover.step"
    | "recover.done",
  detail: string | number,
) => void;

export interface KernelOptions {
  readonly logic: Logic;
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** Identifies the code: two runs of one build must derive the same from the same inputs. Journaled with `run.started`. */
  readonly build: string;
  /**
   * Called at most once, after which the kernel does nothing at all any more: a write that failed (K6), an inbox that
   * overflowed (K7), a broken invariant. `inHand` is the input being applied, to be written aside (K8). End the process.
   */
  readonly fatal: (error: unknown, inHand: Input | undefined) => void;
  /** After each durable batch, before its effects are released: for projections. A throw ends the process. */
  readonly onDurable?: (steps: readonly Step[]) => void;
  /** true: stop reading the broker's socket; false: read on. */
  readonly onPressure?: (pressed: boolean) => void;
  /** Lets the event loop breathe between two slices of a snapshot (setImmediate in production). */
  readonly breathe?: () => Promise<void>;
  /** Steps in the forming batch at which stepping stops. Default 1,024. */
  readonly maxBatch?: number;
  /** Inputs waiting in the inbox at which the process ends. Default 65,536. */
  readonly maxInbox?: number;
  /** Records between two snapshots. Default 10,000. */
  readonly snapshotEvery?: number;
  readonly probe?: Probe;
  /**
   * Hears each input as it enters the inbox: the object that its step will hold, so that a replaced quote is heard and not stepped.
   * For measurements.
   */
  readonly onOffered?: (input: Input) => void;
}

/** The answer to an operator's command: durable, with the step it made, or refused for now. */
export type Receipt = { readonly seq: number; readonly step: Step } | { readonly refused: "try later" | "stopping" };
