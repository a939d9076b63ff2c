/** A fresh process with so many open slots and a real journal, that hears quotes and then tells how much memory it holds. */
import { LevelJournal } from "../src/store/level-journal.ts";
import { GENESIS, openLevel } from "./level-tap.ts";
import { MORNING, openSlots, quoteRound } from "./slots-parts.ts";

export interface MemoryReport {
  /** Bytes. Before the first actor; after the quotes as it is; the same after a full collection. */
  readonly before: number;
  readonly loaded: number;
  readonly collected: number;
  readonly heapUsed: number;
}

const [directory = "", slots = "0", steps = "0"] = process.argv.slice(2);
const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
collect();
const before = process.memoryUsage.rss();
const level = await openLevel(directory);
const world = await openSlots(Number(slots), { journal: await LevelJournal.open(level, GENESIS, "bench") });
await quoteRound(world, { slots: Number(slots), steps: Number(steps), from: MORNING });
const loaded = process.memoryUsage.rss();
collect();
const { rss: collected, heapUsed } = process.memoryUsage();
await level.close();
process.send?.({ before, loaded, collected, heapUsed } satisfies MemoryReport);
process.disconnect?.();
