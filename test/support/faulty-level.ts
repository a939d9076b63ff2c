/**
 * A database in memory that fails as a disk does: at a chosen write, before, amid or after it takes effect, and that can be
 * looked at as a crash would have left it.
 */
import { MemoryLevel } from "memory-level";
import type { Level, Operation } from "../../src/store/level.ts";

/** What becomes of the failing write: nothing of it, its first half, or all of it though it is reported as failed. */
export type Tear = "nothing" | "half" | "everything";

export interface Fault {
  /** Which write fails, counted from 0. Later ones are acknowledged and lost, as LevelDB does after a full disk. */
  readonly atWrite: number;
  readonly error: Error;
  readonly tear: Tear;
}

/** How LevelDB reports a full disk. */
export const diskFull = (): Error =>
  Object.assign(new Error("IO error: /state/journal/000004.log: No space left on device"), { code: "LEVEL_IO_ERROR" });

export class FaultyLevel implements Level {
  readonly #inner = new MemoryLevel<string, string>();
  readonly #fault: Fault | undefined;
  readonly #effective: Operation[][] = [];
  /** Writes that were asked for, failed ones included. */
  writes = 0;

  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  async batch(operations: Operation[]): Promise<void> {
    const write = this.writes++;
    const fault = this.#fault;
    if (fault !== undefined && write > fault.atWrite) return;
    const fails = write === fault?.atWrite;
    const share = !fails || fault?.tear === "everything" ? 1 : fault?.tear === "half" ? 0.5 : 0;
    const effective = operations.slice(0, Math.floor(operations.length * share));
    this.#effective.push(effective);
    await this.#inner.batch(effective);
    if (fails) throw fault.error;
  }

  /** What the disk holds when the process dies and all but the first `writes` writes are lost. */
  async afterCrash(writes: number): Promise<MemoryLevel<string, string>> {
    const level = new MemoryLevel<string, string>();
    for (const operations of this.#effective.slice(0, writes)) await level.batch(operations);
    return level;
  }

  get(key: string): Promise<string | undefined> {
    return this.#inner.get(key);
  }
  getMany(keys: string[]): Promise<(string | undefined)[]> {
    return this.#inner.getMany(keys);
  }
  iterator(range: object): ReturnType<Level["iterator"]> {
    return this.#inner.iterator(range);
  }
  keys(range: object): ReturnType<Level["keys"]> {
    return this.#inner.keys(range);
  }
  close(): Promise<void> {
    return this.#inner.close();
  }
}
