/**
 * Floods of malformed frames against both ends of the wire: the gateway's server, over TCP, and the framing guard with IBApi's decoder
 * behind it. Each ends with what a caller can dispute: how many sound messages came through in between, and how the heap grew.
 */
import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { IBApi } from "@stoqey/ib";
import { guardFraming, privateSocketOf } from "../../src/io/ib/framing-guard.ts";
import type { IbClient } from "../../src/ports/ib-client.ts";
import type { Desk } from "../../src/sim/desk.ts";
import { type GatewayClient, MORE_REQUESTS } from "../../src/sim/gateway-api.ts";
import type { WireLogger } from "../../src/sim/wire/gateway-context.ts";
import { serveGateway } from "../../src/sim/wire/server.ts";
import { createDice, INSANE, malformedFrame } from "./malformed-frames.ts";
import { ScriptedSession } from "./scripted-desk.ts";
import { strictTap } from "./strict-reader.ts";
import { MARKET_NOW, messageBytes, offerBytes, startApiBytes } from "./wire-clients.ts";
import { MESSAGES, REQUESTS } from "./wire-samples.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
/** Bytes of heap and of buffers that are in use. */
const inUse = (): number => {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export interface Flooded {
  readonly frames: number;
  /** Sound messages sent in between, and how many of them were answered or heard. */
  readonly sound: number;
  readonly answered: number;
  /** Bytes in use at the end beyond those in use after the first tenth. */
  readonly grownBy: number;
}

/** A desk that takes everything and remembers nothing. */
const deafDesk = (): Desk & { readonly asked: () => number } => {
  let asked = 0;
  const take = (): void => {
    asked += 1;
  };
  const client = (): GatewayClient => {
    const session = new ScriptedSession({});
    const names = Object.keys(session).filter((name) => typeof Reflect.get(session, name) === "function");
    for (const name of [...names, ...MORE_REQUESTS, "connect", "disconnect"]) Reflect.set(session, name, take);
    return session;
  };
  return { client, announcement: () => "", asked: () => asked };
};

const countingLogger = (): WireLogger & { readonly errors: unknown[] } => {
  const errors: unknown[] = [];
  return { errors, info: () => {}, warn: () => {}, error: (details, message) => void errors.push([message, details]) };
};

/** A message that the wire answers by itself, and the answer. */
const SOUND_REQUEST = messageBytes(85);
const SOUND_ANSWER = "85";

/** Counts answers in a stream of frames and keeps nothing. */
const countAnswers = (socket: Socket): (() => number) => {
  let answers = 0;
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) {
      const end = 4 + bytes.readUInt32BE();
      if (bytes.toString("latin1", 4, end).startsWith(`${SOUND_ANSWER}\0`)) answers += 1;
      bytes = bytes.subarray(end);
    }
    rest = Buffer.from(bytes);
  });
  return () => answers;
};

/** So many malformed frames in one session with the gateway; throws when it ends the session or logs a fault of its own. */
export const floodGateway = async (seed: number, frames: number, perBatch = 1_000): Promise<Flooded> => {
  const desk = deafDesk();
  const logger = countingLogger();
  const gateway = await serveGateway({
    desk,
    host: "127.0.0.1",
    port: 0,
    logger,
    now: () => MARKET_NOW,
    pacing: { messagesPerSecond: Number.POSITIVE_INFINITY },
    onFrame: strictTap,
  });
  const socket = connect({ host: "127.0.0.1", port: gateway.port });
  let ended: string | undefined;
  socket.on("error", (error) => (ended = error.message));
  socket.on("end", () => (ended ??= "the gateway closed the connection"));
  const answers = countAnswers(socket);
  const dice = createDice(seed);
  socket.write(Buffer.concat([offerBytes("v157..178"), startApiBytes(7)]));
  // The samples with an id that the sound request has would answer in its place.
  const samples = REQUESTS.filter(([id]) => id !== SOUND_ANSWER);
  let sent = 0;
  let batches = 0;
  let before = 0;
  try {
    while (sent < frames) {
      const batch = Array.from({ length: Math.min(perBatch, frames - sent) }, () => {
        const frame = malformedFrame(dice, samples, true);
        // Nor may one become it by chance.
        return frame.toString("latin1", 4, 7) === `${SOUND_ANSWER}\0` ? messageBytes("85x") : frame;
      });
      sent += batch.length;
      socket.write(Buffer.concat([...batch, SOUND_REQUEST]));
      batches += 1;
      while (answers() < batches) {
        if (ended !== undefined) throw new Error(`${ended}, after ${sent} frames`);
        await turn();
      }
      if (before === 0 && sent >= frames / 10) before = inUse();
    }
    if (logger.errors.length > 0) throw new Error(`the gateway had faults: ${JSON.stringify(logger.errors.slice(0, 3))}`);
    return { frames: sent, sound: batches, answered: answers(), grownBy: inUse() - before };
  } finally {
    socket.destroy();
    await gateway.close();
  }
};

/** Connections that break the framing after some malformed frames: each must end, and only itself. Gives how many did. */
export const breakFraming = async (
  seed: number,
  connections: number,
): Promise<{ readonly ended: number; readonly left: number }> => {
  const logger = countingLogger();
  const gateway = await serveGateway({ desk: deafDesk(), host: "127.0.0.1", port: 0, logger, now: () => MARKET_NOW });
  const dice = createDice(seed);
  let ended = 0;
  for (let n = 0; n < connections; n += 1) {
    const socket = connect({ host: "127.0.0.1", port: gateway.port });
    const over = new Promise<void>((resolve) => {
      socket.on("error", () => resolve());
      socket.on("end", () => resolve());
    });
    socket.resume();
    const [, insane] = INSANE[n % INSANE.length] as (typeof INSANE)[number];
    // Some break off at once, some in their handshake, some later; all say more behind it, which nobody may take for a frame.
    const greeted = dice(4) > 0;
    socket.write(
      Buffer.concat([
        ...(greeted ? [offerBytes("v157..178")] : []),
        ...(greeted && dice(3) > 0 ? [startApiBytes(n)] : []),
        ...(greeted ? Array.from({ length: dice(5) }, () => malformedFrame(dice, REQUESTS, true)) : []),
        ...(greeted ? [insane] : [insane.subarray(0, 4), Buffer.from("no API here")]),
        ...Array.from({ length: dice(3) }, () => malformedFrame(dice, REQUESTS, true)),
      ]),
    );
    await over;
    ended += 1;
    socket.destroy();
  }
  while (gateway.connections() > 0) await turn();
  const left = gateway.connections();
  await gateway.close();
  if (logger.errors.length > 0) throw new Error(`the gateway had faults: ${JSON.stringify(logger.errors.slice(0, 3))}`);
  return { ended, left };
};

/**
 * So many malformed frames into IBApi through the framing guard. Nothing may be thrown past the guard; when the guard gives a stream up
 * over what IBApi throws at it, a fresh client goes on. All frames are closed: of one that is not, IBApi keeps the end and puts it before
 * the next message, which is lost.
 */
export const floodIbApi = (seed: number, frames: number, perBatch = 10): Flooded & { readonly givenUp: number } => {
  const dice = createDice(seed);
  let answered = 0;
  let sound = 0;
  let givenUp = 0;
  let before = 0;
  let violated = false;
  const fresh = (): ((chunk: Buffer) => void) => {
    violated = false;
    const client = new IBApi({ maxReqPerSec: 100_000 }) as unknown as IbClient;
    guardFraming(client, () => {
      violated = true;
    });
    client.on("currentTime", (time) => {
      if (time === sound) answered += 1;
    });
    const socket = privateSocketOf(client);
    socket?.onData(messageBytes(178, "20261120 11:00:00 EST"));
    return (chunk) => socket?.onData(chunk);
  };
  // A spoiled time may say any number; only ours may count. Dates lose their year: where one slips into the place of a count, IBApi
  // reserves room for twenty million elements, which takes a tenth of a second each time and proves nothing.
  const samples = MESSAGES.filter(([id]) => id !== "49").map((fields) => fields.map((field) => field.replace(/^2026/, "")));
  let feed = fresh();
  let fed = 0;
  while (fed < frames) {
    const bytes = Buffer.concat(Array.from({ length: perBatch }, () => malformedFrame(dice, samples, false)));
    fed += perBatch;
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + dice(4_000);
      feed(bytes.subarray(at, at + size));
      at += size;
    }
    if (violated) {
      givenUp += 1;
      feed = fresh();
    } else {
      sound += 1;
      feed(messageBytes(49, 1, sound));
    }
    if (before === 0 && fed >= frames / 10) before = inUse();
  }
  return { frames: fed, sound, answered, givenUp, grownBy: inUse() - before };
};
