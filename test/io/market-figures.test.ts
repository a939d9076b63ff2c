/** What a quote says beyond its prices: open interest, implied volatility, the next dividend, the prior close; from tick to Quote, and through the simulated gateway. */

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { Contract } from "../../src/domain/contract.ts";
import { dollars, epochMs, money, price, tradingDay } from "../../src/domain/units.ts";
import { dividendFrom } from "../../src/io/ib/translate/dividend.ts";
import { createBroker } from "../../src/sim/broker/broker.ts";
import type { Market } from "../../src/sim/market/market.ts";
import { createRecordedMarket } from "../../src/sim/market/recorded-market.ts";
import { createSyntheticMarket } from "../../src/sim/market/synthetic-market.ts";
import { fakeIbClient } from "../support/fake-ib-client.ts";
import { createRig, enquiry, NOW, option, SPY } from "../support/ib-port-rig.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/recorded/${name}`, import.meta.url));
const INDEX: Contract = { conId: 13, secType: "IND", symbol: "VIX", exchange: "CBOE", currency: "USD", multiplier: 1 };

const lines = () => {
  const scheduler = new VirtualScheduler();
  const client = fakeIbClient();
  const now = () => epochMs(NOW + scheduler.now());
  const rig = createRig({ newClient: () => client, scheduler, now, heartbeatMs: 1e8, heartbeatTimeoutMs: 1e8 });
  rig.send("gateway.connect", { epoch: 1 });
  client.login();
  scheduler.advance(0);
  const open = (contract: Contract): number => {
    rig.send("line.open", { epoch: 1, contract });
    scheduler.advance(0);
    return client.calls("reqMktData").at(-1)?.[0] as number;
  };
  const newest = (conId: number) => {
    scheduler.advance(1_000);
    return rig.of("quote.updated").findLast(({ quote }) => quote.conId === conId)?.quote;
  };
  return { scheduler, client, rig, open, newest };
};

describe("a line", () => {
  test("asks for what its kind of contract can tell, and a snapshot for nothing", () => {
    const { client, rig, open, scheduler } = lines();
    const future: Contract = { ...SPY, conId: 5, secType: "FUT", symbol: "ES", exchange: "CME", multiplier: 50 };
    for (const contract of [SPY, INDEX, option(12, 445, "P"), future]) open(contract);
    rig.send("line.snapshot", { epoch: 1, contract: option(14, 450, "C") });
    scheduler.advance(0);
    const asked = client.calls("reqMktData").map(([, contract, ticks]) => [(contract as { conId: number }).conId, ticks]);
    expect(asked.slice(0, 4)).toEqual([
      [SPY.conId, "106,456"],
      [INDEX.conId, "106"],
      [12, "101"],
      [5, "588"],
    ]);
    expect(asked.slice(4)).toEqual([[14, ""]]);
  });

  test("that is refused for its figures is asked for once more without them, and then no more", () => {
    const { client, rig, open, newest, scheduler } = lines();
    const reqId = open(INDEX);
    const refuse = () => {
      const text = "Error validating request.-'bN' : cause - Incorrect generic tick list of 106. Legal ones for (IND) are: 101";
      client.say("error", new Error(text), 321, reqId);
      scheduler.advance(100);
    };
    refuse();
    expect(client.calls("reqMktData").map(([id, , ticks]) => [id, ticks])).toEqual([
      [reqId, "106"],
      [reqId, ""],
    ]);
    client.say("tickPrice", reqId, 4, 17.5);
    expect(newest(INDEX.conId)).toMatchObject({ last: price(17.5) });
    expect(rig.of("line.failed")).toEqual([]);
    refuse();
    expect(rig.of("line.failed")).toMatchObject([{ conId: INDEX.conId, code: 321 }]);
    expect(client.calls("reqMktData")).toHaveLength(2);
  });

  test("of an option tells the interest in its own right only, also when it comes after the prices and when it is 0", () => {
    const { client, open, newest } = lines();
    const put = open(option(12, 445, "P"));
    const call = open(option(13, 445, "C"));
    for (const reqId of [put, call]) {
      client.say("tickPrice", reqId, 1, 1);
      client.say("tickPrice", reqId, 2, 1.1);
    }
    expect([newest(12)?.openInterest, newest(13)?.openInterest]).toEqual([undefined, undefined]);
    const quotedAt = newest(12)?.at;
    for (const reqId of [put, call]) {
      client.say("tickSize", reqId, 27, 1_500);
      client.say("tickSize", reqId, 28, 0);
    }
    expect([newest(12)?.openInterest, newest(13)?.openInterest]).toEqual([0, 1_500]);
    expect(newest(12)?.at).toBe(quotedAt);
    client.say("tickSize", put, 28, -1);
    expect(newest(12)?.openInterest).toBeUndefined();
  });

  test("of a stock tells volatility, dividend and prior close; what is no figure is unknown", () => {
    const { client, open, newest } = lines();
    const spy = open(SPY);
    client.say("tickPrice", spy, 9, 449.5);
    client.say("tickGeneric", spy, 24, 0.1834);
    client.say("tickString", spy, 59, "6.6,6.9,20261218,1.95");
    client.say("tickString", spy, 45, "1795000000");
    expect(newest(SPY.conId)).toMatchObject({
      close: price(449.5),
      impliedVol: 0.1834,
      dividend: { exDate: "2026-12-18", amount: price(1.95) },
    });
    client.say("tickGeneric", spy, 24, Number.MAX_VALUE);
    client.say("tickString", spy, 59, ",,,");
    const unknown = newest(SPY.conId);
    expect([unknown?.impliedVol, unknown?.dividend]).toEqual([undefined, undefined]);
    expect(Object.keys(unknown ?? {})).not.toContain("dividend");
  });
});

test.each([
  ["0.83,0.92,20130219,0.23", { exDate: "2013-02-19", amount: price(0.23) }],
  [",,20130219,0.23", { exDate: "2013-02-19", amount: price(0.23) }],
  ["0.83,0.92,,", undefined],
  ["0.83,0.92,20130231,0.23", undefined],
  ["0.83,0.92,20130219,soon", undefined],
  ["0.83,0.92,20130219,0", undefined],
  ["", undefined],
])("IB's dividends %j are %j", (text, expected) => {
  expect(dividendFrom(text)).toEqual(expected);
});

/** The port over a simulated broker, in one process. */
const over = async (market: Market) => {
  const scheduler = new VirtualScheduler();
  const broker = createBroker({ market, accounts: [{ id: "DU1", cash: money(100_000) }], seed: 7, scheduler });
  const rig = createRig({ newClient: () => broker.client(), scheduler, now: () => market.now });
  rig.send("gateway.connect", { epoch: 1 });
  scheduler.advance(10);
  await rig.until(({ type }) => type === "gateway.identified");
  const quoteOf = (contract: Contract) => {
    rig.send("line.open", { epoch: 1, contract }, `line ${contract.conId}`);
    for (let i = 0; i < 10; i++) scheduler.advance(100);
    return rig.of("quote.updated").findLast(({ quote }) => quote.conId === contract.conId)?.quote;
  };
  return { rig, scheduler, quoteOf };
};

describe("over the simulated gateway", () => {
  test("the synthetic market tells an option's interest, and an underlying's volatility as its own bars of it have it", async () => {
    const begins = instantOf(tradingDay("2026-10-05"), 600);
    const market = createSyntheticMarket({ seed: 11, begins: instantOf(tradingDay("2026-10-05"), 565) });
    market.advance(begins);
    const { quoteOf } = await over(market);
    for (const symbol of ["SPY", "QQQ", "IWM"]) {
      const { contract } = market.find({ secType: "STK", symbol })[0]!;
      const quote = quoteOf(contract);
      // The open's, within a rough day of the last close's; at the close it is the day's own (below).
      const [bar] = market.dailyBars(contract.conId, "OPTION_IMPLIED_VOLATILITY", 1) ?? [];
      expect(Math.abs(Math.log((quote?.impliedVol ?? 0) / (bar?.close ?? 1)))).toBeLessThan(0.25);
      expect(dollars(quote?.close as never)).toBeCloseTo(market.dailyBars(contract.conId, "TRADES", 1)?.[0]?.close ?? 0, 2);
      const next = market.dividends(contract.conId).find(({ exDay }) => exDay > "2026-10-05");
      expect(quote?.dividend).toEqual({ exDate: next?.exDay, amount: next?.amount });
      const chain = market.find({ secType: "OPT", symbol }).filter(({ contract: { strike } }) => {
        const spot = dollars(quote?.bid as never);
        return Math.abs(dollars(strike as never) / spot - 1) < 0.005;
      });
      for (const one of [chain[0]!, chain.at(-1)!]) {
        const told = quoteOf(one.contract)?.openInterest;
        expect(told).toBeGreaterThan(0);
        expect(told).toBe(market.quote(one.contract.conId)?.openInterest);
      }
    }
    market.advance(instantOf(tradingDay("2026-10-05"), 960));
    const atClose = ["SPY", "QQQ", "IWM"].map((symbol) => {
      const { conId } = market.find({ secType: "STK", symbol })[0]!.contract;
      return { conId, told: market.impliedVolatility(conId) ?? 0 };
    });
    market.advance(instantOf(tradingDay("2026-10-06"), 565));
    for (const { conId, told } of atClose)
      expect(market.dailyBars(conId, "OPTION_IMPLIED_VOLATILITY", 1)?.[0]?.close).toBeCloseTo(told, 3);
  });

  test("a recorded market's interest arrives as it is, 0 and unknown apart; crossed quotes and stub bids too", async () => {
    const market = createRecordedMarket({
      chainFile: fixture("spxw-chain.csv"),
      underlyingFile: fixture("spx-minute.csv"),
    });
    market.advance(epochMs(Date.parse("2026-11-25T14:32:00Z")));
    const { quoteOf } = await over(market);
    const told = (strike: number, right: "C" | "P", expiry: string) =>
      quoteOf(
        market.find({ secType: "OPT", symbol: "SPX", strike: price(strike), right, expiry: tradingDay(expiry) })[0]!.contract,
      );
    expect(told(6700, "C", "2026-11-25")).toMatchObject({ bid: price(14), openInterest: 5_200 });
    expect(told(6720, "C", "2026-11-25")).toMatchObject({ openInterest: 0, crossed: true, bid: price(5.6), ask: price(5.4) });
    expect(told(6700, "P", "2026-11-25")).toMatchObject({ bid: price(0.05), bidSize: 1, ask: price(12.5) });
    expect(told(6700, "P", "2026-12-01")?.openInterest).toBeUndefined();
    const index = quoteOf(market.find({ secType: "IND", symbol: "SPX" })[0]!.contract);
    expect(index).toMatchObject({ bid: null, ask: null, last: price(6701.5), close: price(6691) });
    expect(index?.impliedVol).toBeUndefined();
  });

  test("an index of which only days are known says no price, and has its bars; a stock has the prior close", async () => {
    const market = createRecordedMarket({
      chainFile: fixture("xyz-chain-2026-11-27.csv"),
      underlyingFile: fixture("xyz-underlying.csv"),
      dailyFile: [`VIX=${fixture("vix-daily.csv")}`],
    });
    const { quoteOf, rig, scheduler } = await over(market);
    const vix = market.find({ secType: "IND", symbol: "VIX" })[0]!.contract;
    expect(Object.keys(quoteOf(vix) ?? {})).toEqual(["conId", "at"]);
    rig.send("bars.request", { ...enquiry(1, "days"), contract: vix, days: 3, show: "TRADES" });
    for (let i = 0; i < 10; i++) scheduler.advance(100);
    const [answer] = rig.of("bars.answered");
    expect(answer?.bars.map(({ day, close }) => [day, close])).toEqual([
      ["2026-11-24", 16.6],
      ["2026-11-25", 18.9],
    ]);
    const { contract } = market.find({ secType: "STK", symbol: "XYZ" })[0]!;
    expect(quoteOf(contract)).toMatchObject({ close: price(99.65) });
  });
});
