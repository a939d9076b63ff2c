/**
 * Everything that the next step depends on: the actors by path, who listens, the timers, the effects not yet known to have left,
 * and a few numbers. A snapshot is this and nothing else; `step` alone changes it.
 */
import type { AnyMachineSnapshot } from "xstate";
import type { ActorRecord, Effect, Snapshot, SnapshotHead, TimerRecord } from "../ports/journal.ts";
import { Cell, type CellImage, recordOf } from "./cell.ts";
import { type DurableMachine, durableMachines } from "./durable-logic.ts";
import type { Logic, View } from "./logic.ts";
import { TimerHeap } from "./timer-heap.ts";
import { Topics } from "./topics.ts";
import { messageOf, Transaction } from "./transaction.ts";

/** What the state hash is taken over (see `src/domain`): sorted, plain. */
export interface StateParts {
  readonly actors: readonly ActorRecord[];
  readonly timers: readonly TimerRecord[];
  readonly unacknowledged: readonly Effect[];
}

/** A snapshot in the making: consistent as of `head.seq`, actors still as references. */
export interface StateImage {
  readonly head: SnapshotHead;
  readonly dirty: readonly CellImage[];
  readonly removed: readonly string[];
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : 1);

export class State implements View {
  readonly logic: Logic;
  readonly transaction: Transaction;
  readonly machines: ReadonlyMap<string, DurableMachine>;
  readonly cells = new Map<string, Cell>();
  readonly topics = new Topics();
  readonly timers = new TimerHeap();
  /** By effect id, in seq order. */
  readonly unacknowledged = new Map<string, Effect>();
  /** When each actor was poisoned in the last 60 s of journal time. */
  readonly poisonings = new Map<string, number[]>();
  /** Actors that changed since the last snapshot. */
  readonly dirty = new Set<Cell>();
  readonly removed = new Set<string>();
  /** Paths and reasons of actors that this build could not restore. */
  readonly unrestored = new Map<string, string>();

  /** The last step applied, 0 before the first. */
  seq = 0;
  now = 0;
  /** The build that wrote the last record; empty before the first. */
  build = "";
  /** The seq and the time of the last `run.started`. */
  startedSeq = 0;
  startedAt = 0;
  /** The supervisor has said goLive since the last `run.started`. */
  live = false;
  /** The step of that goLive: for taking a snapshot then, no part of the state. */
  wentLiveSeq = 0;

  constructor(logic: Logic) {
    this.logic = logic;
    this.transaction = new Transaction(logic);
    this.machines = durableMachines(logic, this.transaction);
  }

  /** The state as a snapshot recorded it. Actors that cannot be restored are quarantined and listed in `unrestored`. */
  static restored(logic: Logic, snapshot: Snapshot): State {
    const state = new State(logic);
    state.seq = snapshot.seq;
    state.now = snapshot.now;
    state.build = snapshot.build;
    const { counters } = snapshot;
    state.startedSeq = counters["startedSeq"] ?? 0;
    state.startedAt = counters["startedAt"] ?? 0;
    state.live = counters["live"] === 1;
    for (const record of snapshot.actors) {
      const cell = state.#restore(record);
      if (cell.version !== record.version || cell.standing !== record.standing) state.dirty.add(cell);
      state.cells.set(record.path, cell);
      for (const topic of record.topics) state.topics.add(topic, record.path);
    }
    for (const timer of snapshot.timers) state.timers.arm(timer);
    if (!state.live) state.holdTimers();
    for (const effect of snapshot.unacknowledged) state.unacknowledged.set(effect.id, effect);
    for (const [key, time] of Object.entries(counters)) {
      const [what, nth, ...path] = key.split(" ");
      if (what !== "poisoned" || nth === undefined) continue;
      const times = state.poisonings.get(path.join(" ")) ?? [];
      times[Number(nth)] = time;
      state.poisonings.set(path.join(" "), times);
    }
    return state;
  }

  #restore(record: ActorRecord): Cell {
    try {
      const durable = this.machines.get(record.machine);
      if (durable === undefined) throw new Error(`there is no machine ${record.machine}`);
      return Cell.restored(record, durable);
    } catch (error) {
      this.unrestored.set(record.path, messageOf(error));
      return Cell.unrestorable(record);
    }
  }

  snapshotOf(path: string): AnyMachineSnapshot | undefined {
    const cell = this.cells.get(path);
    return cell?.standing === "live" ? cell.snapshot : undefined;
  }

  /** Timers that were overdue when the run started wait for goLive; those of the future do not. */
  holdTimers(): void {
    this.timers.hold((timer) => timer.armedAt < this.startedSeq && timer.deadline <= this.startedAt);
  }

  /** Effects of earlier runs that wait for goLive: all of them but orders, which are never released again. */
  heldEffects(): readonly Effect[] {
    return [...this.unacknowledged.values()].filter((effect) => seqOf(effect) < this.startedSeq && !this.isOrder(effect));
  }

  /** Whether an effect may be released at most once. One that this build does not know any more counts as such. */
  isOrder(effect: Effect): boolean {
    const effectClass = this.logic.effectClass(effect.type);
    return effectClass === "order" || effectClass === undefined;
  }

  head(): SnapshotHead {
    const counters: { [name: string]: number } = {
      startedSeq: this.startedSeq,
      startedAt: this.startedAt,
      live: this.live ? 1 : 0,
    };
    for (const [path, times] of this.poisonings) {
      for (const [nth, time] of times.entries()) counters[`poisoned ${nth} ${path}`] = time;
    }
    return {
      seq: this.seq,
      now: this.now,
      build: this.build,
      timers: this.timers.records(),
      unacknowledged: [...this.unacknowledged.values()],
      counters,
    };
  }

  /** Takes what a snapshot must write and starts counting changes anew. */
  capture(): StateImage {
    const image = { head: this.head(), dirty: [...this.dirty].map((cell) => cell.image()), removed: [...this.removed].sort() };
    this.dirty.clear();
    this.removed.clear();
    return image;
  }

  /** The whole state, sorted: for hashes and for looking at the past. Stalls for large states; never on the live path. */
  parts(): StateParts {
    return {
      actors: [...this.cells.values()].map((cell) => recordOf(cell.image())).sort(byPath),
      timers: this.timers.records(),
      unacknowledged: [...this.unacknowledged.values()],
    };
  }
}

/** The seq of the step that made an effect. */
export const seqOf = (effect: Effect): number => Number(effect.id.slice(0, effect.id.indexOf(".")));
