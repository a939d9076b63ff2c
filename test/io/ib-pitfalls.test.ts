/** The fifteen known ways in which IBApi hurts its user (B1-B15), each with the real IBApi over TCP, each without its harm here. */

import { SecType } from "@stoqey/ib";
import { afterEach, describe, expect, test } from "vitest";
import type { IbPortOptions } from "../../src/io/ib/ib-port.ts";
import type { IbReport } from "../../src/io/ib/port-words.ts";
import { realClients } from "../../src/io/ib/real-client.ts";
import { contractFrom, detailsFrom } from "../../src/io/ib/translate/contract.ts";
import { createRig, enquiry, INTENT_REF, option, placeVertical, type Rig, SPY } from "../support/ib-port-rig.ts";
import { frame, login, type Peer, type RawGateway, says, startRawGateway } from "../support/raw-gateway.ts";
import { realScheduler } from "../support/real-scheduler.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

const open: { gateways: RawGateway[]; rigs: Rig[] } = { gateways: [], rigs: [] };
afterEach(async () => {
  for (const rig of open.rigs.splice(0)) rig.port.close();
  for (const gateway of open.gateways.splice(0)) await gateway.close();
});

const gatewayOf = async (options?: Parameters<typeof startRawGateway>[0]): Promise<RawGateway> => {
  const gateway = await startRawGateway(options);
  open.gateways.push(gateway);
  return gateway;
};
const rigOn = (gateway: RawGateway, options: Partial<IbPortOptions> = {}, meddle?: (report: IbReport) => void): Rig => {
  const newClient = realClients({ host: "127.0.0.1", port: gateway.port, clientId: 7 });
  const rig = createRig({ newClient, scheduler: realScheduler, ...options }, meddle);
  open.rigs.push(rig);
  return rig;
};
const identified = (rig: Rig, epoch: number) => rig.until((r) => r.type === "gateway.identified" && r.epoch === epoch);
const lost = (rig: Rig, epoch: number) => rig.until((r) => r.type === "gateway.lost" && r.epoch === epoch);
const connected = async (
  options: {
    gateway?: Parameters<typeof startRawGateway>[0];
    port?: Partial<IbPortOptions>;
    meddle?: (report: IbReport) => void;
  } = {},
) => {
  const gateway = await gatewayOf(options.gateway);
  const rig = rigOn(gateway, options.port, options.meddle);
  rig.send("gateway.connect", { epoch: 1 });
  await identified(rig, 1);
  const peer = await gateway.peer(0);
  await peer.hears(([id]) => id === "49");
  return { gateway, rig, peer };
};
const orders = (peer: Peer) => peer.heard.filter(([id]) => id === "3");
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("B1: an order given without a connection", () => {
  test("is refused, and does not leave on the next connection", async () => {
    const { gateway, rig, peer } = await connected();
    peer.socket.destroy();
    await lost(rig, 1);
    expect(rig.send("order.place", placeVertical(1, 100))).toEqual({ refused: "epoch over" });
    rig.send("gateway.connect", { epoch: 2 });
    expect(rig.send("order.place", placeVertical(2, 101))).toEqual({ refused: "not identified" });
    await identified(rig, 2);
    const second = await gateway.peer(1);
    await second.hears(([id]) => id === "49");
    await turn();
    expect(orders(second)).toEqual([]);
    expect(rig.send("order.place", placeVertical(1, 102))).toEqual({ refused: "epoch over" });
  });

  test("and one given while the login is being told is written when its bytes are, not before", async () => {
    const gateway = await gatewayOf();
    const seen: unknown[] = [];
    const rig = rigOn(gateway, {}, (report) => {
      if (report.type === "gateway.identified") queueMicrotask(() => seen.push(rig.settlements.length));
      if (report.type === "gateway.identified") seen.push(rig.send("order.place", placeVertical(1, 100)));
    });
    rig.send("gateway.connect", { epoch: 1 });
    const peer = await gateway.peer(0);
    await peer.hears(([id]) => id === "3");
    expect(seen[0]).toEqual({ pending: 1 });
    expect(rig.settlements).toEqual([["order.place", { written: 1 }]]);
  });
});

test("B2: what waits when the connection ends is refused, and nothing of it goes out on the next", async () => {
  const { gateway, rig, peer } = await connected();
  const handovers = Array.from({ length: 80 }, (_, n) =>
    rig.send("line.open", { epoch: 1, contract: option(1000 + n, 400 + n, "C") }, `line-${n}`),
  );
  rig.send("order.place", placeVertical(1, 100), "late");
  expect(handovers.filter((handover) => "pending" in handover).length).toBeGreaterThan(30);
  peer.socket.destroy();
  await lost(rig, 1);
  const refused = rig.settlements.filter(([, settlement]) => "refused" in settlement);
  expect(refused.map(([id]) => id)).toContain("late");
  expect(refused.every(([, settlement]) => "refused" in settlement && settlement.refused === "epoch over")).toBe(true);
  const pending = handovers.filter((handover) => "pending" in handover).length + 1;
  expect(rig.settlements.length).toBe(pending);
  rig.send("gateway.connect", { epoch: 2 });
  await identified(rig, 2);
  const second = await gateway.peer(1);
  await second.hears(([id]) => id === "49");
  await turn();
  expect(second.heard.map(([id]) => id)).toEqual(["71", "49"]);
});

test("B3: connecting again and again leaves one socket, and every handshake is read as one (pain 29)", async () => {
  const gateway = await gatewayOf();
  const rig = rigOn(gateway);
  const cycles = 40;
  for (let epoch = 1; epoch <= cycles; epoch++) {
    rig.send("gateway.connect", { epoch });
    // Some are superseded before, some during, some after the handshake.
    await new Promise((resolve) => setTimeout(resolve, epoch % 4));
  }
  await identified(rig, cycles);
  await turn();
  expect(rig.of("gateway.lost").map(({ epoch }) => epoch)).toEqual(Array.from({ length: cycles - 1 }, (_, n) => n + 1));
  expect(rig.of("gateway.noticed")).toEqual([]);
  expect(gateway.peers.filter(({ socket }) => !socket.destroyed && !socket.readableEnded).length).toBe(1);
  const firsts = gateway.peers.flatMap(({ heard }) => heard.slice(0, 1));
  expect(firsts.every(([id]) => id === "71")).toBe(true);
});

test("B4: a peer that falls silent is given up, though its socket stays open and its ticks keep coming (pain 28)", async () => {
  const { rig, peer } = await connected({ gateway: { deaf: true }, port: { heartbeatMs: 60, heartbeatTimeoutMs: 120 } });
  const ticking = setInterval(() => peer.say(says.tickPrice(1_000_000_000, 1, 450, 1)), 10);
  await lost(rig, 1);
  clearInterval(ticking);
  expect(rig.of("gateway.lost")[0]?.reason).toMatch(/^no answer to a heartbeat/);
});

describe("B5, B6, B7: a client id still taken (326)", () => {
  test("is noticed, ends the epoch, and repeats neither subscriptions nor itself", async () => {
    let attempts = 0;
    const gateway = await gatewayOf({
      greet: (peer) => {
        if (++attempts > 3) login(peer);
        else peer.say(says.error(-1, 326, "Unable to connect as the client id is already in use."));
      },
    });
    const rig = rigOn(gateway);
    for (let epoch = 1; epoch <= 3; epoch++) {
      rig.send("gateway.connect", { epoch });
      expect(rig.send("line.open", { epoch, contract: SPY })).toEqual({ refused: "not identified" });
      await lost(rig, epoch);
    }
    rig.send("gateway.connect", { epoch: 4 });
    await identified(rig, 4);
    const peer = await gateway.peer(3);
    rig.send("line.open", { epoch: 4, contract: SPY });
    await peer.hears(([id]) => id === "1");
    expect(rig.of("gateway.noticed").map(({ epoch, code }) => [epoch, code])).toEqual([
      [1, 326],
      [2, 326],
      [3, 326],
    ]);
    expect(peer.heard.filter(([id]) => id === "1").length).toBe(1);
    // The same client id for life: it owns the open orders.
    expect(gateway.peers.map(({ heard }) => heard[0]?.[2])).toEqual(["7", "7", "7", "7"]);
  });
});

test("B8: lost and restored connectivity behind the gateway is noticed and does not end the epoch; 1101 ends the lines", async () => {
  const { rig, peer } = await connected();
  rig.send("line.open", { epoch: 1, contract: SPY });
  await peer.hears(([id]) => id === "1");
  for (const code of [1100, 2110, 1102, 2103, 2104]) peer.say(says.error(-1, code, "connectivity"));
  await rig.until((r) => r.type === "gateway.noticed" && r.code === 2104);
  expect(rig.port.state).toBe("identified");
  expect(rig.port.lines()).toEqual([SPY.conId]);
  peer.say(says.error(-1, 1101, "data lost"));
  const failed = await rig.until((r) => r.type === "line.failed");
  expect(failed).toMatchObject({ conId: SPY.conId, code: 1101 });
  expect(rig.port.lines()).toEqual([]);
});

test("B9: a cancel overtakes everything that waits, and orders overtake data", async () => {
  const scheduler = new VirtualScheduler();
  const gateway = await gatewayOf();
  const rig = rigOn(gateway, { scheduler });
  rig.send("gateway.connect", { epoch: 1 });
  await identified(rig, 1);
  scheduler.advance(0);
  const peer = await gateway.peer(0);
  for (let n = 0; n < 100; n++) rig.send("line.open", { epoch: 1, contract: option(1000 + n, 400 + n, "C") }, `line-${n}`);
  rig.send("positions.request", enquiry(1));
  rig.send("order.place", placeVertical(1, 100));
  rig.send("order.cancel", { epoch: 1, orderId: 99, orderRef: INTENT_REF });
  scheduler.advance(1_100);
  await peer.hears(([id]) => id === "61");
  const told = peer.heard.map(([id]) => id);
  const first = told.slice(0, told.indexOf("4"));
  expect(first.filter((id) => id === "1").length).toBeLessThanOrEqual(45);
  expect(told.slice(told.indexOf("4"), told.indexOf("4") + 4)).toEqual(["4", "3", "61", "1"]);
});

describe("B10: a listener that throws", () => {
  test("over a tick loses that tick, and nothing of the chunk behind it", async () => {
    let thrown = 0;
    const { rig, peer } = await connected({
      meddle: (report) => {
        if (report.type === "position.changed" || thrown > 0) return;
        if (report.type === "line.typed") {
          thrown++;
          throw new Error("no room");
        }
      },
    });
    rig.send("line.open", { epoch: 1, contract: SPY });
    const request = await peer.hears(([id]) => id === "1");
    peer.say(says.marketDataType(Number(request[2]), 1), says.position(-2), says.execution("a.b.01.01"));
    await rig.until((r) => r.type === "execution.reported");
    expect(thrown).toBe(1);
    expect(rig.of("position.changed").length).toBe(1);
    expect(rig.logged.filter(({ message }) => message === "event refused").length).toBe(1);
    expect(rig.port.state).toBe("identified");
  });

  test("over an execution ends the epoch: a fill is read again rather than lost", async () => {
    const { rig, peer } = await connected({
      meddle: (report) => {
        if (report.type === "execution.reported") throw new Error("no room");
      },
    });
    peer.say(says.execution("a.b.01.01"));
    await lost(rig, 1);
    expect(rig.of("gateway.lost")[0]?.reason).toBe("execDetails refused: no room");
  });

  test("and a malformed execution ends it too, a malformed row of reference data does not", async () => {
    const { rig, peer } = await connected();
    rig.send("optionParameters.request", { ...enquiry(1, "chain"), symbol: "SPY", secType: "STK", conId: SPY.conId });
    const request = await peer.hears(([id]) => id === "78");
    const reqId = Number(request[1]);
    peer.say(frame(75, reqId, "SMART", SPY.conId, "SPY", "100", 1, "2026-Dec", 1, 450), frame(76, reqId));
    const failed = await rig.until((r) => r.type === "request.failed");
    expect(failed).toMatchObject({ request: "chain", code: 0 });
    expect(rig.port.state).toBe("identified");
    peer.say(says.execution("a.b.01.01", { side: "HELD" }));
    await lost(rig, 1);
    expect(rig.of("execution.reported")).toEqual([]);
  });
});

test.each([
  ["no JSON at all", "{not json"],
  ["sound JSON that IBApi's unescaping breaks", '{"a":"\\u0022"}'],
])("B11: a rejection whose details are %s arrives with its words, and so does what follows it", async (_, json) => {
  const { rig, peer } = await connected();
  peer.say(says.error(100, 201, "Order rejected - reason:margin", json), says.orderStatus(100, "Inactive", 0, 2));
  await rig.until((r) => r.type === "order.statusReported");
  expect(rig.of("order.errored")[0]).toMatchObject({ orderId: 100, code: 201, text: expect.stringMatching(/margin/) });
  expect(rig.port.state).toBe("identified");
});

describe("B12: what IBApi's decoder makes of contracts", () => {
  const spyOption = {
    conId: 12,
    symbol: "SPY",
    secType: SecType.OPT,
    strike: 445,
    multiplier: 100,
    lastTradeDateOrContractMonth: "20261218",
  };

  test("a stock's multiplier of 0 is 1, an option's is refused", () => {
    expect(contractFrom({ conId: 1, symbol: "SPY", secType: SecType.STK, multiplier: 0 }).multiplier).toBe(1);
    const { multiplier: _, ...bare } = { ...spyOption, right: "P" as never };
    expect(() => contractFrom({ ...bare, multiplier: 0 })).toThrow(/multiplier/);
  });
  test("an expiry with a time of day is its day, whatever the zone of the login (pain 45)", () => {
    const contract = contractFrom({
      ...spyOption,
      right: "P" as never,
      lastTradeDateOrContractMonth: "20261218 16:00 US/Eastern",
    });
    expect(contract.expiry).toBe("2026-12-18");
  });
  test("an option without a right is refused, and so is a tick of 0", () => {
    expect(() => contractFrom(spyOption)).toThrow(/right/);
    expect(() => detailsFrom({ contract: { ...spyOption, right: "P" as never }, minTick: 0 }, true)).toThrow(/minTick/);
  });
});

test("B13: an order says outright that it is to be transmitted, for how long, for whom, and what it is called", async () => {
  const { rig, peer } = await connected();
  expect(rig.send("order.place", placeVertical(1, 100))).toEqual({ written: 1 });
  const order = await peer.hears(([id]) => id === "3");
  const at = order.indexOf("LMT");
  // orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef transmit
  expect([order[at + 1], order[at + 3], order[at + 5], order[at + 8], order[at + 9]]).toEqual([
    "-1.25",
    "DAY",
    "DU1000001",
    INTENT_REF,
    "1",
  ]);
  expect(order[4]).toBe("BAG");
});

test("B14: advice on a line leaves it open; what ends it, ends it", async () => {
  const { rig, peer } = await connected();
  rig.send("line.open", { epoch: 1, contract: SPY });
  const request = await peer.hears(([id]) => id === "1");
  const reqId = Number(request[2]);
  peer.say(
    ...[10089, 10090, 10091, 10167, 2104, 399].map((code) => says.error(reqId, code, "advice")),
    says.tickPrice(reqId, 1, 450, 1),
  );
  await rig.until((r) => r.type === "quote.updated");
  expect(rig.of("line.failed")).toEqual([]);
  peer.say(says.error(reqId, 354, "Requested market data is not subscribed."), says.tickPrice(reqId, 1, 451, 1));
  await rig.until((r) => r.type === "line.failed");
  expect(rig.port.lines()).toEqual([]);
});

test("B15: orders that have no permId yet are told apart", async () => {
  const { rig, peer } = await connected();
  rig.send("openOrders.request", enquiry(1));
  await peer.hears(([id]) => id === "16");
  peer.say(
    says.openOrder(100, { permId: 0 }),
    says.openOrder(101, { permId: 0 }),
    says.openOrder(101, { permId: 0 }),
    says.openOrderEnd(),
  );
  await rig.until((r) => r.type === "openOrders.answered");
  expect(rig.of("openOrders.answered")[0]?.orders.map(({ orderId }) => orderId)).toEqual([100, 101]);
});
