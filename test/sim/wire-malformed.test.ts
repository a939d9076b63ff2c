/** Bytes that make no sense, to both ends of the wire. A million of them run in the night (test/nightly/malformed-frames.test.ts). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Connection } from "../../src/sim/wire/connection.ts";
import { frameOf, MAX_FRAME_BYTES } from "../../src/sim/wire/frame.ts";
import { FakeSocket } from "../support/fake-socket.ts";
import { breakFraming, floodGateway, floodIbApi } from "../support/malformed-flood.ts";
import { INSANE } from "../support/malformed-frames.ts";
import { ScriptedDesk } from "../support/scripted-desk.ts";
import {
  collectingLogger,
  connectionContext,
  connectRaw,
  messageBytes,
  offerBytes,
  RawClient,
  serveScript,
  startApiBytes,
} from "../support/wire-clients.ts";

const SEED = 20_261_120;
const MEGABYTE = 1_000_000;

test("20,000 malformed frames in one session: it goes on, and every sound request among them is answered", async () => {
  const { frames, sound, answered, grownBy } = await floodGateway(SEED, 20_000);
  expect([frames, answered]).toEqual([20_000, sound]);
  expect(grownBy).toBeLessThan(20 * MEGABYTE);
}, 60_000);

test("20,000 malformed frames into IBApi behind its guard: nothing is thrown, and every sound message among them is heard", () => {
  const { frames, sound, answered, givenUp, grownBy } = floodIbApi(SEED, 20_000);
  expect([frames, answered]).toEqual([20_000, sound]);
  expect(sound + givenUp).toBe(2_000);
  expect(givenUp).toBeLessThan(sound / 4);
  expect(grownBy).toBeLessThan(20 * MEGABYTE);
}, 60_000);

test("100 connections that break the framing end, and nothing of them is left", async () => {
  expect(await breakFraming(SEED, 100)).toEqual({ ended: 100, left: 0 });
});

let world: Awaited<ReturnType<typeof serveScript>>;
let next = 100;
beforeAll(async () => {
  world = await serveScript({ reqPositions: (session) => session.emit("positionEnd") });
});
afterAll(() => world.gateway.close());
const loggedIn = (version = 178) => connectRaw(world.gateway.port, version, next++);
/** The gateway is in order when somebody else's session works. */
const servesOthers = async (): Promise<void> => {
  const other = await loggedIn();
  other.send(messageBytes(61, 1));
  await other.message(([id]) => id === "62");
  other.destroy();
};

test.each(INSANE)("%s in the middle of a session ends it in order, after what came before", async (_, bytes) => {
  const client = await loggedIn();
  client.send(messageBytes(61, 1), bytes, messageBytes(85));
  expect(await client.ended).toBe("fin");
  const ids = client.messages.slice(4).map(([id]) => id);
  expect(ids).toEqual(["62"]);
  await servesOthers();
});

test("the largest frame that is allowed is read, of one field or of a million", async () => {
  const client = await loggedIn();
  const one = Buffer.alloc(4 + MAX_FRAME_BYTES, "x");
  one.writeUInt32BE(MAX_FRAME_BYTES);
  one[one.length - 1] = 0;
  client.send(one, frameOf(Array(MEGABYTE).fill("1")), frameOf(["62", "1", ...Array(MEGABYTE).fill("")]), messageBytes(61, 1));
  await client.message(([id]) => id === "62");
  expect(client.messages.filter(([id]) => id === "4").map((fields) => fields.slice(2, 5))).toEqual([
    ["-1", "2199", expect.any(String)],
    ["1", "320", expect.stringMatching(/reqMktData: /)],
    ["-1", "320", expect.stringMatching(/reqAccountSummary: reqId is missing/)],
  ]);
  client.destroy();
});

test("NUL, invalid UTF-8 and lone surrogates in texts make other texts, not other messages", async () => {
  const client = await loggedIn();
  const session = world.desk.sessions.at(-1);
  const asked = session?.asked.length ?? 0;
  const pattern = (bytes: readonly number[]): Buffer => {
    const body = Buffer.concat([Buffer.from("81\x005\0"), Buffer.from(bytes), Buffer.of(0)]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  };
  client.send(
    pattern([0xff, 0x41]),
    pattern([0xc3, 0x28]),
    pattern([0xed, 0xa0, 0x80]),
    pattern([0x41, 0, 0x42]),
    messageBytes(61, 1),
  );
  await client.message(([id]) => id === "62");
  expect(session?.asked.slice(asked)).toEqual([
    ["reqMatchingSymbols", 5, "\uFFFDA"],
    ["reqMatchingSymbols", 5, "\uFFFD("],
    ["reqMatchingSymbols", 5, "\uFFFD\uFFFD\uFFFD"],
    ["reqPositions"],
  ]);
  expect(client.messages.at(-2)?.slice(2, 4)).toEqual(["5", "320"]);
  session?.emit("error", new Error("a\0b"), 399, 5);
  session?.emit("symbolSamples", 5, [{ contract: { symbol: "a\0b", description: "\ud800" } }]);
  const samples = await client.message(([id]) => id === "79");
  expect([samples.length, samples[4]]).toEqual([11, "a\uFFFDb"]);
  client.destroy();
});

test("a handshake in the place of START_API, or START_API twice, is not a second session", async () => {
  const before = world.desk.sessions.length;
  const replayed = new RawClient(world.gateway.port);
  replayed.send(offerBytes("v157..178"), offerBytes("v157..178"));
  expect(await replayed.ended).toBe("fin");
  expect(world.desk.sessions).toHaveLength(before);
  const twice = new RawClient(world.gateway.port);
  twice.send(offerBytes("v157..178"), startApiBytes(next++), startApiBytes(next++), messageBytes(61, 1));
  await twice.message(([id]) => id === "62");
  expect(world.desk.sessions).toHaveLength(before + 1);
  twice.destroy();
  await servesOthers();
});

test("messages that wait for their turn are bounded, in number and in bytes: beyond that the socket is left unread", () => {
  const waitingUntilPaused = (message: Buffer): number => {
    const socket = new FakeSocket();
    const logger = collectingLogger();
    new Connection(socket.socket, connectionContext(new ScriptedDesk(), logger, { messagesPerSecond: 50 }), 1);
    socket.receive(Buffer.concat([offerBytes("v157..178"), startApiBytes(1)]));
    let sent = 0;
    for (; sent < 2_000 && !socket.isPaused(); sent += 1) socket.receive(message);
    // Fifty had their turn at once.
    return sent - 50;
  };
  expect(waitingUntilPaused(messageBytes(61, 1))).toBe(1_001);
  expect(waitingUntilPaused(messageBytes(81, 5, "x".repeat(200_000)))).toBe(6);
  expect(waitingUntilPaused(messageBytes(81, 5, "x".repeat(2_000_000)))).toBe(1);
});
