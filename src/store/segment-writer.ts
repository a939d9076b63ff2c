/**
 * Writes one segment, frame by frame, into a file that has no segment's name yet. What goes into it, and that it is read back before it
 * gets its name, is up to Sealing.
 */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { FILE_MODE } from "./durable-file.ts";
import type { SealedStep } from "./sealed-record.ts";
import { encodeTrailer, type Frame, HEADER, type SegmentName, type Summary, sha256Of } from "./segment-format.ts";

/** Text in one frame: enough to compress well, little enough to be made in a slice of the loop. */
const FRAME_CHARS = 256 << 10;
const compress = promisify(zstdCompress);
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

export type WriterOptions = Pick<Summary, "genesis" | "installation" | "day" | "before"> & { readonly thin: boolean };

export class SegmentWriter {
  readonly #handle: FileHandle;
  readonly #options: WriterOptions;
  readonly #frames: Frame[] = [];
  #texts: string[] = [];
  #chars = 0;
  #frameFirst = 0;
  #frameBefore: string;
  #first: { readonly seq: number; readonly now: number } | undefined;
  #last = { seq: 0, now: 0, hash: "" };
  #thinned = 0;
  #bytes = 0;
  #plainBytes = 0;

  private constructor(handle: FileHandle, options: WriterOptions) {
    this.#handle = handle;
    this.#options = options;
    this.#frameBefore = options.before;
  }

  static async create(path: string, options: WriterOptions): Promise<SegmentWriter> {
    const handle = await open(path, "w", FILE_MODE);
    await handle.write(HEADER);
    return new SegmentWriter(handle, options);
  }

  /** Takes the next record. When `isFull` afterwards, `flush` before the next one. */
  add({ text, seq, now, sum, thinned }: SealedStep["record"]): void {
    if (this.#texts.length === 0) {
      this.#frameFirst = seq;
      if (this.#first !== undefined) this.#frameBefore = this.#last.hash;
    }
    this.#first ??= { seq, now };
    this.#last = { seq, now, hash: sum };
    this.#texts.push(text);
    this.#chars += text.length + 1;
    if (thinned) this.#thinned++;
  }

  get isFull(): boolean {
    return this.#chars >= FRAME_CHARS;
  }

  /** Compresses and writes what was taken since the last time. The compression runs beside the loop. */
  async flush(): Promise<void> {
    if (this.#texts.length === 0) return;
    const plain = Buffer.from(`${this.#texts.join("\n")}\n`);
    this.#texts = [];
    this.#chars = 0;
    const packed = await compress(plain, COMPRESSION);
    await this.#handle.writeFile(packed);
    const frame = { firstSeq: this.#frameFirst, offset: this.#bytes, bytes: packed.length, plainBytes: plain.length };
    this.#frames.push({ ...frame, before: this.#frameBefore, checksum: sha256Of(packed) });
    this.#bytes += packed.length;
    this.#plainBytes += plain.length;
  }

  /** Writes the trailer. When it resolves the file's bytes are durable; its name is not. */
  async finish(): Promise<SegmentName> {
    await this.flush();
    const { genesis, installation, day, before, thin } = this.#options;
    const { seq: firstSeq, now: firstNow } = this.#first ?? { seq: 0, now: 0 };
    const summary: Summary = {
      ...{ genesis, installation, day, before, firstSeq, firstNow },
      lastSeq: this.#last.seq,
      lastNow: this.#last.now,
      hash: this.#last.hash,
      thinned: thin ? this.#thinned : null,
      bytes: this.#bytes,
      plainBytes: this.#plainBytes,
      frames: this.#frames,
    };
    await this.#handle.writeFile(encodeTrailer(summary));
    await this.#handle.sync();
    await this.#handle.close();
    return { day, firstSeq, lastSeq: summary.lastSeq };
  }

  /** Closes the file of a segment that will not be one. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}
