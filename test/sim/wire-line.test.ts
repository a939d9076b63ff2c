/** The seam where a fault may take a connection's bytes: what it hands on arrives, what it keeps does not, and the rest lives on. */
import { afterEach, expect, test } from "vitest";
import type { Line, LineFault, LineFaults } from "../../src/sim/wire/line.ts";
import type { Script } from "../support/scripted-desk.ts";
import {
  connectIbApi,
  connectRaw,
  messageBytes,
  offerBytes,
  RawClient,
  serveScript,
  startApiBytes,
} from "../support/wire-clients.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
const answersPositions: Script = { reqPositions: (session) => session.emit("positionEnd") };
const serve = async (lineFaults: LineFaults) => {
  const world = await serveScript(answersPositions, { lineFaults });
  endings.push(() => world.gateway.close());
  return world;
};
const raw = async (port: number, clientId: number): Promise<RawClient> => {
  const client = await connectRaw(port, 178, clientId);
  endings.push(() => client.destroy());
  return client;
};
const through: LineFault = { read: (bytes, next) => next(bytes), write: (bytes, next) => next(bytes) };
const isPositionEnd = ([id]: readonly string[]): boolean => id === "62";

test("each connection is asked for once, by number; undefined is a sound line", async () => {
  const lines: Line[] = [];
  const { gateway } = await serve((line) => void lines.push(line));
  await raw(gateway.port, 5);
  await raw(gateway.port, 6);
  expect(lines.map((line) => [line.number, line.clientId()])).toEqual([
    [1, 5],
    [2, 6],
  ]);
});

test("a session that crosses byte by byte is a session", async () => {
  const byByte = (bytes: Buffer, next: (piece: Buffer) => void): void => {
    for (const byte of bytes) next(Buffer.from([byte]));
  };
  const { desk, gateway } = await serve(() => ({ read: byByte, write: byByte }));
  const { api, version } = await connectIbApi(gateway.port, 193, 9);
  endings.push(() => api.disconnect());
  const ended = new Promise<void>((resolve) => api.once("positionEnd" as never, () => resolve()));
  api.reqPositions();
  await ended;
  expect([version, desk.sessions[0]?.asked.at(-1)]).toEqual([193, ["reqPositions"]]);
});

test("bytes that come late come in order, and FIN after them", async () => {
  const { gateway } = await serve(() => {
    let last = Promise.resolve();
    const late = (action: () => void): void => {
      last = last.then(() => new Promise((resolve) => setTimeout(resolve, 5))).then(action);
    };
    return { ...through, write: (bytes, next) => late(() => next(bytes)), end: (next) => late(next) };
  });
  const client = await raw(gateway.port, 7);
  client.send(messageBytes(61, 1));
  await client.message(isPositionEnd);
  gateway.dropAll("fin");
  expect(await client.ended).toBe("fin");
  expect(client.messages.map(([id]) => id)).toEqual(["178", "15", "9", "4", "62"]);
});

test("a half-open line hears and says nothing more, and is not known to be gone", async () => {
  let open = true;
  const { desk, gateway } = await serve(() => ({
    read: (bytes, next) => void (open && next(bytes)),
    write: (bytes, next) => void (open && next(bytes)),
  }));
  const client = await raw(gateway.port, 7);
  open = false;
  client.send(messageBytes(61, 1));
  desk.sessions[0]?.emit("nextValidId", 99);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(desk.sessions[0]?.asked).toEqual([["connect", 7]]);
  expect(client.messages.at(-1)?.[3]).toBe("2199");
  expect(gateway.connections()).toBe(1);
});

test("a line can break off or end its connection, and is told when it is gone; others are not touched", async () => {
  const lines: Line[] = [];
  const gone: number[] = [];
  const { gateway } = await serve((line) => {
    lines.push(line);
    return { ...through, gone: () => void gone.push(line.number) };
  });
  const [first, second, third] = [await raw(gateway.port, 1), await raw(gateway.port, 2), await raw(gateway.port, 3)];
  lines[0]?.reset("pulled out");
  lines[1]?.finish("hung up");
  expect([await first.ended, await second.ended]).toEqual(["rst", "fin"]);
  third.send(messageBytes(61, 1));
  await third.message(isPositionEnd);
  first.destroy();
  second.destroy();
  while (gateway.connections() > 1) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(gone).toEqual([1, 2]);
});

test("a fault that throws ends its own connection", async () => {
  const { gateway } = await serve(({ number }) => ({
    ...through,
    read: (bytes, next) => {
      if (number === 1) throw new Error("a fault in the fault");
      next(bytes);
    },
  }));
  const broken = new RawClient(gateway.port);
  broken.send(offerBytes("v157..178"), startApiBytes(1));
  expect(await broken.ended).toBe("rst");
  await raw(gateway.port, 2);
});
