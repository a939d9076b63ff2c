/**
 * The disk of the simulated machine: a database in memory that outlives the processes writing to it.
 *
 * A write lies in the disk's cache for the time of an fsync and then is durable, all of it or nothing (LevelDB's batches are
 * atomic). A process that dies meanwhile never learns which; the disk decides. Reads are immediate.
 */
import { MemoryLevel } from "memory-level";
import type { Life } from "./life.ts";
import type { VirtualTime } from "./virtual-time.ts";

type Put = { readonly type: "put"; readonly key: string; readonly value: string };
type Operation = Put | { readonly type: "del"; readonly key: string };
interface Range {
  readonly gte?: string;
  readonly gt?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}
interface Pages<Item> {
  nextv(size: number): Promise<Item[]>;
  close(): Promise<void>;
}

/** What one process sees of the disk: the slice of abstract-level that the store uses. */
export interface Database {
  batch(operations: Operation[], options: { readonly sync: boolean }): Promise<void>;
  get(key: string): Promise<string | undefined>;
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  iterator(range: Range): Pages<[string, string]>;
  keys(range: Range): Pages<string>;
  close(): Promise<void>;
}

export interface DiskOptions {
  readonly time: VirtualTime;
  /** How long the next fsync takes. */
  readonly fsyncMs: () => number;
  /** Whether a write that was under way when its process died is on the disk. */
  readonly landed: () => boolean;
  /** Told of every value that became durable, in order. */
  readonly onDurable: (key: string, value: string) => void;
}

export interface Disk {
  /** The database as a process of the given life opens it. */
  open(life: Life): Database;
  /** Operations begun so far and those not answered yet: whoever runs the world waits until all are. */
  readonly begun: number;
  readonly pending: number;
  /** Everything between two keys, in order. */
  read(range: { readonly gte: string; readonly lt: string }): Promise<[string, string][]>;
}

export const createDisk = ({ time, fsyncMs, landed, onDurable }: DiskOptions): Disk => {
  const level = new MemoryLevel<string, string>({ keyEncoding: "utf8", valueEncoding: "utf8", storeEncoding: "utf8" });
  let begun = 0;
  let pending = 0;

  const counted = <Value>(work: Promise<Value>): Promise<Value> => {
    begun++;
    pending++;
    return work.finally(() => {
      pending--;
    });
  };
  const pages = <Item>(of: Pages<Item>): Pages<Item> => ({
    nextv: (size) => counted(of.nextv(size)),
    close: () => counted(of.close()),
  });

  const open = (life: Life): Database => ({
    batch: (operations) =>
      new Promise((durable, failed) => {
        time.after(fsyncMs(), () => {
          if (!life.alive && !landed()) return;
          counted(level.batch(operations)).then(() => {
            for (const operation of operations) if (operation.type === "put") onDurable(operation.key, operation.value);
            // A dead process hears of nothing any more.
            if (life.alive) durable();
          }, failed);
        });
      }),
    get: (key) => counted(level.get(key)),
    getMany: (keys) => counted(level.getMany(keys)),
    iterator: (range) => pages(level.iterator(range)),
    keys: (range) => pages(level.keys(range)),
    close: () => Promise.resolve(),
  });

  return {
    open,
    get begun() {
      return begun;
    },
    get pending() {
      return pending;
    },
    read: ({ gte, lt }) => counted(level.iterator({ gte, lt }).all()),
  };
};
