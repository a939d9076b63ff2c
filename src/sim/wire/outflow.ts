/**
 * What goes out on one connection: frames, joined into few writes, and bounded. A client that does not read has at most
 * `maxQueuedBytes` (and one batch) waiting for it in this process; then it is given up.
 *
 * While the socket keeps up, everything leaves in the order in which it was said. When it does not, streams of market data give way:
 * as soon as there is room again, answers go first. All bytes pass through one place, `#put`, where a line fault may take them
 * (see line.ts).
 */
import type { Socket } from "node:net";
import { framesOf, payloadOf } from "./frame.ts";
import type { LineFault } from "./line.ts";

export interface OutflowOptions {
  readonly maxQueuedBytes: number;
  readonly fault?: LineFault | undefined;
  /** Called once, when the client has fallen too far behind. */
  readonly onOverflow: (queuedBytes: number) => void;
}

/** Characters of a batch that leaves before its turn of the event loop is over. */
const FULL_BATCH = 64 * 1024;
/** Bytes in the socket from which on the client counts as slow: above what Node itself buffers before it asks for patience. */
const CONGESTED = 256 * 1024;

/** Payloads in their order, and how long they are together, in characters. */
class Lane {
  #payloads: string[] = [];
  #taken = 0;
  size = 0;

  push(payload: string): void {
    this.#payloads.push(payload);
    this.size += payload.length;
  }

  /** The first payloads, up to a full batch. */
  take(): readonly string[] {
    const from = this.#taken;
    let size = 0;
    while (this.#taken < this.#payloads.length && size < FULL_BATCH) {
      size += this.#payloads[this.#taken]?.length ?? 0;
      this.#taken += 1;
    }
    const batch = this.#payloads.slice(from, this.#taken);
    this.size -= size;
    if (this.size === 0) this.clear();
    return batch;
  }

  clear(): void {
    this.#payloads = [];
    this.#taken = 0;
    this.size = 0;
  }
}

export class Outflow {
  readonly #socket: Socket;
  readonly #options: OutflowOptions;
  /** What this turn has said. */
  readonly #batch = new Lane();
  /** What waits for a slow client. */
  readonly #answers = new Lane();
  readonly #streams = new Lane();
  #congested = false;
  #scheduled = false;
  #closed = false;

  constructor(socket: Socket, options: OutflowOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** All frames of one turn of the event loop leave in one write, or in a few when they are many. */
  send(fields: readonly string[], streamed: boolean): void {
    if (this.#closed) return;
    const payload = payloadOf(fields);
    if (this.#congested) {
      (streamed ? this.#streams : this.#answers).push(payload);
      this.#giveUpIfHopeless();
      return;
    }
    this.#batch.push(payload);
    if (this.#batch.size >= FULL_BATCH) this.#flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
  }

  /** Lets what was sent drain, says FIN and takes nothing more. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const lane of [this.#batch, this.#answers, this.#streams]) while (lane.size > 0) this.#put(framesOf(lane.take()));
    const { fault } = this.#options;
    if (fault?.end === undefined) this.#socket.end();
    else fault.end(() => this.#socket.end());
  }

  /** Takes nothing more; the socket is somebody else's to destroy. */
  stop(): void {
    this.#closed = true;
    for (const lane of [this.#batch, this.#answers, this.#streams]) lane.clear();
  }

  #flush(): void {
    while (!this.#closed && this.#batch.size > 0) this.#put(framesOf(this.#batch.take()));
    this.#noticeCongestion();
  }

  #noticeCongestion(): void {
    if (this.#closed || this.#socket.writableLength <= CONGESTED) return;
    this.#congested = true;
    this.#socket.once("drain", () => this.#relieve());
    this.#giveUpIfHopeless();
  }

  /** The socket has taken all it had: answers first, then streams, until it has enough again. */
  #relieve(): void {
    for (const lane of [this.#answers, this.#streams]) {
      while (!this.#closed && lane.size > 0 && this.#socket.writableLength <= CONGESTED) this.#put(framesOf(lane.take()));
    }
    this.#congested = false;
    this.#noticeCongestion();
  }

  #giveUpIfHopeless(): void {
    const queued = this.#socket.writableLength + this.#answers.size + this.#streams.size;
    if (queued <= this.#options.maxQueuedBytes) return;
    this.stop();
    this.#options.onOverflow(queued);
  }

  #put(bytes: Buffer): void {
    const { fault } = this.#options;
    if (fault === undefined) this.#socket.write(bytes);
    else {
      fault.write(bytes, (piece) => {
        if (this.#socket.writable) this.#socket.write(piece);
      });
    }
  }
}
