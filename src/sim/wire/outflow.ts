/**
 * What goes out on one connection: frames, joined into few writes, and bounded. A client that does not read has at most
 * `maxQueuedBytes` (and one frame) waiting for it in this process; then it is given up.
 */
import type { Socket } from "node:net";
import { frameOf } from "./frame.ts";

export interface OutflowOptions {
  readonly maxQueuedBytes: number;
  /** Called once, when the client has fallen too far behind. */
  readonly onOverflow: (queuedBytes: number) => void;
}

export class Outflow {
  readonly #socket: Socket;
  readonly #options: OutflowOptions;
  #corked = false;
  #closed = false;

  constructor(socket: Socket, options: OutflowOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  send(fields: readonly string[]): void {
    if (this.#closed) return;
    if (this.#socket.writableLength > this.#options.maxQueuedBytes) {
      this.#closed = true;
      this.#options.onOverflow(this.#socket.writableLength);
      return;
    }
    this.#cork();
    this.#socket.write(frameOf(fields));
  }

  /** Lets what was sent drain, says FIN and takes nothing more. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.end();
  }

  /** Takes nothing more; the socket is somebody else's to destroy. */
  stop(): void {
    this.#closed = true;
  }

  /** All frames of one turn of the event loop leave in one write. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }
}
