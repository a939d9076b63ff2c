/**
 * The connections of a gateway as bytes: where line faults cut them up, join, delay, swallow or break them off, on lines that are
 * open and on lines to come. Time is real here: a socket knows no other.
 */
import type { Line, LineFault, LineFaults } from "../wire/line.ts";

/** What a fault does to bytes: hands them on by `next`, in any pieces, at any time, or never. */
export interface Tamper {
  /** Which lines; asked at each batch, because a line learns its client id late. */
  concerns(line: Line): boolean;
  write?(line: Line, bytes: Buffer, next: (bytes: Buffer) => void): void;
  read?(line: Line, bytes: Buffer, next: (bytes: Buffer) => void): void;
  /** How long after the last bytes the FIN may leave, in real milliseconds. */
  readonly lingersMs?: number;
}

export interface WireLines {
  readonly open: ReadonlySet<Line>;
  /** For serveGateway. */
  readonly faults: LineFaults;
  tamper(tamper: Tamper): () => void;
}

export const createWireLines = (): WireLines => {
  const open = new Set<Line>();
  let tampers: readonly Tamper[] = [];

  const through = (
    way: "read" | "write",
    line: Line,
    chain: readonly Tamper[],
    bytes: Buffer,
    next: (bytes: Buffer) => void,
  ): void => {
    const [first, ...rest] = chain;
    const act = first?.[way];
    if (first === undefined) next(bytes);
    else if (act === undefined || !first.concerns(line)) through(way, line, rest, bytes, next);
    else act(line, bytes, (piece) => through(way, line, rest, piece, next));
  };

  return {
    open,
    faults: (line): LineFault => {
      open.add(line);
      return {
        write: (bytes, next) => (tampers.length === 0 ? next(bytes) : through("write", line, tampers, bytes, next)),
        read: (bytes, next) => (tampers.length === 0 ? next(bytes) : through("read", line, tampers, bytes, next)),
        end: (next) => {
          const lingersMs = Math.max(0, ...tampers.filter((tamper) => tamper.concerns(line)).map((t) => t.lingersMs ?? 0));
          if (lingersMs === 0) next();
          else setTimeout(next, lingersMs).unref();
        },
        gone: () => {
          open.delete(line);
        },
      };
    },
    tamper: (tamper) => {
      tampers = [...tampers, tamper];
      return () => {
        tampers = tampers.filter((other) => other !== tamper);
      };
    },
  };
};
