/** Recordings of an index, of several days with a gap, by the hour, and of days alone. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it, test } from "vitest";
import { fittingClock } from "../../src/cli/fitting-clock.ts";
import type { GatewayIdentity } from "../../src/cli/probe.ts";
import { parseAnnouncement } from "../../src/domain/announcement.ts";
import { sessionOfTradingDay } from "../../src/domain/calendar/market-calendar.ts";
import { marketTimeAfter, realMsUntil, TAIL_MS, WARM_UP_MS } from "../../src/domain/calendar/market-time.ts";
import { newYorkDay } from "../../src/domain/calendar/new-york.ts";
import type { CaretakerConfig } from "../../src/domain/config-schema.ts";
import { type EpochMs, epochMs, money, price, type TradingDay, tradingDay } from "../../src/domain/units.ts";
import { startGateway } from "../../src/sim/gateway.ts";
import type { Market } from "../../src/sim/market/market.ts";
import { createRecordedMarket } from "../../src/sim/market/recorded-market.ts";
import { byConId, limitOrder } from "../support/broker-rig.ts";
import { createDataRig } from "../support/market-data-rig.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/recorded/${name}`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "caretaker-recorded-index-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const written = (name: string, text: string): string => {
  const file = join(scratch, name);
  writeFileSync(file, text);
  return file;
};

const at = (text: string): EpochMs => epochMs(Date.parse(`${text}Z`));
const [WEDNESDAY, TUESDAY] = [tradingDay("2026-11-25"), tradingDay("2026-12-01")];
const openIndex = (more: object = {}): Market =>
  createRecordedMarket({
    chainFile: [fixture("spxw-chain.csv"), fixture("spx-chain.csv")],
    underlyingFile: `SPX=${fixture("spx-minute.csv")}`,
    ...more,
  });
const conIdOf = (market: Market, secType: "STK" | "IND", symbol: string): number =>
  market.find({ secType, symbol })[0]!.contract.conId;
const optionsOf = (market: Market, tradingClass: string, more: object = {}) =>
  market.find({ secType: "OPT", symbol: tradingClass.slice(0, 3), tradingClass, ...more });
const optionOf = (market: Market, tradingClass: string, expiry: string, strike: number, right: "C" | "P"): number => {
  const found = optionsOf(market, tradingClass, { expiry: expiry as TradingDay, strike: price(strike), right });
  expect(found).toHaveLength(1);
  return found[0]!.contract.conId;
};

describe("a recorded index", () => {
  it("has a last price and a prior close, no sides, no volume and no shares to trade", () => {
    const market = openIndex();
    const [index] = market.find({ secType: "IND", symbol: "SPX", exchange: "CBOE" });
    expect(index?.contract).toMatchObject({ secType: "IND", exchange: "CBOE", multiplier: 1 });
    expect(market.find({ secType: "STK", symbol: "SPX" })).toEqual([]);
    const conId = index!.contract.conId;
    expect(market.quote(conId)).toMatchObject({ bid: null, ask: null, volume: null, last: price(6702.25), close: price(6691) });
    const asked = { sizeMs: 60_000, from: epochMs(0), to: market.now, regularHours: true };
    expect(market.bars(conId, { show: "TRADES", ...asked })).toHaveLength(2);
    expect(market.bars(conId, { show: "BID", ...asked })).toEqual([]);
  });

  it("has options of two classes, at SMART and at CBOE, named and stepped as IB has them", () => {
    const market = openIndex();
    const rows = market.optionParameters(conIdOf(market, "IND", "SPX"));
    expect(rows.map(({ exchange, tradingClass }) => `${exchange}/${tradingClass}`).sort()).toEqual([
      "CBOE/SPX",
      "CBOE/SPXW",
      "SMART/SPX",
      "SMART/SPXW",
    ]);
    const weekly = rows.find(({ tradingClass }) => tradingClass === "SPXW");
    expect(weekly).toMatchObject({
      multiplier: 100,
      expirations: ["2026-11-25", "2026-12-01"],
      strikes: [price(6700), price(6720)],
    });
    for (const exchange of ["CBOE", "SMART"]) expect(optionsOf(market, "SPXW", { exchange })).toHaveLength(4);
    const details = market.byConId(optionOf(market, "SPXW", "2026-11-25", 6700, "C"));
    expect(details).toMatchObject({
      minTick: price(0.05),
      underlyingConId: conIdOf(market, "IND", "SPX"),
      contract: { symbol: "SPX", tradingClass: "SPXW", localSymbol: "SPXW  261125C06700000", multiplier: 100 },
    });
    expect(optionOf(market, "SPX", "2026-12-01", 6700, "C")).not.toBe(details?.contract.conId);
  });

  it("replays only days of which it has rows itself, and its label says which it leaves out", () => {
    const market = openIndex();
    expect(market.label).toBe(
      "recorded SPX 2026-11-25, 2026-12-01 (6 contracts); left out 2026-11-27..2026-11-30: no bars of SPX",
    );
    expect(market.days).toEqual([WEDNESDAY, TUESDAY]);
    expect([market.begins, market.ends]).toEqual([at("2026-11-25T14:31:00"), at("2026-12-01T21:00:00")]);
    const one = openIndex({ days: [WEDNESDAY] });
    expect([one.days, one.ends]).toEqual([undefined, at("2026-11-25T21:00:00")]);
    expect(one.label).toBe("recorded SPX 2026-11-25 (5 contracts)");
    expect(() => openIndex({ days: ["2026-11-27"] })).toThrow(
      /none of the days asked for can be replayed: 2026-11-27; those that can: 2026-11-25, 2026-12-01/,
    );
  });

  it("lists a contract from the first day that has a row of it until it has expired", () => {
    const market = openIndex();
    const gone = optionOf(market, "SPXW", "2026-11-25", 6700, "C");
    expect(optionsOf(market, "SPXW", { strike: price(6750) })).toEqual([]);
    expect(optionsOf(market, "SPXW", { strike: price(6725) })).toEqual([]);
    market.advance(at("2026-12-01T14:31:00"));
    expect(optionsOf(market, "SPXW").map(({ contract }) => contract.expiry)).toEqual(["2026-12-01", "2026-12-04"]);
    expect(market.byConId(gone)?.contract.expiry).toBe("2026-11-25");
    expect(market.isOpen(gone)).toBe(false);
  });

  it("forgets its quotes over a leap, and shows nothing of the days that are left out", () => {
    const market = openIndex();
    const put = optionOf(market, "SPXW", "2026-12-01", 6700, "P");
    const index = conIdOf(market, "IND", "SPX");
    market.advance(at("2026-11-25T21:02:00"));
    expect(market.quote(put)).toMatchObject({ bid: price(2.95) });
    market.advance(at("2026-12-01T14:25:00"));
    expect([market.quote(put), market.quote(index)]).toEqual([undefined, undefined]);
    market.advance(at("2026-12-01T14:31:00"));
    expect(market.quote(index)).toMatchObject({ last: price(6749), close: null });
    expect(market.quote(put)).toBeUndefined();
  });

  it("settles weekly options on the official close and monthly ones on the opening, which they do not live to trade", () => {
    const market = openIndex();
    const index = conIdOf(market, "IND", "SPX");
    const monthly = optionOf(market, "SPX", "2026-12-01", 6700, "C");
    expect(market.isOpen(monthly)).toBe(true);
    market.advance(at("2026-11-25T21:01:00"));
    expect(market.settlement(index, WEDNESDAY)).toBeUndefined();
    market.advance(at("2026-11-25T21:02:00"));
    expect(market.settlement(index, WEDNESDAY)).toBe(price(6709.87));
    expect(market.settlement(index, tradingDay("2026-11-27"))).toBeUndefined();
    market.advance(at("2026-12-01T15:00:00"));
    expect([market.isOpen(monthly), market.isOpen(optionOf(market, "SPXW", "2026-12-01", 6700, "P"))]).toEqual([false, true]);
    market.advance(at("2026-12-01T21:00:00"));
    expect(market.settlement(index, TUESDAY)).toBe(price(6755.25));
    expect(market.settlement(index, TUESDAY, "open")).toBe(price(6750));
  });

  it("passes on what an engine must refuse: crossed quotes, stub bids, no interest, unknown interest", () => {
    const market = openIndex();
    market.advance(at("2026-11-25T14:32:00"));
    expect(market.quote(optionOf(market, "SPXW", "2026-11-25", 6720, "C"))).toMatchObject({
      bid: price(5.6),
      ask: price(5.4),
      openInterest: 0,
    });
    expect(market.quote(optionOf(market, "SPXW", "2026-11-25", 6700, "P"))).toMatchObject({ bid: price(0.05), bidSize: 1 });
    expect(market.quote(optionOf(market, "SPXW", "2026-12-01", 6700, "P"))?.openInterest).toBeNull();
  });
});

describe("the broker over a recorded index", () => {
  const rigAt = (clock: string) => {
    const rig = createDataRig(openIndex(), { fills: "recorded", accounts: [{ id: "DU1", cash: money(1_000_000) }] });
    rig.passTo(at(`2026-11-25T${clock}`));
    const client = rig.connect(1);
    const call = optionOf(rig.market, "SPXW", "2026-11-25", 6700, "C");
    return { rig, client, call, account: () => rig.broker.truth().accounts[0]! };
  };

  it("settles an expired option in cash at the official close, long and short, and delivers nothing", () => {
    for (const [side, limit, sign] of [
      ["BUY", 14.6, 1],
      ["SELL", 14, -1],
    ] as const) {
      const { rig, client, call, account } = rigAt("14:32:00");
      client.ib.placeOrder(1, byConId(call), limitOrder(side, 2, limit));
      // Recorded quotes fill only when they are quoted anew.
      rig.passTo(at("2026-11-25T14:33:00"));
      expect(account().positions).toMatchObject([{ conId: call, quantity: 2 * sign }]);
      const { cash } = account();
      rig.passTo(at("2026-11-25T21:02:00"));
      expect(account()).toMatchObject({ positions: [{ conId: call }], cash });
      rig.passTo(at("2026-12-01T14:25:00"));
      expect(account().positions).toEqual([]);
      expect(account().cash).toBeCloseTo(cash + sign * 2 * 100 * 9.87, 6);
    }
  });

  it("lets nobody exercise or assign before the expiry", () => {
    const { rig, client, call, account } = rigAt("14:32:00");
    const put = optionOf(rig.market, "SPXW", "2026-12-01", 6700, "P");
    client.ib.placeOrder(1, byConId(call), limitOrder("BUY", 1, 14.6));
    client.ib.placeOrder(2, byConId(put), limitOrder("SELL", 1, 2.95));
    rig.passTo(at("2026-11-25T14:33:00"));
    expect(account().positions).toHaveLength(2);
    client.ib.exerciseOptions(9, byConId(call), 1, 1, "DU1", 1);
    rig.settle();
    expect(client.errors()).toContainEqual([321, 9]);
    expect(rig.broker.assign("DU1", put)).toBe(0);
    expect(
      account()
        .positions.map(({ conId }) => conId)
        .sort(),
    ).toEqual([call, put].sort());
  });

  it("takes single options by 0.05 below 3.00 and by 0.10 above, and tells the rule", () => {
    const { rig, client, call } = rigAt("14:32:00");
    const put = optionOf(rig.market, "SPXW", "2026-12-01", 6700, "P");
    for (const [id, conId, limit] of [
      [1, call, 3.05],
      [2, call, 3.1],
      [3, call, 2.95],
      [4, put, 2.92],
    ] as const)
      client.ib.placeOrder(id, byConId(conId), limitOrder("BUY", 1, limit));
    rig.settle();
    expect(client.errors().filter(([code]) => code === 110)).toEqual([
      [110, 1],
      [110, 4],
    ]);
    client.ib.reqContractDetails(20, byConId(call));
    rig.settle();
    const rule = Number(client.all("contractDetails").at(-1)?.[1].marketRuleIds);
    client.ib.reqMarketRule(rule);
    rig.settle();
    expect(client.all("marketRule").at(-1)?.[1]).toEqual([
      { lowEdge: 0, increment: 0.05 },
      { lowEdge: 3, increment: 0.1 },
    ]);
  });
});

describe("a chain by the hour", () => {
  const chainFile = fixture("xyz-hour-2026-11-27.csv");
  const open = (): Market => createRecordedMarket({ chainFile, underlyingFile: fixture("xyz-underlying.csv") });
  const callOf = (market: Market): number =>
    market.find({ secType: "OPT", symbol: "XYZ", strike: price(100), right: "C" })[0]!.contract.conId;

  it("is told as such, and begins with the underlying's minutes", () => {
    const market = open();
    expect(market.label).toBe(
      "recorded XYZ 2026-11-27 (2 contracts); XYZ options are known every 60 minutes, as their rows lie apart",
    );
    expect(market.begins).toBe(at("2026-11-27T14:31:00"));
    expect(market.quote(conIdOf(market, "STK", "XYZ"))).toMatchObject({ last: price(100.11), at: market.begins });
  });

  it("shows a row when its hour is over and never before", () => {
    const rows = readFileSync(chainFile, "utf8").trim().split("\n").slice(1);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 210 * 60_000 }), { minLength: 1, maxLength: 6 }), (steps) => {
        const market = open();
        for (const step of steps.toSorted((a, b) => a - b)) {
          market.advance(epochMs(market.begins + step));
          const told = rows
            .filter((row) => row.includes(",100,C,") && Date.parse(row.slice(0, 20)) + 3_600_000 <= market.now)
            .at(-1);
          const quote = market.quote(callOf(market));
          expect(quote?.bid).toBe(told === undefined ? undefined : price(Number(told.split(",")[5])));
          expect(quote?.at ?? 0).toBeLessThanOrEqual(market.now);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("has bars of an hour, from the session's open, and none below", () => {
    const market = open();
    market.advance(at("2026-11-27T18:00:00"));
    const asked = { show: "BID" as const, from: epochMs(0), to: market.now, regularHours: true };
    const hours = market.bars(callOf(market), { ...asked, sizeMs: 3_600_000 })!;
    expect(hours.map(({ at: begins, close }) => [begins, close])).toEqual([
      [at("2026-11-27T14:30:00"), 2.4],
      [at("2026-11-27T15:00:00"), 2.25],
      [at("2026-11-27T17:00:00"), 2.1],
    ]);
    expect(market.bars(callOf(market), { ...asked, sizeMs: 60_000 })).toBeUndefined();
  });

  it("takes a lone stamp for an hour's, and refuses one row a day", () => {
    const [header, first, ...others] = readFileSync(chainFile, "utf8").trim().split("\n") as [string, string, ...string[]];
    const underlyingFile = fixture("xyz-underlying.csv");
    const lone = createRecordedMarket({ chainFile: written("lone.csv", `${header}\n${first}\n`), underlyingFile });
    expect(lone.quote(lone.find({ secType: "OPT", symbol: "XYZ" })[0]!.contract.conId)).toBeUndefined();
    lone.advance(at("2026-11-27T15:00:00"));
    expect(lone.quote(callOf(lone))).toMatchObject({ bid: price(2.4) });
    const daily = written("daily.csv", `${header}\n${first}\n${others[0]?.replace("11-27T15", "11-30T15")}\n`);
    expect(() => createRecordedMarket({ chainFile: daily, underlyingFile })).toThrow(/the rows are a day apart/);
  });
});

describe("recorded days", () => {
  const files = {
    chainFile: fixture("xyz-chain-2026-11-27.csv"),
    underlyingFile: fixture("xyz-underlying.csv"),
    dailyFile: [`VIX=${fixture("vix-daily.csv")}`, `XYZ=${fixture("xyz-daily.csv")}`],
  };

  it("are known when their session is over: bars, weeks and closes never say anything of the day in progress", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * 86_400_000 }), (ms) => {
        const market = createRecordedMarket(files);
        market.advance(epochMs(market.begins + ms));
        const vix = conIdOf(market, "IND", "VIX");
        const over = (day: TradingDay): boolean => sessionOfTradingDay(day).close <= market.now;
        for (const { day } of market.dailyBars(vix, "TRADES", 100) ?? []) expect(over(day)).toBe(true);
        const asked = { show: "TRADES" as const, from: epochMs(0), to: epochMs(market.now + 86_400_000), regularHours: true };
        const days = market.bars(vix, { ...asked, sizeMs: 86_400_000 })!;
        expect(days.every(({ at: opens }) => opens + 3.5 * 3_600_000 <= market.now)).toBe(true);
        const [week] = market.bars(vix, { ...asked, sizeMs: 7 * 86_400_000 })!;
        expect(week?.close).toBe(days.filter(({ at: opens }) => opens < at("2026-11-28T00:00:00")).at(-1)?.close);
        expect(market.quote(vix)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  it("give an index no live quote, and nothing to trade", () => {
    const market = createRecordedMarket(files);
    const vix = conIdOf(market, "IND", "VIX");
    expect(market.quote(vix)).toBeUndefined();
    expect(market.isOpen(vix)).toBe(false);
    expect(market.dailyBars(vix, "TRADES", 2)?.map(({ close }) => close)).toEqual([16.6, 18.9]);
    expect(
      market.bars(vix, { show: "TRADES", sizeMs: 60_000, from: epochMs(0), to: market.now, regularHours: true }),
    ).toBeUndefined();
    expect(market.label).toBe("recorded XYZ 2026-11-27 (6 contracts); days of XYZ+VIX");
  });

  it("of an underlying go before its minutes, without days that had no session", () => {
    const market = createRecordedMarket(files);
    const xyz = conIdOf(market, "STK", "XYZ");
    expect(market.dailyBars(xyz, "TRADES", 9)?.map(({ day }) => day)).toEqual(["2026-11-23", "2026-11-24", "2026-11-25"]);
    market.advance(at("2026-11-27T16:00:00"));
    const asked = { show: "TRADES" as const, sizeMs: 86_400_000, from: epochMs(0), to: market.now, regularHours: true };
    const days = market.bars(xyz, asked)!;
    expect(days.map(({ close, volume }) => [close, volume])).toEqual([
      [97, 120_000],
      [98, 110_000],
      [99.65, 100_000],
      [99.71, 8300],
    ]);
    expect(market.quote(xyz)).toMatchObject({ close: price(99.65) });
  });

  it("stand in for the settlement of a day without minutes, once it is over, and for its close on the next", () => {
    const daily = written(
      "spx-daily.csv",
      "date,open,high,low,close\n2026-11-25,6700,6712,6699,6709.87\n2026-11-27,6711,6720,6700,6705.5\n2026-11-30,6706,6745,6705,6741\n",
    );
    const market = openIndex({ dailyFile: [`SPX=${daily}`] });
    const index = conIdOf(market, "IND", "SPX");
    expect(market.settlement(index, tradingDay("2026-11-27"))).toBeUndefined();
    market.advance(at("2026-12-01T14:25:00"));
    expect(market.settlement(index, tradingDay("2026-11-27"))).toBe(price(6705.5));
    market.advance(at("2026-12-01T14:31:00"));
    expect(market.quote(index)).toMatchObject({ last: price(6749), close: price(6741) });
  });

  it("are refused without a symbol, out of order, and twice", () => {
    const vix = fixture("vix-daily.csv");
    const open = (dailyFile: string[]) => () => createRecordedMarket({ ...files, dailyFile });
    expect(open([vix])).toThrow(/daily bars are named SYMBOL=FILE, e.g. VIX=/);
    expect(open([`VIX=${vix}`, `VIX=${vix}`])).toThrow(/holds the days of VIX already/);
    const back = written("back.csv", "date,open,high,low,close\n2026-11-25,1,1,1,1\n2026-11-24,1,1,1,1\n");
    expect(open([`VIX=${back}`])).toThrow(/:3: rows must be in the order of their days, got 2026-11-24 after 2026-11-25/);
    const odd = written("odd.csv", "date,open,high,low,close\n2026-11-25,1,1,x,1\n");
    expect(open([`VIX=${odd}`])).toThrow(/:2: low is not a number: "x"/);
  });
});

test("a gateway leaps over what is left out, and tells its clients which days there are", async () => {
  const market = openIndex();
  const seen = new Set<string>();
  let over = false;
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const gateway = await startGateway({
    ...{ market, fills: "recorded", account: "DU1", cash: money(100_000), seed: 7, port: 0, speed: 200_000, skipClosed: true },
    logger: quiet,
    onEnd: () => {
      over = true;
    },
  });
  const client = gateway.broker.client();
  const announced = new Promise<string>((resolve) => client.on("info", (text, code) => code === 2199 && resolve(text)));
  client.connect(3);
  const announcement = parseAnnouncement(await announced);
  expect(announcement).toMatchObject({ skipClosed: true, days: [WEDNESDAY, TUESDAY], label: market.label });
  while (!over) {
    seen.add(newYorkDay(gateway.now()));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await gateway.close();
  expect([...seen]).toEqual([WEDNESDAY, TUESDAY]);
});

test("the engine's clock leaps with the gateway that it hears", () => {
  const now = epochMs(sessionOfTradingDay(WEDNESDAY).close + TAIL_MS);
  const clock = { kind: "simulated" as const, speed: 60, skipClosed: true };
  const announcement = { now, ...clock, label: "recorded SPX" };
  const dayAfter = (days: object) =>
    newYorkDay(
      fittingClock(
        { clock } as CaretakerConfig,
        { accounts: [], announcement: { ...announcement, ...days } } satisfies GatewayIdentity,
        performance.now() - 100,
        0,
      ).now(),
    );
  expect(dayAfter({ days: [WEDNESDAY, TUESDAY] })).toBe(TUESDAY);
  expect(dayAfter({})).toBe("2026-11-27");
});

describe("market time that leaps from day to day", () => {
  const days = [WEDNESDAY, TUESDAY];
  const spans = days.map((day) => {
    const { open, close } = sessionOfTradingDay(day);
    return [open - WARM_UP_MS, close + TAIL_MS] as const;
  });

  it("is within a span of one of the days until the last is over, and a deadline is met when it is due", () => {
    const [from, lasts] = [epochMs(spans[0]![0]), spans.reduce((sum, [begins, ends]) => sum + ends - begins, 0)];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: lasts }), fc.integer({ min: 1, max: 7 * 86_400_000 }), (elapsedMs, ahead) => {
        const pace = { speed: 1, skipClosed: true, days };
        const now = marketTimeAfter({ from, elapsedMs, ...pace });
        expect(spans.some(([begins, ends]) => now >= begins && now <= ends)).toBe(true);
        const to = epochMs(now + ahead);
        const wait = realMsUntil({ from: now, to, ...pace });
        expect(marketTimeAfter({ from: now, elapsedMs: wait, ...pace })).toBeGreaterThanOrEqual(to);
        if (wait > 0) expect(marketTimeAfter({ from: now, elapsedMs: wait - 1, ...pace })).toBeLessThan(to);
      }),
    );
  });
});

const shared = (name: string): string => fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
const [realSpxw, realSpx] = [shared("chain-spxw-2021-01-minute.csv.gz"), shared("spx-minute-lean.csv")];
const [realAapl, realAaplBars] = [shared("chain-aapl-2014-06-06-hour.csv.gz"), shared("aapl-minute-lean.csv.gz")];
const realVix = shared("vix-daily.csv");

describe.runIf([realSpxw, realSpx, realVix].every(existsSync))("the real SPXW options of 2021 and 2023", () => {
  it("are replayed on the two days that have an index, and settle on its official close", () => {
    const market = createRecordedMarket({ chainFile: realSpxw, underlyingFile: realSpx, dailyFile: [`VIX=${realVix}`] });
    expect(market.label).toBe(
      "recorded SPX 2021-01-04, 2023-06-26 (16 contracts); days of VIX; left out 2021-01-05..2021-01-08: no bars of SPX",
    );
    const index = conIdOf(market, "IND", "SPX");
    const expiries = () => market.optionParameters(index)[0]?.expirations;
    expect(expiries()).toEqual(["2021-01-04", "2021-01-06", "2021-01-08"]);
    expect(market.dailyBars(conIdOf(market, "IND", "VIX"), "TRADES", 1)).toMatchObject([{ day: "2020-12-31", close: 22.75 }]);
    market.advance(at("2023-06-26T13:31:00"));
    expect(expiries()).toEqual(["2023-06-30", "2023-07-03"]);
    expect(market.settlement(index, tradingDay("2021-01-04"))).toBe(price(3700.65));
    expect(market.quote(index)).toMatchObject({ at: market.now, close: null });
  });
});

describe.runIf([realAapl, realAaplBars].every(existsSync))("the real hours of AAPL on 2014-06-06", () => {
  it("are known from 10:00 on, with what an engine must refuse among them", () => {
    const market = createRecordedMarket({ chainFile: realAapl, underlyingFile: realAaplBars });
    const options = market.find({ secType: "OPT", symbol: "AAPL" }).map(({ contract }) => contract.conId);
    const quotes = () => options.flatMap((conId) => market.quote(conId) ?? []);
    market.advance(at("2014-06-06T13:59:59"));
    expect(quotes()).toEqual([]);
    market.advance(at("2014-06-06T15:00:00"));
    expect(new Set(quotes().map((quote) => quote.at))).toEqual(new Set([at("2014-06-06T14:00:00"), market.now]));
    expect(quotes().length).toBeGreaterThan(2_300);
    expect(quotes().filter(({ bid, ask }) => bid !== null && ask !== null && bid > ask)).toHaveLength(2);
    expect(quotes().filter(({ openInterest }) => openInterest === 0).length).toBeGreaterThan(100);
    expect(market.quote(conIdOf(market, "STK", "AAPL"))?.close).toBe(price(647.35));
  });
});
