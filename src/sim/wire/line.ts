/**
 * The line between a connection and its socket: the place where bytes can be cut up, joined, delayed, swallowed or broken off.
 *
 * `serveGateway({ lineFaults })` asks once for each new connection; undefined leaves that line sound and costs nothing. A fault sees
 * whole batches of frames on their way out, and chunks as they arrived on their way in. It hands on what it likes by `next`: in any
 * pieces, at any time, in the order of its choice, or never (a half-open peer: neither direction is handed on). `line.reset` and
 * `line.finish` end the connection with RST and FIN. What a fault keeps to itself does not count towards the bound on waiting bytes.
 */

/** One connection, as a fault may know it. */
export interface Line {
  /** Counts the gateway's connections from 1. */
  readonly number: number;
  /** Undefined before START_API. */
  readonly clientId: () => number | undefined;
  /** Says what is left to say, then FIN. */
  finish(why: string): void;
  /** RST, at once. */
  reset(why: string): void;
  /** Gives bytes to the socket past everything else: what no message of ours says. */
  put(bytes: Buffer): void;
}

export interface LineFault {
  /** Bytes for the client; `next` gives bytes to the socket. */
  write(bytes: Buffer, next: (bytes: Buffer) => void): void;
  /** Bytes from the client; `next` gives bytes to the gateway. */
  read(bytes: Buffer, next: (bytes: Buffer) => void): void;
  /** The gateway closes in order: `next` says FIN, once, when the bytes before it have been handed on. Absent: at once. */
  end?(next: () => void): void;
  /** The connection is gone: timers should go too. */
  gone?(): void;
}

export type LineFaults = (line: Line) => LineFault | undefined;
