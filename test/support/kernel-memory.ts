/**
 * A journal, snapshots and a clock in memory, for tests of the kernel alone. What goes in comes back as JSON with sorted keys,
 * as from a disk; `crash()` loses what was not durable yet.
 */
import { canonical } from "../../src/domain/canonical-json.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { ActorRecord, Journal, Snapshot, SnapshotHead, Snapshots, Step } from "../../src/ports/journal.ts";

const copy = <Value>(value: Value): Value => JSON.parse(canonical(value)) as Value;

export class MemoryJournal implements Journal {
  readonly steps: Step[] = [];
  /** When set, appends wait until `flush` is called. */
  manual = false;
  /** Makes the next append fail. */
  failure: Error | undefined;
  #waiting: (() => void)[] = [];

  get lastSeq(): number {
    return this.steps.at(-1)?.seq ?? 0;
  }

  async append(steps: readonly Step[]): Promise<void> {
    const copies = copy(steps);
    if (this.manual) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    if (copies[0] !== undefined && copies[0].seq !== this.lastSeq + 1)
      throw new Error(`step ${copies[0].seq} after ${this.lastSeq}`);
    this.steps.push(...copies);
  }

  /** Lets the append that waits succeed. */
  flush(): void {
    this.#waiting.shift()?.();
  }

  async *read(fromSeq: number): AsyncGenerator<Step> {
    for (const step of this.steps.filter(({ seq }) => seq >= fromSeq)) yield copy(step);
  }
}

export class MemorySnapshots implements Snapshots {
  readonly kept: Snapshot[] = [];

  async save(head: SnapshotHead, dirty: readonly ActorRecord[], removed: readonly string[]): Promise<void> {
    const actors = new Map((this.kept.at(-1)?.actors ?? []).map((actor) => [actor.path, actor]));
    for (const path of removed) actors.delete(path);
    for (const actor of dirty) actors.set(actor.path, copy(actor));
    await Promise.resolve();
    this.kept.push({ ...copy(head), actors: [...actors.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) });
  }
  async latest(): Promise<Snapshot | undefined> {
    return this.kept.length === 0 ? undefined : copy(this.kept.at(-1)!);
  }
  async list(): Promise<readonly number[]> {
    return this.kept.map(({ seq }) => seq);
  }
  async at(seq: number): Promise<Snapshot> {
    const found = this.kept.find((snapshot) => snapshot.seq === seq);
    if (found === undefined) throw new RangeError(`no snapshot of ${seq}`);
    return copy(found);
  }
}

/** A clock that moves only when told to, and wakes whoever asked on the way. */
export class ManualClock implements Clock {
  #now: number;
  #wakes: { readonly at: number; readonly wake: () => void }[] = [];
  constructor(now = 1_000_000) {
    this.#now = now;
  }
  now(): number {
    return this.#now;
  }
  wakeAt(at: number, wake: () => void): () => void {
    const entry = { at, wake };
    this.#wakes.push(entry);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== entry);
    };
  }
  /** Moves on by `ms`, stopping at each wake-up in turn. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#wakes.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#wakes = this.#wakes.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = end;
  }
  /** Sets the clock without waking anybody: an outage, or a wall clock that steps. */
  jump(to: number): void {
    this.#now = to;
    this.#wakes = [];
  }
}

/** Lets every promise that is ready run. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};
