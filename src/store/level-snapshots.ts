/**
 * Snapshots in the journal's own LevelDB: a manifest each, and flat actor records that manifests share.
 *
 * A save writes the dirty actors in slices, then, in one last batch, the manifest together with all deletions: a snapshot is
 * either whole or not there. The three newest are kept, and the first of each trading day.
 *
 * Deleting needs no counting of references: an actor's record is used by an unbroken run of snapshots, from the one that wrote
 * it to the last before the actor changed. What a deleted snapshot used and neither kept neighbour uses, nobody uses.
 */
import { assert } from "../domain/assert.ts";
import type { ActorRecord, Snapshot, SnapshotHead, Snapshots } from "../ports/journal.ts";
import { allKeys, KEYS, type Level, type Operation } from "./level.ts";
import {
  type ActorPlace,
  type ActorPlaces,
  decodeActor,
  decodeManifest,
  encodeActor,
  encodeManifest,
  type Manifest,
  manifestKeyParts,
} from "./manifest.ts";
import { JournalDamage, StoreError, type StoreErrorCode, WAY_OUT } from "./store-error.ts";

export interface SnapshotsOptions {
  /** The journal's genesis hash: a snapshot of another journal does not verify. */
  readonly genesis: string;
  /** Named in errors. */
  readonly file: string;
  /** The trading day of an instant in epoch ms. */
  readonly dayOf: (nowMs: number) => string;
  /** The journal's last durable seq: no snapshot may be newer. */
  readonly lastSeq: () => number;
  /** Called when a snapshot is durable; the save waits for it. */
  readonly onSaved?: () => Promise<void>;
}

interface Kept {
  readonly seq: number;
  readonly nowMs: number;
  readonly key: string;
}

const KEEP_NEWEST = 3;
/** Manifests held in memory: the newest kept ones and the two before them, which is all that a usual deletion looks at. */
const REMEMBERED = KEEP_NEWEST + 2;
/** Actors written or read between two turns of the event loop. */
const SLICE = 64;
/** After these the previous snapshot serves. Anything else (another version, a failing disk) is for the operator. */
const FALL_BACK: readonly StoreErrorCode[] = ["damaged", "head-behind"];

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isDamage = (error: unknown): error is StoreError => error instanceof StoreError && FALL_BACK.includes(error.code);

export class LevelSnapshots implements Snapshots {
  readonly #level: Level;
  readonly #options: SnapshotsOptions;
  /** All manifests, oldest first. */
  #kept: readonly Kept[];
  readonly #manifests = new Map<number, ActorPlaces>();
  /** The actors of the snapshot that the state at hand continues. */
  #base: ActorPlaces = new Map();
  readonly #damaged = new Map<number, StoreError>();
  /** Whether a save has been tried: from then on the saves continue each other, whoever reads in between. */
  #begun = false;
  #saving = false;
  #sweepDue: boolean;

  private constructor(level: Level, options: SnapshotsOptions, kept: readonly Kept[], sweepDue: boolean) {
    this.#level = level;
    this.#options = options;
    this.#kept = kept;
    this.#sweepDue = sweepDue;
  }

  static async open(level: Level, options: SnapshotsOptions): Promise<LevelSnapshots> {
    const keys = await allKeys(level, KEYS.manifests);
    const kept = keys.flatMap((key) => {
      const parts = manifestKeyParts(key);
      return parts === undefined ? [] : [{ ...parts, key }];
    });
    // Actor records newer than the newest manifest: a save was cut off before its manifest.
    const orphans = await allKeys(level, { gte: KEYS.actor((kept.at(-1)?.seq ?? -1) + 1, ""), lt: KEYS.actors.lt, limit: 1 });
    return new LevelSnapshots(level, options, kept, orphans.length > 0);
  }

  /** The snapshots that `latest` had to pass over, newest first. The next save deletes them. */
  get damaged(): readonly StoreError[] {
    return [...this.#damaged.values()];
  }

  async list(): Promise<readonly number[]> {
    return this.#kept.map(({ seq }) => seq);
  }

  async latest(): Promise<Snapshot | undefined> {
    for (const kept of this.#kept.toReversed()) {
      try {
        const { manifest, snapshot } = await this.#read(kept);
        if (!this.#begun) this.#base = manifest.actors;
        return snapshot;
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.#damaged.set(kept.seq, error);
      }
    }
    return undefined;
  }

  /** Throws a RangeError when no such snapshot is kept (any more), a StoreError when it does not verify. */
  async at(seq: number): Promise<Snapshot> {
    const find = (): Kept | undefined => this.#kept.findLast((each) => each.seq === seq);
    const kept = find();
    try {
      if (kept !== undefined) return (await this.#read(kept)).snapshot;
    } catch (error) {
      // A save may have deleted it while it was read: that is not damage.
      if (find() !== undefined) throw error;
    }
    throw new RangeError(`no snapshot of seq ${seq} is kept`);
  }

  /**
   * Writes a snapshot that continues the one saved before. The first save continues what `latest` returned, or nothing if it was
   * not called or found none: then `dirty` must hold every actor. The caller may not change the records before it resolves. One save at a time, never behind an
   * earlier one, never ahead of the journal. A rejection by the database means "maybe", as with the journal.
   */
  async save(head: SnapshotHead, dirty: readonly ActorRecord[], removed: readonly string[]): Promise<void> {
    assert(!this.#saving, "one snapshot at a time");
    assert(head.seq <= this.#options.lastSeq(), `a snapshot of seq ${head.seq} ahead of the journal`);
    const sound = this.#kept.filter(({ seq }) => !this.#damaged.has(seq));
    assert(head.seq >= (sound.at(-1)?.seq ?? 0), `a snapshot of seq ${head.seq} behind an earlier one`);
    this.#begun = true;
    this.#saving = true;
    try {
      const actors = new Map(this.#base);
      for (const path of removed) actors.delete(path);
      await this.#writeActors(head.seq, dirty, actors);
      await this.#writeManifest(head, actors, sound);
      this.#base = actors;
      await this.#options.onSaved?.();
    } catch (error) {
      this.#sweepDue = true;
      throw error;
    } finally {
      this.#saving = false;
    }
  }

  async #writeActors(seq: number, dirty: readonly ActorRecord[], actors: Map<string, ActorPlace>): Promise<void> {
    for (let from = 0; from < dirty.length; from += SLICE) {
      const operations: Operation[] = [];
      for (const actor of dirty.slice(from, from + SLICE)) {
        const { text, hash } = encodeActor(actor);
        operations.push({ type: "put", key: KEYS.actor(seq, actor.path), value: text });
        actors.set(actor.path, { seq, hash });
      }
      // Synced each time: when LevelDB turns to a new log file it does not sync the old one.
      await this.#level.batch(operations, { sync: true });
      await turnOfTheLoop();
    }
  }

  async #writeManifest(head: SnapshotHead, actors: ActorPlaces, sound: readonly Kept[]): Promise<void> {
    const nowMs = Math.floor(head.now);
    const key = KEYS.manifest(head.seq, nowMs);
    const sorted = [...actors].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = encodeManifest(head, sorted, this.#options.genesis);
    const replaced = sound.filter(({ seq }) => seq === head.seq);
    const all = [...sound.filter(({ seq }) => seq !== head.seq), { seq: head.seq, nowMs, key }];
    const kept = all.filter((each, i) => i >= all.length - KEEP_NEWEST || this.#isFirstOfItsDay(each, all[i - 1]));
    const dropped = [...all.filter((each) => !kept.includes(each)), ...replaced];

    const doomed = new Set(await this.#unused(dropped, kept, head.seq, actors));
    for (const each of this.#kept) if (!kept.includes(each)) doomed.add(each.key);
    doomed.delete(key);
    const deletions = [...doomed].map((each): Operation => ({ type: "del", key: each }));
    await this.#level.batch([{ type: "put", key, value: text }, ...deletions], { sync: true });

    this.#kept = kept;
    this.#damaged.clear();
    this.#sweepDue = false;
    this.#manifests.set(head.seq, actors);
    const remembered = new Set(kept.slice(-REMEMBERED).map(({ seq }) => seq));
    for (const seq of this.#manifests.keys()) if (!remembered.has(seq)) this.#manifests.delete(seq);
  }

  #isFirstOfItsDay(each: Kept, before: Kept | undefined): boolean {
    return before === undefined || this.#options.dayOf(before.nowMs) !== this.#options.dayOf(each.nowMs);
  }

  /** The keys of actor records that nobody uses once `dropped` are gone. `seq` and `actors` are the new snapshot. */
  async #unused(dropped: readonly Kept[], kept: readonly Kept[], seq: number, actors: ActorPlaces): Promise<string[]> {
    const actorsOf = async (each: Kept | undefined): Promise<ActorPlaces> =>
      each === undefined ? new Map() : each.seq === seq && kept.includes(each) ? actors : await this.#actorsOf(each);
    if (this.#damaged.size === 0 && !this.#sweepDue) {
      try {
        const unused: string[] = [];
        for (const each of dropped) {
          const before = await actorsOf(kept.findLast((other) => other.seq < each.seq));
          const after = await actorsOf(kept.find((other) => other.seq >= each.seq));
          for (const [path, at] of await actorsOf(each)) {
            if (before.get(path)?.seq !== at.seq && after.get(path)?.seq !== at.seq) unused.push(KEYS.actor(at.seq, path));
          }
        }
        return unused;
      } catch (error) {
        if (!isDamage(error)) throw error;
      }
    }
    // Something is damaged or was cut off, so neighbours do not tell enough: look at everything once.
    const used = new Set<string>();
    for (const each of kept) {
      try {
        for (const [path, at] of await actorsOf(each)) used.add(KEYS.actor(at.seq, path));
      } catch (error) {
        if (!isDamage(error)) throw error;
      }
    }
    return (await allKeys(this.#level, KEYS.actors)).filter((key) => !used.has(key));
  }

  async #actorsOf(each: Kept): Promise<ActorPlaces> {
    const known = this.#manifests.get(each.seq);
    if (known !== undefined) return known;
    const { actors } = await this.#manifest(each);
    this.#manifests.set(each.seq, actors);
    return actors;
  }

  async #manifest({ key, seq }: Kept): Promise<Manifest> {
    const { genesis, file } = this.#options;
    const text = await this.#level.get(key);
    if (text === undefined) throw new JournalDamage("a snapshot without its manifest", { file, seq });
    return decodeManifest(text, seq, genesis, file);
  }

  async #read(kept: Kept): Promise<{ readonly manifest: Manifest; readonly snapshot: Snapshot }> {
    const { file, lastSeq } = this.#options;
    const place = { file, seq: kept.seq };
    if (kept.seq > lastSeq()) {
      throw new StoreError("head-behind", "a snapshot newer than the journal", place, WAY_OUT["head-behind"]);
    }
    const manifest = await this.#manifest(kept);
    const places = [...manifest.actors];
    const actors: ActorRecord[] = [];
    for (let from = 0; from < places.length; from += SLICE) {
      const slice = places.slice(from, from + SLICE);
      const texts = await this.#level.getMany(slice.map(([path, at]) => KEYS.actor(at.seq, path)));
      for (const [i, [path, at]] of slice.entries()) actors.push(decodeActor(texts[i], path, at.hash, place));
      await turnOfTheLoop();
    }
    return { manifest, snapshot: { ...manifest.head, actors } };
  }
}
