import { BarSizeSetting, SecType, WhatToShow } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { tradingDay } from "../../src/domain/units.ts";
import { ACCOUNT, byConId, CONDOR, createBrokerRig, limitOrder, quoteCondor } from "../support/broker-rig.ts";
import { optionId, SPY, VIX } from "../support/scripted-market.ts";

describe("a session of the simulated broker", () => {
  it("greets as a gateway does: versions, accounts, the next id, farm notices, and the announcement", () => {
    const rig = createBrokerRig();
    const { heard } = rig.connect(1);
    expect(heard.map(([name]) => name)).toEqual([
      "connected",
      "server",
      "managedAccounts",
      "nextValidId",
      "info",
      "info",
      "info",
      "info",
    ]);
    expect(heard[2]).toEqual(["managedAccounts", ACCOUNT]);
    expect(heard.slice(4).map(([, , code]) => code)).toEqual([2104, 2106, 2158, 2199]);
    expect(heard[7]?.[1]).toBe(rig.broker.announcement());
  });

  it("never speaks inside a call", () => {
    const rig = createBrokerRig();
    const ib = rig.broker.client();
    const heard: string[] = [];
    ib.on("connected", () => heard.push("connected"));
    ib.on("currentTime", () => heard.push("currentTime"));
    ib.connect(1);
    ib.reqCurrentTime();
    expect(heard).toEqual([]);
    rig.settle();
    expect(heard).toEqual(["connected", "currentTime"]);
  });

  it("refuses a client id that is connected, with 326 and the door", () => {
    const rig = createBrokerRig();
    rig.connect(1);
    expect(
      rig
        .connect(1)
        .heard.slice(2)
        .map(([name, , code]) => [name, code]),
    ).toEqual([
      ["info", 326],
      ["disconnected", undefined],
    ]);
    expect(rig.connect(2).all("nextValidId")).toEqual([[1]]);
  });

  it("frees a client id at once, or after its linger time", () => {
    for (const clientIdLingerMs of [0, 5_000]) {
      const rig = createBrokerRig({ clientIdLingerMs });
      rig.connect(1).ib.disconnect();
      expect(rig.connect(1).all("nextValidId").length).toBe(clientIdLingerMs === 0 ? 1 : 0);
      rig.scheduler.advance(5_000);
      if (clientIdLingerMs > 0) expect(rig.connect(1).all("nextValidId").length).toBe(1);
    }
  });

  it("loses what it had queued when the connection ends", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.reqCurrentTime();
    client.ib.disconnect();
    rig.settle();
    expect(client.news()).toEqual(["disconnected"]);
  });

  it("goes on after a listener has thrown", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.on("currentTime", () => {
      throw new Error("mine");
    });
    client.ib.reqCurrentTime();
    client.ib.reqIds();
    expect(() => rig.settle()).toThrow("mine");
    rig.settle();
    expect(client.news()).toEqual(["currentTime", "nextValidId 1"]);
  });

  it("answers contract details by conId and by description, 200 for nothing and 321 for a combo", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.reqContractDetails(9, {
      symbol: "SPY",
      secType: SecType.OPT,
      lastTradeDateOrContractMonth: "20261218",
      strike: 600,
    });
    client.ib.reqContractDetails(10, byConId(VIX));
    client.ib.reqContractDetails(11, { symbol: "NONE", secType: SecType.STK });
    client.ib.reqContractDetails(12, CONDOR);
    client.ib.reqContractDetails(13, { symbol: "ES", secType: SecType.FUT, lastTradeDateOrContractMonth: "202612" });
    rig.settle();
    expect(client.news()).toEqual([
      "contractDetails",
      "contractDetails",
      "contractDetailsEnd",
      "contractDetails",
      "contractDetailsEnd",
      "error 200",
      "error 321",
      "contractDetails",
      "contractDetailsEnd",
    ]);
    const [[, call] = []] = client.all("contractDetails");
    expect(call?.contract).toMatchObject({
      secType: "OPT",
      right: "C",
      strike: 600,
      multiplier: 100,
      lastTradeDateOrContractMonth: "20261218",
    });
    expect(call?.minTick).toBe(0.01);
    expect(call?.underConId).toBe(SPY);
  });

  it("lists option parameters, then ends", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.reqSecDefOptParams(3, "SPY", "", "STK", SPY);
    rig.settle();
    const [[, , , , , expirations, strikes] = []] = client.all("securityDefinitionOptionParameter");
    expect(expirations).toEqual(["20261218"]);
    expect(strikes?.[0]).toBe(580);
    expect(client.news().at(-1)).toBe("securityDefinitionOptionParameterEnd");
  });

  it("answers daily bars with the row that closes them, and 162 for what it has not", () => {
    const rig = createBrokerRig();
    const day = tradingDay("2026-11-19");
    rig.market.setBars([{ day, open: 1, high: 2, low: 0.5, close: 1.5, volume: 10 }]);
    const client = rig.connect(1);
    const ask = (reqId: number, bars: BarSizeSetting, conId: number): unknown =>
      client.ib.reqHistoricalData(reqId, byConId(conId), "", "30 D", bars, WhatToShow.TRADES, 1, 1, false);
    ask(1, BarSizeSetting.DAYS_ONE, SPY);
    ask(2, BarSizeSetting.MINUTES_ONE, SPY);
    ask(3, BarSizeSetting.DAYS_ONE, VIX);
    client.ib.cancelHistoricalData(7);
    rig.settle();
    const rows = client.all("historicalData");
    expect(rows[0]).toEqual([1, "20261119", 1, 2, 0.5, 1.5, 10, -1, -1]);
    expect(rows[1]?.slice(0, 2)).toEqual([1, expect.stringMatching(/^finished-2026.*-20261120 10:00:00 US\/Eastern$/)]);
    expect(client.all("error").map(([, code, id]) => [code, id])).toEqual([
      [162, 2], // too many minutes, said at once
      [366, 7],
      [162, 3],
    ]);
  });
});

describe("market data lines", () => {
  it("send all there is at first, then only what changed, and a missing side as −1 with size 0", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.reqMktData(5, byConId(SPY), "", false, false);
    rig.settle();
    expect(client.news()).toEqual([
      "marketDataType",
      "tickPrice 1 600",
      "tickSize 0 10",
      "tickPrice 2 600.02",
      "tickSize 3 10",
      "tickString", // the letters of the exchanges
      "tickString",
      "tickGeneric", // not halted
    ]);
    rig.pass(1_000);
    expect(client.news()).toEqual([]);
    rig.market.set(SPY, 600, 600.03, { bid: 7 });
    rig.pass(1_000);
    expect(client.news()).toEqual(["tickSize 0 7", "tickPrice 2 600.03", "tickSize 3 10"]);
    rig.market.set(SPY, null, 600.03);
    rig.pass(1_000);
    expect(client.news()).toEqual(["tickPrice 1 -1", "tickSize 0 0"]);
    client.ib.cancelMktData(5);
    rig.market.set(SPY, 601, 601.01);
    rig.pass(1_000);
    expect(client.news()).toEqual([]);
  });

  it("end a snapshot with its quote, or after eleven seconds without one", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.reqMktData(5, byConId(SPY), "", true, false);
    client.ib.reqMktData(6, byConId(optionId("C", 600)), "", true, false);
    rig.settle();
    expect(client.all("tickSnapshotEnd")).toEqual([[5]]);
    rig.pass(10_999);
    expect(client.all("tickSnapshotEnd")).toEqual([[5]]);
    rig.pass(1);
    expect(client.all("tickSnapshotEnd")).toEqual([[5], [6]]);
  });

  it("are limited over all clients together, and freed by cancel and disconnect", () => {
    const rig = createBrokerRig({ lineLimit: 2 });
    const [one, two] = [rig.connect(1), rig.connect(2)];
    one.ib.reqMktData(1, byConId(SPY), "", false, false);
    two.ib.reqMktData(1, byConId(SPY), "", false, false);
    two.ib.reqMktData(2, byConId(SPY), "", false, false);
    rig.settle();
    expect(two.news().at(-1)).toBe("error 101");
    one.ib.disconnect();
    two.ib.reqMktData(2, byConId(SPY), "", false, false);
    rig.settle();
    expect(two.all("error").length).toBe(1);
  });

  it("refuse unknown contracts, ids in use, and cancels of nothing", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(999), "", false, false);
    client.ib.reqMktData(2, byConId(SPY), "", false, false);
    client.ib.reqMktData(2, byConId(SPY), "", false, false);
    client.ib.cancelMktData(9);
    client.ib.reqMktData(3, { symbol: "SPY", secType: SecType.OPT }, "", false, false);
    rig.settle();
    expect(client.all("error").map(([, code]) => code)).toEqual([200, 322, 300, 200]);
  });

  it("quote a combo by its natural prices, also below zero", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    client.ib.reqMktData(1, CONDOR, "", false, false);
    rig.settle();
    expect(client.news()).toEqual(["marketDataType", "tickPrice 1 -2.2", "tickSize 0 10", "tickPrice 2 -1.8", "tickSize 3 10"]);
  });
});

describe("the account's summary", () => {
  it("gives what was asked for, ends, and comes again when it has changed", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.reqAccountSummary(4, "All", "NetLiquidation,TotalCashValue,InitMarginReq,Nonsense");
    rig.settle();
    expect(client.all("accountSummary").map(([, account, tag, value]) => [account, tag, value])).toEqual([
      [ACCOUNT, "NetLiquidation", "100000.00"],
      [ACCOUNT, "TotalCashValue", "100000.00"],
      [ACCOUNT, "InitMarginReq", "0.00"],
    ]);
    client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 601));
    rig.pass(180_000);
    expect(client.all("accountSummary").at(-1)?.slice(2, 4)).toEqual(["InitMarginReq", "3000.05"]);
  });

  it("tells market time in whole seconds", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    rig.pass(1_500);
    client.ib.reqCurrentTime();
    rig.settle();
    expect(client.all("currentTime")).toEqual([[instantOf(tradingDay("2026-11-20"), 600) / 1000 + 1]]);
  });
});
