import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextSession, sessionOf } from "../../src/domain/calendar/market-calendar.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { EpochMs, TradingDay } from "../../src/domain/units.ts";
import { dollars, epochMs, price } from "../../src/domain/units.ts";
import { ETFS, VIX_CON_ID } from "../../src/sim/market/instruments.ts";
import type { BarShow, Market, TimedBar } from "../../src/sim/market/market.ts";
import { createSyntheticMarket } from "../../src/sim/market/synthetic-market.ts";

const [SPY] = ETFS;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SIZES = [1, 2, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE_MS);
const clock = (day: string, hour: number, minute: number): EpochMs => instantOf(day as TradingDay, hour * 60 + minute);
const conIdOf = (market: Market, symbol: string): number => market.find({ secType: "FUT", symbol })[0]!.contract.conId;
const optionOf = (market: Market, strike: number): number =>
  market.find({ secType: "OPT", symbol: "SPY", expiry: "2026-11-20" as TradingDay, strike: price(strike), right: "P" })[0]!
    .contract.conId;

/** A month of history, and three days of life, the last of them in progress. */
const lived = createSyntheticMarket({ seed: 3, vix0: 20 });
lived.advance(epochMs(clock("2026-10-07", 14, 31) + 23_000));
const LONG_AGO = clock("2026-09-21", 0, 0);
const ask = (
  market: Market,
  conId: number,
  show: BarShow,
  sizeMs: number,
  from = LONG_AGO,
  to = market.now,
  regularHours = true,
) => market.bars(conId, { show, sizeMs, from: epochMs(from), to: epochMs(to), regularHours })!;

const together = (bars: readonly TimedBar[]) => ({
  open: bars[0]!.open,
  high: Math.max(...bars.map(({ high }) => high)),
  low: Math.min(...bars.map(({ low }) => low)),
  close: bars.at(-1)!.close,
  volume: bars.every(({ volume }) => volume === null) ? null : bars.reduce((sum, { volume }) => sum + (volume ?? 0), 0),
});

describe("bars of the synthetic market", () => {
  const stocks = [...ETFS.map(({ conId }) => conId), VIX_CON_ID];
  const kinds = (conId: number): BarShow[] => (conId === VIX_CON_ID ? ["TRADES"] : ["TRADES", "MIDPOINT", "BID", "ASK"]);

  it("of a day are the sum of its minutes, in history as in the days lived, of stocks, the VIX, and futures in regular hours", () => {
    for (const conId of [...stocks, conIdOf(lived, "ES"), conIdOf(lived, "RTY")]) {
      for (const show of kinds(conId)) {
        const [days, minutes] = [ask(lived, conId, show, DAY_MS), ask(lived, conId, show, MINUTE_MS)];
        expect(days.length).toBe(13);
        for (const { at, open, high, low, close, volume } of days) {
          const of = together(minutes.filter((minute) => minute.at >= at && minute.at < at + 8 * HOUR_MS));
          // What trades by night is part of a future's day, but not of its regular minutes.
          expect({ open, high, low, close, volume: conId < 5e8 ? volume : of.volume }).toEqual(of);
        }
      }
    }
  });

  it("of a day are the bars that the daily history tells", () => {
    for (const conId of [...stocks, conIdOf(lived, "NQ")]) {
      const days = ask(lived, conId, "TRADES", DAY_MS).slice(0, -1);
      for (const [i, { day, open, high, low, close, volume }] of lived.dailyBars(conId, "TRADES", days.length)!.entries()) {
        const traded = conId === VIX_CON_ID ? null : volume;
        expect({ ...days[i], wap: 0, count: 0 }).toEqual({
          at: sessionOf(day)!.open,
          open,
          high,
          low,
          close,
          volume: traded,
          wap: 0,
          count: 0,
        });
      }
    }
    const [told, bars] = [
      lived.dailyBars(SPY.conId, "OPTION_IMPLIED_VOLATILITY", 9)!,
      ask(lived, SPY.conId, "OPTION_IMPLIED_VOLATILITY", DAY_MS).slice(-10, -1),
    ];
    expect(bars.map(({ open, high, low, close }) => [open, high, low, close])).toEqual(
      told.map(({ open, high, low, close }) => [open, high, low, close]),
    );
  });

  it("of any size are the sum of their minutes, of options too, and of the futures' nights", () => {
    const all: [number, BarShow][] = [
      [SPY.conId, "TRADES"],
      [conIdOf(lived, "ES"), "MIDPOINT"],
      [optionOf(lived, 650), "MIDPOINT"],
      [optionOf(lived, 600), "ASK"],
    ];
    const from = clock("2026-10-02", 0, 0);
    for (const [conId, show] of all) {
      for (const regular of [true, false]) {
        const minutes = ask(lived, conId, show, MINUTE_MS, from, lived.now, regular);
        for (const size of SIZES) {
          const bars = ask(lived, conId, show, size, from, lived.now, regular);
          for (const [i, { at, open, high, low, close, volume }] of bars.entries()) {
            const inside = minutes.filter(
              (minute) => minute.at >= at && minute.at < (bars[i + 1]?.at ?? Number.POSITIVE_INFINITY),
            );
            expect({ open, high, low, close, volume }).toEqual(together(inside));
            expect(inside.at(-1)!.at - at).toBeLessThan(size);
          }
        }
      }
    }
  });

  it("begin on the clock, or where the session does", () => {
    const hours = ask(lived, SPY.conId, "TRADES", HOUR_MS, clock("2026-10-06", 0, 0), clock("2026-10-07", 0, 0));
    expect(hours.map(({ at }) => (at - clock("2026-10-06", 9, 30)) / MINUTE_MS)).toEqual([0, 30, 90, 150, 210, 270, 330]);
    const night = ask(
      lived,
      conIdOf(lived, "ES"),
      "TRADES",
      HOUR_MS,
      clock("2026-10-05", 16, 0),
      clock("2026-10-05", 20, 0),
      false,
    );
    expect(night.map(({ at }) => (at - clock("2026-10-05", 16, 0)) / HOUR_MS)).toEqual([0, 2, 3]);
    const sessions = ask(lived, conIdOf(lived, "ES"), "TRADES", DAY_MS, clock("2026-10-01", 0, 0), lived.now, false);
    expect(sessions.map(({ at }) => at)).toEqual(
      ["2026-10-01", "2026-10-04", "2026-10-05", "2026-10-06"].map((evening) => clock(evening, 18, 0)),
    );
  });

  it("show the one in progress as far as it has come: its close is the quote's middle", () => {
    for (const conId of [SPY.conId, conIdOf(lived, "ES"), optionOf(lived, 650)]) {
      const { bid, ask: offered } = lived.quote(conId)!;
      const middle = (dollars(bid!) + dollars(offered!)) / 2;
      for (const size of SIZES) {
        const last = ask(lived, conId, "MIDPOINT", size).at(-1)!;
        expect(last.at).toBeGreaterThan(lived.now - size);
        // Futures are quoted around a basis that wanders by a fraction of a tick.
        expect(Math.abs(last.close - middle)).toBeLessThanOrEqual(conId === conIdOf(lived, "ES") ? 0.5 : 1e-9);
      }
    }
  });

  it("show of the minute in progress what was quoted in it so far, no more", () => {
    const market = createSyntheticMarket({ seed: 6 });
    const begins = clock("2026-10-05", 10, 0);
    const mids: number[] = [];
    for (let now = begins; now < begins + MINUTE_MS; now = epochMs(now + 1000)) {
      market.advance(now);
      const { bid, ask: offered } = market.quote(SPY.conId)!;
      mids.push((dollars(bid!) + dollars(offered!)) / 2);
      const bars = ask(market, SPY.conId, "MIDPOINT", MINUTE_MS, begins, epochMs(begins + MINUTE_MS));
      if (now === begins) expect(bars).toEqual([]);
      else {
        expect(bars).toHaveLength(1);
        const [bar] = bars;
        expect([bar!.open, bar!.close]).toEqual([mids[0], mids.at(-1)]);
        expect([bar!.high, bar!.low]).toEqual([Math.max(...mids), Math.min(...mids)]);
      }
    }
  });

  it("are the same whenever they are asked for, and whoever asked for what before", () => {
    const known = new Map<string, readonly TimedBar[]>();
    const asked: [number, BarShow, number][] = [
      [SPY.conId, "TRADES", MINUTE_MS],
      [conIdOf(lived, "NQ"), "TRADES", 15 * MINUTE_MS],
      [optionOf(lived, 640), "BID_ASK", HOUR_MS],
      [VIX_CON_ID, "TRADES", DAY_MS],
    ];
    for (const [conId, show, size] of asked) known.set(`${conId}`, ask(lived, conId, show, size, LONG_AGO, lived.now, false));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 54 * 60 }), { minLength: 1, maxLength: 4 }), fc.nat(3), (stops, first) => {
        const market = createSyntheticMarket({ seed: 3, vix0: 20 });
        for (const stop of stops.toSorted((a, b) => a - b)) {
          market.advance(epochMs(market.begins + stop * MINUTE_MS));
          for (const [conId, show, size] of [...asked.slice(first), ...asked.slice(0, first)]) {
            const finished = ask(market, conId, show, size, LONG_AGO, market.now, false).slice(0, -1);
            expect(finished).toEqual(known.get(`${conId}`)!.slice(0, finished.length));
          }
        }
      }),
      { numRuns: 4 },
    );
  });

  it("of a seed are always the same, byte for byte", () => {
    const ticks = [SPY.conId, VIX_CON_ID, conIdOf(lived, "ES")].flatMap((conId) =>
      ask(lived, conId, "TRADES", 5 * MINUTE_MS).map(({ at, open, high, low, close, volume }) => [
        at,
        open,
        high,
        low,
        close,
        volume,
      ]),
    );
    expect(createHash("sha256").update(JSON.stringify(ticks)).digest("hex").slice(0, 16)).toMatchInlineSnapshot(
      `"874e7d7eab507c2b"`,
    );
  });

  it("never show the future", () => {
    const market = createSyntheticMarket({ seed: 4 });
    for (let session = nextSession(market.begins), i = 0; i < 3; i++, session = nextSession(session.open)) {
      for (const at of [session.open, session.open + 1, session.open + 90_001, session.close - 1, session.close + HOUR_MS * 3]) {
        market.advance(epochMs(at));
        for (const size of [MINUTE_MS, HOUR_MS, DAY_MS]) {
          for (const conId of [SPY.conId, conIdOf(market, "ES")]) {
            const bars = ask(market, conId, "TRADES", size, LONG_AGO, epochMs(market.now + 9 * DAY_MS), false);
            expect(bars.every((bar) => bar.at < market.now)).toBe(true);
          }
        }
      }
    }
  });

  it("have a beginning, and none of what there is not", () => {
    const option = optionOf(lived, 650);
    const early = epochMs(0);
    expect(lived.headTimestamp(SPY.conId, "TRADES")).toBe(ask(lived, SPY.conId, "TRADES", DAY_MS, early)[0]!.at);
    const volatility = ask(lived, SPY.conId, "HISTORICAL_VOLATILITY", DAY_MS, early);
    expect(lived.headTimestamp(SPY.conId, "HISTORICAL_VOLATILITY")).toBe(volatility[0]!.at);
    for (const { close } of volatility) expect(close).toBeGreaterThan(0.01);
    expect(lived.headTimestamp(option, "MIDPOINT")).toBe(ask(lived, option, "MIDPOINT", DAY_MS, early)[0]!.at);
    expect(
      lived.bars(option, { show: "TRADES", sizeMs: DAY_MS, from: early, to: lived.now, regularHours: true }),
    ).toBeUndefined();
    expect(lived.headTimestamp(option, "TRADES")).toBeUndefined();
    expect(lived.headTimestamp(42, "TRADES")).toBeUndefined();
    expect(lived.headTimestamp(VIX_CON_ID, "BID")).toBeUndefined();
    expect(lived.impliedVolatility(SPY.conId)).toBeGreaterThan(0.05);
    expect(lived.impliedVolatility(VIX_CON_ID)).toBeUndefined();
  });

  it("of weeks and months are the sum of their days", () => {
    const days = ask(lived, SPY.conId, "TRADES", DAY_MS, clock("2026-08-01", 0, 0));
    for (const [size, count] of [
      [7 * DAY_MS, 10],
      [30 * DAY_MS, 3],
    ] as const) {
      const bars = ask(lived, SPY.conId, "TRADES", size, clock("2026-08-01", 0, 0));
      expect(bars).toHaveLength(count);
      for (const [i, { at, open, high, low, close, volume }] of bars.entries()) {
        const inside = days.filter((day) => day.at >= at && day.at < (bars[i + 1]?.at ?? Number.POSITIVE_INFINITY));
        expect({ open, high, low, close, volume }).toEqual(together(inside));
      }
    }
  });
});
