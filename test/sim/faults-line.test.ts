/** Faults of the line, over a real socket: what a client of the gateway sees of each. A name without a row here fails. */
import { EventName } from "@stoqey/ib";
import { afterEach, describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { money, tradingDay } from "../../src/domain/units.ts";
import { FAULTS } from "../../src/sim/faults/registry.ts";
import { type RunningGateway, startGateway } from "../../src/sim/gateway.ts";
import { createScriptedMarket, SPY } from "../support/scripted-market.ts";
import { collectingLogger, connectIbApi, connectRaw, messageBytes, offerBytes, RawClient } from "../support/wire-clients.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const start = async (): Promise<RunningGateway> => {
  const market = createScriptedMarket(instantOf(tradingDay("2026-11-20"), 600));
  market.set(SPY, 599.98, 600);
  const gateway = await startGateway({
    market,
    fills: "synthetic",
    account: "DU1234567",
    cash: money(100_000),
    seed: 7,
    port: 0,
    speed: 10,
    skipClosed: false,
    logger: collectingLogger(),
  });
  endings.push(() => gateway.close());
  return gateway;
};
const login = async (gateway: RunningGateway, clientId = 1): Promise<RawClient> => {
  const client = await connectRaw(gateway.port, 193, clientId);
  endings.push(() => client.destroy());
  await client.message(([id, , , code]) => id === "4" && code === "2199");
  client.messages.length = 0;
  return client;
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const heartbeat = (): Buffer => messageBytes(49, 1);
const isTime = ([id]: readonly string[]): boolean => id === "49";
const times = (client: RawClient): number => client.messages.filter(isTime).length;
/** The sizes of the pieces in which bytes arrive from now on. */
const pieces = (client: RawClient): number[] => {
  const sizes: number[] = [];
  client.socket.on("data", (piece: Buffer) => sizes.push(piece.length));
  return sizes;
};

const SHOWN: { readonly [fault: string]: (gateway: RunningGateway) => Promise<void> } = {
  "line.reset": async (gateway) => {
    const [one, two] = [await login(gateway, 1), await login(gateway, 2)];
    gateway.fault("line.reset", {}, { client: 2 });
    expect(await two.ended).toBe("rst");
    one.send(heartbeat());
    await one.message(isTime);
  },
  "line.close": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.close");
    expect(await client.ended).toBe("fin");
  },
  "line.cut": async (gateway) => {
    const client = await login(gateway);
    const sizes = pieces(client);
    gateway.fault("line.cut", { bytes: 7, way: "out" });
    client.send(heartbeat());
    expect(await client.ended).toBe("rst");
    // A reset may take what was under way with it; more than what was let through never comes.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(7);
    expect(gateway.faults.active()).toEqual([]);
  },
  "line.halfOpen": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.halfOpen");
    client.send(heartbeat());
    await wait(60);
    expect(client.messages).toEqual([]);
    gateway.faults.clear();
    expect(await client.ended).toBe("rst");
  },
  "line.byteWise": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.byteWise", { way: "both" });
    const sizes = pieces(client);
    client.send(heartbeat());
    await client.message(isTime);
    expect(sizes.length).toBeGreaterThan(1);
  },
  "line.coalesce": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.coalesce", { gather: "300ms" });
    const sizes = pieces(client);
    for (let n = 0; n < 5; n++) {
      client.send(heartbeat());
      await wait(2);
    }
    while (times(client) < 5) await wait(5);
    expect(sizes.length).toBeLessThan(3);
  },
  "line.delay": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.delay", { delay: "60ms", way: "out" });
    client.send(heartbeat());
    await wait(20);
    expect(times(client)).toBe(0);
    await client.message(isTime);
  },
  "line.slow": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.slow", { bytesPerSecond: 200, way: "out" });
    const sizes = pieces(client);
    for (let n = 0; n < 3; n++) client.send(heartbeat());
    while (times(client) < 3) await wait(5);
    expect(Math.max(...sizes)).toBeLessThan(3 * 20);
    expect(sizes.length).toBeGreaterThan(1);
  },
  "line.flap": async (gateway) => {
    gateway.fault("line.flap", { every: "30ms" });
    for (const clientId of [1, 2]) {
      const client = new RawClient(gateway.port);
      client.send(offerBytes("v100..193"));
      expect([clientId, await client.ended]).toEqual([clientId, "rst"]);
    }
  },
  "line.badLength": async (gateway) => {
    const client = await login(gateway);
    const bytes: Buffer[] = [];
    client.socket.on("data", (piece: Buffer) => bytes.push(piece));
    gateway.fault("line.badLength", { length: -1 });
    while (bytes.length === 0) await wait(2);
    expect(Buffer.concat(bytes).toString("hex")).toBe("ffffffff");
  },
  "line.nonsense": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.nonsense", { kind: "unknownMessage" });
    client.send(heartbeat());
    await client.message(isTime);
    expect(client.messages[0]?.[0]).toBe("4242");
  },
  "line.corrupt": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("line.corrupt", { share: 1 });
    for (let n = 0; n < 20; n++) {
      client.send(heartbeat());
      await wait(2);
    }
    while (client.messages.length < 20) await wait(5);
    // Whole frames, and not all of them what was said.
    expect(client.messages.filter((fields) => !/^49,1,\d{10}$/.test(fields.join(",")))).not.toEqual([]);
  },
  "line.notAGateway": async (gateway) => {
    gateway.fault("line.notAGateway");
    const client = new RawClient(gateway.port);
    const bytes: Buffer[] = [];
    client.socket.on("data", (piece: Buffer) => bytes.push(piece));
    client.send(offerBytes("v100..193"));
    await client.ended;
    expect(Buffer.concat(bytes).toString()).toMatch(/^HTTP\/1\.1 400/);
  },
  "line.version": async (gateway) => {
    gateway.fault("line.version", { version: 76 });
    const client = new RawClient(gateway.port);
    endings.push(() => client.destroy());
    client.send(offerBytes("v100..193"));
    expect((await client.message(() => true))[0]).toBe("76");
  },
  "reject.malformedJson": async (gateway) => {
    const client = await login(gateway);
    gateway.fault("reject.malformedJson", { json: '{"half' });
    const error = await client.message(([id, , , code]) => id === "4" && code === "201");
    expect(error[5]).toBe('{"half');
    expect(() => JSON.parse(error[5] as string)).toThrow();
  },
};

describe("a fault of the line, shown at a client", () => {
  const names = FAULTS.filter(({ needsWire }) => needsWire).map(({ name }) => name);

  it("has a test for each name, and no name but the registry's", () => {
    expect(Object.keys(SHOWN).sort()).toEqual([...names].sort());
  });

  it.each(names)("%s", async (name) => {
    await SHOWN[name]?.(await start());
  });
});

describe("a gateway with faults", () => {
  it("refuses connections while it restarts, keeps the id taken for a while, and is there again on the same port", async () => {
    const gateway = await start();
    const client = await login(gateway);
    gateway.fault("gateway.restart", { closed: "2s", linger: "4s" });
    expect(await client.ended).toBe("rst");
    const refused = await new RawClient(gateway.port).ended;
    expect(refused).toBe("rst");
    const codes: string[] = [];
    for (let tries = 0; tries < 200 && !codes.includes("2199"); tries++) {
      const again = new RawClient(gateway.port);
      again.socket.on("connect", () => again.send(offerBytes("v100..193"), messageBytes(71, 2, 1, "")));
      await Promise.race([again.ended, again.message(([id, , , code]) => id === "4" && code === "2199")]);
      for (const [id, , , code] of again.messages) if (id === "4" && code !== undefined) codes.push(code);
      again.destroy();
      await wait(20);
    }
    expect(codes[0]).toBe("326");
    expect(codes).toContain("2199");
  });

  it("is served byte by byte to an unmodified IBApi, which hears the same", async () => {
    const gateway = await start();
    const said = async (clientId: number): Promise<readonly string[]> => {
      const { api, heard } = await connectIbApi(gateway.port, 193, clientId);
      api.reqContractDetails(9, { symbol: "SPY", secType: "OPT" as never, exchange: "SMART", currency: "USD" });
      await new Promise<void>((resolve) => api.once(EventName.contractDetailsEnd, () => resolve()));
      api.disconnect();
      return heard.filter(([event]) => String(event).startsWith("contractDetails")).map((words) => JSON.stringify(words));
    };
    const whole = await said(1);
    gateway.fault("line.byteWise");
    expect(await said(2)).toEqual(whole);
    expect(whole.length).toBeGreaterThan(5);
  });
});
