/**
 * A segment on disk, read. Its trailer is read when it is opened; `checkBytes`, `steps` and `records` judge the rest. Which segments
 * belong together is decided by Segments.
 */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import type { Step } from "../ports/journal.ts";
import { decodeSealed, type SealedStep, sealedStep } from "./sealed-record.ts";
import {
  type Frame,
  HEADER,
  readAt,
  readSummary,
  type SegmentName,
  type Summary,
  segmentName,
  sha256Of,
} from "./segment-format.ts";
import { JournalDamage, type StorePlace, storeErrorFrom } from "./store-error.ts";

const decompress = promisify(zstdDecompress);

export class Segment {
  /** Where its bytes are. */
  readonly path: string;
  /** How it is named in errors. */
  readonly file: string;
  readonly summary: Summary;

  private constructor(path: string, file: string, summary: Summary) {
    this.path = path;
    this.file = file;
    this.summary = summary;
  }

  /** Reads header and trailer. `name` is what the file is, or will be, called. Throws a JournalDamage or another StoreError. */
  static async open(path: string, file: string, name: SegmentName): Promise<Segment> {
    const place = { file, seq: name.firstSeq };
    const summary = await withFile(path, place, (handle) => readSummary(handle, place));
    if (summary.day !== name.day || summary.firstSeq !== name.firstSeq || summary.lastSeq !== name.lastSeq) {
      throw new JournalDamage(`a segment that says it is ${segmentName(summary)}`, place);
    }
    return new Segment(path, file, summary);
  }

  get count(): number {
    return this.summary.lastSeq - this.summary.firstSeq + 1;
  }

  /** Holds the compressed bytes against their checksums. Throws a JournalDamage at the first record of the frame that is concerned. */
  async checkBytes(): Promise<void> {
    const place = { file: this.file, seq: this.summary.firstSeq };
    await withFile(this.path, place, async (handle) => {
      for (const frame of this.summary.frames) await this.#packed(handle, frame);
    });
  }

  /**
   * Every record of the frames from the one with `fromSeq` on, its own checksum and its link to the one before it checked as well.
   * Throws a JournalDamage at the first bad one.
   */
  async *records(fromSeq = 0): AsyncGenerator<SealedStep, void> {
    const { frames, hash: end } = this.summary;
    for await (const { frame, lines, next } of this.#frames(fromSeq, Number.POSITIVE_INFINITY)) {
      let sum = frames[frame]?.before ?? "";
      let seq = frames[frame]?.firstSeq ?? 0;
      for (const text of lines) {
        const sealed = decodeSealed(text, seq, sum, this.file);
        sum = sealed.record.sum;
        if (sealed.record.thinned && this.summary.thinned === null) {
          throw new JournalDamage("a thinned record in a segment that is whole", { file: this.file, seq });
        }
        yield sealed;
        seq++;
      }
      if (sum !== (next?.before ?? end)) throw new JournalDamage("a break in the chain", { file: this.file, seq });
    }
  }

  /**
   * The steps from `fromSeq` to `toSeq`, clipped to the segment. The bytes are held against their checksums; that the records they hold
   * form a chain was seen when they were written, and is not looked at again. Throws a JournalDamage.
   */
  async *steps(fromSeq: number, toSeq: number): AsyncGenerator<Step, void> {
    for await (const { frame, lines } of this.#frames(fromSeq, toSeq)) {
      let seq = (this.summary.frames[frame]?.firstSeq ?? 0) - 1;
      for (const text of lines) {
        seq++;
        if (seq > toSeq) return;
        if (seq >= fromSeq) yield sealedStep(text, seq, this.file);
      }
    }
  }

  async *#frames(fromSeq: number, toSeq: number) {
    const { frames, lastSeq } = this.summary;
    for (const [index, frame] of frames.entries()) {
      const next = frames[index + 1];
      const end = (next?.firstSeq ?? lastSeq + 1) - 1;
      if (end < fromSeq) continue;
      if (frame.firstSeq > toSeq) return;
      yield { frame: index, lines: await this.#lines(frame, end), next };
    }
  }

  async #packed(handle: FileHandle, frame: Frame): Promise<Buffer> {
    const packed = await readAt(handle, HEADER.length + frame.offset, frame.bytes);
    if (sha256Of(packed) === frame.checksum) return packed;
    throw new JournalDamage("a segment that does not match its checksum", { file: this.file, seq: frame.firstSeq });
  }

  async #lines(frame: Frame, end: number): Promise<readonly string[]> {
    const place = { file: this.file, seq: frame.firstSeq };
    const packed = await withFile(this.path, place, (handle) => this.#packed(handle, frame));
    const plain = await decompress(packed, { maxOutputLength: Math.max(1, frame.plainBytes) }).catch((error: unknown): never => {
      throw new JournalDamage("a part that does not decompress", place, error);
    });
    const lines = plain.toString("utf8").split("\n");
    if (plain.length !== frame.plainBytes || lines.pop() !== "" || lines.length !== end - frame.firstSeq + 1) {
      throw new JournalDamage("a part that does not hold the records it should", place);
    }
    return lines;
  }
}

const withFile = async <Result>(
  path: string,
  place: StorePlace,
  use: (handle: FileHandle) => Promise<Result>,
): Promise<Result> => {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException): never => {
    if (error.code === "ENOENT") throw new JournalDamage("a segment that is missing", place, error);
    throw storeErrorFrom(error, "opening a segment", place);
  });
  try {
    return await use(handle);
  } catch (error) {
    throw storeErrorFrom(error, "reading a segment", place);
  } finally {
    await handle.close();
  }
};
