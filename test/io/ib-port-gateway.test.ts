/** A morning's trading through the port and the simulated broker: once in the process, once as bytes over TCP with the real IBApi. */
import { afterEach, describe, expect, test } from "vitest";
import type { OptionContract } from "../../src/domain/contract.ts";
import { comboLegs } from "../../src/domain/contract.ts";
import type { Effects } from "../../src/domain/effects.ts";
import { epochMs, money, price, tradingDay } from "../../src/domain/units.ts";
import type { IbReport } from "../../src/io/ib/port-words.ts";
import { realClients } from "../../src/io/ib/real-client.ts";
import { serveGateway } from "../../src/sim/wire/server.ts";
import { ACCOUNT, type BrokerRig, createBrokerRig, quoteCondor } from "../support/broker-rig.ts";
import { createRig, enquiry, INTENT_REF, type Rig } from "../support/ib-port-rig.ts";
import { realScheduler } from "../support/real-scheduler.ts";
import { EXPIRY, optionId, SPY as SPY_ID } from "../support/scripted-market.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Worlds {
  readonly broker: BrokerRig;
  readonly rig: Rig;
  /** Lets what is under way arrive, where no socket does it by itself. */
  settle(): void;
}

const prepare = (broker: BrokerRig) => {
  quoteCondor(broker.market);
  broker.market.setBars([{ day: tradingDay("2026-11-19"), open: 590, high: 595, low: 589, close: 592, volume: 1_000 }]);
};
const inProcess = async (): Promise<Worlds> => {
  const broker = createBrokerRig();
  prepare(broker);
  const rig = createRig({ newClient: () => broker.broker.client(), scheduler: broker.scheduler, now: () => broker.market.now });
  return { broker, rig, settle: () => broker.scheduler.advance(60) };
};
const overTcp = async (): Promise<Worlds> => {
  const broker = createBrokerRig({ scheduler: realScheduler });
  prepare(broker);
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const gateway = await serveGateway({ desk: broker.broker, host: "127.0.0.1", port: 0, logger, now: () => broker.market.now });
  endings.push(() => gateway.close());
  const newClient = realClients({ host: "127.0.0.1", port: gateway.port, clientId: 7 });
  const rig = createRig({ newClient, scheduler: realScheduler, now: () => broker.market.now });
  endings.push(() => rig.port.close());
  return { broker, rig, settle: () => {} };
};

const leg = (right: "C" | "P", strike: number, ratio: number) => {
  const contract: OptionContract = {
    conId: optionId(right, strike),
    secType: "OPT",
    symbol: "SPY",
    exchange: "SMART",
    currency: "USD",
    multiplier: 100,
    expiry: EXPIRY,
    strike: price(strike),
    right,
  };
  return { contract, ratio };
};
const CONDOR = comboLegs([leg("P", 590, 1), leg("P", 595, -1), leg("C", 605, -1), leg("C", 610, 1)]);
const condor = (epoch: number, orderId: number, limit: number, now: number): Effects["order.place"] => ({
  epoch,
  ticket: {
    orderId,
    orderRef: INTENT_REF,
    account: ACCOUNT,
    combo: { symbol: "SPY", currency: "USD", legs: CONDOR },
    action: "BUY",
    quantity: 2,
    limitPrice: price(limit),
    tif: "DAY",
  },
  approval: { id: "a", approvedAt: epochMs(now), expiresAt: epochMs(now + 600_000), reducing: false },
  modify: false,
});

/** The telling words of a report: what two ways of carrying the same morning must agree on. */
const brief = (report: IbReport): string => {
  switch (report.type) {
    case "order.statusReported":
      return `${report.orderId} ${report.status} ${report.filled}/${report.remaining}`;
    case "execution.reported":
      return `fill ${report.execution.execId} ${report.execution.contract.secType} ${report.execution.side} ${report.execution.price}`;
    case "commission.reported":
      return `fee ${report.execId} ${report.amount}`;
    case "order.reported":
      return `order ${report.order.orderId} ${report.order.status} ${report.order.limitPrice} ${report.order.orderRef}`;
    case "order.errored":
      return `error ${report.orderId} ${report.code}`;
    case "position.changed":
      return `position ${report.position.contract.conId} ${report.position.quantity}`;
    default:
      return report.type;
  }
};

const morning = async ({ broker, rig, settle }: Worlds): Promise<void> => {
  const until = (passes: (report: IbReport) => boolean) => {
    settle();
    return rig.until(passes);
  };
  const answered = (request: string) => until((r) => "request" in r && r.request === request);
  rig.send("gateway.connect", { epoch: 1 });
  const identified = await until((r) => r.type === "gateway.identified");
  const first = identified.type === "gateway.identified" ? identified.nextOrderId : 0;
  settle();
  for (const type of ["positions.request", "openOrders.request", "completedOrders.request", "executions.request"] as const) {
    rig.send(type, enquiry(1, `before ${type}`));
    await answered(`before ${type}`);
  }
  rig.send("account.request", { ...enquiry(1, "account"), account: ACCOUNT });
  await answered("account");
  const query = { secType: "OPT" as const, symbol: "SPY", exchange: "SMART", currency: "USD", expiry: EXPIRY };
  rig.send("contracts.request", { ...enquiry(1, "contracts"), query, brief: true });
  await answered("contracts");
  const [details] = rig.of("contracts.answered");
  rig.send("optionParameters.request", { ...enquiry(1, "chain"), symbol: "SPY", secType: "STK", conId: SPY_ID });
  await answered("chain");
  const { contract: call } = leg("C", 605, 1);
  const stock = { conId: SPY_ID, secType: "STK" as const, symbol: "SPY", exchange: "SMART", currency: "USD", multiplier: 1 };
  rig.send("bars.request", { ...enquiry(1, "bars"), contract: stock, days: 30, show: "TRADES" });
  await answered("bars");
  expect(details?.details.length).toBeGreaterThan(10);
  rig.send("line.open", { epoch: 1, contract: call });
  await until((r) => r.type === "quote.updated");

  rig.send("order.whatIf", { epoch: 1, ticket: condor(1, first, -1.8, broker.market.now).ticket });
  await until((r) => r.type === "order.whatIfAnswered");
  rig.send("order.place", condor(1, first + 1, -1.8, broker.market.now), "marketable");
  await until((r) => r.type === "commission.reported" && rig.of("commission.reported").length === 4);
  rig.send("order.place", condor(1, first + 2, -2.9, broker.market.now), "resting");
  await until((r) => r.type === "order.reported" && r.order.orderId === first + 2);
  rig.send("order.cancel", { epoch: 1, orderId: first + 2, orderRef: INTENT_REF });
  // The answer to a later question shows that the cancel has arrived; then the broker needs a little market time for it.
  rig.send("openOrders.request", enquiry(1, "cancelling"));
  await answered("cancelling");
  broker.passTo(epochMs(broker.market.now + 1_000));
  await until((r) => r.type === "order.statusReported" && r.orderId === first + 2 && r.status === "Cancelled");
  for (const type of ["positions.request", "openOrders.request", "completedOrders.request", "executions.request"] as const) {
    rig.send(type, enquiry(1, `after ${type}`));
    await answered(`after ${type}`);
  }
  rig.send("line.close", { epoch: 1, conId: call.conId });
};

const answer = <T extends IbReport["type"]>(rig: Rig, type: T, request: string) =>
  rig.of(type).find((report) => "request" in report && report.request === request);

describe.each([
  ["in the process", inProcess],
  ["over TCP", overTcp],
] as const)("a morning %s", (_, world) => {
  test("is told completely: answers, a quote, a what-if, fills of a combo with their fees, a cancel, the book after it", async () => {
    const worlds = await world();
    await morning(worlds);
    const { rig } = worlds;
    expect(answer(rig, "account.answered", "account")).toMatchObject({ netLiquidation: money(100_000), cash: money(100_000) });
    expect(answer(rig, "bars.answered", "bars")?.bars.map(({ day }) => day)).toEqual(["2026-11-19"]);
    expect(answer(rig, "optionParameters.answered", "chain")?.parameters[0]).toMatchObject({
      multiplier: 100,
      expirations: [EXPIRY],
    });
    expect(rig.of("quote.updated")[0]?.quote).toMatchObject({ bid: price(1.45), ask: price(1.55) });
    expect(rig.of("order.whatIfAnswered")[0]?.impact.initialMarginChange).toBeGreaterThan(0);
    const after = answer(rig, "executions.answered", "after executions.request")?.executions ?? [];
    expect(after.map(({ contract }) => contract.secType).sort()).toEqual(["BAG", "OPT", "OPT", "OPT", "OPT"]);
    expect(after.every(({ orderRef, account }) => orderRef === INTENT_REF && account === ACCOUNT)).toBe(true);
    const book = answer(rig, "positions.answered", "after positions.request")?.positions.filter(({ quantity }) => quantity !== 0);
    expect(new Map(book?.map(({ contract, quantity }) => [contract.conId, quantity]))).toEqual(
      new Map(CONDOR.map(({ conId, action }) => [conId, action === "BUY" ? 2 : -2])),
    );
    expect(answer(rig, "openOrders.answered", "after openOrders.request")?.orders).toEqual([]);
    expect(
      answer(rig, "completedOrders.answered", "after completedOrders.request")
        ?.orders.map(({ status }) => status)
        .sort(),
    ).toEqual(["Cancelled", "Filled"]);
    expect(rig.of("request.failed")).toEqual([]);
    expect(rig.logged.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
    expect(rig.port.lines()).toEqual([]);
  });
});

test("both ways tell the same about orders, fills, fees and positions, in the same order", async () => {
  const words = async (world: () => Promise<Worlds>) => {
    const worlds = await world();
    await morning(worlds);
    return worlds.rig.reports.map(brief).filter((line) => /^(\d|fill|fee|order \d|error|position \d)/.test(line));
  };
  const told = await words(inProcess);
  expect(told.filter((line) => line.startsWith("fill")).length).toBeGreaterThanOrEqual(5);
  expect(await words(overTcp)).toEqual(told);
});
