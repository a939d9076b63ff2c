/**
 * The slice of abstract-level that the store uses, where each thing lies in it, and its death.
 *
 * `classic-level` (LevelDB on disk) and `memory-level` fit as they are, with string keys and values. After the first failed
 * write LevelDB may acknowledge later synced writes and lose them (measured on a full disk), so nothing is ever written
 * through a database that has failed once.
 */
import { type StoreError, storeErrorFrom } from "./store-error.ts";

export type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: string }
  | { readonly type: "del"; readonly key: string };

export interface Range {
  readonly gte?: string;
  readonly gt?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** What abstract-level calls an iterator: the next items, none at the end. */
export interface Pages<Item> {
  nextv(size: number): Promise<Item[]>;
  close(): Promise<void>;
}

export interface Level {
  batch(operations: Operation[], options: { readonly sync: boolean }): Promise<void>;
  get(key: string): Promise<string | undefined>;
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  iterator(range: Range): Pages<[string, string]>;
  keys(range: Range): Pages<string>;
  /** Gives the room of deleted entries back, beside the loop. Only what is on disk needs it. */
  compactRange?(start: string, end: string): Promise<void>;
  close(): Promise<void>;
}

/** How many entries are fetched at once. */
const FETCH = 1000;
/** classic-level stops a fetch at 16 KiB unless told otherwise; memory-level does not know the option. */
const FETCH_BYTES = { highWaterMarkBytes: 1 << 20, fillCache: false };

/** The entries of a range in key order, a page of `fetch` at a time. */
export async function* entryPages(level: Level, range: Range, fetch = FETCH): AsyncGenerator<[string, string][], void> {
  const entries = level.iterator({ ...range, ...FETCH_BYTES });
  try {
    for (let page = await entries.nextv(fetch); page.length > 0; page = await entries.nextv(fetch)) yield page;
  } finally {
    await entries.close();
  }
}

/** All keys of a range, in order. */
export const allKeys = async (level: Level, range: Range): Promise<string[]> => {
  const keys = level.keys({ ...range, ...FETCH_BYTES });
  const found: string[] = [];
  try {
    for (let page = await keys.nextv(FETCH); page.length > 0; page = await keys.nextv(FETCH)) found.push(...page);
  } finally {
    await keys.close();
  }
  return found;
};

/** Whole numbers of fixed width, so that keys sort as numbers do. Safe integers have at most 16 digits. */
export const fixedWidth = (value: number): string => String(value).padStart(16, "0");

/** The keys of the store. Everything of one kind lies between its prefix and the prefix's successor ("/" is followed by "0"). */
export const KEYS = {
  record: (seq: number): string => `j/${fixedWidth(seq)}`,
  actor: (seq: number, path: string): string => `a/${fixedWidth(seq)}/${path}`,
  /** `nowMs` in the key, so that the keys alone tell which snapshots to keep. */
  manifest: (seq: number, nowMs: number): string => `s/${fixedWidth(seq)}/${fixedWidth(nowMs)}`,
  records: { gte: "j/", lt: "j0" },
  actors: { gte: "a/", lt: "a0" },
  manifests: { gte: "s/", lt: "s0" },
} as const;

/**
 * The same database, dead after its first failed write: each later write rejects with that first error. All its errors are StoreErrors.
 * `onDead` is called once. Journal and snapshots share one, because they share LevelDB's log.
 */
export const failStop = (level: Level, file: string, onDead: (error: StoreError) => void = () => {}): Level => {
  let dead: StoreError | undefined;
  const unreadable = (error: unknown): never => {
    throw storeErrorFrom(error, "reading", { file });
  };
  const readable = <Item>(pages: Pages<Item>): Pages<Item> => ({
    nextv: (size) => pages.nextv(size).catch(unreadable),
    close: () => pages.close(),
  });
  return {
    batch: async (operations, options) => {
      if (dead !== undefined) throw dead;
      try {
        await level.batch(operations, options);
      } catch (error) {
        if (dead === undefined) {
          dead = storeErrorFrom(error, "writing", { file });
          onDead(dead);
        }
        throw dead;
      }
      // A write that was under way when another failed may be one of those that LevelDB acknowledges and loses.
      if (dead !== undefined) throw dead;
    },
    get: (key) => level.get(key).catch(unreadable),
    getMany: (keys) => level.getMany(keys).catch(unreadable),
    iterator: (range) => readable(level.iterator(range)),
    keys: (range) => readable(level.keys(range)),
    compactRange: async (start, end) => {
      await level.compactRange?.(start, end).catch(unreadable);
    },
    close: () => level.close(),
  };
};
