import { type BarSizeSetting, type Contract as IbContract, SecType, type WhatToShow } from "@stoqey/ib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { epochMs, price, tradingDay } from "../../src/domain/units.ts";
import type { BrokerFaults } from "../../src/sim/broker/faults.ts";
import { incrementsOf, marketRuleOf } from "../../src/sim/broker/market-data/market-rules.ts";
import { byConId, CONDOR, FRIDAY_10_00 } from "../support/broker-rig.ts";
import { createBarredMarket, createDataRig, type DataClient, minuteOf } from "../support/market-data-rig.ts";
import { optionId, SPY } from "../support/scripted-market.ts";

const stock = byConId(SPY);
const option = byConId(optionId("C", 600));

const rigAt = (at = FRIDAY_10_00, faults: Partial<BrokerFaults> = {}) => {
  const rig = createDataRig(createBarredMarket(at), { faults });
  rig.market.set(SPY, 600, 600.02);
  return rig;
};

interface Asked {
  readonly contract?: IbContract;
  readonly end?: string;
  readonly duration?: string;
  readonly size?: string;
  readonly show?: string;
  readonly regularHours?: boolean;
  readonly format?: number;
  readonly keep?: boolean;
}
const ask = (client: DataClient, reqId: number, asked: Asked = {}): void => {
  const { contract = stock, end = "", duration = "1 D", size = "5 mins", show = "TRADES", format = 1 } = asked;
  const { regularHours = true, keep = false } = asked;
  const [barSize, what] = [size as BarSizeSetting, show as WhatToShow];
  client.ib.reqHistoricalData(reqId, contract, end, duration, barSize, what, regularHours, format, keep);
};
/** The bars of a request, without the row that ends them. */
const barsOf = (client: DataClient, reqId: number) =>
  client
    .all("historicalData")
    .filter(([id, time]) => id === reqId && !time.startsWith("finished"))
    .map(([, time, open, high, low, close, volume]) => ({ time, open, high, low, close, volume }));

describe("historical bars", () => {
  it("of a bigger size are the aggregation of the smaller ones", () => {
    const minutes: Readonly<Record<string, number>> = { "2 mins": 2, "5 mins": 5, "10 mins": 10, "15 mins": 15, "30 mins": 30 };
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(minutes)),
        fc.constantFrom("TRADES", "MIDPOINT", "BID", "ASK"),
        fc.integer({ min: 1, max: 380 }),
        (size, show, minute) => {
          const rig = rigAt(instantOf(tradingDay("2026-11-20"), 570 + minute));
          const client = rig.connect(1);
          ask(client, 1, { size: "1 min", show, format: 2 });
          ask(client, 2, { size, show, format: 2 });
          rig.settle();
          const small = barsOf(client, 1);
          expect(small.length).toBe(minute);
          for (const bar of barsOf(client, 2)) {
            const from = Number(bar.time);
            const parts = small.filter(({ time }) => Number(time) >= from && Number(time) < from + minutes[size]! * 60);
            expect(bar.open).toBe(parts[0]?.open);
            expect(bar.close).toBe(parts.at(-1)?.close);
            expect(bar.high).toBe(Math.max(...parts.map(({ high }) => high)));
            expect(bar.low).toBe(Math.min(...parts.map(({ low }) => low)));
            expect(bar.volume).toBe(show === "TRADES" ? parts.reduce((sum, { volume }) => sum + volume, 0) : -1);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("end with a row that names the stretch, after the bars and nothing between", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    ask(client, 1);
    ask(client, 2, { duration: "600 S", size: "1 min" });
    rig.settle();
    const rows = client.all("historicalData");
    expect(rows.map(([id]) => id).join("")).toMatch(/^1+2+$/);
    expect(rows.filter(([, time]) => time.startsWith("finished-")).map(([id, time]) => [id, time])).toEqual([
      [1, "finished-20261119 18:00:00 US/Eastern-20261120 10:00:00 US/Eastern"],
      [2, "finished-20261120 09:50:00 US/Eastern-20261120 10:00:00 US/Eastern"],
    ]);
  });

  it("let other answers pass while a long one waits", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    ask(client, 1, { duration: "2 W", size: "1 min" });
    ask(client, 2, { duration: "1 W", size: "1 min" });
    client.ib.reqCurrentTime();
    rig.settle();
    expect(client.news()[0]?.[0]).toBe("currentTime");
    expect(client.all("historicalData").length).toBeGreaterThan(2_000);
  });

  it("are dated in New York or in seconds, from a day on by the day, from a week on by its last trading day", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    ask(client, 1, { duration: "600 S", size: "10 mins" });
    ask(client, 2, { duration: "600 S", size: "10 mins", format: 2 });
    ask(client, 3, { duration: "2 D", size: "1 day", format: 2 });
    ask(client, 4, { duration: "3 D", size: "1 day" });
    ask(client, 5, { duration: "1 M", size: "1W" });
    ask(client, 6, { duration: "1 M", size: "1 month" });
    rig.settle();
    const times = (reqId: number) => barsOf(client, reqId).map(({ time }) => time);
    expect(times(1)).toEqual(["20261120 09:50:00 US/Eastern"]);
    expect(times(2)).toEqual([String(FRIDAY_10_00 / 1_000 - 600)]);
    expect(times(3)).toEqual(["20261119", "20261120"]);
    expect(times(4)).toEqual(["20261118", "20261119", "20261120"]);
    expect(times(5).at(-1)).toBe("20261120");
    expect(times(6)).toEqual(["20261130"]);
    const midweek = rigAt(instantOf(tradingDay("2026-11-18"), 600));
    const other = midweek.connect(1);
    ask(other, 1, { duration: "1 W", size: "1 day" });
    midweek.settle();
    expect(barsOf(other, 1).map(({ time }) => time.slice(6))).toEqual(["12", "13", "16", "17", "18"]);
  });

  it("end where they are asked to, in a zone's words or in UTC, and never after now", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    const ends = [
      "20261119 12:00:00 US/Eastern",
      "20261119 11:00:00 US/Central",
      "20261119-17:00:00",
      "20261119 12:00:00",
      "20301119-17:00:00",
    ];
    for (const [reqId, end] of ends.entries()) ask(client, reqId, { end, duration: "120 S", size: "1 min", format: 2 });
    ask(client, 9, { end: "yesterday" });
    rig.settle();
    const noon = instantOf(tradingDay("2026-11-19"), 720) / 1_000;
    for (const reqId of [0, 1, 2, 3]) expect(barsOf(client, reqId).map(({ time }) => Number(time) - noon)).toEqual([-120, -60]);
    expect(barsOf(client, 4).map(({ time }) => Number(time) - FRIDAY_10_00 / 1_000)).toEqual([-120, -60]);
    expect(client.errors()).toEqual([[321, 9]]);
  });

  it("refuse what cannot be read with 321, and what the market has not with 162", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    const invalid: Asked[] = [
      { size: "7 mins" },
      { duration: "many" },
      { duration: "400 D" },
      { duration: "90000 S" },
      { duration: "0 D" },
      { show: "GUESSES" },
      { show: "SCHEDULE", size: "1 hour" },
      { keep: true, end: "20261119 12:00:00" },
    ];
    const missing: Asked[] = [
      { size: "5 secs" },
      { contract: option },
      { show: "HISTORICAL_VOLATILITY" },
      { contract: CONDOR },
      { end: "20200101 12:00:00" },
      { size: "1 min", duration: "2 M" },
    ];
    for (const [i, asked] of [...invalid, ...missing].entries()) ask(client, i, asked);
    ask(client, 90, { contract: { symbol: "SPY", secType: SecType.OPT } });
    ask(client, 91, { contract: byConId(999) });
    rig.settle();
    const codes = new Map(client.errors().map(([code, reqId]) => [reqId, code]));
    expect(invalid.map((_, i) => codes.get(i))).toEqual(invalid.map(() => 321));
    expect(missing.map((_, i) => codes.get(invalid.length + i))).toEqual(missing.map(() => 162));
    expect([codes.get(90), codes.get(91)]).toEqual([200, 200]);
    expect(client.all("historicalData")).toEqual([]);
  });

  it("of options show bids, asks and midpoints, but no trades that never were", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    for (const [i, show] of ["BID", "ASK", "MIDPOINT", "TRADES"].entries()) ask(client, i, { contract: option, show });
    rig.settle();
    expect([0, 1, 2, 3].map((reqId) => barsOf(client, reqId).length > 0)).toEqual([true, true, true, false]);
  });

  it("can be cancelled while they wait: 162, and then nothing", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    ask(client, 1);
    client.ib.cancelHistoricalData(1);
    client.ib.cancelHistoricalData(1);
    rig.settle();
    expect(client.errors()).toEqual([
      [162, 1],
      [366, 1],
    ]);
    expect(client.all("historicalData")).toEqual([]);
  });

  it("may be asked for fifty at a time, whatever is asked after an answer", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    for (let reqId = 0; reqId < 55; reqId++) ask(client, reqId, { size: "1 day" });
    rig.settle();
    expect(client.errors()).toEqual([50, 51, 52, 53, 54].map((reqId) => [162, reqId]));
    ask(client, 50, { size: "1 day" });
    rig.settle();
    expect(client.errors().length).toBe(5);
  });

  it("are kept up to date every five seconds: the last word on each bar is what a query says", () => {
    const rig = rigAt(instantOf(tradingDay("2026-11-20"), 600));
    const client = rig.connect(1);
    ask(client, 1, { size: "1 min", duration: "300 S", format: 2, keep: true });
    rig.settle();
    const known = new Map(barsOf(client, 1).map((bar) => [bar.time, bar.close]));
    for (let i = 0; i < 200; i++) rig.pass(1_000);
    const updates = client.all("historicalDataUpdate");
    expect(updates.length).toBeGreaterThan(2);
    for (const [, time, , , , close] of updates) known.set(time, close);
    ask(client, 2, { size: "1 min", duration: "500 S", format: 2 });
    rig.settle();
    for (const { time, close } of barsOf(client, 2)) if (known.has(time)) expect(known.get(time)).toBe(close);
    const before = client.news().length;
    expect(before).toBeGreaterThan(0);
    client.ib.cancelHistoricalData(1);
    rig.settle();
    client.news();
    rig.pass(60_000);
    expect(client.news()).toEqual([]);
  });

  it("tell sessions when they are asked for a schedule", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    ask(client, 1, { show: "SCHEDULE", size: "1 day", duration: "3 D" });
    rig.settle();
    const [[, start, end, zone, sessions] = []] = client.all("historicalSchedule");
    expect([start, end, zone]).toEqual(["20261118-09:30:00", "20261120-16:00:00", "US/Eastern"]);
    expect(sessions?.map(({ refDate }) => refDate)).toEqual(["20261118", "20261119", "20261120"]);
  });
});

describe("historical pacing", () => {
  const codes = (client: DataClient) => client.errors().map(([code, reqId]) => [code, reqId]);

  it("leaves bars of a minute and more alone, as IB does today", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    for (let reqId = 0; reqId < 40; reqId++) ask(client, reqId);
    rig.settle();
    expect(codes(client)).toEqual([]);
  });

  it("of small bars, or of all when told so, refuses what is identical within 15 real seconds", () => {
    const rig = rigAt(FRIDAY_10_00, { historicalPacing: "all" });
    const [one, two] = [rig.connect(1), rig.connect(2)];
    ask(one, 1);
    ask(two, 1);
    rig.settle();
    rig.scheduler.advance(15_000);
    ask(two, 2);
    rig.settle();
    expect([codes(one), codes(two)]).toEqual([[], [[162, 1]]]);
    const small = rigAt();
    const client = small.connect(1);
    ask(client, 1, { size: "5 secs" });
    ask(client, 2, { size: "5 secs" });
    small.settle();
    expect(client.all("error").map(([error]) => /pacing violation/.test(error.message))).toEqual([false, true]);
  });

  it("refuses the sixth of a contract in two seconds, and more than sixty in ten minutes, bids and asks twice", () => {
    const rig = rigAt(FRIDAY_10_00, { historicalPacing: "all" });
    const client = rig.connect(1);
    for (let reqId = 1; reqId <= 6; reqId++) ask(client, reqId, { duration: `${reqId} D`, size: "1 day" });
    rig.settle();
    expect(codes(client)).toEqual([[162, 6]]);
    const patient = rigAt(FRIDAY_10_00, { historicalPacing: "all" });
    const other = patient.connect(1);
    for (let reqId = 1; reqId <= 39; reqId++) {
      ask(other, reqId, { duration: `${reqId} D`, size: "1 day", show: reqId <= 20 ? "BID_ASK" : "TRADES" });
      patient.scheduler.advance(3_000);
    }
    expect(other.errors().length).toBe(0);
    ask(other, 41, { duration: "41 D", size: "1 day", show: "BID_ASK" });
    patient.scheduler.advance(600_000);
    ask(other, 42, { duration: "42 D", size: "1 day" });
    patient.settle();
    expect(codes(other)).toEqual([[162, 41]]);
  });
});

describe("ticks of the past", () => {
  it("are one for each minute, as many as were asked for, on the side of the time that was named", () => {
    const rig = rigAt(instantOf(tradingDay("2026-11-20"), 660));
    const client = rig.connect(1);
    const show = "TRADES" as WhatToShow;
    client.ib.reqHistoricalTicks(1, stock, "", "20261120 10:00:00 US/Eastern", 3, show, 1, false);
    client.ib.reqHistoricalTicks(2, stock, "20261120 10:00:00 US/Eastern", "", 2, "BID_ASK" as WhatToShow, 1, false);
    client.ib.reqHistoricalTicks(3, stock, "20261120 10:59:30 US/Eastern", "", 9, "MIDPOINT" as WhatToShow, 1, false);
    rig.settle();
    const at = FRIDAY_10_00 / 1_000;
    const [[, trades, done] = []] = client.all("historicalTicksLast");
    expect(trades?.map(({ time }) => time)).toEqual([at - 120, at - 60, at]);
    expect(trades?.at(-1)?.price).toBe(minuteOf(FRIDAY_10_00 - 60_000).close);
    expect(done).toBe(true);
    expect(client.all("historicalTicksBidAsk")[0]?.[1].map(({ time }) => time)).toEqual([at, at + 60]);
    expect(client.all("historicalTicks")[0]?.[1].map(({ time }) => time)).toEqual([at + 3_600]);
  });

  it("are none of trades in options, and none without exactly one of start and end", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    const show = "TRADES" as WhatToShow;
    client.ib.reqHistoricalTicks(1, option, "", "20261120 09:50:00", 3, show, 1, false);
    client.ib.reqHistoricalTicks(2, stock, "", "", 3, show, 1, false);
    client.ib.reqHistoricalTicks(3, stock, "", "20261120 09:50:00", 1_001, show, 1, false);
    rig.settle();
    expect(client.errors()).toEqual([
      [162, 1],
      [321, 2],
      [321, 3],
    ]);
  });
});

describe("streams beside the lines", () => {
  it("are bars of five seconds, made of what was quoted within them, and none while the market is closed", () => {
    const rig = rigAt(instantOf(tradingDay("2026-11-20"), 959));
    const client = rig.connect(1);
    client.ib.reqRealTimeBars(1, stock, 5, "BID" as WhatToShow, true);
    client.ib.reqRealTimeBars(2, stock, 10, "BID" as WhatToShow, true);
    for (let i = 1; i <= 120; i++) {
      rig.market.set(SPY, 600 + (i % 7), 610);
      rig.pass(1_000);
    }
    expect(client.errors()).toEqual([[321, 2]]);
    const bars = client.all("realtimeBar");
    expect(bars.length).toBe(12);
    const close = instantOf(tradingDay("2026-11-20"), 960) / 1_000;
    expect(bars.map(([, time]) => time)).toEqual(Array.from({ length: 12 }, (_, i) => close - 60 + 5 * i));
    for (const [, , open, high, low, closed, volume] of bars) {
      expect(high).toBeGreaterThanOrEqual(Math.max(open, closed));
      expect(low).toBeLessThanOrEqual(Math.min(open, closed));
      expect(volume).toBe(-1);
    }
    client.ib.cancelRealTimeBars(1);
    client.ib.cancelRealTimeBars(1);
    rig.settle();
    expect(client.errors().at(-1)).toEqual([300, 1]);
  });

  it("are ticks one by one, after as many past ones as were asked for, at most three at once", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    client.ib.reqTickByTickData(1, stock, "BidAsk" as never, 2, false);
    client.ib.reqTickByTickData(2, stock, "BidAsk" as never, 0, true);
    client.ib.reqTickByTickData(3, stock, "MidPoint" as never, 0, false);
    client.ib.reqTickByTickData(4, stock, "Last" as never, 0, false);
    rig.settle();
    expect(client.errors()).toEqual([[10_190, 4]]);
    expect(client.news()[0]?.[0]).toBe("historicalTicksBidAsk");
    expect(client.all("historicalTicksBidAsk")[0]?.[1].length).toBe(2);
    rig.market.set(SPY, 600, 600.02, { bid: 3 });
    rig.pass(1_000);
    rig.market.set(SPY, 601, 601.02);
    rig.pass(1_000);
    const heard = (reqId: number) => client.all("tickByTickBidAsk").filter(([id]) => id === reqId);
    expect(heard(1).map(([, , bid, , size]) => [bid, size])).toEqual([
      [600, 10],
      [600, 3],
      [601, 10],
    ]);
    expect(heard(2).map(([, , bid]) => bid)).toEqual([600, 601]);
    expect(client.all("tickByTickMidPoint").map(([, , mid]) => mid)).toEqual([600.01, 601.01]);
    client.ib.cancelTickByTickData(1);
    client.ib.reqTickByTickData(4, stock, "Last" as never, 0, false);
    rig.settle();
    expect(client.errors().length).toBe(1);
  });

  it("end with the connection, and free what they held", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    for (const reqId of [1, 2, 3]) client.ib.reqTickByTickData(reqId, stock, "MidPoint" as never, 0, false);
    client.ib.disconnect();
    const again = rig.connect(1);
    again.ib.reqTickByTickData(1, stock, "MidPoint" as never, 0, false);
    rig.settle();
    expect(again.errors()).toEqual([]);
  });
});

describe("reference requests", () => {
  it("tell where history begins, in UTC or in seconds, or 162", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    client.ib.reqHeadTimestamp(1, stock, "TRADES" as WhatToShow, true, 1);
    client.ib.reqHeadTimestamp(2, stock, "TRADES" as WhatToShow, true, 2);
    client.ib.reqHeadTimestamp(3, option, "TRADES" as WhatToShow, true, 1);
    rig.settle();
    expect(client.all("headTimestamp")).toEqual([
      [1, "20261120-15:00:00"],
      [2, String(FRIDAY_10_00 / 1_000)],
    ]);
    expect(client.errors()).toEqual([[162, 3]]);
  });

  it("give the price steps of every listing by the rule that its details name", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    for (const conId of [SPY, 2, optionId("P", 595)]) client.ib.reqContractDetails(conId, byConId(conId));
    rig.settle();
    for (const [, details] of client.all("contractDetails")) {
      client.ib.reqMarketRule(Number(details.marketRuleIds));
      rig.settle();
      expect(client.all("marketRule").at(-1)?.[1]).toEqual([{ lowEdge: 0, increment: details.minTick }]);
    }
    // Whatever step a market may list in, its rule can be told from its id.
    for (const step of [0.0025, 0.05, 0.125, 1]) {
      expect(incrementsOf(marketRuleOf({ minTick: price(step) }))).toEqual([{ lowEdge: 0, increment: step }]);
    }
    client.ib.reqMarketRule(7);
    rig.settle();
    expect(client.errors()).toEqual([[321, -1]]);
  });

  it("find a symbol with its kinds of derivatives, and nobody for what is not listed", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    client.ib.reqMatchingSymbols(1, "spy");
    client.ib.reqMatchingSymbols(2, "nothing");
    client.ib.reqUserInfo(3);
    rig.settle();
    const [[, found] = [], [, none] = []] = client.all("symbolSamples");
    expect(found?.map(({ contract, derivativeSecTypes }) => [contract?.conId, derivativeSecTypes])).toEqual([[SPY, ["OPT"]]]);
    expect(none).toEqual([]);
    expect(client.all("userInfo")).toEqual([[3, ""]]);
  });

  it("answer what time brings the same whatever was asked before: a day's words repeat byte for byte", () => {
    const story = (): string => {
      const rig = rigAt();
      const client = rig.connect(1);
      client.ib.reqMktData(1, stock, "165,221,233,411", false, false);
      ask(client, 2, { keep: true });
      client.ib.reqRealTimeBars(3, stock, 5, "MIDPOINT" as WhatToShow, true);
      for (let i = 0; i < 30; i++) {
        rig.market.set(SPY, 600 + (i % 5), 606);
        rig.passTo(epochMs(rig.market.now + 700));
      }
      return JSON.stringify(client.news());
    };
    expect(story()).toBe(story());
  });
});
