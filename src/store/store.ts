/**
 * Journal and snapshots over one database that dies at its first failed write.
 *
 * The same for LevelDB on disk and for memory-level in the simulation. Whose directory it is, locks and anchors belong to the
 * state directory.
 */
import { failStop, type Level } from "./level.ts";
import { LevelJournal } from "./level-journal.ts";
import { LevelSnapshots } from "./level-snapshots.ts";
import { Segments } from "./segments.ts";
import type { StoreError } from "./store-error.ts";

export interface StoreOptions {
  /** What the first record continues: the identity's genesis hash; in the simulation any fixed text. */
  readonly genesis: string;
  /** The trading day of an instant in epoch ms: which snapshots are a day's first. */
  readonly dayOf: (nowMs: number) => string;
  /** Named in errors. */
  readonly file?: string;
  /** Called once, at the first failed write. The caller ends the process. */
  readonly onDead?: (error: StoreError) => void;
  /** Called when a snapshot is durable; its save waits for it. */
  readonly onSaved?: () => Promise<void>;
  /** The sealed days that the database goes on from. Default: none. */
  readonly segments?: Segments;
}

export interface Store {
  readonly journal: LevelJournal;
  readonly snapshots: LevelSnapshots;
  readonly segments: Segments;
  close(): Promise<void>;
}

/** Journal and snapshots of an open database. Throws a JournalDamage when the last record is not what was written. */
export const openStore = async (level: Level, options: StoreOptions): Promise<Store> => {
  const { genesis, dayOf, file = "memory", onDead, onSaved, segments = Segments.none(options.genesis) } = options;
  const shared = failStop(level, file, onDead);
  const journal = await LevelJournal.open(shared, genesis, file, segments);
  const lastSeq = (): number => journal.lastSeq;
  const snapshots = await LevelSnapshots.open(shared, { genesis, file, dayOf, lastSeq, ...(onSaved ? { onSaved } : {}) });
  return { journal, snapshots, segments, close: () => shared.close() };
};
