/**
 * Closes the books of past days: writes each day that is over into a segment, reads it back, and only then takes it out of LevelDB.
 *
 * A day is over when a sound snapshot of a later day exists; recovery does not need the day any more then. The work runs in slices
 * of a millisecond or so between the engine's own turns: LevelDB cannot be opened a second time from a worker thread, and what is
 * heavy, compression and the disk, is done by other threads anyway. Nothing here is on the commit path; only the removal writes
 * to LevelDB. Whatever stops it leaves a directory that opens: the segment's name comes last and the removal after it, and the next
 * pass finishes what this one began. What is kept for how long is decided by Retention.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Snapshots } from "../ports/journal.ts";
import { DIRECTORY_MODE, syncDirectory } from "./durable-file.ts";
import type { LevelJournal } from "./level-journal.ts";
import { type Kept, Retention } from "./retention.ts";
import type { SealedStep } from "./sealed-record.ts";
import { Segment } from "./segment.ts";
import { type SegmentName, segmentName } from "./segment-format.ts";
import { SegmentWriter, type WriterOptions } from "./segment-writer.ts";
import { type Segments, UNFINISHED_SEGMENT } from "./segments.ts";
import { JournalDamage, type StoreError, storeErrorFrom } from "./store-error.ts";
import type { Head } from "./verify.ts";

/** How far a pass is, for the log: each is said when it begins, but `sealed`, `thinned` and `let go`, which are said when done. */
export type SealingStage = "writing" | "naming" | "removing" | "sealed" | "thinning" | "thinned" | "let go";

export interface SealingOptions {
  readonly journal: LevelJournal;
  readonly snapshots: Snapshots;
  readonly segments: Segments;
  /** The trading day of an instant in epoch ms. */
  readonly dayOf: (nowMs: number) => string;
  readonly kept: Kept;
  /** Makes a new beginning of the journal durable, before the segments before it are removed. */
  readonly moveBase: (base: Head) => Promise<void>;
  readonly onStage?: (stage: SealingStage, segment: SegmentName) => void;
  /** A pass that could not be finished. The engine goes on; the next pass tries again. */
  readonly onTrouble?: (error: StoreError) => void;
}

/** Records handled before everything else gets its turn: about a millisecond. */
const SLICE = 64;

class Stopped extends Error {}

export class Sealing {
  readonly #options: SealingOptions;
  readonly #retention: Retention;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: SealingOptions) {
    this.#options = options;
    this.#retention = new Retention({ ...options, write: (...args) => this.#write(...args), turn: () => this.#turn() });
  }

  /** Seals what can be sealed. One pass at a time: whoever asks during one gets another after it. Never rejects. */
  pass(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#passes().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Ends a pass at its next slice. Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #passes(): Promise<void> {
    const { segments, onTrouble } = this.#options;
    const { directory } = segments;
    while (this.#again && !this.#stopped && directory !== undefined) {
      this.#again = false;
      try {
        await this.#pass(directory);
      } catch (error) {
        if (!(error instanceof Stopped)) onTrouble?.(storeErrorFrom(error, "sealing a day", { file: directory }));
      }
    }
  }

  async #pass(directory: string): Promise<void> {
    const { journal, segments } = this.#options;
    await this.#finish();
    const snapshot = await this.#newestSnapshot();
    if (snapshot === undefined) return;
    for (let first = await this.#firstUnsealed(snapshot.seq); first !== undefined; ) {
      const { dayOf } = this.#options;
      const day = dayOf(first.step.now);
      if (day === dayOf(snapshot.now)) break;
      const written = await this.#write(directory, { day, before: segments.end.hash, thin: false }, () =>
        whileDay(journal.unsealed(segments.end.seq + 1, snapshot.seq, SLICE), (now) => dayOf(now) === day),
      );
      segments.take(written);
      await this.#remove(written.summary);
      this.#options.onStage?.("sealed", written.summary);
      first = await this.#firstUnsealed(snapshot.seq);
    }
    await this.#retention.pass(directory, snapshot.now);
  }

  /** Segments that were named, and whose records are still in LevelDB: read whole once more, then removed there. */
  async #finish(): Promise<void> {
    const { journal, segments } = this.#options;
    const first = await journal.firstSealed();
    const last = segments.all.at(-1);
    if (first === undefined || last === undefined) return;
    for (const segment of segments.all) if (segment.summary.lastSeq >= first) await this.#readWhole(segment);
    await this.#remove(last.summary);
    this.#options.onStage?.("sealed", last.summary);
  }

  async #remove(name: SegmentName): Promise<void> {
    this.#options.onStage?.("removing", name);
    await this.#options.journal.forgetSealed(() => this.#turn());
  }

  /** What recovery starts from, read as recovery reads it. */
  async #newestSnapshot(): Promise<(Head & { readonly now: number }) | undefined> {
    const { snapshots } = this.#options;
    const seq = (await snapshots.list()).at(-1);
    if (seq === undefined) return undefined;
    const { now } = await snapshots.at(seq);
    return { seq, now, hash: "" };
  }

  async #firstUnsealed(upTo: number): Promise<SealedStep | undefined> {
    const { journal, segments } = this.#options;
    const first = segments.end.seq + 1;
    if (first > upTo) return undefined;
    for await (const sealed of journal.unsealed(first, first, 1)) return sealed;
    return undefined;
  }

  /** Writes a segment aside, reads all of it back, gives it its name and looks at it once more. */
  async #write(
    directory: string,
    options: Pick<WriterOptions, "day" | "before" | "thin">,
    records: () => AsyncIterable<SealedStep["record"]>,
  ): Promise<Segment> {
    const { segments, onStage } = this.#options;
    const { genesis, installation } = segments;
    const aside = join(directory, UNFINISHED_SEGMENT);
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    await syncDirectory(dirname(directory));
    const writer = await SegmentWriter.create(aside, { ...options, genesis, installation });
    let doubtful = aside;
    try {
      let count = 0;
      for await (const record of records()) {
        if (count === 0)
          onStage?.(options.thin ? "thinning" : "writing", { day: options.day, firstSeq: record.seq, lastSeq: record.seq });
        writer.add(record);
        if (writer.isFull) await writer.flush();
        if (++count % SLICE === 0) await this.#turn();
      }
      const name = await writer.finish();
      const file = join(directory, segmentName(name));
      await this.#readWhole(await Segment.open(aside, aside, name));
      onStage?.("naming", name);
      await rename(aside, file);
      // A new segment that fails now goes again, for LevelDB holds the day; a thinned one is all there is.
      doubtful = options.thin ? aside : file;
      await syncDirectory(directory);
      const segment = await Segment.open(file, file, name);
      await segment.checkBytes();
      return segment;
    } catch (error) {
      await writer.abandon();
      await rm(doubtful, { force: true }).catch(() => {});
      throw error;
    }
  }

  async #readWhole(segment: Segment): Promise<void> {
    let { firstSeq: seq } = segment.summary;
    for await (const _ of segment.records()) {
      if (++seq % SLICE === 0) await this.#turn();
    }
    if (seq !== segment.summary.lastSeq + 1) throw new JournalDamage("a segment that lacks records", { file: segment.file, seq });
  }

  /** Lets everything else run, then goes on, unless the process is about to end. */
  async #turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.#stopped) throw new Stopped();
  }
}

async function* whileDay(
  records: AsyncIterable<SealedStep>,
  isOfDay: (now: number) => boolean,
): AsyncGenerator<SealedStep["record"]> {
  for await (const { record } of records) {
    if (!isOfDay(record.now)) return;
    yield record;
  }
}
