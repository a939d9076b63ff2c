/**
 * Frames: how messages lie in the byte stream, both ways. A frame is a big-endian uint32 length and that many bytes; a message
 * is a frame of UTF-8 fields, each closed by a NUL byte. What the fields mean is not known here.
 */
import { assert } from "../../domain/assert.ts";

/** IB's own bound on a frame's payload, in bytes. */
export const MAX_FRAME_BYTES = 0xffffff;
const LENGTH_BYTES = 4;

/** What a chunk completed. After a violation the stream has no meaning any more and nothing further is parsed. */
export interface Unframed {
  readonly payloads: readonly Buffer[];
  readonly violation: string | undefined;
}

/** Cuts a byte stream into payloads, however it is chopped. A preamble, when there is one, must come first, byte for byte. */
export class FrameParser {
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #preamble: Buffer | undefined;
  #payloadBytes: number | undefined;
  #violation: string | undefined;

  constructor(preamble?: string) {
    this.#preamble = preamble === undefined ? undefined : Buffer.from(preamble, "latin1");
  }

  push(chunk: Buffer): Unframed {
    if (this.#violation !== undefined) return { payloads: [], violation: this.#violation };
    if (chunk.length > 0) {
      this.#chunks.push(chunk);
      this.#bufferedBytes += chunk.length;
    }
    const payloads: Buffer[] = [];
    while (this.#violation === undefined && this.#advance(payloads));
    return { payloads, violation: this.#violation };
  }

  /** One step of the grammar; false when more bytes are needed. */
  #advance(payloads: Buffer[]): boolean {
    if (this.#preamble !== undefined) {
      const found = this.#take(this.#preamble.length);
      if (found === undefined) return false;
      if (!found.equals(this.#preamble)) this.#violation = "the connection does not begin with API and a NUL byte";
      this.#preamble = undefined;
      return true;
    }
    if (this.#payloadBytes === undefined) {
      const prefix = this.#take(LENGTH_BYTES);
      if (prefix === undefined) return false;
      const length = prefix.readUInt32BE();
      if (length < 1 || length > MAX_FRAME_BYTES) {
        this.#violation = `a frame of ${length} bytes: 1 to ${MAX_FRAME_BYTES} are allowed`;
        this.#chunks = [];
      }
      this.#payloadBytes = length;
      return true;
    }
    const payload = this.#take(this.#payloadBytes);
    if (payload === undefined) return false;
    payloads.push(payload);
    this.#payloadBytes = undefined;
    return true;
  }

  /** Chunks are joined only once enough have come, so that a large frame in tiny pieces costs linear time. */
  #take(bytes: number): Buffer | undefined {
    if (this.#bufferedBytes < bytes) return undefined;
    const first = this.#chunks[0];
    const whole = first !== undefined && first.length >= bytes ? first : Buffer.concat(this.#chunks);
    const rest = whole.subarray(bytes);
    this.#chunks = whole === first ? this.#chunks.slice(1) : [];
    if (rest.length > 0) this.#chunks.unshift(rest);
    this.#bufferedBytes -= bytes;
    return whole.subarray(0, bytes);
  }
}

/** The fields of a payload; undefined when the last one is not closed. */
export const fieldsOf = (payload: Buffer): readonly string[] | undefined => {
  if (payload[payload.length - 1] !== 0) return undefined;
  return payload.toString("utf8", 0, payload.length - 1).split("\0");
};

/** A message as text, its frame's length aside. No field may hold a NUL: `text` in fields.ts sees to it. */
export const payloadOf = (fields: readonly string[]): string => {
  assert(fields.length > 0, "a message has at least its id");
  return `${fields.join("\0")}\0`;
};

/** The bytes of payloads in their frames, one after the other. */
export const framesOf = (payloads: readonly string[]): Buffer => {
  const lengths = payloads.map((payload) => Buffer.byteLength(payload));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0));
  let at = 0;
  for (const [index, payload] of payloads.entries()) {
    const length = lengths[index] ?? 0;
    assert(length <= MAX_FRAME_BYTES, `a message of ${length} bytes is more than any client accepts`);
    at = bytes.writeUInt32BE(length, at);
    at += bytes.write(payload, at, length);
  }
  return bytes;
};

/** The bytes of one message. */
export const frameOf = (fields: readonly string[]): Buffer => framesOf([payloadOf(fields)]);
