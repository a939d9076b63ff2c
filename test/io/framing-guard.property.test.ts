/** Bytes between the gateway and IBApi: how they are cut does not matter, and insane ones end the epoch before they do harm. */
import { IBApi } from "@stoqey/ib";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { guardFraming, LARGEST_FRAME, privateSocketOf } from "../../src/io/ib/framing-guard.ts";
import { realClients } from "../../src/io/ib/real-client.ts";
import type { IbClient } from "../../src/ports/ib-client.ts";
import { fakeIbClient } from "../support/fake-ib-client.ts";
import { createRig, enquiry, type Rig, SPY } from "../support/ib-port-rig.ts";
import { frame, type RawGateway, says, startRawGateway } from "../support/raw-gateway.ts";
import { realScheduler } from "../support/real-scheduler.ts";

const open: { gateways: RawGateway[]; rigs: Rig[] } = { gateways: [], rigs: [] };
afterEach(async () => {
  for (const rig of open.rigs.splice(0)) rig.port.close();
  for (const gateway of open.gateways.splice(0)) await gateway.close();
});
const connected = async () => {
  const gateway = await startRawGateway();
  open.gateways.push(gateway);
  const rig = createRig({
    newClient: realClients({ host: "127.0.0.1", port: gateway.port, clientId: 7 }),
    scheduler: realScheduler,
  });
  open.rigs.push(rig);
  rig.send("gateway.connect", { epoch: 1 });
  await rig.until((r) => r.type === "gateway.identified");
  const peer = await gateway.peer(0);
  await peer.hears(([id]) => id === "49");
  return { gateway, rig, peer };
};
const prefix = (length: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length | 0);
  return bytes;
};

/** The real IBApi behind the guard, without a socket: what it emits for the given chunks, and whether the guard objected. */
const read = (chunks: readonly Buffer[]): { events: string[]; violation: string | undefined } => {
  const client = new IBApi({ maxReqPerSec: 100_000 });
  const events: string[] = [];
  let violation: string | undefined;
  guardFraming(client as unknown as IbClient, (reason) => {
    violation = reason;
  });
  const { emit } = client;
  client.emit = function (this: IBApi, name: string, ...args: unknown[]) {
    if (!["received", "sent", "all", "result"].includes(name)) {
      events.push(JSON.stringify([name, args.map((arg) => (arg instanceof Error ? arg.message : arg))]));
    }
    return Reflect.apply(emit, this, [name, ...args]) as boolean;
  } as typeof client.emit;
  const socket = privateSocketOf(client as unknown as IbClient);
  for (const chunk of [frame(178, "20261120 11:00:00 EST"), ...chunks]) socket?.onData(chunk);
  return { events, violation };
};

const session: readonly Buffer[] = [
  frame(15, 1, "DU1000001"),
  frame(9, 1, 100),
  says.openOrder(100),
  says.orderStatus(100, "Submitted", 0, 2),
  says.error(100, 201, "Order rejected é 日本", '{"broken'),
  says.execution("a.b.01.01"),
  frame(9999, "nobody knows this"),
  says.commission("a.b.01.01"),
  frame(11, "cut", "short"),
  says.position(-2),
  says.tickPrice(1_000_000_000, 2, 450.25, 10),
];
const chunksOf = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [0, ...[...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, n) => bytes.subarray(at[n], end));
};
const message = fc.constantFrom(...session);
const sane = fc.array(message, { minLength: 1, maxLength: 12 }).map((frames) => Buffer.concat(frames));
const insane = fc.oneof(
  fc.constantFrom(0, -1, -4, -2_147_483_648, 2_147_483_647, LARGEST_FRAME + 1),
  fc.integer({ min: LARGEST_FRAME + 1, max: 2_147_483_647 }),
  fc.integer({ min: -2_147_483_648, max: 0 }),
);

describe("chunking", () => {
  test("IBApi still has the private seam that the guard replaces", () => {
    const client = new IBApi() as unknown as IbClient;
    const socket = privateSocketOf(client);
    expect(socket).toBeDefined();
    const { onData } = socket as { onData: unknown };
    guardFraming(client, () => {});
    expect((socket as { onData: unknown }).onData).not.toBe(onData);
    expect(privateSocketOf(fakeIbClient())).toBeUndefined();
  });

  test("byte by byte, coalesced or cut anywhere, the same events come in the same order", () => {
    fc.assert(
      fc.property(sane, fc.array(fc.nat(), { maxLength: 30 }), (bytes, cuts) => {
        const whole = read([bytes]);
        expect(whole.violation).toBeUndefined();
        expect(whole.events.length).toBeGreaterThan(0);
        expect(read(chunksOf(bytes, cuts))).toEqual(whole);
        expect(read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test("an insane length ends it, after everything before it and nothing behind it, wherever the cuts are", () => {
    fc.assert(
      fc.property(sane, insane, sane, fc.array(fc.nat(), { maxLength: 10 }), (before, length, after, cuts) => {
        const told = read(chunksOf(Buffer.concat([before, prefix(length), after]), cuts));
        expect(told.violation).toBe(`framing: a frame of ${length} bytes`);
        expect(told.events).toEqual(read([before]).events);
      }),
      { numRuns: 100 },
    );
  });

  test("a frame whose last field does not end is the end, and spoils no message before or behind it", () => {
    fc.assert(
      fc.property(
        sane,
        fc.constantFrom("49\x001\x0017", "11", "4\x002\x00-1\x002104\x00text\x00{"),
        sane,
        (before, open, after) => {
          const told = read([Buffer.concat([before, prefix(open.length), Buffer.from(open), after])]);
          expect(told.violation).toBe("framing: a frame whose last field does not end");
          expect(told.events).toEqual(read([before]).events);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("random bytes never throw out of the socket's handler", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (payloads) => {
        const frames = payloads.map((payload) => Buffer.concat([prefix(payload.length), Buffer.from(payload)]));
        read(frames);
      }),
      { numRuns: 200 },
    );
  });
});

describe("an insane frame from a real gateway", () => {
  test.each([
    ["negative", prefix(-4)],
    ["zero", prefix(0)],
    ["the largest int", prefix(2_147_483_647)],
    ["16 MiB and one byte", prefix(16 * 1024 * 1024 + 1)],
    ["an HTTP answer", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["of far too many fields", Buffer.concat([prefix(1_000_000), Buffer.alloc(1_000_000)])],
  ])("%s: the epoch ends, the fill before it is told, the process lives on", async (_, bytes) => {
    const { rig, peer } = await connected();
    peer.say(says.execution("a.b.01.01"), bytes, says.execution("a.b.02.01"));
    await rig.until((r) => r.type === "gateway.lost");
    expect(rig.of("gateway.lost")[0]?.reason).toMatch(/^framing: a frame of/);
    expect(rig.of("execution.reported").map(({ execution }) => execution.execId)).toEqual(["a.b.01.01"]);
    expect(rig.of("gateway.lost").length).toBe(1);
  });

  test("a port that is no gateway is refused at its first word", async () => {
    const gateway = await startRawGateway({
      accept: (socket) => {
        socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
        return false;
      },
    });
    open.gateways.push(gateway);
    const rig = createRig({
      newClient: realClients({ host: "127.0.0.1", port: gateway.port, clientId: 7 }),
      scheduler: realScheduler,
    });
    open.rigs.push(rig);
    rig.send("gateway.connect", { epoch: 1 });
    await rig.until((r) => r.type === "gateway.lost");
    expect(rig.of("gateway.lost")[0]?.reason).toMatch(/framing/);
  });

  test.each([
    ["older", 150],
    ["newer", 999],
  ])("a server %s than we know is refused", async (_, serverVersion) => {
    const gateway = await startRawGateway({ serverVersion });
    open.gateways.push(gateway);
    const rig = createRig({
      newClient: realClients({ host: "127.0.0.1", port: gateway.port, clientId: 7 }),
      scheduler: realScheduler,
    });
    open.rigs.push(rig);
    rig.send("gateway.connect", { epoch: 1 });
    await rig.until((r) => r.type === "gateway.lost");
    expect(rig.of("gateway.lost")[0]?.reason).toMatch(/version/i);
    expect(rig.of("gateway.identified")).toEqual([]);
  });

  test("nobody listening is a lost epoch, told once", async () => {
    const gateway = await startRawGateway();
    await gateway.close();
    const rig = createRig({
      newClient: realClients({ host: "127.0.0.1", port: gateway.port, clientId: 7 }),
      scheduler: realScheduler,
    });
    rig.send("gateway.connect", { epoch: 1 });
    await rig.until((r) => r.type === "gateway.lost");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rig.of("gateway.lost").length).toBe(1);
    expect(rig.of("gateway.lost")[0]?.reason).toMatch(/^502/);
  });
});

test("a truncated fill ends the epoch; a truncated tick does not", async () => {
  const { rig, peer } = await connected();
  peer.say(frame(1, 6, 1_000_000_000), says.position(-2));
  await rig.until((r) => r.type === "position.changed");
  expect(rig.port.state).toBe("identified");
  peer.say(frame(11, -1, 100, 12));
  await rig.until((r) => r.type === "gateway.lost");
  expect(rig.of("gateway.lost")[0]?.reason).toMatch(/EXECUTION_DATA/);
});

test("while the port is paused nothing is read; on resuming everything is there, in order", async () => {
  const { rig, peer } = await connected();
  rig.port.pause();
  const sent = Array.from({ length: 50 }, (_, n) => `a.b.${n}.01`);
  peer.say(...sent.map((execId) => says.execution(execId)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(rig.of("execution.reported")).toEqual([]);
  rig.port.resume();
  await rig.until((r) => r.type === "execution.reported" && r.execution.execId === sent.at(-1));
  expect(rig.of("execution.reported").map(({ execution }) => execution.execId)).toEqual(sent);
  expect(rig.send("line.open", { epoch: 1, contract: SPY })).toEqual({ written: 1 });
  expect(rig.send("positions.request", enquiry(1))).toEqual({ written: 1 });
});
