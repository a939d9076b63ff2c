import { BarSizeSetting, EventName, type IBApi, SecType, WhatToShow } from "@stoqey/ib";
import { afterEach, expect, test } from "vitest";
import { type EpochMs, epochMs, price, tradingDay } from "../../src/domain/units.ts";
import type { IbClient } from "../../src/ports/ib-client.ts";
import { serveGateway } from "../../src/sim/wire/server.ts";
import { type BrokerRig, byConId, CONDOR, createBrokerRig, limitOrder, quoteCondor } from "../support/broker-rig.ts";
import { GATEWAY_EVENTS } from "../support/gateway-events.ts";
import { realScheduler } from "../support/real-scheduler.ts";
import { optionId, SPY } from "../support/scripted-market.ts";
import { strictTap } from "../support/strict-reader.ts";
import {
  collectingLogger,
  connectIbApi,
  connectRaw,
  type Heard,
  offerBytes,
  RawClient,
  startApiBytes,
} from "../support/wire-clients.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const CLIENT_ID = 5;

/** A morning's work: everything that the engine asks of a broker, in steps between which all answers arrive. */
const morning: readonly ((client: IbClient, rig: BrokerRig) => void)[] = [
  (client) => client.reqPositions(),
  (client) => client.reqAccountSummary(1, "All", "NetLiquidation,TotalCashValue,AccountType,InitMarginReq"),
  (client) => client.reqContractDetails(2, { symbol: "SPY", secType: SecType.OPT, lastTradeDateOrContractMonth: "20261218" }),
  (client) => client.reqContractDetails(3, { symbol: "NOPE", secType: SecType.STK }),
  (client) => client.reqSecDefOptParams(4, "SPY", "", "STK", SPY),
  (client) => client.reqMarketDataType(1),
  (client) => client.reqMktData(10, { conId: SPY, exchange: "SMART" }, "100,101", false, false),
  (client) => client.reqMktData(11, byConId(optionId("P", 580)), "", false, false),
  (client) => client.reqMktData(12, CONDOR, "", false, false),
  (client) => client.reqMktData(13, byConId(optionId("C", 610)), "", true, false),
  (_client, rig) => {
    rig.market.set(SPY, 600.5, 600.52, { bid: 300, ask: 200 });
    rig.market.set(optionId("P", 580), 0, null);
    rig.passTo(epochMs(rig.market.now + 1_000));
  },
  (client) => client.reqHistoricalData(14, byConId(SPY), "", "3 D", BarSizeSetting.DAYS_ONE, WhatToShow.TRADES, true, 1, false),
  (client) => client.placeOrder(1, CONDOR, limitOrder("BUY", 2, -1.8, { whatIf: true })),
  (client) =>
    client.placeOrder(2, CONDOR, limitOrder("BUY", 2, -1.8, { smartComboRoutingParams: [{ tag: "NonGuaranteed", value: "0" }] })),
  (client) => client.placeOrder(3, byConId(SPY), limitOrder("BUY", 100, 590, { orderRef: "größer 🙂" })),
  (client) => client.reqAllOpenOrders(),
  (_client, rig) => rig.passTo(epochMs(rig.market.now + 60_000)),
  (client) => client.cancelOrder(3),
  (_client, rig) => rig.passTo(epochMs(rig.market.now + 60_000)),
  (client) => client.cancelOrder(77),
  (client) => client.placeOrder(4, byConId(SPY), limitOrder("BUY", 100, 590.001)),
  (client) => client.reqExecutions(20, {}),
  (client) => client.reqCompletedOrders(true),
  (client) => client.reqOpenOrders(),
  (client) => client.cancelMktData(10),
  (client) => client.cancelMktData(10),
  (client) => client.cancelPositions(),
  (client) => client.reqGlobalCancel(),
];

const prepared = (options: Parameters<typeof createBrokerRig>[0] = {}): BrokerRig => {
  const rig = createBrokerRig(options);
  quoteCondor(rig.market);
  rig.market.setBars(
    ["2026-11-17", "2026-11-18", "2026-11-19"].map((day, index) => ({
      day: tradingDay(day),
      open: price(590 + index),
      high: price(595 + index),
      low: price(589.5 + index),
      close: price(592.25 + index),
      volume: 1_000_000 + index,
    })),
  );
  return rig;
};

/** The same morning without a socket. */
const inProcess = (): readonly (readonly Heard[])[] => {
  const rig = prepared();
  const client = rig.broker.client();
  const heard: Heard[] = [];
  for (const event of GATEWAY_EVENTS) client.on(event, (...words: unknown[]) => void heard.push([event, ...words]));
  client.connect(CLIENT_ID);
  rig.settle();
  return morning.map((step) => {
    const from = heard.length;
    step(client, rig);
    client.reqCurrentTime();
    rig.settle();
    return heard.slice(from);
  });
};

const overTcp = async (serverVersion: number): Promise<readonly (readonly Heard[])[]> => {
  const rig = prepared({ scheduler: realScheduler });
  const logger = collectingLogger();
  const gateway = await serveGateway({
    desk: rig.broker,
    host: "127.0.0.1",
    port: 0,
    logger,
    now: () => rig.market.now as EpochMs,
    pacing: { messagesPerSecond: 1000 },
    onFrame: strictTap,
  });
  endings.push(() => gateway.close());
  const { api, heard } = await connectIbApi(gateway.port, serverVersion, CLIENT_ID);
  endings.push(() => api.disconnect());
  const days: (readonly Heard[])[] = [];
  for (const step of morning) {
    const from = heard.length;
    step(api as unknown as IbClient, rig);
    // Some answers come a turn of the broker's later than others.
    await currentTime(api);
    await currentTime(api);
    days.push(heard.slice(from));
  }
  expect(logger.lines).toEqual([]);
  return days;
};

const currentTime = (api: IBApi): Promise<void> =>
  new Promise((resolve) => {
    api.once(EventName.currentTime, () => queueMicrotask(resolve));
    api.reqCurrentTime();
  });

/** Sizes of asks and lasts come twice over the wire: with their price and alone. The time is only asked for to know that a step is over. */
const withoutRepeats = (events: readonly Heard[]): Heard[] =>
  events.filter((event, index) => {
    if (event[0] === "currentTime") return false;
    const before = events[index - 1];
    return !(event[0] === "tickSize" && before?.[0] === "tickSize" && JSON.stringify(event) === JSON.stringify(before));
  });

const without = (object: object, ...keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/**
 * What the wire changes: completed orders lose who placed them and what they cost, contract details have no last trade date of
 * their own before version 182, and out of IBApi the multiplier of option parameters comes as a number, whatever its types say, and
 * a line's tick size as an integer.
 */
const asDecoded = (event: Heard, serverVersion: number): Heard => {
  if (event[0] === "tickReqParams") return event.with(2, 0) as unknown as Heard;
  if (event[0] === "securityDefinitionOptionParameter")
    return event.map((word, index) => (index === 5 ? Number(word) : word)) as unknown as Heard;
  if (event[0] === "completedOrder") {
    const [name, contract, order, state] = event as readonly [string, object, object, object];
    const cost = ["commission", "commissionCurrency", "warningText"];
    return [name, contract, without(order, "orderId", "clientId", "parentId"), without(state, ...cost)];
  }
  if (serverVersion >= 182 || event[0] !== "contractDetails") return event;
  const [name, reqId, details] = event as readonly [string, number, { readonly contract: object }];
  return [name, reqId, { ...details, contract: without(details.contract, "lastTradeDate") }];
};

test.each([193, 178])("IBApi over TCP at %i hears what a client in process hears, event by event", async (serverVersion) => {
  const near = inProcess();
  const far = await overTcp(serverVersion);
  for (const [step, events] of near.entries()) {
    const said = withoutRepeats(events).map((event) => asDecoded(event, serverVersion));
    const heard = withoutRepeats(far[step] as readonly Heard[]);
    expect([step, heard.map(([name]) => name)]).toEqual([step, said.map(([name]) => name)]);
    for (const [index, event] of said.entries()) {
      const words = heard[index] as Heard;
      expect(words.slice(0, event.length)).toMatchObject(event);
      // What IBApi appends: no rejection to an error, no gap to a bar.
      expect([undefined, false]).toContain(words[event.length]);
    }
  }
  const names = new Set(far.flat().map(([name]) => name));
  for (const name of [
    "execDetails",
    "commissionReport",
    "openOrder",
    "orderStatus",
    "completedOrder",
    "position",
    "historicalData",
    "tickSnapshotEnd",
  ]) {
    expect(names).toContain(name);
  }
});

test("a client id that is taken is refused with 326 over TCP, and free once its owner has left", async () => {
  const rig = prepared({ scheduler: realScheduler });
  const logger = collectingLogger();
  const gateway = await serveGateway({ desk: rig.broker, host: "127.0.0.1", port: 0, logger, now: () => rig.market.now });
  endings.push(() => gateway.close());
  const owner = await connectRaw(gateway.port, 178, CLIENT_ID);
  const rival = new RawClient(gateway.port);
  rival.send(offerBytes("v157..178"), startApiBytes(CLIENT_ID));
  expect(await rival.ended).toBe("fin");
  expect(rival.messages.at(-1)?.slice(0, 4)).toEqual(["4", "2", "-1", "326"]);
  owner.socket.end();
  await owner.ended;
  const heir = await connectRaw(gateway.port, 178, CLIENT_ID);
  endings.push(() => heir.destroy());
  expect(heir.messages.some(([id]) => id === "9")).toBe(true);
});
