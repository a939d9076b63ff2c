/** What the synthetic market does over days and weeks: dividends, regimes, news, halts, and how quotes of one instant hang together. */
import { describe, expect, it } from "vitest";
import { nextSession, sessionOf, tradingDayBefore } from "../../src/domain/calendar/market-calendar.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { EpochMs, Price, TradingDay } from "../../src/domain/units.ts";
import { dollars, epochMs } from "../../src/domain/units.ts";
import { createDividends } from "../../src/sim/market/dividends.ts";
import { ETFS, VIX_CON_ID } from "../../src/sim/market/instruments.ts";
import type { Market } from "../../src/sim/market/market.ts";
import { varianceDaysOf } from "../../src/sim/market/option-desk.ts";
import { optionWidth } from "../../src/sim/market/quoting.ts";
import { randomStream } from "../../src/sim/market/random.ts";
import { nextRegime, REGIMES, type RegimeState, VIX_TARGET } from "../../src/sim/market/regimes.ts";
import { createSkewShocks, LARGEST_SHOCK } from "../../src/sim/market/skew-shocks.ts";
import { type Smile, smileOf, volAt } from "../../src/sim/market/surface.ts";
import { createSyntheticMarket, type SyntheticMarketOptions } from "../../src/sim/market/synthetic-market.ts";
import { correlation, deviation, mean, median, shareOf } from "../support/statistics.ts";

const [SPY, , IWM] = ETFS;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const clock = (day: string, hour: number, minute: number): EpochMs => instantOf(day as TradingDay, hour * 60 + minute);
const midOf = (market: Market, conId: number): number => {
  const { bid, ask } = market.quote(conId)!;
  return (dollars(bid!) + dollars(ask!)) / 2;
};
const futureOf = (market: Market, symbol: string): number => market.find({ secType: "FUT", symbol })[0]!.contract.conId;

describe("dividends", () => {
  const market = createSyntheticMarket({ seed: 31, begins: clock("2026-12-14", 9, 25) });

  it("have ex-days each quarter, are paid later, and are known ahead", () => {
    for (const etf of ETFS) {
      const all = market.dividends(etf.conId);
      expect(all.length).toBeGreaterThanOrEqual(9);
      expect(all.at(-1)!.exDay > "2026-12-14").toBe(true);
      const year = all.slice(-4).reduce((sum, { amount }) => sum + dollars(amount), 0);
      expect(Math.abs(year / dollars(market.quote(etf.conId)!.close!) / etf.dividendYield - 1)).toBeLessThan(0.3);
      for (const { exDay, payDay } of all) {
        expect(sessionOf(exDay)).toBeDefined();
        expect(sessionOf(payDay)).toBeDefined();
        expect(payDay > exDay).toBe(true);
      }
    }
    expect(market.dividends(SPY.conId).at(-1)).toMatchObject({ exDay: "2026-12-18", payDay: "2027-01-29" });
    expect(market.dividends(VIX_CON_ID)).toEqual([]);
  });

  it("leave the price at the open of the ex-day: what accrued until the session before is gone, to the cent", () => {
    const dividends = createDividends();
    dividends.open("2026-12-01" as TradingDay, [6.5, 6.4, 5.5]);
    for (const etf of ETFS) {
      const { exDay, amount } = dividends.all(etf)[0]!;
      expect(dividends.accrued(etf, tradingDayBefore(exDay))).toBeCloseTo(dollars(amount), 9);
      dividends.open(exDay, [6.5, 6.4, 5.5]);
      expect(dividends.accrued(etf, exDay)).toBe(0);
      expect(dividends.upcoming(etf, exDay, "2027-06-30" as TradingDay).length).toBe(2);
    }
  });

  it("are why the ETF opens lower than the future on an ex-day, and on no other", () => {
    const lived = createSyntheticMarket({ seed: 31, begins: clock("2026-12-14", 9, 25) });
    const future = lived.find({ secType: "FUT", symbol: "ES" })[1]!.contract.conId;
    for (let session = nextSession(lived.begins); session.day < "2026-12-23"; session = nextSession(session.open)) {
      lived.advance(session.close);
      const [stock, points] = [midOf(lived, SPY.conId), midOf(lived, future)];
      const next = nextSession(session.open);
      lived.advance(next.open);
      const missing = stock * (midOf(lived, future) / points) - midOf(lived, SPY.conId);
      const due = next.day === "2026-12-18" ? dollars(lived.dividends(SPY.conId).at(-2)!.amount) : 0;
      expect(Math.abs(missing - due)).toBeLessThan(0.3);
    }
  });

  it("are in the options: a call over an ex-day is worth less, and never less than exercising before it", () => {
    const lived = createSyntheticMarket({ seed: 31, begins: clock("2026-12-14", 9, 25) });
    lived.advance(clock("2026-12-17", 15, 30));
    const spot = midOf(lived, SPY.conId);
    const calls = lived.find({ secType: "OPT", symbol: "SPY", expiry: "2026-12-18" as TradingDay, right: "C" });
    for (const { contract } of calls) {
      const deep = spot - dollars(contract.strike!);
      if (deep < 30) continue;
      const { ask } = lived.quote(contract.conId)!;
      expect(dollars(ask!)).toBeGreaterThanOrEqual(deep - 0.01);
    }
  });
});

describe("regimes", () => {
  it("follow each other as measured: spells as long, and a crash only from high volatility or by a rare leap", () => {
    const draw = randomStream(3, "regimes");
    let state: RegimeState | undefined;
    const seen: string[] = [];
    for (let i = 0; i < 60_000; i++) {
      state = nextRegime(state, undefined, 0, draw);
      seen.push(state.regime);
    }
    const occupied: Record<string, number> = {
      low_vol: 0.177,
      range_bound: 0.228,
      normal: 0.23,
      trending: 0.144,
      high_vol: 0.16,
      crash: 0.061,
    };
    for (const [regime, share] of Object.entries(occupied)) {
      expect(Math.abs(shareOf(seen, (one) => one === regime) / share - 1)).toBeLessThan(0.2);
    }
  });

  it.each(REGIMES)("forced, %s is told in the label and keeps the VIX about its level", (regime) => {
    const levels: number[] = [];
    for (const seed of [1, 2]) {
      const market = createSyntheticMarket({ seed, regime });
      expect(market.label).toContain(`regime forced: ${regime}`);
      for (let i = 0; i < 8; i++) {
        market.advance(nextSession(market.now).close);
        expect(market.regime).toBe(regime);
        levels.push(dollars(market.quote(VIX_CON_ID)!.last!));
      }
    }
    expect(Math.abs(median(levels) / VIX_TARGET[regime] - 1)).toBeLessThan(0.25);
  });

  it("forced, a crash falls and moves more than calm does", () => {
    const returns = (regime: SyntheticMarketOptions["regime"]) =>
      [4, 5].flatMap((seed) => {
        const market = createSyntheticMarket({ seed, regime: regime! });
        return Array.from({ length: 10 }, () => {
          const before = midOf(market, SPY.conId);
          market.advance(nextSession(market.now).close);
          return Math.log(midOf(market, SPY.conId) / before);
        });
      });
    const [crash, calm] = [returns("crash"), returns("low_vol")];
    expect(deviation(crash)).toBeGreaterThan(3 * deviation(calm));
    expect(mean(crash)).toBeLessThan(0);
  });

  it("wandering, they are the same for the same seed", () => {
    const way = () => {
      const market = createSyntheticMarket({ seed: 8, regime: "wandering" });
      return Array.from({ length: 10 }, () => {
        market.advance(nextSession(market.now).close);
        return [market.regime, market.quote(SPY.conId)!.bid];
      });
    };
    expect(way()).toEqual(way());
    expect(new Set(way().map(([regime]) => regime)).size).toBeGreaterThan(1);
    expect(createSyntheticMarket({ seed: 8 }).regime).toBeUndefined();
  });
});

describe("a halt", () => {
  it("lets nothing trade and quotes stand still, and afterwards quotes are wider for five minutes", () => {
    const market = createSyntheticMarket({ seed: 9 });
    const twin = createSyntheticMarket({ seed: 9 });
    const noon = clock("2026-10-05", 12, 0);
    const [option] = market.find({
      secType: "OPT",
      symbol: "SPY",
      expiry: "2026-11-20" as TradingDay,
      strike: 6_500_000 as Price,
      right: "P",
    });
    const conIds = [SPY.conId, futureOf(market, "ES"), option!.contract.conId];
    const seen = () => conIds.map((conId) => market.quote(conId));
    market.advance(noon);
    market.halt(true);
    const before = seen();
    market.advance(epochMs(noon + 7 * MINUTE_MS));
    expect(seen()).toEqual(before);
    expect(conIds.map(market.isOpen)).toEqual([false, false, false]);
    market.halt(false);
    twin.advance(market.now);
    expect(conIds.map(market.isOpen)).toEqual([true, true, true]);
    const width = (of: Market): number => of.quote(option!.contract.conId)!.ask! - of.quote(option!.contract.conId)!.bid!;
    expect(width(market)).toBeGreaterThan(2 * width(twin));
    for (const one of [market, twin]) one.advance(epochMs(noon + 12 * MINUTE_MS));
    expect(seen()).toEqual(conIds.map((conId) => twin.quote(conId)));
  });
});

describe("scheduled news", () => {
  it("is in the term structure: an expiry right after it costs more volatility than one right before", () => {
    const day = "2026-10-26" as TradingDay;
    const at = { at: clock(day, 12, 0), day };
    const vol = (expiry: string): number => {
      const years = (sessionOf(expiry as TradingDay)!.close - at.at) / (365 * DAY_MS);
      const terms = { skew: { rho: 1, eta: 1 }, premium: 0, varianceDays: varianceDaysOf(at, expiry as TradingDay, years) };
      return volAt(smileOf(SPY.smile, Math.log(17), years, terms), 0);
    };
    // The meeting is on Wednesday the 28th.
    expect(vol("2026-10-28")).toBeGreaterThan(1.1 * vol("2026-10-27"));
    expect(Math.abs(vol("2026-10-29") / vol("2026-10-28") - 1)).toBeLessThan(0.15);
  });
});

describe("every surface that can be emitted", () => {
  /** J. Gatheral's condition g(k) ≥ 0 on total variance, by differences. */
  const density = (smile: Smile, k: number): number => {
    const w = (x: number): number => volAt(smile, x) ** 2 * smile.years;
    const h = 1e-4 * Math.sqrt(smile.theta) * 10;
    const [low, middle, high] = [w(k - h), w(k), w(k + h)];
    const first = (high - low) / (2 * h);
    const second = (high - 2 * middle + low) / (h * h);
    return (1 - (k * first) / (2 * middle)) ** 2 - (first * first * (1 / middle + 0.25)) / 4 + second / 2;
  };
  const shocks = [1 - LARGEST_SHOCK, 1, 1 + LARGEST_SHOCK];

  it("admits no butterfly: g is nowhere below zero, at any VIX, with any news, premium and shock of the skew", () => {
    for (const vix of [8.5, 12, 18, 30, 60, 95]) {
      for (const etf of ETFS) {
        for (const rho of shocks) {
          for (const eta of shocks) {
            for (const [days, varianceDays, premium] of [
              [0.02, 0.9, 0],
              [0.2, 0.19, 0],
              [2, 3, 3],
              [8, 8, 0],
              [45, 46, 0],
              [140, 139, 5],
            ] as const) {
              const smile = smileOf(etf.smile, Math.log(vix), days / 365, { skew: { rho, eta }, premium, varianceDays });
              const sd = Math.sqrt(smile.theta);
              // The kink where the call wing meets its floor is convex: there g is a spike upward, which differences miss.
              for (let x = -6; x <= 6; x += 0.25) expect(density(smile, x * sd)).toBeGreaterThan(-1e-3);
            }
          }
        }
      }
    }
  });

  it("admits no calendar: total variance grows with the expiry at every strike", () => {
    for (const day of ["2026-10-05", "2026-10-27", "2026-12-08"] as TradingDay[]) {
      for (const minute of [8 * 60, 10 * 60, 15 * 60]) {
        const at = { at: instantOf(day, minute), day };
        for (const vix of [8.5, 14, 25, 60, 95]) {
          for (const etf of ETFS) {
            for (const k of [-0.3, -0.1, -0.03, 0, 0.03, 0.1]) {
              let before = 0;
              for (let ahead = 1; ahead <= 140; ahead++) {
                const expiry = sessionOf(new Date(Date.parse(day) + ahead * DAY_MS).toISOString().slice(0, 10) as TradingDay);
                if (expiry === undefined) continue;
                const years = (expiry.close - at.at) / (365 * DAY_MS);
                const terms = { skew: { rho: 1.1, eta: 0.9 }, premium: 0, varianceDays: varianceDaysOf(at, expiry.day, years) };
                const variance = volAt(smileOf(etf.smile, Math.log(vix), years, terms), k) ** 2 * years;
                expect(variance).toBeGreaterThan(before);
                before = variance;
              }
            }
          }
        }
      }
    }
  });

  it("has a VIX over 30-day volatility at the money as measured within 25 %, between a VIX of 10 and one of 50", () => {
    for (const [vix, ratio] of [
      [10, 1.14],
      [15.1, 1.164],
      [20, 1.18],
      [30.2, 1.209],
      [50, 1.252],
    ] as const) {
      const atm = volAt(smileOf(SPY.smile, Math.log(vix), 30 / 365), 0);
      expect(Math.abs(vix / 100 / atm / ratio - 1)).toBeLessThan(0.25);
    }
  });

  it("wanders slowly: shocks of the skew have a deviation of 5 % and half of them is left after two weeks", () => {
    const shocksOf = createSkewShocks(randomStream(2, "skew"));
    const rhos = Array.from({ length: 6000 }, (_, i) => {
      const name = `${i}` as TradingDay;
      shocksOf.open(name);
      return shocksOf.on(name).rho - 1;
    });
    expect(Math.abs(deviation(rhos) / 0.05 - 1)).toBeLessThan(0.15);
    expect(Math.abs(correlation(rhos.slice(14), rhos.slice(0, -14)) - Math.exp(-14 / 20))).toBeLessThan(0.1);
  });
});

describe("the quotes of a session", () => {
  it("have the widths that were measured: a cent for SPY, and a cent on a 30-day option of $1.72", () => {
    expect(Math.abs(optionWidth(SPY.liquidity, 1.72, 30, 0, 1) / 0.011 - 1)).toBeLessThan(0.25);
    const market = createSyntheticMarket({ seed: 21, vix0: 17 });
    market.advance(clock("2026-10-05", 11, 0));
    const { bid, ask } = market.quote(SPY.conId)!;
    expect(ask! - bid!).toBe(100);
    const shares = market
      .find({ secType: "OPT", symbol: "SPY", expiry: "2026-11-06" as TradingDay, right: "P" })
      .map(({ contract }) => market.quote(contract.conId)!)
      .filter((quote) => quote.bid! > 10_000 && quote.bid! < 40_000)
      .map((quote) => (quote.ask! - quote.bid!) / quote.bid!);
    expect(shares.length).toBeGreaterThan(5);
    expect(mean(shares)).toBeLessThan(0.02);
  });

  it("move as a U: most in the first half-hour, least in the middle, and more again at the end", () => {
    const squares = Array.from({ length: 13 }, () => 0);
    for (const seed of [1, 2, 3, 4]) {
      const market = createSyntheticMarket({ seed });
      const asked = { show: "TRADES", sizeMs: 5 * MINUTE_MS, to: market.now, regularHours: true } as const;
      const bars = market.bars(SPY.conId, { ...asked, from: epochMs(market.now - 60 * DAY_MS) })!;
      for (const { at, open, close } of bars) {
        const since = at - instantOf(new Date(at).toISOString().slice(0, 10) as TradingDay, 570);
        squares[Math.min(12, Math.floor(since / (30 * MINUTE_MS)))]! += Math.log(close / open) ** 2;
      }
    }
    const vols = squares.map(Math.sqrt);
    const relative = vols.map((vol) => vol / mean(vols));
    const measured = [1.39, 1.21, 1.11, 1.09, 1.03, 0.85, 0.73, 0.86, 0.76, 1.11, 0.82, 0.89, 1.17];
    for (const [i, vol] of relative.entries()) expect(Math.abs(vol / measured[i]! - 1)).toBeLessThan(0.25);
  });
});

describe("ES and SPY", () => {
  /** Correlations of one-second mid returns, ES earlier by so many seconds. */
  const leads = (futuresLeadSeconds: number, step: number, lags: readonly number[]): number[] => {
    const market = createSyntheticMarket({ seed: 77, futuresLeadSeconds });
    const future = futureOf(market, "ES");
    const [stocks, futures]: [number[], number[]] = [[], []];
    for (
      let now = clock("2026-10-05", 9, 40);
      now < clock("2026-10-05", step < MINUTE_MS ? 11 : 15, 50);
      now = epochMs(now + step)
    ) {
      market.advance(now);
      stocks.push(Math.log(midOf(market, SPY.conId)));
      futures.push(Math.log(midOf(market, future)));
    }
    const changes = (logs: readonly number[]) => logs.slice(1).map((log, i) => log - logs[i]!);
    const [s, f] = [changes(stocks), changes(futures)];
    return lags.map((lag) => correlation(s.slice(Math.max(0, lag)), lag === 0 ? f : f.slice(0, -lag)));
  };

  it("move as one from minute to minute, correlated .98 or more, and neither leads", () => {
    const [same, led] = leads(0, MINUTE_MS, [0, 1]) as [number, number];
    expect(same).toBeGreaterThan(0.97);
    expect(Math.abs(led)).toBeLessThan(0.12);
  });

  it("a planted lead is found where it was planted, and only there", () => {
    const lags = [0, 1, 2, 3, 4, 5, 6, 7];
    const found = leads(5, 1000, lags);
    expect(lags[found.indexOf(Math.max(...found))]).toBe(5);
    const none = leads(0, 1000, lags);
    expect(lags[none.indexOf(Math.max(...none))]).toBe(0);
  });

  it("are apart by the carry: the future's basis stands still within half a tick's worth over a session", () => {
    const market = createSyntheticMarket({ seed: 78 });
    const future = futureOf(market, "ES");
    const basis: number[] = [];
    for (let now = clock("2026-10-05", 9, 40); now < clock("2026-10-05", 16, 0); now = epochMs(now + 5 * MINUTE_MS)) {
      market.advance(now);
      basis.push(midOf(market, future) - 10.02 * midOf(market, SPY.conId));
    }
    // Measured .07 to .12 points when the index stood at a quarter of this one.
    expect(deviation(basis)).toBeLessThan(0.4);
  });
});

describe("IWM", () => {
  it("has expiries on every weekday of the next two weeks", () => {
    const market = createSyntheticMarket({ seed: 1 });
    const { expirations } = market.optionParameters(IWM.conId)[0]!;
    expect(expirations.slice(0, 6)).toEqual(["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09", "2026-10-12"]);
  });
});
