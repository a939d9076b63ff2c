/**
 * What sealed days keep, and for how long: quotes go first, whole days at last. Ages are counted in market time from the newest snapshot.
 *
 * A thinned segment takes the place of the whole one by a rename; the hash chain through it stays as it was. Days are let go from the
 * oldest on: the new beginning is durable before the first file is removed. What recovery may still fall back to is left alone.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Snapshots } from "../ports/journal.ts";
import { type SealedStep, thinned } from "./sealed-record.ts";
import type { SealingStage } from "./sealing.ts";
import type { Segment } from "./segment.ts";
import { type SegmentName, segmentNameParts } from "./segment-format.ts";
import type { WriterOptions } from "./segment-writer.ts";
import { type Segments, UNFINISHED_SEGMENT } from "./segments.ts";
import type { Head } from "./verify.ts";

export interface Kept {
  /** Days, in market time, that the bodies of quotes are kept. */
  readonly quotesDays: number;
  /** Years that everything else is kept: orders, decisions, commands. */
  readonly years: number;
  /** Input types that are quotes. */
  readonly quoteInputs?: ReadonlySet<string>;
}

export interface RetentionOptions {
  readonly snapshots: Snapshots;
  readonly segments: Segments;
  readonly kept: Kept;
  readonly moveBase: (base: Head) => Promise<void>;
  readonly onStage?: (stage: SealingStage, segment: SegmentName) => void;
  /** Writes a segment, whole and durably, under its name. */
  readonly write: (
    directory: string,
    options: Pick<WriterOptions, "day" | "before" | "thin">,
    records: () => AsyncIterable<SealedStep["record"]>,
  ) => Promise<Segment>;
  readonly turn: () => Promise<void>;
}

const QUOTE_INPUTS: ReadonlySet<string> = new Set(["quote.updated", "snapshot.answered"]);
const DAY_MS = 86_400_000;
const YEAR_MS = 365.25 * DAY_MS;
/** Snapshots that recovery may fall back to. */
const FALL_BACKS = 3;

export class Retention {
  readonly #options: RetentionOptions;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Thins and lets go what is old enough at `now`, epoch ms of market time. */
  async pass(directory: string, now: number): Promise<void> {
    const { snapshots, segments, kept } = this.#options;
    const needed = (await snapshots.list()).at(-FALL_BACKS);
    if (needed === undefined) return;
    const olderThan = (ms: number): Segment[] =>
      segments.all.filter(({ summary }) => summary.lastSeq <= needed && now - summary.lastNow > ms);
    await this.#letGo(olderThan(kept.years * YEAR_MS).at(-1));
    await this.#sweep(directory);
    for (const segment of olderThan(kept.quotesDays * DAY_MS)) {
      if (segment.summary.thinned === null) await this.#thin(directory, segment);
    }
  }

  async #thin(directory: string, segment: Segment): Promise<void> {
    const { segments, write, onStage, kept } = this.#options;
    const { day, before, hash, lastSeq } = segment.summary;
    const quotes = kept.quoteInputs ?? QUOTE_INPUTS;
    const thin = await write(directory, { day, before, thin: true }, () => withoutQuotes(segment, quotes));
    // The writer has read it back: a thinned day ends in the very hash that the whole one ended in, or the next would not follow.
    if (thin.summary.hash !== hash || thin.summary.lastSeq !== lastSeq)
      throw new Error(`${segment.file} was thinned to another end`);
    segments.take(thin);
    onStage?.("thinned", thin.summary);
  }

  /** Lets go of everything up to and with `last`. */
  async #letGo(last: Segment | undefined): Promise<void> {
    if (last === undefined) return;
    const { segments, moveBase, onStage } = this.#options;
    const base = { seq: last.summary.lastSeq, hash: last.summary.hash };
    await moveBase(base);
    segments.letGo(base);
    onStage?.("let go", last.summary);
  }

  /** Removes the files of days that were let go, by this pass or by one that was cut off, and what an unfinished segment left. */
  async #sweep(directory: string): Promise<void> {
    const { base } = this.#options.segments;
    for (const name of await readdir(directory).catch(() => [])) {
      const { lastSeq } = segmentNameParts(name) ?? {};
      const isGone = lastSeq === undefined ? name === UNFINISHED_SEGMENT : lastSeq <= base.seq;
      if (isGone) await rm(join(directory, name), { force: true });
    }
  }
}

async function* withoutQuotes(segment: Segment, quotes: ReadonlySet<string>): AsyncGenerator<SealedStep["record"]> {
  let sum = segment.summary.before;
  for await (const sealed of segment.records()) {
    yield quotes.has(sealed.step.input.type) ? thinned(sealed, sum).record : sealed.record;
    sum = sealed.record.sum;
  }
}
