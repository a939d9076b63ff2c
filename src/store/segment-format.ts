/**
 * One sealed day as a file: the day's records as they stood in LevelDB, compressed, under a trailer that says what they are.
 *
 *   a frame that decompressors skip:    "caretaker segment\n"
 *   zstd frames, one after the other:   record texts, each ended by a newline; `zstd -dc FILE` prints them
 *   a frame that decompressors skip:    the trailer, sealed JSON, and its length in 15 digits
 *
 * Frames can be read one by one: the trailer says where each begins and which hash its first record continues. This is the layout;
 * SegmentWriter and Segment write and read it.
 */
import { hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { canonical } from "../domain/canonical-json.ts";
import type { Json } from "../domain/json.ts";
import { fixedWidth } from "./level.ts";
import { seal, unseal } from "./seal.ts";
import { JournalDamage, StoreError, type StorePlace, WAY_OUT } from "./store-error.ts";

/** The layout of segments that this build reads and writes. */
export const SEGMENT_VERSION = 1;

/**
 * Part of a segment that decompresses by itself. `offset` counts from the first frame, `before` is the hash its first record continues,
 * `checksum` the SHA-256 of its compressed bytes.
 */
export interface Frame {
  readonly firstSeq: number;
  readonly offset: number;
  readonly bytes: number;
  readonly plainBytes: number;
  readonly before: string;
  readonly checksum: string;
}

/** What a trailer says. Times are epoch ms of market time, hashes SHA-256 in hex. */
export interface Summary {
  readonly genesis: string;
  readonly installation: string;
  readonly day: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstNow: number;
  readonly lastNow: number;
  /** The hash that the first record continues, and the last record's own. */
  readonly before: string;
  readonly hash: string;
  /** How many records have lost the body of their quote; null while the quotes of the day are kept. */
  readonly thinned: number | null;
  readonly bytes: number;
  readonly plainBytes: number;
  readonly frames: readonly Frame[];
}

const SKIPPED = 0x184d2a50;
const LENGTH_DIGITS = 15;
const FOOTER_BYTES = LENGTH_DIGITS + 1;
const PREFIX_BYTES = 8;
const NAME = /^([^/_]+)_(\d{16})_(\d{16})\.jsonl\.zst$/;

/** In hex. */
export const sha256Of = (bytes: Buffer): string => hash("sha256", bytes, "hex");

const skippable = (payload: Buffer): Buffer => {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(SKIPPED, 0);
  prefix.writeUInt32LE(payload.length, 4);
  return Buffer.concat([prefix, payload]);
};
/** What every segment begins with. */
export const HEADER = skippable(Buffer.from("caretaker segment\n"));

export interface SegmentName {
  readonly day: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}
export const segmentName = ({ day, firstSeq, lastSeq }: SegmentName): string =>
  `${day}_${fixedWidth(firstSeq)}_${fixedWidth(lastSeq)}.jsonl.zst`;
/** What a file's name says, undefined when it is not a segment's name. */
export const segmentNameParts = (name: string): SegmentName | undefined => {
  const [, day, first, last] = NAME.exec(name) ?? [];
  return day === undefined ? undefined : { day, firstSeq: Number(first), lastSeq: Number(last) };
};

/** The bytes that end a segment. */
export const encodeTrailer = (summary: Summary): Buffer => {
  const text = seal(`${canonical(summary as unknown as Json).slice(0, -1)},`, `"v":${SEGMENT_VERSION}}`).text;
  const length = Buffer.byteLength(text) + FOOTER_BYTES;
  return skippable(Buffer.from(`${text}${String(length).padStart(LENGTH_DIGITS, "0")}\n`));
};

export const readAt = async (handle: FileHandle, at: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
};

/** Header and trailer of a segment. Throws a JournalDamage, or a StoreError for another version. */
export const readSummary = async (handle: FileHandle, place: StorePlace): Promise<Summary> => {
  const { size } = await handle.stat();
  const smallest = HEADER.length + PREFIX_BYTES + FOOTER_BYTES;
  if (size < smallest) throw new JournalDamage("a segment that is cut off", place);
  if (!(await readAt(handle, 0, HEADER.length)).equals(HEADER)) throw new JournalDamage("a file that is not a segment", place);
  const footer = (await readAt(handle, size - FOOTER_BYTES, FOOTER_BYTES)).toString("latin1");
  const length = /^\d{15}\n$/.test(footer) ? Number(footer) : Number.NaN;
  if (!(length > FOOTER_BYTES && size - length - PREFIX_BYTES >= HEADER.length)) {
    throw new JournalDamage("a segment without its trailer: cut off or overwritten", place);
  }
  const trailer = await readAt(handle, size - length - PREFIX_BYTES, length + PREFIX_BYTES);
  if (trailer.readUInt32LE(0) !== SKIPPED || trailer.readUInt32LE(4) !== length) {
    throw new JournalDamage("a segment whose trailer is not where it should be", place);
  }
  const { fields } = unseal(trailer.toString("utf8", PREFIX_BYTES, trailer.length - FOOTER_BYTES), "a trailer", place);
  const version = fields["v"];
  if (version !== SEGMENT_VERSION) {
    const code = typeof version === "number" && version > SEGMENT_VERSION ? "new-format" : "old-format";
    throw new StoreError(code, `a segment of version ${String(version)}`, place, WAY_OUT[code]);
  }
  const summary = fields as unknown as Summary;
  const frames = summary.frames.reduce((at, { offset, bytes }) => (offset === at ? at + bytes : Number.NaN), 0);
  if (frames !== summary.bytes || HEADER.length + summary.bytes + PREFIX_BYTES + length !== size) {
    throw new JournalDamage("a segment that is not as long as its trailer says", place);
  }
  return summary;
};
