import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { EpochMs, TradingDay } from "../../src/domain/units.ts";
import { epochMs, price } from "../../src/domain/units.ts";
import type { Market } from "../../src/sim/market/market.ts";
import { BadRecording } from "../../src/sim/market/recorded-csv.ts";
import { createRecordedMarket } from "../../src/sim/market/recorded-market.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/recorded/${name}`, import.meta.url));
const chainFile = fixture("xyz-chain-2026-11-27.csv");
const underlyingFile = fixture("xyz-underlying.csv");
const shared = (name: string): string => fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
const realChain = shared("chain-goog-2015-12-24-minute.csv.gz");
const realUnderlying = shared("goog-minute-lean.csv.gz");

const scratch = mkdtempSync(join(tmpdir(), "caretaker-recorded-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const open = (): Market => createRecordedMarket({ chainFile, underlyingFile });
const at = (clock: string): EpochMs => epochMs(Date.parse(`2026-11-27T${clock}Z`));
const stockOf = (market: Market, symbol: string): number => market.find({ secType: "STK", symbol })[0]!.contract.conId;
const optionOf = (market: Market, expiry: string, strike: number, right: "C" | "P"): number => {
  const found = market.find({ secType: "OPT", symbol: "XYZ", expiry: expiry as TradingDay, strike: price(strike), right });
  expect(found).toHaveLength(1);
  return found[0]!.contract.conId;
};

/** What the chain file says about a contract at an instant, read as plainly as possible: the newest row known by then. */
const rows = readFileSync(chainFile, "utf8").trim().split("\n").slice(1);
const told = (contract: string, now: number): { bid: number | null; ask: number | null; known: number } | undefined => {
  const known = rows.filter((row) => row.includes(`,${contract},`) && Date.parse(row.split(",")[0]!) + 60_000 <= now).at(-1);
  if (known === undefined) return undefined;
  const [stamp, , , , , bid, , ask] = known.split(",");
  const side = (text: string): number | null => (text === "" ? null : price(Number(text)));
  return { bid: side(bid!), ask: side(ask!), known: Date.parse(stamp!) + 60_000 };
};
const contracts = [...new Set(rows.map((row) => row.split(",").slice(2, 5).join(",")))];

const changed = (name: string, from: string, line: number, to: string): string => {
  const lines = readFileSync(from, "utf8").split("\n");
  lines[line - 1] = to;
  const file = join(scratch, name);
  writeFileSync(file, lines.join("\n"));
  return file;
};

describe("a recorded market", () => {
  it("shows of each contract the newest row whose minute is over, and never a later one", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 240 * 60_000 }), { minLength: 1, maxLength: 6 }), (steps) => {
        const market = open();
        for (const step of steps.toSorted((a, b) => a - b)) {
          market.advance(epochMs(market.begins + step));
          for (const contract of contracts) {
            const [expiry, strike, right] = contract.split(",");
            const quote = market.quote(optionOf(market, expiry!, Number(strike), right as "C" | "P"));
            const expected = told(contract, market.now);
            expect(quote && { bid: quote.bid, ask: quote.ask, known: quote.at }).toEqual(expected);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("begins when the first bar is known and ends at the early close", () => {
    const market = open();
    expect([market.begins, market.ends]).toEqual([at("14:31:00"), at("18:00:00")]);
    expect(market.label).toBe("recorded XYZ 2026-11-27 (6 contracts)");
  });

  it("can trade until the early close and not at it", () => {
    const market = open();
    const option = optionOf(market, "2026-12-18", 100, "C");
    expect(market.isOpen(option)).toBe(true);
    market.advance(at("17:59:59.999"));
    expect(market.isOpen(option)).toBe(true);
    market.advance(at("18:00:00"));
    expect([market.isOpen(option), market.isOpen(stockOf(market, "XYZ"))]).toEqual([false, false]);
  });

  it("keeps an empty bid apart from a bid of zero, and a contract without a row apart from both", () => {
    const market = open();
    expect(market.quote(optionOf(market, "2026-11-27", 105, "C"))).toMatchObject({
      bid: null,
      ask: price(0.05),
      openInterest: 95,
    });
    expect(market.quote(optionOf(market, "2026-12-18", 102.5, "C"))).toBeUndefined();
    market.advance(at("18:00:00"));
    expect(market.quote(optionOf(market, "2026-11-27", 100, "C"))).toMatchObject({ bid: 0, ask: price(0.05) });
    expect(market.quote(optionOf(market, "2026-12-18", 100, "P"))).toMatchObject({ openInterest: null });
  });

  it("keeps the underlying's quote over a minute that had only trades, and its trade over one that had only quotes", () => {
    const market = open();
    const stock = stockOf(market, "XYZ");
    market.advance(at("14:32:00"));
    expect(market.quote(stock)).toMatchObject({ bid: price(100.1), ask: price(100.12), last: price(100.06), volume: 5800 });
    market.advance(at("16:43:00"));
    expect(market.quote(stock)).toMatchObject({ bid: price(99.95), last: price(99.71), volume: 8300 });
  });

  it("takes the prior close from the prior session, not from the trade after its bell", () => {
    const market = open();
    const stock = stockOf(market, "XYZ");
    expect(market.quote(stock)?.close).toBe(price(99.65));
    expect(market.dailyBars(stock, "TRADES", 5)).toEqual([
      { day: "2026-11-25", open: 98.5, high: 99.7, low: 98.4, close: 99.65, volume: 2000 },
    ]);
  });

  it("has no bars of what the files cannot know", () => {
    const market = open();
    const stock = stockOf(market, "XYZ");
    expect(market.dailyBars(stock, "OPTION_IMPLIED_VOLATILITY", 5)).toBeUndefined();
    expect(market.dailyBars(optionOf(market, "2026-12-18", 100, "C"), "TRADES", 5)).toBeUndefined();
    const half = changed("half.csv", underlyingFile, 3, "2026-11-25T15:30:00Z,,,,,98.5,98.9,98.4,98.8,900");
    expect(createRecordedMarket({ chainFile, underlyingFile: half }).dailyBars(stock, "TRADES", 5)).toBeUndefined();
  });

  it("knows the settlement when the session is over, and no later day's", () => {
    const market = open();
    const stock = stockOf(market, "XYZ");
    market.advance(at("17:59:59"));
    expect(market.settlement(stock, "2026-11-27" as TradingDay)).toBeUndefined();
    market.advance(at("18:00:00"));
    expect(market.settlement(stock, "2026-11-27" as TradingDay)).toBe(price(99.8));
    market.advance(epochMs(market.now + 30 * 86_400_000));
    expect(market.settlement(stock, "2026-11-30" as TradingDay)).toBeUndefined();
    expect(market.quote(stock)?.last).toBe(price(100.9));
  });

  it("gives a contract the same conId however its rows are ordered, and finds it by that alone", () => {
    const lines = readFileSync(chainFile, "utf8").trim().split("\n");
    const shuffled = join(scratch, "shuffled.csv");
    writeFileSync(shuffled, [lines[0], ...lines.slice(1, 5).reverse(), ...lines.slice(5)].join("\n"));
    const [one, other] = [open(), createRecordedMarket({ chainFile: shuffled, underlyingFile })];
    const all = one.find({ secType: "OPT", symbol: "XYZ" });
    expect(other.find({ secType: "OPT", symbol: "XYZ" })).toEqual(all);
    for (const details of all) expect(one.byConId(details.contract.conId)).toBe(details);
    expect(new Set(all.map(({ contract }) => contract.conId)).size).toBe(6);
  });

  it("describes hours as IB does, with the early close and the closed days", () => {
    const market = open();
    expect(market.byConId(stockOf(market, "XYZ"))).toMatchObject({
      timeZone: "US/Eastern",
      liquidHours: expect.stringMatching(
        /^20261127:0930-20261127:1300;20261128:CLOSED;20261129:CLOSED;20261130:0930-20261130:1600;/,
      ),
    });
  });

  it("reads gzipped files as it reads plain ones", () => {
    const zipped = join(scratch, "chain.csv.gz");
    writeFileSync(zipped, gzipSync(readFileSync(chainFile)));
    const market = createRecordedMarket({ chainFile: zipped, underlyingFile });
    const option = optionOf(market, "2026-12-18", 100, "C");
    expect(market.quote(option)).toEqual(open().quote(option));
  });

  it("moves forward only", () => {
    const market = open();
    expect(() => market.advance(epochMs(market.begins - 1))).toThrow(/forward/);
  });

  it.each([
    ["2026-11-27T14:30:00Z,XYZ,2026-11-27,100,C,0.55,12,0.7,9", /:2: 10 columns expected, got 9/],
    ["2026-11-27T14:30:00Z,XYZ,2026-11-27,100,C,cheap,12,0.7,9,310", /:2: bid is not a number: "cheap"/],
    ["2026-11-27T14:30:00Z,XYZ,2026-11-27,100,C,0.55,12,-0.7,9,310", /:2: ask is below 0: "-0.7"/],
    ["2026-11-27T14:30:00Z,XYZ,2026-11-27,100,X,0.55,12,0.7,9,310", /:2: right must be C or P, got "X"/],
    ["2026-11-27T14:30:00Z,XYZ,2026-11-31,100,C,0.55,12,0.7,9,310", /:2: expiry is not a day: "2026-11-31"/],
    ["2026-11-27 14:30,XYZ,2026-11-27,100,C,0.55,12,0.7,9,310", /:2: ts_utc is written .* got "2026-11-27 14:30"/],
    ["2026-11-27T14:45:00Z,XYZ,2026-11-27,100,C,0.55,12,0.7,9,310", /:3: rows must be in the order of ts_utc/],
    ["2026-11-27T14:30:00Z,ABC,2026-11-27,100,C,0.55,12,0.7,9,310", /:3: a file holds one underlying, ABC, got "XYZ"/],
  ])("refuses the chain row %s", (row, message) => {
    const bad = changed("bad-chain.csv", chainFile, 2, row);
    const opening = () => createRecordedMarket({ chainFile: bad, underlyingFile });
    expect(opening).toThrow(BadRecording);
    expect(opening).toThrow(message);
    expect(opening).toThrow(bad);
  });

  it.each([
    ["2026-11-25T13:05:00Z,,,,,98,98.2,98,,50", /:2: close is missing/],
    ["2026-11-25T13:05:00Z,,,,,98,98.2,98,98.2x,50", /:2: close is not a number: "98.2x"/],
    ["2026-11-25T13:05:00Z,-1,,,,98,98.2,98,98.2,50", /:2: bid is below 0: "-1"/],
  ])("refuses the underlying's row %s", (row, message) => {
    const bad = changed("bad-underlying.csv", underlyingFile, 2, row);
    expect(() => createRecordedMarket({ chainFile, underlyingFile: bad })).toThrow(message);
  });

  it("reads a chain of two days, and refuses one of a day without a session", () => {
    const two = changed("two.csv", chainFile, 15, "2026-11-30T14:31:00Z,XYZ,2026-12-18,100,C,1.5,1,3.5,1,800");
    const market = createRecordedMarket({ chainFile: two, underlyingFile });
    expect(market.label).toBe("recorded XYZ 2026-11-27..2026-11-30 (6 contracts)");
    expect(market.days).toBeUndefined();
    const option = optionOf(market, "2026-12-18", 100, "C");
    market.advance(epochMs(Date.parse("2026-11-30T14:31:59Z")));
    expect(market.quote(option)).toMatchObject({ bid: price(2.1) });
    market.advance(epochMs(Date.parse("2026-11-30T14:32:00Z")));
    expect(market.quote(option)).toMatchObject({ bid: price(1.5) });
    const saturday = changed("saturday.csv", chainFile, 15, "2026-11-28T15:00:00Z,XYZ,2026-12-18,100,C,1.5,1,3.5,1,800");
    expect(() => createRecordedMarket({ chainFile: saturday, underlyingFile })).toThrow(
      /:15: the exchanges were closed on 2026-11-28/,
    );
  });

  it("refuses a file with other columns, and an underlying that lacks the day", () => {
    expect(() => createRecordedMarket({ chainFile: underlyingFile, underlyingFile })).toThrow(
      /:1: the columns must be ts_utc,underlying/,
    );
    const lacking = join(scratch, "lacking.csv");
    writeFileSync(lacking, readFileSync(underlyingFile, "utf8").split("\n").slice(0, 6).join("\n"));
    expect(() => createRecordedMarket({ chainFile, underlyingFile: lacking })).toThrow(/there is no row of 2026-11-27/);
  });
});

describe.runIf(existsSync(realChain) && existsSync(realUnderlying))("the real chain of GOOG on 2015-12-24", () => {
  it("has 2,192 contracts from 09:31 to the early close, and shows none of them ahead of its time", () => {
    const market = createRecordedMarket({ chainFile: realChain, underlyingFile: realUnderlying });
    expect(market.label).toBe("recorded GOOG 2015-12-24 (2192 contracts)");
    expect([market.begins, market.ends]).toEqual([Date.parse("2015-12-24T14:31:00Z"), Date.parse("2015-12-24T18:00:00Z")]);
    const options = market.find({ secType: "OPT", symbol: "GOOG" }).map(({ contract }) => contract.conId);
    for (let now = market.begins; now <= market.ends!; now = epochMs(now + 17 * 60_000)) {
      market.advance(now);
      for (const conId of options) expect(market.quote(conId)?.at ?? 0).toBeLessThanOrEqual(now);
    }
    market.advance(market.ends!);
    const stock = stockOf(market, "GOOG");
    expect(market.quote(stock)?.close).toBe(price(750.31));
    expect(market.settlement(stock, "2015-12-24" as TradingDay)).toBe(price(748.4));
    expect(options.filter((conId) => market.quote(conId) !== undefined).length).toBeGreaterThan(2000);
  });
});

describe("several recordings as one market", () => {
  /** The files of another stock and of another day, made of the fixture's. */
  const renamed = (name: string, from: string, change: (text: string) => string): string => {
    const file = join(scratch, name);
    writeFileSync(file, change(readFileSync(from, "utf8")));
    return file;
  };
  const abcChain = renamed("abc-chain.csv", chainFile, (text) => text.replaceAll("XYZ", "ABC"));
  const abcBars = renamed("abc-bars.csv", underlyingFile, (text) => text);
  const lonely = renamed("lon-bars.csv", underlyingFile, (text) => text);
  const monday = renamed("xyz-monday.csv", chainFile, (text) =>
    text
      .replaceAll("2026-11-27T", "2026-11-30T")
      .split("\n")
      .filter((line) => !line.includes(",2026-11-27,"))
      .join("\n"),
  );

  it("have each stock with its own contracts, and a stock without a chain", () => {
    const market = createRecordedMarket({
      chainFile: [chainFile, abcChain],
      underlyingFile: [`XYZ=${underlyingFile}`, abcBars, `LON=${lonely}`],
      rate: 0.0025,
    });
    expect(market.label).toBe("recorded XYZ+ABC+LON 2026-11-27 (12 contracts)");
    expect(market.rate).toBe(0.0025);
    const alone = open();
    for (const one of [market, alone]) one.advance(at("15:30:00"));
    const ids = ["XYZ", "ABC", "LON"].map((symbol) => stockOf(market, symbol));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(market.quote(id)).toEqual(alone.quote(stockOf(alone, "XYZ")));
    for (const symbol of ["XYZ", "ABC"]) {
      const options = market.find({ secType: "OPT", symbol });
      expect(options).toHaveLength(6);
      for (const { contract, underlyingConId } of options) {
        expect(market.byConId(contract.conId)?.contract.symbol).toBe(symbol);
        expect(underlyingConId).toBe(stockOf(market, symbol));
        const { expiry, strike, right } = contract;
        const twin = alone.find({ secType: "OPT", symbol: "XYZ", expiry: expiry!, strike: strike!, right: right! })[0]!;
        expect(market.quote(contract.conId)).toEqual(alone.quote(twin.contract.conId));
        expect(market.isOpen(contract.conId)).toBe(true);
      }
      expect(market.optionParameters(stockOf(market, symbol))[0]?.tradingClass).toBe(symbol);
    }
    expect(market.find({ secType: "OPT", symbol: "LON" })).toEqual([]);
    expect(market.optionParameters(ids[2]!)).toEqual([]);
  });

  it("have several days: closed between them, quotes standing, volume from nothing again", () => {
    const market = createRecordedMarket({ chainFile: [monday, chainFile], underlyingFile });
    expect([market.begins, market.ends]).toEqual([at("14:31:00"), Date.parse("2026-11-30T21:00:00Z")]);
    expect(market.label).toBe("recorded XYZ 2026-11-27..2026-11-30 (6 contracts)");
    const [option, stock] = [optionOf(market, "2026-12-18", 100, "C"), stockOf(market, "XYZ")];
    market.advance(at("18:01:00"));
    const evening = market.quote(option);
    market.advance(epochMs(Date.parse("2026-11-30T14:30:30Z")));
    expect(market.quote(option)).toEqual(evening);
    expect(market.isOpen(option)).toBe(true);
    market.advance(epochMs(Date.parse("2026-11-30T14:31:00Z")));
    expect(market.quote(option)).toMatchObject({ bid: price(2.35), at: market.now });
    expect(market.quote(stock)).toMatchObject({ last: price(102), volume: 100, close: price(99.8) });
    expect(market.settlement(stock, "2026-11-27" as TradingDay)).toBe(price(99.8));
    expect(market.byConId(option)?.tradingHours).toMatch(/^20261130:0930-20261130:1600;/);
  });

  it("are refused when two files say the same, when bars have no owner, and when a chain has no bars", () => {
    const both = (files: { chainFile: string[]; underlyingFile: string[] }) => () => createRecordedMarket(files);
    expect(both({ chainFile: [chainFile, chainFile], underlyingFile: [underlyingFile] })).toThrow(
      /:2: .* holds XYZ on 2026-11-27 already/,
    );
    expect(both({ chainFile: [chainFile, abcChain], underlyingFile: [underlyingFile] })).toThrow(
      /:2: the bars of ABC are missing/,
    );
    expect(both({ chainFile: [chainFile, abcChain], underlyingFile: [lonely] })).toThrow(
      /:1: of which stock are these bars\? Write SYMBOL=/,
    );
    expect(both({ chainFile: [chainFile], underlyingFile: [underlyingFile, `XYZ=${abcBars}`] })).toThrow(
      /:1: .* holds the bars of XYZ already/,
    );
    const bad = changed("bad-second.csv", abcChain, 3, "2026-11-27T14:30:00Z,ABC,2026-11-27,105,C,x,0,0.05,40,95");
    expect(both({ chainFile: [chainFile, bad], underlyingFile: [underlyingFile, abcBars] })).toThrow(
      `${bad}:3: bid is not a number`,
    );
  });
});

describe("bars of a recorded market", () => {
  const from = epochMs(Date.parse("2026-11-25T00:00:00Z"));
  const barsAt = (
    clock: string,
    conId: (market: Market) => number,
    show: "TRADES" | "MIDPOINT" | "BID" | "ASK" | "BID_ASK",
    sizeMs: number,
    regularHours = true,
  ) => {
    const market = open();
    market.advance(at(clock));
    return market.bars(conId(market), { show, sizeMs, from, to: market.now, regularHours });
  };
  const stock = (market: Market): number => stockOf(market, "XYZ");
  const option = (market: Market): number => optionOf(market, "2026-12-18", 100, "C");

  it("are the file's trades, known a minute after their stamp, and with the hours outside only when asked", () => {
    const today = barsAt("14:34:00", stock, "TRADES", 60_000)!.filter((bar) => bar.at >= at("00:00:00"));
    expect(today.map((bar) => [bar.at, bar.open, bar.high, bar.low, bar.close, bar.volume])).toEqual([
      [at("14:30:00"), 100.2, 100.3, 100, 100.11, 5000],
      [at("14:31:00"), 100.11, 100.15, 100.05, 100.06, 800],
      [at("14:33:00"), 100.06, 100.06, 99.7, 99.71, 2500],
    ]);
    expect(barsAt("14:33:59", stock, "TRADES", 60_000)!.at(-1)!.at).toBe(at("14:31:00"));
    expect(barsAt("14:34:00", stock, "TRADES", 60_000, false)!.some((bar) => bar.at === at("14:10:00"))).toBe(true);
  });

  it("of a day are the sum of its minutes", () => {
    const days = barsAt("18:00:00", stock, "TRADES", 86_400_000)!;
    expect(days.map(({ open, high, low, close, volume }) => [open, high, low, close, volume])).toEqual([
      [98.5, 99.7, 98.4, 99.65, 2000],
      [100.2, 100.3, 99.7, 99.8, 12_300],
    ]);
  });

  it("of options are their quotes: each minute from the quote before it to its own", () => {
    const mids = barsAt("15:11:00", option, "MIDPOINT", 60_000)!;
    expect(mids.map(({ open, close }) => [open, close])).toEqual([
      [2.45, 2.45],
      [2.45, 2.5],
      [2.5, 2.325],
    ]);
    const [whole] = barsAt("15:11:00", option, "BID_ASK", 3_600_000)!;
    expect(whole).toMatchObject({ at: at("14:30:00"), high: 2.6, low: 2.35 });
    expect(barsAt("15:11:00", option, "TRADES", 60_000)).toBeUndefined();
    const market = open();
    expect(market.headTimestamp(option(market), "BID")).toBe(at("14:30:00"));
    expect(market.headTimestamp(optionOf(market, "2026-12-18", 102.5, "C"), "BID")).toBeUndefined();
    expect(market.headTimestamp(stock(market), "TRADES")).toBe(Date.parse("2026-11-25T13:05:00Z"));
    expect(market.impliedVolatility(stock(market))).toBeUndefined();
  });
});
