import type { BarSizeSetting, WhatToShow } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { dollars, epochMs, tradingDay } from "../../src/domain/units.ts";
import { createSyntheticMarket } from "../../src/sim/market/synthetic-market.ts";
import { byConId } from "../support/broker-rig.ts";
import { createDataRig } from "../support/market-data-rig.ts";

const SPY_CON_ID = 756_733;
const AT = instantOf(tradingDay("2026-10-05"), 615);

const rig = createDataRig(createSyntheticMarket({ seed: 11, begins: instantOf(tradingDay("2026-10-05"), 565) }));
rig.passTo(AT);
const client = rig.connect(1);
const near = rig.market
  .find({ secType: "OPT", symbol: "SPY" })
  .filter(({ contract }) => contract.expiry !== undefined && contract.expiry > "2026-10-20")
  .filter(({ contract }) => Math.abs(dollars(contract.strike!) - dollars(rig.market.quote(SPY_CON_ID)!.last!)) < 15)
  .slice(0, 40);
const [option] = near;

const barsOf = (reqId: number, conId: number, duration: string, size: string, show: string) => {
  client.ib.reqHistoricalData(reqId, byConId(conId), "", duration, size as BarSizeSetting, show as WhatToShow, true, 2, false);
  rig.settle();
  return client.all("historicalData").filter(([id, time]) => id === reqId && !time.startsWith("finished"));
};

describe("the broker over the synthetic market", () => {
  it("says the same in streams and in bars: the last bar closes in the middle of the quote", () => {
    for (const [i, conId] of [SPY_CON_ID, option!.contract.conId].entries()) {
      const [, , , , , close] = barsOf(10 + i, conId, "600 S", "1 min", "MIDPOINT").at(-1)!;
      const quote = rig.market.quote(conId)!;
      expect(close).toBeCloseTo((dollars(quote.bid!) + dollars(quote.ask!)) / 2, 6);
    }
  });

  it("ends a day's bar where its minutes end, with their extremes", () => {
    const minutes = barsOf(20, SPY_CON_ID, "1 D", "1 min", "TRADES");
    const hours = barsOf(21, SPY_CON_ID, "1 D", "1 hour", "TRADES");
    const [[, , open, high, low, close] = []] = barsOf(22, SPY_CON_ID, "1 D", "1 day", "TRADES");
    for (const bars of [minutes, hours]) {
      expect([open, close]).toEqual([bars[0]?.[2], bars.at(-1)?.[5]]);
      expect(high).toBe(Math.max(...bars.map((bar) => bar[3])));
      expect(low).toBe(Math.min(...bars.map((bar) => bar[4])));
    }
  });

  it("finds calls and puts of a strike at one volatility, with deltas that differ by nearly one", () => {
    const pairs = new Map<string, Map<string, number[]>>();
    for (const [i, { contract }] of near.entries()) {
      client.ib.reqMktData(100 + i, byConId(contract.conId), "", false, false);
      rig.settle();
      const key = `${contract.expiry}/${contract.strike}`;
      const pair = pairs.get(key) ?? new Map<string, number[]>();
      pair.set(contract.right!, client.line(100 + i).get(13) as number[]);
      pairs.set(key, pair);
    }
    expect(pairs.size).toBe(20);
    for (const pair of pairs.values()) {
      const [call, put] = [pair.get("C")!, pair.get("P")!];
      expect(call[1]).toBeCloseTo(put[1]!, 3);
      expect(call[2]! - put[2]!).toBeCloseTo(1, 1);
      expect(call[5]).toBeCloseTo(put[5]!, 3);
    }
  });

  it("knows an underlying's volatilities, its year and its dividends", () => {
    client.ib.reqMktData(1, byConId(SPY_CON_ID), "100,101,104,106,165,411,456", false, false);
    rig.settle();
    const shown = client.line(1);
    for (const type of [14, 6, 7, 15, 16, 17, 18, 19, 20, 21, 23, 24, 27, 28, 29, 30, 58])
      expect(shown.get(type)).toBeGreaterThan(0);
    expect(shown.get(19)).toBeLessThanOrEqual(shown.get(15) as number);
    expect(shown.get(20)).toBeGreaterThanOrEqual(shown.get(16) as number);
    expect(shown.get(59)).toMatch(/^[\d.]+,[\d.]+,\d{8},[\d.]+$/);
  });

  it("keeps the bar in progress up to date, several times a minute, ending as the quote stands", () => {
    const [size, show] = ["1 min" as BarSizeSetting, "MIDPOINT" as WhatToShow];
    client.ib.reqHistoricalData(50, byConId(SPY_CON_ID), "", "300 S", size, show, true, 2, true);
    rig.settle();
    for (let i = 0; i < 90; i++) {
      rig.passTo(epochMs(rig.market.now + 1_000));
      const updates = client.all("historicalDataUpdate");
      if ((i + 1) % 5 !== 0) continue;
      const quote = rig.market.quote(SPY_CON_ID)!;
      expect(updates.at(-1)?.[5]).toBeCloseTo((dollars(quote.bid!) + dollars(quote.ask!)) / 2, 6);
    }
    const minutes = new Set(client.all("historicalDataUpdate").map(([, time]) => time));
    expect(minutes.size).toBe(2);
    expect(client.all("historicalDataUpdate").length).toBeGreaterThan(10);
  });

  it("has shown on each line, after any time, what the market quotes", () => {
    for (let i = 0; i < 20; i++) rig.passTo(epochMs(rig.market.now + 777));
    for (const [i, { contract }] of near.entries()) {
      const [shown, quote] = [client.line(100 + i), rig.market.quote(contract.conId)!];
      expect([shown.get(1), shown.get(2), shown.get(0), shown.get(3)]).toEqual([
        quote.bid === null ? -1 : dollars(quote.bid),
        dollars(quote.ask!),
        quote.bidSize,
        quote.askSize,
      ]);
    }
  });
});
