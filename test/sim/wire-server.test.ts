import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Scheduler } from "../../src/ports/clock.ts";
import type { GatewayOptions } from "../../src/sim/wire/server.ts";
import { serveGateway } from "../../src/sim/wire/server.ts";
import { type Script, ScriptedDesk } from "../support/scripted-desk.ts";
import {
  collectingLogger,
  connectIbApi,
  connectRaw,
  MARKET_NOW,
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

const serve = async (script: Script = {}, options: Partial<GatewayOptions> = {}) => {
  const world = await serveScript(script, options);
  endings.push(() => world.gateway.close());
  return world;
};
const raw = (port: number): RawClient => {
  const client = new RawClient(port);
  endings.push(() => client.destroy());
  return client;
};
const loggedIn = async (port: number, serverVersion = 178, clientId = 7): Promise<RawClient> => {
  const client = await connectRaw(port, serverVersion, clientId);
  endings.push(() => client.destroy());
  return client;
};

const isPositionEnd = ([id]: readonly string[]): boolean => id === "62";
const isCode = (code: number) => (fields: readonly string[]) => fields[0] === "4" && fields[3] === String(code);
const reqPositions = messageBytes(61, 1);
const answersPositions: Script = { reqPositions: (session) => session.emit("positionEnd") };

describe("a connection", () => {
  test("is greeted with two fields, then told accounts, the next order id and the simulated time", async () => {
    const { gateway } = await serve();
    const client = await loggedIn(gateway.port);
    expect(client.messages).toEqual([
      ["178", "20261120 11:37:25 EST"],
      ["15", "1", "DU1000001"],
      ["9", "1", "1"],
      ["4", "2", "-1", "2199", "market time 2026-11-20T14:30:00Z speed 60", ""],
    ]);
  });

  test("understands handshake, START_API and requests in one piece", async () => {
    const { desk, gateway } = await serve(answersPositions);
    const client = raw(gateway.port);
    client.send(offerBytes("v157..178 +PACEAPI"), startApiBytes(3), reqPositions, messageBytes(5, 1));
    await client.message(isPositionEnd);
    expect(desk.sessions[0]?.asked).toEqual([["connect", 3], ["reqPositions"], ["reqOpenOrders"]]);
  });

  test("understands the same byte by byte", async () => {
    const { desk, gateway } = await serve(answersPositions);
    const client = raw(gateway.port);
    const bytes = Buffer.concat([
      offerBytes("v157..178"),
      startApiBytes(3),
      messageBytes(9, 8, 4, 0, "Grüße", ...Array(14).fill("")),
      reqPositions,
    ]);
    for (const byte of bytes) {
      client.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.message(isPositionEnd);
    expect(desk.sessions[0]?.asked.slice(1)).toEqual([["reqContractDetails", 4, { symbol: "Grüße" }], ["reqPositions"]]);
  });

  test("ignores requests before START_API, and a second START_API", async () => {
    const { desk, gateway, logger } = await serve(answersPositions);
    const client = raw(gateway.port);
    client.send(offerBytes("v157..178"), reqPositions, startApiBytes(3), startApiBytes(4), reqPositions);
    await client.message(isPositionEnd);
    expect(desk.sessions.map(({ asked }) => asked)).toEqual([[["connect", 3], ["reqPositions"]]]);
    expect(logger.lines.map(({ message }) => message)).toEqual([
      "a request before START_API is ignored",
      "a second START_API is ignored",
    ]);
  });

  test("survives unknown and malformed requests, and says which", async () => {
    const { gateway, logger } = await serve(answersPositions);
    const client = await loggedIn(gateway.port);
    client.send(
      messageBytes(60, 9),
      messageBytes("x"),
      messageBytes(62, 1, 17, "All"),
      messageBytes(2, 1),
      Buffer.from([0, 0, 0, 1, 53]),
      reqPositions,
    );
    await client.message(isPositionEnd);
    expect(client.messages.filter(isCode(320)).map((fields) => [fields[2], fields[4]])).toEqual([
      ["17", "Error reading request. reqAccountSummary: it ends before tags, after 3 fields"],
      ["-1", "Error reading request. cancelMktData: it ends before reqId, after 1 fields"],
      ["-1", "Error reading request. Its last field is not closed by a NUL byte."],
    ]);
    expect(logger.lines.filter(({ message }) => message.includes("does not know")).map(({ details }) => details)).toEqual([
      { clientId: 7, messageId: "60" },
      { clientId: 7, messageId: "x" },
    ]);
  });

  test("accepts what a simulated broker has no use for without a word", async () => {
    const { desk, gateway, logger } = await serve(answersPositions);
    const client = await loggedIn(gateway.port);
    client.send(messageBytes(14, 1, 5), messageBytes(12, 1, 1), messageBytes(13, 1), messageBytes(89, 4), reqPositions);
    await client.message(isPositionEnd);
    expect(desk.sessions[0]?.asked.slice(1)).toEqual([["reqPositions"]]);
    expect(logger.lines).toEqual([]);
  });

  test("repeats the accounts on request", async () => {
    const { gateway } = await serve({
      reqIds: (session) => session.emit("nextValidId", 2),
      reqManagedAccts: (session) => session.emit("managedAccounts", "DU1000001"),
      ...answersPositions,
    });
    const client = await loggedIn(gateway.port);
    client.send(messageBytes(17, 1), messageBytes(8, 1, 1), reqPositions);
    await client.message(isPositionEnd);
    expect(client.messages.slice(4)).toEqual([
      ["15", "1", "DU1000001"],
      ["9", "1", "2"],
      ["62", "1"],
    ]);
  });

  test.each([
    ["an oversize frame", [offerBytes("v157..178"), Buffer.from([1, 0, 0, 0])]],
    ["an empty frame", [offerBytes("v157..178"), Buffer.alloc(4)]],
    ["another protocol", [Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
    ["versions that are too old", [offerBytes("v100..150")]],
    ["versions that are too new", [offerBytes("v200..210")]],
  ])("ends on %s", async (_, bytes) => {
    const { gateway } = await serve();
    const client = raw(gateway.port);
    client.send(...bytes);
    expect(await client.ended).toBe("fin");
  });

  test("ends when the broker ends the session, after its last word", async () => {
    const { gateway } = await serve({
      connect: (session) => {
        session.emit("info", "Unable to connect as the client id is already in use. Retry with a unique client id.", 326);
        session.emit("disconnected");
      },
    });
    const client = raw(gateway.port);
    client.send(offerBytes("v157..178"), startApiBytes(7));
    expect(await client.ended).toBe("fin");
    expect(client.messages.at(-1)?.slice(0, 4)).toEqual(["4", "2", "-1", "326"]);
  });

  test("takes its session with it when the client leaves", async () => {
    const { desk, gateway } = await serve();
    const client = await loggedIn(gateway.port);
    client.destroy();
    const session = await desk.session(0);
    await session.askedTimes(2);
    expect(session.asked.at(-1)).toEqual(["disconnect"]);
  });
});

test("bars of a request that failed, or that was cancelled, do not reach its id's next set", async () => {
  const { desk, gateway } = await serve(answersPositions);
  const client = await loggedIn(gateway.port);
  const session = await desk.session(0);
  const bar = (day: string) => session.emit("historicalData", 5, day, 1, 2, 0.5, 1.5, 100, 3, 1.2);
  const finished = (end: string) => session.emit("historicalData", 5, `finished-a-${end}`, -1, -1, -1, -1, -1, -1, -1);
  bar("20261117");
  session.emit("error", new Error("Historical Market Data Service error message:no data"), 162, 5);
  finished("failed");
  bar("20261118");
  client.send(messageBytes(25, 1, 5), reqPositions);
  await client.message(isPositionEnd);
  bar("20261119");
  finished("cancelled");
  expect(await client.message((fields) => fields[3] === "failed")).toEqual(["17", "5", "a", "failed", "0"]);
  expect(await client.message((fields) => fields[3] === "cancelled")).toEqual([
    ...["17", "5", "a", "cancelled", "1", "20261119", "1", "2", "0.5", "1.5", "100", "1.2", "3"],
  ]);
});

describe("two clients", () => {
  test("have a session each and hear nothing of the other's", async () => {
    const { desk, gateway } = await serve(answersPositions);
    const first = await loggedIn(gateway.port, 178, 1);
    const second = await connectIbApi(gateway.port, 193, 2);
    endings.push(() => second.api.disconnect());
    first.send(reqPositions);
    await first.message(isPositionEnd);
    expect(gateway.connections()).toBe(2);
    expect(desk.sessions.map(({ asked }) => asked)).toEqual([[["connect", 1], ["reqPositions"]], [["connect", 2]]]);
    expect(second.heard).toEqual([]);
  });

  test("do not share a fault: of the broker's answer, of its words, of the client's bytes", async () => {
    const { desk, gateway, logger } = await serve({
      ...answersPositions,
      reqOpenOrders: () => {
        throw new Error("the broker fails");
      },
    });
    const steady = await loggedIn(gateway.port, 178, 1);
    const faults: ((client: RawClient, index: number) => unknown)[] = [
      (client) => client.send(messageBytes(5, 1)),
      (_client, index) => desk.sessions[index]?.emit("nextValidId", 1.5),
      (client) => client.send(Buffer.alloc(64)),
    ];
    for (const [index, fault] of faults.entries()) {
      const client = await loggedIn(gateway.port, 178, 2 + index);
      fault(client, index + 1);
      await client.ended;
      expect(desk.sessions[index + 1]?.asked.at(-1)).toEqual(["disconnect"]);
    }
    steady.send(reqPositions);
    await steady.message(isPositionEnd);
    expect(logger.lines.filter(({ level }) => level === "error")).toHaveLength(2);
    expect(desk.sessions[0]?.asked).toEqual([["connect", 1], ["reqPositions"]]);
  });

  test("do not wait for each other: one that does not read is given up, the other is served", async () => {
    const { desk, gateway, logger } = await serve(answersPositions, { maxQueuedBytes: 100_000 });
    const slow = await loggedIn(gateway.port, 178, 1);
    const steady = await loggedIn(gateway.port, 178, 2);
    slow.socket.pause();
    const session = await desk.session(0);
    // The kernel's own buffers take some megabytes first.
    const megabyte = "x".repeat(1_000_000);
    for (let sent = 0; sent < 200 && session.asked.length < 2; sent += 1) {
      session.emit("tickString", 1, 45, megabyte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(session.asked.at(-1)).toEqual(["disconnect"]);
    expect(logger.lines.some(({ message }) => message.startsWith("the client does not read"))).toBe(true);
    steady.send(reqPositions);
    await steady.message(isPositionEnd);
  });
});

/** Real time that passes only when a test says so. */
class HandTime implements Scheduler {
  #now = 0;
  #calls: { readonly at: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const entry = { at: this.#now + delayMs, callback };
    this.#calls.push(entry);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== entry);
    };
  }

  pass(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const next = this.#calls.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#calls = this.#calls.filter((other) => other !== next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = until;
  }
}

describe("the message rate", () => {
  const requests = (count: number) => Buffer.concat(Array(count).fill(reqPositions) as Buffer[]);
  const answered = (client: RawClient) => client.messages.filter(isPositionEnd).length;

  test("makes a client that is too fast wait, and loses nothing", async () => {
    const time = new HandTime();
    const { desk, gateway } = await serve(answersPositions, { pacing: { mode: "pace" }, scheduler: time });
    const client = await loggedIn(gateway.port);
    client.send(requests(60));
    const session = await desk.session(0);
    await session.askedTimes(1 + 50);
    time.pass(19);
    expect(session.asked).toHaveLength(1 + 50);
    time.pass(1);
    expect(session.asked).toHaveLength(1 + 51);
    time.pass(180);
    expect(session.asked).toHaveLength(1 + 60);
    while (answered(client) < 60) await client.message(() => answered(client) === 60);
  });

  test("or refuses what is too fast, and ends the connection at the third time", async () => {
    const { desk, gateway } = await serve(answersPositions, { pacing: { mode: "reject" }, scheduler: new HandTime() });
    const client = await loggedIn(gateway.port);
    client.send(requests(60));
    expect(await client.ended).toBe("fin");
    expect(client.messages.filter(isCode(100)).map((fields) => fields[4])).toEqual([
      "Max rate of messages per second has been exceeded:max=50 rec=51 (1)",
      "Max rate of messages per second has been exceeded:max=50 rec=52 (2)",
      "Max rate of messages per second has been exceeded:max=50 rec=53 (3)",
    ]);
    expect(desk.sessions[0]?.asked.filter(([method]) => method === "reqPositions")).toHaveLength(50);
  });

  test("leaves the socket unread when too much waits, and reads on later", async () => {
    const time = new HandTime();
    const { desk, gateway } = await serve(answersPositions, {
      pacing: { mode: "pace", messagesPerSecond: 1000 },
      scheduler: time,
    });
    const client = await loggedIn(gateway.port);
    // Several reads' worth of bytes, so that there is something to leave unread.
    client.send(requests(30_000));
    const session = await desk.session(0);
    await session.askedTimes(1 + 1000);
    while (session.asked.length < 1 + 30_000) {
      time.pass(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(session.asked).toHaveLength(1 + 30_000);
  });
});

describe("the gateway", () => {
  test("drops everybody in order or breaks off, and lets new clients in", async () => {
    const { desk, gateway } = await serve();
    const orderly = await loggedIn(gateway.port, 178, 1);
    desk.sessions[0]?.emit("nextValidId", 99);
    gateway.dropAll("fin");
    expect(await orderly.ended).toBe("fin");
    expect(orderly.messages.at(-1)).toEqual(["9", "1", "99"]);
    const broken = await loggedIn(gateway.port, 178, 2);
    gateway.dropAll("rst");
    expect(await broken.ended).toBe("rst");
    await loggedIn(gateway.port, 178, 3);
    expect(desk.sessions.map(({ asked }) => asked.at(-1))).toEqual([["disconnect"], ["disconnect"], ["connect", 3]]);
  });

  test("closes with everybody in it, and counts nobody afterwards", async () => {
    const { desk, gateway } = await serve();
    const clients = await Promise.all([1, 2, 3].map((id) => loggedIn(gateway.port, 178, id)));
    raw(gateway.port);
    await gateway.close();
    await Promise.all(clients.map(({ ended }) => ended));
    expect(gateway.connections()).toBe(0);
    expect(desk.sessions.map(({ asked }) => asked.at(-1))).toEqual([["disconnect"], ["disconnect"], ["disconnect"]]);
  });

  test("shows every message to the tap, with who sent it or gets it", async () => {
    const seen: unknown[] = [];
    const { gateway } = await serve(answersPositions, { onFrame: (...frame) => seen.push(frame.slice(0, 3)) });
    const client = await loggedIn(gateway.port);
    client.send(reqPositions);
    await client.message(isPositionEnd);
    expect(seen).toEqual([
      ["in", undefined, ["v100..178"]],
      ["out", undefined, ["178", "20261120 11:37:25 EST"]],
      ["in", undefined, ["71", "2", "7", ""]],
      ["out", 7, ["15", "1", "DU1000001"]],
      ["out", 7, ["9", "1", "1"]],
      ["out", 7, ["4", "2", "-1", "2199", "market time 2026-11-20T14:30:00Z speed 60", ""]],
      ["in", 7, ["61", "1"]],
      ["out", 7, ["62", "1"]],
    ]);
  });

  const plain = { desk: new ScriptedDesk(), logger: collectingLogger(), now: () => MARKET_NOW };

  test.each(["0.0.0.0", "192.168.1.5", "::", "example.com", "127.evil"])("does not listen on %s", async (host) => {
    await expect(serveGateway({ ...plain, host, port: 0 })).rejects.toThrow(/loopback only/);
  });

  test("says that a port is taken, and what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    endings.push(() => other.close());
    const { port } = other.address() as { port: number };
    await expect(serveGateway({ ...plain, host: "127.0.0.1", port })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is already in use: stop the program that has it, or choose another port`,
    );
  });
});
