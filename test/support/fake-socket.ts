/**
 * A socket without a network: a test gives it chunks exactly as it likes and sees exactly what was written. The other side takes
 * bytes at once, or as many as the test says.
 */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

export class FakeSocket extends EventEmitter {
  /** What was written, in order; `taken` of it has left. */
  readonly written: Buffer[] = [];
  /** Bytes written and not taken yet. */
  writableLength = 0;
  writable = true;
  ended: "no" | "fin" | "rst" = "no";
  #paused = false;
  readonly #takesAtOnce: boolean;

  constructor(takesAtOnce = true) {
    super();
    this.#takesAtOnce = takesAtOnce;
  }

  /** The gateway's side of it. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.written);
  }

  /** A chunk from the client. */
  receive(chunk: Buffer): void {
    this.emit("data", chunk);
  }

  /** The other side takes everything that waits. */
  drain(): void {
    if (this.writableLength === 0) return;
    this.writableLength = 0;
    this.emit("drain");
  }

  setNoDelay(): this {
    return this;
  }

  write(bytes: Buffer): boolean {
    this.written.push(bytes);
    if (!this.#takesAtOnce) this.writableLength += bytes.length;
    return this.writableLength < 64 * 1024;
  }

  end(): void {
    this.ended = "fin";
    this.writable = false;
  }

  destroy(): void {
    this.writable = false;
    this.emit("close");
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): void {
    this.ended = "rst";
    this.destroy();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  isPaused(): boolean {
    return this.#paused;
  }
}

/** The messages in bytes of whole frames. */
export const messagesIn = (bytes: Buffer): string[][] => {
  const messages: string[][] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    messages.push(
      bytes
        .toString("utf8", at + 4, end)
        .split("\0")
        .slice(0, -1),
    );
    at = end;
  }
  return messages;
};
