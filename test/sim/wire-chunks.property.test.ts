/** How the bytes of a connection are cut never changes what comes of them, in either direction. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Connection } from "../../src/sim/wire/connection.ts";
import type { LineFault } from "../../src/sim/wire/line.ts";
import { FakeSocket, messagesIn } from "../support/fake-socket.ts";
import { type Asked, type Script, ScriptedDesk } from "../support/scripted-desk.ts";
import { collectingLogger, connectionContext, messageBytes, offerBytes, startApiBytes } from "../support/wire-clients.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const stock = [756733, "SPY", "STK", "", 0, "", "", "SMART", "ARCA", "USD", "SPY", "SPY"];

/** A broker that answers in several messages, some of them large. */
const script: Script = {
  reqPositions: (session) => {
    session.emit("position", "DU1", { conId: 756733, symbol: "SPÜ 🙂" }, 100, 440.25);
    session.emit("positionEnd");
  },
  reqMktData: (session, reqId) => {
    for (let n = 0; n < 50; n += 1) {
      session.emit("tickPrice", reqId as number, 1, 450 + n / 100, false);
      session.emit("tickSize", reqId as number, 0, n);
    }
  },
  reqMatchingSymbols: (session, reqId) => session.emit("symbolSamples", reqId as number, []),
  cancelOrder: (session, id) => session.emit("orderStatus", id as number, "Cancelled" as never, 0, 1, 0),
};

const message = fc.constantFrom<Buffer>(
  messageBytes(61, 1),
  messageBytes(1, 11, 5, ...stock, 0, "100,101", 0, 0, ""),
  messageBytes(9, 8, 4, 0, "Grüße 🙂", ...Array(14).fill("")),
  messageBytes(81, 6, "x".repeat(3_000)),
  messageBytes(4, 1, 12, ""),
  messageBytes(62, 1, 17, "All"),
  messageBytes("x"),
  messageBytes(9999, "nobody knows"),
  messageBytes(85),
  Buffer.from([0, 0, 0, 1, 53]),
  startApiBytes(8),
);
const session = fc
  .tuple(fc.array(message, { maxLength: 10 }), fc.array(message, { maxLength: 2 }), fc.boolean())
  .map(([after, before, insane]) =>
    Buffer.concat([
      ...[offerBytes("v157..178"), ...before, startApiBytes(7), ...after],
      ...(insane ? [Buffer.from([1, 0, 0, 1]), messageBytes(61, 1)] : []),
    ]),
  );
const cuts = fc.array(fc.nat(), { maxLength: 40 });

const pieces = (bytes: Buffer, at: readonly number[]): Buffer[] => {
  const ends = [...new Set([...at.map((place) => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
};

interface Outcome {
  readonly asked: readonly Asked[];
  readonly said: readonly (readonly string[])[];
  readonly log: readonly string[];
  readonly ended: string;
}

/** What comes of chunks: what the broker was asked, what the client was told, what was logged, how it ended. */
const converse = async (chunks: readonly Buffer[], fault?: LineFault): Promise<Outcome> => {
  const desk = new ScriptedDesk(script);
  const socket = new FakeSocket();
  const logger = collectingLogger();
  const lineFaults = fault === undefined ? undefined : () => fault;
  new Connection(socket.socket, connectionContext(desk, logger, { lineFaults }), 1);
  for (const chunk of chunks) socket.receive(chunk);
  await turn();
  await turn();
  return {
    asked: desk.sessions.flatMap(({ asked }) => asked),
    said: messagesIn(socket.bytes),
    log: logger.lines.map(({ message: line }) => line),
    ended: socket.ended,
  };
};

test("cut anywhere, or byte by byte, a client's bytes are the same session", async () => {
  await fc.assert(
    fc.asyncProperty(session, cuts, async (bytes, at) => {
      const whole = await converse([bytes]);
      expect(whole.said[0]?.[0]).toBe("178");
      expect(await converse(pieces(bytes, at))).toEqual(whole);
      expect(await converse([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});

test("a line that cuts up what passes, both ways, changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(session, fc.integer({ min: 1, max: 7 }), async (bytes, size) => {
      const cut = (chunk: Buffer, next: (piece: Buffer) => void): void => {
        for (let at = 0; at < chunk.length; at += size) next(chunk.subarray(at, at + size));
      };
      expect(await converse([bytes], { read: cut, write: cut })).toEqual(await converse([bytes]));
    }),
    { numRuns: 30 },
  );
});
