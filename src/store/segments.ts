/**
 * All sealed days as one sequence: each segment starts where the one before it ended, the first where the journal's base is, and
 * LevelDB's records go on at the end of the last.
 *
 * It reads and judges. Who writes segments, thins and lets them go is Sealing.
 */
import { copyFile, link, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DIRECTORY_MODE } from "./durable-file.ts";
import { Segment } from "./segment.ts";
import { segmentNameParts } from "./segment-format.ts";
import { JournalDamage, storeErrorFrom } from "./store-error.ts";
import type { Head } from "./verify.ts";

export const segmentsDirectory = (directory: string): string => join(directory, "segments");
/** The file that a segment is written into before it has its name. */
export const UNFINISHED_SEGMENT = "unfinished";

export interface SegmentsOptions {
  /** Where the files are. */
  readonly directory: string;
  /** What the directory is called in errors; the same unless it is a clone's. */
  readonly named?: string;
  readonly genesis: string;
  readonly installation: string;
  /** The last record that was let go, or seq 0 and the genesis hash. */
  readonly base: Head;
  /** Compressed bytes to hold against their checksums, newest segments first. */
  readonly checkBytes: number;
  /** Whether to read every record as well. */
  readonly thorough?: boolean;
}

export class Segments {
  /** Undefined where nothing is ever sealed: in memory. */
  readonly directory: string | undefined;
  readonly genesis: string;
  readonly installation: string;
  #base: Head;
  #all: readonly Segment[];

  private constructor(
    options: Omit<SegmentsOptions, "directory" | "checkBytes">,
    directory: string | undefined,
    all: readonly Segment[],
  ) {
    this.directory = directory;
    this.genesis = options.genesis;
    this.installation = options.installation;
    this.#base = options.base;
    this.#all = all;
  }

  /** A journal without sealed days. */
  static none(genesis: string): Segments {
    return new Segments({ genesis, installation: "", base: { seq: 0, hash: genesis } }, undefined, []);
  }

  /** Reads the trailers of all segments and checks that they form one chain. Throws a JournalDamage that names file and seq. */
  static async open(options: SegmentsOptions): Promise<Segments> {
    const { directory, named = directory, genesis, installation, base, checkBytes, thorough = false } = options;
    const all: Segment[] = [];
    let end = base;
    for (const name of (await namesIn(directory, named)).sort(inOrder)) {
      const file = join(named, name);
      const parts = segmentNameParts(name);
      if (parts === undefined) throw new JournalDamage("a file that is not a segment", { file });
      // Let go already, only the file was still there when the process ended.
      if (parts.lastSeq <= base.seq) continue;
      const place = { file, seq: end.seq + 1 };
      if (parts.firstSeq > end.seq + 1) {
        throw new JournalDamage(`a hole: the segment with seq ${end.seq + 1} is missing, the next one is this`, place);
      }
      if (parts.firstSeq <= end.seq) throw new JournalDamage("a segment that holds what another one holds", place);
      const segment = await Segment.open(join(directory, name), file, parts);
      const { summary } = segment;
      if (summary.genesis !== genesis || summary.installation !== installation) {
        throw new JournalDamage("a segment of another journal", place);
      }
      if (summary.before !== end.hash) throw new JournalDamage("a segment that does not continue the one before it", place);
      all.push(segment);
      end = { seq: summary.lastSeq, hash: summary.hash };
    }
    let left = checkBytes;
    for (const segment of all.toReversed()) {
      left -= segment.summary.bytes;
      if (left < 0) break;
      await segment.checkBytes();
    }
    for (const segment of thorough ? all : []) for await (const _ of segment.records());
    return new Segments(options, directory, all);
  }

  /** The last record that was let go: where the journal begins. Seq 0 is genesis. */
  get base(): Head {
    return this.#base;
  }

  /** The last sealed record: where LevelDB goes on. */
  get end(): Head {
    const last = this.#all.at(-1)?.summary;
    return last === undefined ? this.#base : { seq: last.lastSeq, hash: last.hash };
  }

  /** Oldest first. */
  get all(): readonly Segment[] {
    return this.#all;
  }

  /** The segment that holds a record, undefined when none does. */
  holding(seq: number): Segment | undefined {
    if (seq > this.end.seq || seq <= this.#base.seq) return undefined;
    return this.#all.findLast(({ summary }) => summary.firstSeq <= seq);
  }

  /** The hash of a sealed record, or of the base. Throws a JournalDamage, and a RangeError when it is neither. */
  async hashAt(seq: number): Promise<string> {
    if (seq === this.#base.seq) return this.#base.hash;
    const segment = this.holding(seq);
    if (segment === undefined) throw new RangeError(`record ${seq} is not sealed`);
    if (seq === segment.summary.lastSeq) return segment.summary.hash;
    for await (const { record } of segment.records(seq)) if (record.seq === seq) return record.sum;
    throw new JournalDamage("a hole", { file: segment.file, seq });
  }

  /** Takes a segment that continues the last, or replaces the one with the same records. */
  take(segment: Segment): void {
    const { firstSeq } = segment.summary;
    this.#all = [...this.#all.filter(({ summary }) => summary.firstSeq !== firstSeq), segment].sort(
      (a, b) => a.summary.firstSeq - b.summary.firstSeq,
    );
  }

  /** Lets everything up to `base` go; the files are the caller's business. */
  letGo(base: Head): void {
    this.#base = base;
    this.#all = this.#all.filter(({ summary }) => summary.lastSeq > base.seq);
  }
}

const inOrder = (a: string, b: string): number => {
  const seqOf = (name: string): number => segmentNameParts(name)?.firstSeq ?? -1;
  return seqOf(a) - seqOf(b);
};

const namesIn = async (directory: string, named: string): Promise<string[]> => {
  try {
    return (await readdir(directory)).filter((name) => name !== UNFINISHED_SEGMENT);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw storeErrorFrom(error, "looking for segments", { file: named });
  }
};

/** Gives a clone the segments of its original: links, for a segment's bytes never change under its name's file. */
export const linkSegments = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { mode: DIRECTORY_MODE });
  for (const name of await namesIn(from, from)) {
    await link(join(from, name), join(to, name)).catch(() => copyFile(join(from, name), join(to, name)));
  }
};
