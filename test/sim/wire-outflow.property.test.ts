/** What leaves for clients that read at their own pace: everything, each stream in its order, and answers before streams. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Outflow } from "../../src/sim/wire/outflow.ts";
import { FakeSocket, messagesIn } from "../support/fake-socket.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** In one turn: so many messages of a stream, so many answers, of so many characters; then the client may or may not take them. */
const turns = fc.array(
  fc.record({
    streamed: fc.nat(20),
    answers: fc.nat(3),
    length: fc.constantFrom(1, 100, 10_000, 100_000),
    drains: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30 },
);

const play = async (script: readonly { streamed: number; answers: number; length: number; drains: boolean }[], max: number) => {
  const socket = new FakeSocket(false);
  let overflow: number | undefined;
  const outflow = new Outflow(socket.socket, { maxQueuedBytes: max, onOverflow: (bytes) => (overflow = bytes) });
  const said: string[] = [];
  for (const [n, { streamed, answers, length, drains }] of script.entries()) {
    for (let i = 0; i < streamed; i += 1) {
      said.push(`s${n}.${i}`);
      outflow.send([`s${n}.${i}`, "x".repeat(length)], true);
    }
    for (let i = 0; i < answers; i += 1) {
      said.push(`a${n}.${i}`);
      outflow.send([`a${n}.${i}`, "x".repeat(length)], false);
    }
    await turn();
    if (drains) socket.drain();
  }
  return { socket, outflow, said, overflow: () => overflow };
};
const idsIn = (socket: FakeSocket): string[] => messagesIn(socket.bytes).map(([id]) => id ?? "");
const of = (kind: string, ids: readonly string[]): string[] => ids.filter((id) => id.startsWith(kind));

test("nothing is lost, and within answers and within streams nothing changes places, however slowly a client reads", async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.boolean(), async (script, ends) => {
      const { socket, outflow, said } = await play(script, Number.POSITIVE_INFINITY);
      if (ends) outflow.end();
      for (let left = 0; left < 2_000 && socket.writableLength > 0; left += 1) socket.drain();
      const heard = idsIn(socket);
      expect(of("s", heard)).toEqual(of("s", said));
      expect(of("a", heard)).toEqual(of("a", said));
      expect(socket.ended).toBe(ends ? "fin" : "no");
    }),
    { numRuns: 100 },
  );
});

test("a client that keeps up hears everything in the order in which it was said, in one write a turn", async () => {
  await fc.assert(
    fc.asyncProperty(turns, async (script) => {
      const prompt = script.map((one) => ({ ...one, length: Math.min(one.length, 100), drains: true }));
      const { socket, said } = await play(prompt, Number.POSITIVE_INFINITY);
      expect(idsIn(socket)).toEqual(said);
      expect(socket.written.length).toBeLessThanOrEqual(script.length);
    }),
    { numRuns: 50 },
  );
});

test("an answer that was said last leaves first once a slow client reads on", async () => {
  const flood = { streamed: 20, answers: 0, length: 100_000, drains: false };
  const { socket } = await play([flood, flood, { streamed: 0, answers: 1, length: 1, drains: false }], 100_000_000);
  const before = idsIn(socket);
  expect(before.length).toBeLessThan(20);
  socket.drain();
  expect(idsIn(socket)[before.length]).toBe("a2.0");
});

test("a client that does not read is given up, once, with no more than the bound and a batch waiting", async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.integer({ min: 1_000, max: 2_000_000 }), async (script, max) => {
      const { socket, outflow, said, overflow } = await play(
        script.map((one) => ({ ...one, drains: false })),
        max,
      );
      const queued = overflow();
      const total = script.reduce((sum, { streamed, answers, length }) => sum + (streamed + answers) * length, 0);
      if (queued === undefined) {
        expect(total).toBeLessThan(Math.max(max, 256 * 1024) + 23 * 100_020);
        expect(socket.writableLength).toBeLessThanOrEqual(Math.max(max, 256 * 1024));
        return;
      }
      expect(queued).toBeGreaterThan(max);
      // A turn's whole batch: twenty-three messages of the longest kind.
      expect(queued).toBeLessThan(Math.max(max, 256 * 1024) + 23 * 100_020);
      const written = socket.written.length;
      outflow.send(["too late"], false);
      outflow.end();
      await turn();
      expect([socket.written.length, said.length > 0]).toEqual([written, true]);
    }),
    { numRuns: 100 },
  );
});
