/** The line as bytes: cut, silent, slow, in pieces, or with nonsense on it. Time is real here. */
import type { Line } from "../../wire/line.ts";
import { type Fault, fault, together } from "../fault.ts";
import { choice, count, realDuration } from "../parameter.ts";
import { linesOf, tamper } from "./lines-of.ts";

/** Hands bytes on in order, each after its time. */
const createLate = () => {
  const queues = new Map<Line, { readonly at: number; readonly act: () => void }[]>();
  const run = (line: Line): void => {
    const queue = queues.get(line) ?? [];
    while (queue[0] !== undefined && queue[0].at <= performance.now()) queue.shift()?.act();
    const [next] = queue;
    if (next === undefined) queues.delete(line);
    else setTimeout(() => run(line), next.at - performance.now()).unref();
  };
  return {
    /** So many real milliseconds after now, and after everything that is in the queue. */
    put: (line: Line, afterMs: number, act: () => void): void => {
      const queue = queues.get(line) ?? [];
      const at = Math.max(performance.now() + afterMs, queue.at(-1)?.at ?? 0);
      queue.push({ at, act });
      if (queues.has(line)) return;
      queues.set(line, queue);
      setTimeout(() => run(line), afterMs).unref();
    },
    /** When the last of a line's bytes leave, from now. */
    lastMs: (line: Line): number => Math.max(0, (queues.get(line)?.at(-1)?.at ?? 0) - performance.now()),
  };
};

const WAY = choice("which way, from the gateway's side", ["both", "out", "in"], "both");
const goes = (way: "both" | "out" | "in", direction: "out" | "in"): boolean => way === "both" || way === direction;

export const lineFaults: readonly Fault[] = [
  fault({
    name: "line.reset",
    kind: "event",
    needsWire: true,
    says: "Connections are broken off with RST; what was under way is lost.",
    serves: ["F01", "F02"],
    begin: (stage) => {
      for (const line of linesOf(stage)) line.reset("the fault line.reset breaks the connection off");
      return undefined;
    },
  }),
  fault({
    name: "line.close",
    kind: "event",
    needsWire: true,
    says: "Connections are closed in order with FIN, after all that was to be said.",
    serves: ["F01"],
    begin: (stage) => {
      for (const line of linesOf(stage)) line.finish("the fault line.close ends the connection");
      return undefined;
    },
  }),
  fault({
    name: "line.cut",
    kind: "event",
    needsWire: true,
    says: "The connection breaks off in the middle of a message: after so many more bytes.",
    serves: ["F01", "F02"],
    parameters: { bytes: count("how many still pass", 10, 0), way: choice("from the gateway's side", ["out", "in"], "out") },
    begin: (stage, { bytes, way }) => {
      const left = new Map<Line, number>();
      const cut = (line: Line, chunk: Buffer, next: (bytes: Buffer) => void): void => {
        const rest = left.get(line) ?? bytes;
        left.set(line, rest - chunk.length);
        if (rest < 0) return;
        if (chunk.length <= rest) {
          next(chunk);
          return;
        }
        if (rest > 0) next(chunk.subarray(0, rest));
        left.set(line, -1);
        // What was handed on must reach the socket before the reset takes the rest with it.
        setImmediate(() => {
          line.reset(`the fault line.cut breaks off after ${bytes} bytes`);
          stage.over();
        });
      };
      return tamper(stage, way === "out" ? { write: cut } : { read: cut });
    },
  }),
  fault({
    name: "line.halfOpen",
    kind: "state",
    needsWire: true,
    says: "Silence without an end: nothing passes, nobody is told. At its end the connections that missed something are reset.",
    serves: ["F03", "F04"],
    parameters: { way: WAY },
    begin: (stage, { way }) => {
      const hurt = new Set<Line>();
      const swallow = (line: Line): void => void hurt.add(line);
      return together(
        tamper(stage, {
          ...(goes(way, "out") ? { write: swallow } : {}),
          ...(goes(way, "in") ? { read: swallow } : {}),
        }),
        () => {
          for (const line of hurt) line.reset("the fault line.halfOpen is over");
        },
      );
    },
  }),
  fault({
    name: "line.byteWise",
    kind: "state",
    needsWire: true,
    says: "Every byte comes on its own.",
    serves: ["F06"],
    parameters: { way: WAY },
    begin: (stage, { way }) => {
      const late = createLate();
      const piecemeal = (line: Line, bytes: Buffer, next: (bytes: Buffer) => void): void => {
        for (let at = 0; at < bytes.length; at++) late.put(line, 0, () => next(bytes.subarray(at, at + 1)));
      };
      return tamper(stage, {
        lingersMs: 50,
        ...(goes(way, "out") ? { write: piecemeal } : {}),
        ...(goes(way, "in") ? { read: piecemeal } : {}),
      });
    },
  }),
  fault({
    name: "line.coalesce",
    kind: "state",
    needsWire: true,
    says: "Many messages come in one piece, after a while of nothing.",
    serves: ["F06"],
    parameters: { gather: realDuration("how long they are gathered", "200ms") },
    begin: (stage, { gather }) => {
      const gathered = new Map<Line, { pieces: Buffer[]; next: (bytes: Buffer) => void }>();
      const release = (line: Line): void => {
        const waiting = gathered.get(line);
        gathered.delete(line);
        waiting?.next(Buffer.concat(waiting.pieces));
      };
      const end = tamper(stage, {
        lingersMs: gather,
        write: (line, bytes, next) => {
          const waiting = gathered.get(line);
          if (waiting !== undefined) return void waiting.pieces.push(bytes);
          gathered.set(line, { pieces: [bytes], next });
          setTimeout(() => release(line), gather).unref();
        },
      });
      return together(end, () => {
        for (const line of [...gathered.keys()]) release(line);
      });
    },
  }),
  fault({
    name: "line.delay",
    kind: "state",
    needsWire: true,
    says: "Everything takes longer, in order.",
    serves: ["F11"],
    parameters: {
      delay: realDuration("by how much", "500ms"),
      jitter: realDuration("and up to so much more, drawn by the seed", "0ms"),
      way: WAY,
    },
    begin: (stage, { delay, jitter, way }) => {
      const late = createLate();
      const slow = (line: Line, bytes: Buffer, next: (bytes: Buffer) => void): void =>
        late.put(line, delay + stage.chance() * jitter, () => next(bytes));
      return tamper(stage, {
        lingersMs: delay + jitter,
        ...(goes(way, "out") ? { write: slow } : {}),
        ...(goes(way, "in") ? { read: slow } : {}),
      });
    },
  }),
  fault({
    name: "line.slow",
    kind: "state",
    needsWire: true,
    says: "So few bytes a second get through; the rest waits.",
    serves: ["F05"],
    parameters: { bytesPerSecond: count("how many, in real time", 1_000), way: WAY },
    begin: (stage, { bytesPerSecond, way }) => {
      const late = { out: createLate(), in: createLate() };
      const trickle =
        (direction: "out" | "in") =>
        (line: Line, bytes: Buffer, next: (bytes: Buffer) => void): void => {
          const each = Math.max(1, Math.floor(bytesPerSecond / 20));
          for (let at = 0; at < bytes.length; at += each) {
            const piece = bytes.subarray(at, at + each);
            const afterMs = late[direction].lastMs(line) + (piece.length / bytesPerSecond) * 1_000;
            late[direction].put(line, afterMs, () => next(piece));
          }
        };
      return tamper(stage, {
        ...(goes(way, "out") ? { write: trickle("out") } : {}),
        ...(goes(way, "in") ? { read: trickle("in") } : {}),
      });
    },
  }),
  fault({
    name: "line.flap",
    kind: "state",
    needsWire: true,
    says: "Connections are broken off again and again.",
    serves: ["F07"],
    parameters: { every: realDuration("how often", "1s") },
    begin: (stage, { every }) => {
      const timer = setInterval(() => {
        for (const line of linesOf(stage)) line.reset("the fault line.flap breaks the connection off");
      }, every);
      timer.unref();
      return () => clearInterval(timer);
    },
  }),
];
