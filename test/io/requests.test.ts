/** Questions and answers: complete sets only, to whom they belong, and never from before the asking. */
import { type Contract as IbContract, OptionType, OrderStatus, OrderType, SecType } from "@stoqey/ib";
import { describe, expect, test } from "vitest";
import { type FakeIbClient, fakeIbClient } from "../support/fake-ib-client.ts";
import { createRig, enquiry, option, SPY } from "../support/ib-port-rig.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

const bench = () => {
  const scheduler = new VirtualScheduler();
  const client = fakeIbClient();
  const rig = createRig({ newClient: () => client, scheduler, heartbeatTimeoutMs: 1e9 });
  rig.send("gateway.connect", { epoch: 1 });
  client.login();
  scheduler.advance(0);
  return { scheduler, client, rig };
};
const lastId = (client: FakeIbClient, method: Parameters<FakeIbClient["calls"]>[0]): number =>
  client.calls(method).at(-1)?.[0] as number;
const put: IbContract = {
  conId: 12,
  symbol: "SPY",
  secType: SecType.OPT,
  lastTradeDateOrContractMonth: "20261218",
  strike: 445,
  right: OptionType.Put,
  multiplier: 100,
};
const fill = (execId: string) => ({
  execId,
  time: "20261120 11:43:28 US/Eastern",
  acctNumber: "DU1000001",
  side: "BOT",
  shares: 1,
  price: 2.5,
  orderId: 100,
  clientId: 7,
  permId: 9001,
  cumQty: 1,
});

describe("positions", () => {
  test("are answered at the end marker; after it each row is a push", () => {
    const { client, rig } = bench();
    rig.send("positions.request", enquiry(1));
    client.say("position", "DU1000001", put, -2, 250);
    client.say("position", "DU1000001", put, -3, 251);
    expect(rig.of("positions.answered")).toEqual([]);
    client.say("positionEnd");
    client.say("position", "DU1000001", put, -4, 251);
    const [answer] = rig.of("positions.answered");
    expect(answer).toMatchObject({ epoch: 1, replyTo: "reconciler", request: "q" });
    expect(answer?.positions.map(({ quantity }) => quantity)).toEqual([-3]);
    expect(rig.of("position.changed").map(({ position }) => position.quantity)).toEqual([-4]);
  });

  test("asked for while a question is under way are asked for again: nobody is answered with rows older than the asking", () => {
    const { client, rig } = bench();
    rig.send("positions.request", enquiry(1, "first"));
    client.say("position", "DU1000001", put, -2, 250);
    rig.send("positions.request", enquiry(1, "second"), "2");
    rig.send("positions.request", enquiry(1, "third"), "3");
    expect(client.calls("reqPositions").length).toBe(1);
    client.say("positionEnd");
    expect(rig.of("positions.answered").map(({ request }) => request)).toEqual(["first"]);
    expect(client.calls("reqPositions").length).toBe(2);
    expect(rig.settlements).toEqual([
      ["2", { written: 1 }],
      ["3", { written: 1 }],
    ]);
    client.say("positionEnd");
    expect(rig.of("positions.answered").map(({ request, positions }) => [request, positions.length])).toEqual([
      ["first", 1],
      ["second", 0],
      ["third", 0],
    ]);
  });

  test("of kinds that we do not trade are left out, and said so", () => {
    const { client, rig } = bench();
    rig.send("positions.request", enquiry(1));
    client.say("position", "DU1000001", { conId: 5, symbol: "EUR", secType: SecType.CASH, currency: "USD" }, 1000, 1.1);
    client.say("position", "DU1000001", put, -2, 250);
    client.say("positionEnd");
    expect(rig.of("positions.answered")[0]?.positions.length).toBe(1);
    expect(rig.logged.map(({ message }) => message)).toContain("left out: not ours");
    expect(rig.port.state).toBe("identified");
  });

  test("without an end marker fail in time; until the late marker comes nobody may ask (pains 31, 60)", () => {
    const { scheduler, client, rig } = bench();
    rig.send("positions.request", enquiry(1, "first"));
    rig.send("positions.request", enquiry(1, "second"), "second");
    scheduler.advance(60_000);
    expect(rig.of("request.failed")).toMatchObject([{ request: "first", code: 0 }]);
    expect(rig.settlements).toEqual([["second", { refused: "positions: the last question is still unanswered" }]]);
    expect(rig.send("positions.request", enquiry(1, "third"))).toHaveProperty("refused");
    client.say("positionEnd");
    expect(rig.of("positions.answered")).toEqual([]);
    expect(rig.send("positions.request", enquiry(1, "fourth"))).toEqual({ written: 1 });
    client.say("positionEnd");
    expect(rig.of("positions.answered").map(({ request }) => request)).toEqual(["fourth"]);
  });
});

describe("open orders", () => {
  test("are not asked for before the first heartbeat's answer: the end marker that IB sends unasked is nobody's answer", () => {
    const { client, rig } = bench();
    expect(rig.send("openOrders.request", enquiry(1), "open")).toEqual({ pending: 1 });
    client.say("openOrderEnd");
    expect(client.calls("reqAllOpenOrders")).toEqual([]);
    client.say("currentTime", 1_795_000_000);
    expect(client.calls("reqAllOpenOrders").length).toBe(1);
    expect(rig.settlements).toEqual([["open", { written: 1 }]]);
    client.say("openOrderEnd");
    expect(rig.of("openOrders.answered")[0]?.orders).toEqual([]);
  });
});

describe("executions", () => {
  test("are pushed one by one, repetitions of an answer left out, and answered as a set; a live one between is in both", () => {
    const { client, rig } = bench();
    rig.send("executions.request", enquiry(1));
    const reqId = lastId(client, "reqExecutions");
    client.say("execDetails", reqId, put, fill("a.b.01.01"));
    client.say("execDetails", -1, put, fill("a.b.02.01"));
    client.say("execDetails", reqId, put, fill("a.b.01.01"));
    client.say("execDetailsEnd", reqId + 1);
    expect(rig.of("executions.answered")).toEqual([]);
    client.say("execDetailsEnd", reqId);
    expect(rig.of("execution.reported").length).toBe(2);
    client.say("execDetails", -1, put, fill("a.b.02.01"));
    expect(rig.of("execution.reported").length).toBe(3);
    expect(rig.of("executions.answered")[0]?.executions.map(({ execId }) => execId)).toEqual(["a.b.01.01", "a.b.02.01"]);
  });

  test("come before their commissions, in whichever order IB sends them", () => {
    const { client, rig } = bench();
    const commission = (execId: string) =>
      client.say("commissionReport", { execId, commission: 1.3, currency: "USD", realizedPNL: Number.MAX_VALUE });
    commission("a.b.01.01");
    client.say("execDetails", -1, put, fill("a.b.02.01"));
    commission("a.b.02.01");
    expect(rig.of("commission.reported").map(({ execId }) => execId)).toEqual(["a.b.02.01"]);
    client.say("execDetails", -1, put, fill("a.b.01.01"));
    const order = rig.reports.flatMap((r) =>
      r.type === "execution.reported" ? [`x ${r.execution.execId}`] : r.type === "commission.reported" ? [`c ${r.execId}`] : [],
    );
    expect(order).toEqual(["x a.b.02.01", "c a.b.02.01", "x a.b.01.01", "c a.b.01.01"]);
    expect(rig.of("commission.reported")[0]).toMatchObject({ amount: 13_000 });
  });
});

describe("the account", () => {
  const ask = (account: string, request = account) => ({ ...enquiry(1, request), account });
  test("is asked for once at a time, each asker is told of its own account, and the subscription is withdrawn", () => {
    const { client, rig } = bench();
    rig.send("account.request", ask("DU1000001"));
    rig.send("account.request", ask("DU1000002"));
    const reqId = lastId(client, "reqAccountSummary");
    client.say("accountSummary", reqId, "DU1000001", "NetLiquidation", "100012.40", "USD");
    client.say("accountSummary", reqId, "DU1000001", "TotalCashValue", "1.7976931348623157E308", "USD");
    client.say("accountSummaryEnd", reqId);
    expect(rig.of("account.answered")).toEqual([
      {
        type: "account.answered",
        epoch: 1,
        replyTo: "reconciler",
        request: "DU1000001",
        account: "DU1000001",
        netLiquidation: 1_000_124_000,
      },
    ]);
    const second = lastId(client, "reqAccountSummary");
    expect(second).not.toBe(reqId);
    expect(client.calls("cancelAccountSummary")).toEqual([[reqId]]);
    client.say("accountSummary", second, "DU1000002", "NetLiquidation", "5", "EUR");
    client.say("accountSummaryEnd", second);
    expect(rig.of("request.failed")[0]).toMatchObject({ request: "DU1000002", text: expect.stringMatching(/EUR/) });
  });
  test("that IB does not name is a failure, not an account without money", () => {
    const { client, rig } = bench();
    rig.send("account.request", ask("DU1000009"));
    client.say("accountSummaryEnd", lastId(client, "reqAccountSummary"));
    expect(rig.of("request.failed")[0]?.text).toMatch(/no account DU1000009/);
  });
  test("refused by IB frees the way for the next asker", () => {
    const { client, rig } = bench();
    rig.send("account.request", ask("DU1000001", "first"));
    rig.send("account.request", ask("DU1000001", "second"));
    client.say(
      "error",
      new Error("Maximum number of account summary requests exceeded"),
      322,
      lastId(client, "reqAccountSummary"),
    );
    expect(rig.of("request.failed")[0]).toMatchObject({ request: "first", code: 322 });
    const reqId = lastId(client, "reqAccountSummary");
    client.say("accountSummary", reqId, "DU1000001", "NetLiquidation", "1", "USD");
    client.say("accountSummaryEnd", reqId);
    expect(rig.of("account.answered").map(({ request }) => request)).toEqual(["second"]);
  });
});

describe("reference data", () => {
  const query = { secType: "OPT" as const, symbol: "SPY", exchange: "SMART", currency: "USD" };
  test("contract details come as one set; brief ones without sessions", () => {
    const { client, rig } = bench();
    rig.send("contracts.request", { ...enquiry(1, "brief"), query, brief: true });
    rig.send("contracts.request", { ...enquiry(1, "full"), query, brief: false });
    const ids = client.calls("reqContractDetails").map(([reqId]) => reqId as number);
    for (const reqId of ids)
      client.say("contractDetails", reqId, { contract: put, minTick: 0.01, tradingHours: "20261120:0930-1600" });
    for (const reqId of [...ids].reverse()) client.say("contractDetailsEnd", reqId);
    expect(
      rig.of("contracts.answered").map(({ request, details }) => [request, details[0]?.tradingHours, details[0]?.minTick]),
    ).toEqual([
      ["full", "20261120:0930-1600", 100],
      ["brief", "", 100],
    ]);
    expect(ids.every((reqId) => reqId >= 1_000_000_000)).toBe(true);
  });

  test("a refused question (200) fails; a warning does not; a late row is nobody's", () => {
    const { client, rig } = bench();
    rig.send("contracts.request", { ...enquiry(1), query, brief: true });
    const reqId = lastId(client, "reqContractDetails");
    client.say("error", new Error("Warning: something"), 2150, reqId);
    expect(rig.of("request.failed")).toEqual([]);
    client.say("error", new Error("No security definition has been found for the request"), 200, reqId);
    client.say("contractDetails", reqId, { contract: put, minTick: 0.01 });
    client.say("contractDetailsEnd", reqId);
    expect(rig.of("request.failed")).toMatchObject([{ code: 200 }]);
    expect(rig.of("contracts.answered")).toEqual([]);
  });

  test("bars end at the finished row; days without a value are left out; a slow answer is withdrawn", () => {
    const { scheduler, client, rig } = bench();
    rig.send("bars.request", { ...enquiry(1, "iv"), contract: SPY, days: 400, show: "OPTION_IMPLIED_VOLATILITY" });
    const reqId = lastId(client, "reqHistoricalData");
    expect(client.calls("reqHistoricalData")[0]?.slice(2)).toEqual([
      "",
      "2 Y",
      "1 day",
      "OPTION_IMPLIED_VOLATILITY",
      true,
      1,
      false,
    ]);
    client.say("historicalData", reqId, "20261118", 0.18, 0.2, 0.17, 0.19, -1, 1, 0);
    client.say("historicalData", reqId, "20261119", -1, -1, -1, -1, -1, 0, -1);
    client.say("historicalData", reqId, "finished-20251120-20261120", -1, -1, -1, -1, -1, -1, -1);
    expect(rig.of("bars.answered")[0]?.bars).toEqual([
      { day: "2026-11-18", open: 0.18, high: 0.2, low: 0.17, close: 0.19, volume: 0 },
    ]);
    rig.send("bars.request", { ...enquiry(1, "slow"), contract: SPY, days: 30, show: "TRADES" });
    scheduler.advance(60_000);
    expect(rig.of("request.failed")).toMatchObject([{ request: "slow", code: 0 }]);
    expect(client.calls("cancelHistoricalData").length).toBe(1);
  });

  test("a combo has no bars and no line of its own: refused at the door", () => {
    const { rig } = bench();
    expect(rig.send("line.open", { epoch: 1, contract: { ...SPY, secType: "BAG" } })).toHaveProperty("refused");
    expect(
      rig.send("bars.request", { ...enquiry(1), contract: { ...option(0, 1, "C") }, days: 30, show: "TRADES" }),
    ).toHaveProperty("refused");
  });
});

describe("orders", () => {
  test("completed ones have no orderId; both are told apart by permId (pain 21)", () => {
    const { client, rig } = bench();
    rig.send("completedOrders.request", enquiry(1));
    const done = (permId: number, filledQuantity: number) =>
      client.say(
        "completedOrder",
        put,
        { permId, action: "BUY" as never, totalQuantity: 2, orderType: OrderType.LMT, lmtPrice: 2.5, filledQuantity },
        { status: OrderStatus.Filled },
      );
    done(1, 2);
    done(2, 1);
    client.say("completedOrdersEnd");
    expect(
      rig
        .of("completedOrders.answered")[0]
        ?.orders.map(({ orderId, permId, filled, limitPrice }) => [orderId, permId, filled, limitPrice]),
    ).toEqual([
      [0, 1, 2, 25_000],
      [0, 2, 1, 25_000],
    ]);
  });

  test("a what-if is answered as one, with what IB left unset left out, and is no open order", () => {
    const { client, rig } = bench();
    client.say(
      "openOrder",
      100,
      put,
      { whatIf: true, orderRef: "ref", orderType: OrderType.LMT },
      { status: OrderStatus.PreSubmitted, initMarginChange: 500.5, commission: Number.MAX_VALUE },
    );
    expect(rig.of("order.whatIfAnswered")).toEqual([
      { type: "order.whatIfAnswered", epoch: 1, orderId: 100, orderRef: "ref", impact: { initialMarginChange: 5_005_000 } },
    ]);
    expect(rig.of("order.reported")).toEqual([]);
  });

  test("an order for an amount of cash, which we never place, is left out and ends nothing", () => {
    const { client, rig } = bench();
    client.say("openOrder", 9, put, { action: "BUY" as never, orderType: OrderType.MKT }, { status: OrderStatus.Submitted });
    expect(rig.of("order.reported")).toEqual([]);
    expect(rig.logged.map(({ message }) => message)).toEqual(["left out: not ours"]);
    expect(rig.port.state).toBe("identified");
  });

  test("a status that IB has newly invented ends nothing: it is Unknown, and said so", () => {
    const { client, rig } = bench();
    client.say("orderStatus", 100, "Pondering" as never, 0, 2, 0, 9001, 0, 0, 7, "", 0);
    expect(rig.of("order.statusReported")[0]?.status).toBe("Unknown");
    expect(rig.logged.some(({ level }) => level === "error")).toBe(true);
    expect(rig.port.state).toBe("identified");
  });
});
