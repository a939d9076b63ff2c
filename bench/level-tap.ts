/** A LevelDB on disk that remembers what was written through it, so that the very same bytes can be written again without us. */
import { ClassicLevel } from "classic-level";
import type { Level, Operation } from "../src/store/level.ts";

export interface Tap {
  readonly level: Level;
  /** The batches since the last call. */
  taken(): Operation[][];
  close(): Promise<void>;
}

export const openLevel = async (directory: string): Promise<ClassicLevel<string, string>> => {
  const level = new ClassicLevel<string, string>(directory);
  await level.open();
  return level;
};

export const openTapped = async (directory: string): Promise<Tap> => {
  const real = await openLevel(directory);
  let batches: Operation[][] = [];
  const level: Level = {
    batch: (operations, options) => {
      batches.push(operations);
      return real.batch(operations, options);
    },
    get: (key) => real.get(key),
    getMany: (keys) => real.getMany(keys),
    iterator: (range) => real.iterator(range),
    keys: (range) => real.keys(range),
    close: () => real.close(),
  };
  return {
    level,
    taken: () => {
      const all = batches;
      batches = [];
      return all;
    },
    close: () => real.close(),
  };
};

export const GENESIS = "0".repeat(64);
