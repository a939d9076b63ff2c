import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays, daysBetween, weekday } from "../../src/domain/calendar/civil-date.ts";
import { futuresSessionState } from "../../src/domain/calendar/futures-session.ts";
import { isTradingDay, nextSession, sessionAt, sessionOf, tradingDayBefore } from "../../src/domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../src/domain/calendar/new-york.ts";
import { blackPrice } from "../../src/domain/options/black-scholes-merton.ts";
import type { EpochMs, Price, TradingDay } from "../../src/domain/units.ts";
import { dollars, epochMs } from "../../src/domain/units.ts";
import { createDividends } from "../../src/sim/market/dividends.ts";
import { ORDINARY_STATE, sessionWeights, walkDay } from "../../src/sim/market/index-path.ts";
import { ETFS, VIX_CON_ID } from "../../src/sim/market/instruments.ts";
import { createListings, optionExpiries, strikesAround } from "../../src/sim/market/listings.ts";
import type { Market } from "../../src/sim/market/market.ts";
import { createOptionDesk, varianceDaysOf } from "../../src/sim/market/option-desk.ts";
import { randomStream } from "../../src/sim/market/random.ts";
import { smileOf, ssviVariance, volAt } from "../../src/sim/market/surface.ts";
import { createSyntheticMarket, DEFAULT_BEGINS, DEFAULT_RATE } from "../../src/sim/market/synthetic-market.ts";
import { createWorld } from "../../src/sim/market/world.ts";

const [SPY, QQQ, IWM] = ETFS;
const YEAR_MS = 365 * 86_400_000;
const MINUTE_MS = 60_000;
const clock = (day: string, hour: number, minute: number): EpochMs => instantOf(day as TradingDay, hour * 60 + minute);

/** Some of everything: what a day's subscriptions look like. */
const sampleOf = (market: Market): number[] => {
  const options = ETFS.flatMap(({ symbol }) => market.find({ secType: "OPT", symbol })).filter((_, i) => i % 397 === 0);
  const futures = ["ES", "NQ", "RTY"].flatMap((symbol) => market.find({ secType: "FUT", symbol }));
  return [...[...options, ...futures].map(({ contract }) => contract.conId), ...ETFS.map(({ conId }) => conId), VIX_CON_ID];
};
const quotesOf = (market: Market, conIds: readonly number[]) => conIds.map((conId) => market.quote(conId));

describe("the synthetic market is the same", () => {
  it("in whichever steps time moves, and whoever asks in between", () => {
    const span = 3 * 86_400_000;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: span }), { maxLength: 12 }),
        fc.array(fc.nat({ max: 30 }), { maxLength: 12 }),
        (stops, asked) => {
          const [direct, wandering] = [createSyntheticMarket({ seed: "steps" }), createSyntheticMarket({ seed: "steps" })];
          const sample = sampleOf(direct);
          for (const stop of stops.toSorted((a, b) => a - b)) {
            wandering.advance(epochMs(wandering.begins + stop));
            for (const i of asked) wandering.quote(sample[i % sample.length]!);
            wandering.find({ secType: "OPT", symbol: "QQQ" });
          }
          for (const market of [direct, wandering]) market.advance(epochMs(market.begins + span + 12_345));
          expect(quotesOf(wandering, sample.toReversed())).toEqual(quotesOf(direct, sample).toReversed());
          expect(wandering.dailyBars(SPY.conId, "TRADES", 9)).toEqual(direct.dailyBars(SPY.conId, "TRADES", 9));
        },
      ),
      { numRuns: 4 },
    );
  });

  it("for the same seed, be it written as a number or as text, and another for another", () => {
    const markets = [7, "7", 8].map((seed) => createSyntheticMarket({ seed }));
    for (const market of markets) market.advance(epochMs(market.begins + 40 * MINUTE_MS));
    const [seven, text, eight] = markets.map((market) => quotesOf(market, sampleOf(market)));
    expect(text).toEqual(seven);
    expect(eight).not.toEqual(seven);
  });

  it("between two advances", () => {
    const market = createSyntheticMarket({ seed: 5 });
    market.advance(epochMs(market.begins + 30 * MINUTE_MS));
    const sample = sampleOf(market);
    expect(quotesOf(market, sample)).toEqual(quotesOf(market, sample));
  });
});

/** One expiry's quotes, by strike, with everything in dollars. */
const chainAt = (market: Market, symbol: string, expiry: TradingDay) => {
  const of = (right: "C" | "P") =>
    market.find({ secType: "OPT", symbol, expiry, right }).map(({ contract }) => {
      const { bid, ask } = market.quote(contract.conId)!;
      const [low, high] = [dollars(bid ?? (0 as Price)), dollars(ask!)];
      return { strike: dollars(contract.strike!), bid: low, ask: high, mid: (low + high) / 2, width: high - low };
    });
  return { calls: of("C"), puts: of("P") };
};
const TICK = 0.01;
const MOMENTS = [clock("2026-10-05", 9, 31), clock("2026-10-05", 12, 0), clock("2026-10-08", 15, 59), clock("2026-10-10", 12, 0)];

describe.each([
  { seed: 1, vix0: 17 },
  { seed: 2, vix0: 11 },
  { seed: 3, vix0: 60 },
])("chains of seed $seed at a VIX of $vix0", ({ seed, vix0 }) => {
  const market = createSyntheticMarket({ seed, vix0 });
  const seen = MOMENTS.flatMap((moment) => {
    market.advance(moment);
    return ETFS.flatMap((etf) => {
      const quote = market.quote(etf.conId)!;
      const spot = dollars((quote.bid! + quote.ask!) as Price) / 2;
      const expiries = market.optionParameters(etf.conId)[0]!.expirations;
      return expiries.map((expiry) => {
        const years = (sessionOf(expiry)!.close - quote.at) / YEAR_MS;
        return { etf, expiry, spot, years, seenOn: newYorkDay(quote.at), ...chainAt(market, etf.symbol, expiry) };
      });
    });
  });

  type Seen = (typeof seen)[number];
  /** Where a claim about chains fails: `SPY 2026-10-16: ...`, the first few. Empty when it holds. */
  const against = (claim: (chain: Seen, fail: (where: string) => void) => void): string[] => {
    const failures: string[] = [];
    for (const chain of seen) claim(chain, (where) => failures.push(`${chain.etf.symbol} ${chain.expiry}: ${where}`));
    return failures.slice(0, 5);
  };

  it("are bid below they are offered, on ticks, and never offered below what exercise pays", () => {
    expect(
      against(({ calls, puts, spot }, fail) => {
        for (const [side, sign] of [
          [calls, 1],
          [puts, -1],
        ] as const) {
          for (const { strike, bid, ask } of side) {
            if (bid < 0 || ask <= bid) fail(`${strike} is ${bid} bid, ${ask} offered`);
            if (Math.abs(ask * 100 - Math.round(ask * 100)) > 1e-6) fail(`${strike} is offered at ${ask}`);
            if (ask < sign * (spot - strike) - TICK) fail(`${strike} is offered at ${ask} with the spot at ${spot}`);
          }
        }
      }),
    ).toEqual([]);
  });

  it("have mids that fall (calls) and rise (puts) with the strike, within a tick", () => {
    expect(
      against(({ calls, puts }, fail) => {
        for (let i = 1; i < calls.length; i++) {
          if (calls[i]!.mid > calls[i - 1]!.mid + TICK) fail(`call ${calls[i]!.strike} costs more than the one below`);
          if (puts[i]!.mid < puts[i - 1]!.mid - TICK) fail(`put ${puts[i]!.strike} costs less than the one below`);
        }
      }),
    ).toEqual([]);
  });

  it("have mids that are convex in the strike, within two ticks: no butterfly pays for being bought", () => {
    expect(
      against(({ calls, puts }, fail) => {
        for (const side of [calls, puts]) {
          for (let i = 1; i < side.length - 1; i++) {
            const [low, middle, high] = [side[i - 1]!, side[i]!, side[i + 1]!];
            const weight = (high.strike - middle.strike) / (high.strike - low.strike);
            const wings = weight * low.mid + (1 - weight) * high.mid;
            if (middle.mid > wings + 2 * TICK) fail(`${middle.strike} costs ${middle.mid}, its wings ${wings}`);
          }
        }
      }),
    ).toEqual([]);
  });

  it("obey put-call parity near the money within the spreads, and the American bounds everywhere", () => {
    expect(
      against(({ calls, puts, spot, years, etf, expiry, seenOn }, fail) => {
        const due = market.dividends(etf.conId).filter(({ exDay }) => exDay <= expiry && exDay > seenOn);
        const paid = due.map(({ exDay, amount }) => {
          const until = (sessionOf(exDay)!.open - sessionOf(expiry)!.close) / YEAR_MS + years;
          return dollars(amount) * Math.exp(-DEFAULT_RATE * until);
        });
        const stock = spot - paid.reduce((sum, one) => sum + one, 0);
        for (const [i, call] of calls.entries()) {
          const { strike } = call;
          const difference = call.mid - puts[i]!.mid;
          const cash = strike * Math.exp(-DEFAULT_RATE * years);
          const slack = (call.width + puts[i]!.width) / 2 + 3 * TICK;
          if (difference < stock - strike - slack || difference > spot - cash + slack) fail(`${strike} is out of bounds`);
          // A put that is worth no more than its exercise is beyond European parity: it should be exercised.
          const near = Math.abs(strike / spot - 1) < 0.02 && puts[i]!.mid > strike - spot + 2 * TICK && due.length === 0;
          if (near && Math.abs(difference - (stock - cash)) > slack) fail(`${strike}: ${difference} is not ${stock - cash}`);
        }
      }),
    ).toEqual([]);
  });

  it("cost more the longer they run", () => {
    const earlier = new Map<string, number>();
    expect(
      against(({ calls, etf, years, spot, expiry }, fail) => {
        // A dividend between two expiries makes the later call's share cheaper.
        if (market.dividends(etf.conId).some(({ exDay }) => exDay <= expiry && exDay > "2026-10-05")) return;
        for (const { strike, mid } of calls) {
          const name = `${etf.symbol} ${strike} at ${spot}`;
          if (years > 0 && mid < (earlier.get(name) ?? 0) - 2 * TICK) fail(`${strike} costs ${mid}, before ${earlier.get(name)}`);
          earlier.set(name, mid);
        }
      }),
    ).toEqual([]);
  });
});

describe("the surface", () => {
  it("gives the volatilities that were measured on S&P futures options in January 2020, within half a point", () => {
    const years = 74 / 365;
    const theta = 0.131 ** 2 * years;
    const smile = { years, rho: -0.75, theta, phi: 1.56 / (theta ** 0.42 * (1 + theta) ** 0.58) };
    const fitted = [-0.2, -0.1, -0.05, 0, 0.05].map((k) => Math.sqrt(ssviVariance(smile, k) / years));
    for (const [i, vol] of [0.257, 0.203, 0.17, 0.131, 0.094].entries()) expect(Math.abs(fitted[i]! - vol)).toBeLessThan(0.001);
    for (const [i, vol] of [0.2525, 0.2003, 0.1687, 0.1309, 0.096].entries())
      expect(Math.abs(fitted[i]! - vol)).toBeLessThan(0.005);
    expect(volAt(smile, 0.1)).toBeGreaterThan(0.09);
  });

  it("admits no butterfly and no calendar between a VIX of 9 and one of 90", () => {
    for (const vix of [9, 13, 18, 30, 50, 90]) {
      for (const { smile: law } of ETFS) {
        let shorter = 0;
        for (const days of [0.2, 1, 7, 29, 31, 60, 93, 94, 140]) {
          const smile = smileOf(law, Math.log(vix), days / 365);
          expect(smile.theta).toBeGreaterThan(shorter);
          shorter = smile.theta;
          const reach = 4 * Math.sqrt(smile.theta);
          const call = (strike: number): number =>
            blackPrice({
              right: "C",
              forward: 100,
              strike,
              years: days / 365,
              discount: 1,
              vol: volAt(smile, Math.log(strike / 100)),
            });
          const strikes = Array.from({ length: 81 }, (_, i) => 100 * (1 + (reach * (i - 40)) / 40)).filter(
            (strike) => strike > 20,
          );
          for (let i = 1; i < strikes.length - 1; i++) {
            const [low, middle, high] = [call(strikes[i - 1]!), call(strikes[i]!), call(strikes[i + 1]!)];
            expect(low - 2 * middle + high).toBeGreaterThan(-1e-9);
            expect(middle).toBeLessThanOrEqual(low + 1e-12);
          }
        }
      }
    }
  });

  it("is what options are valued with: Black's price without the dividends, but never below what exercise pays", () => {
    const market = createSyntheticMarket({ seed: 4, vix0: 22 });
    const listings = createListings();
    const dividends = createDividends();
    const world = createWorld({
      seed: 4,
      begins: DEFAULT_BEGINS,
      vix0: 22,
      futuresLeadSeconds: 0,
      regime: undefined,
      onClose: dividends.open,
      onDay: (day, { logPrice }) => listings.open(day, logPrice.map(Math.exp)),
    });
    const desk = createOptionDesk(world, { dividends, rate: DEFAULT_RATE, premium: 0 }, 1);
    world.advance(clock("2026-10-06", 11, 0));
    market.advance(world.now);
    for (const etf of ETFS) {
      const { stock } = world;
      const spot = Math.exp(stock.logPrice[etf.index]) + dividends.accrued(etf, stock.day);
      const next = dividends.all(etf).at(-1)!;
      for (const [expiry, chain] of listings.chain(etf, world.today)) {
        for (const option of chain) {
          const { strike, right, series, conId } = option;
          const years = (series.expires - stock.at) / YEAR_MS;
          const left = (series.expires - instantOf(next.exDay, 570)) / YEAR_MS;
          const due = next.exDay <= expiry;
          const forward =
            spot * Math.exp(DEFAULT_RATE * years) - (due ? dollars(next.amount) * Math.exp(DEFAULT_RATE * left) : 0);
          const terms = { skew: stock.skew, premium: 0, varianceDays: varianceDaysOf(stock, expiry, years) };
          const vol = volAt(smileOf(etf.smile, stock.logVix, years, terms), Math.log(strike / forward));
          const black = blackPrice({ right, forward, strike, years, discount: Math.exp(-DEFAULT_RATE * years), vol });
          const exercised = Math.max(0, right === "C" ? spot - strike : strike - spot);
          const value = desk.value(option);
          if (due && right === "C") expect(value).toBeGreaterThanOrEqual(Math.max(black, exercised) - 1e-9);
          else expect(value).toBeCloseTo(Math.max(black, exercised), 9);
          const quote = market.quote(conId);
          if (quote?.bid) expect(Math.abs((quote.bid + quote.ask!) / 20_000 - value)).toBeLessThan(0.011);
        }
      }
    }
  });
});

describe("two years of history", () => {
  const market = createSyntheticMarket({ seed: 11, vix0: 20 });

  it("are a bar for each trading day up to the one before the first, each within its own range", () => {
    const bars = market.dailyBars(SPY.conId, "TRADES", 1000)!;
    expect(bars).toHaveLength(504);
    let expected = tradingDayBefore("2026-10-05" as TradingDay);
    for (const { day, open, high, low, close, volume } of bars.toReversed()) {
      expect(day).toBe(expected);
      expected = tradingDayBefore(expected);
      expect(Math.min(open, close)).toBeGreaterThanOrEqual(low);
      expect(Math.max(open, close)).toBeLessThanOrEqual(high);
      expect(volume).toBeGreaterThan(1_000_000);
    }
  });

  it("join the present: the last bar's close is the quote's prior close, of the ETFs and of the VIX", () => {
    for (const conId of [...ETFS.map((etf) => etf.conId), VIX_CON_ID]) {
      expect(market.dailyBars(conId, "TRADES", 1)![0]!.close).toBeCloseTo(dollars(market.quote(conId)!.close!), 2);
    }
    expect(market.quote(VIX_CON_ID)!.last).toBe(200_000);
  });

  it("tell implied volatility of the ETFs alone", () => {
    for (const etf of ETFS) {
      const bars = market.dailyBars(etf.conId, "OPTION_IMPLIED_VOLATILITY", 252)!;
      expect(bars).toHaveLength(252);
      for (const { close } of bars) expect(close).toBeGreaterThan(0.05);
    }
    expect(market.dailyBars(VIX_CON_ID, "OPTION_IMPLIED_VOLATILITY", 252)).toBeUndefined();
    expect(market.dailyBars(1, "TRADES", 252)).toBeUndefined();
  });

  it("grow by a day when a day has passed, and not before midnight", () => {
    const lived = createSyntheticMarket({ seed: 11, vix0: 20 });
    lived.advance(clock("2026-10-05", 20, 0));
    expect(lived.dailyBars(QQQ.conId, "TRADES", 1)![0]!.day).toBe("2026-10-02");
    lived.advance(clock("2026-10-06", 0, 0));
    const bar = lived.dailyBars(QQQ.conId, "TRADES", 1)![0]!;
    expect(bar.day).toBe("2026-10-05");
    expect(lived.settlement(QQQ.conId, bar.day)).toBe(Math.round(bar.close * 100) * 100);
  });
});

describe("the daily law", () => {
  const DAYS = 3000;
  const night = Float64Array.of(1);
  const session = sessionWeights(1);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = (values: readonly number[]): number => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
  const correlation = (a: readonly number[], b: readonly number[]): number => {
    const [ma, mb, sa, sb] = [mean(a), mean(b), deviation(a), deviation(b)];
    return mean(a.map((value, i) => (value - ma) * (b[i]! - mb))) / (sa * sb);
  };
  const lived = (seed: number) => {
    const draw = randomStream(seed, "facts");
    let state = ORDINARY_STATE;
    const days = Array.from({ length: DAYS }, () => {
      const walk = walkDay(state, draw, night, session);
      const returns = walk.end.logPrice.map((log, i) => log - state.logPrice[i]!);
      const day = { returns, vixChange: walk.end.logVix - state.logVix, vix: Math.exp(walk.end.logVix) };
      state = walk.end;
      return day;
    });
    const of = (i: number): number[] => days.map(({ returns }) => returns[i]!);
    return {
      spx: of(0),
      ndx: of(1),
      rut: of(2),
      vix: days.map(({ vix }) => vix),
      changes: days.map(({ vixChange }) => vixChange),
    };
  };

  it.each([1, 2, 3])("has the look of the S&P and the VIX since 1990 under seed %i", (seed) => {
    const { spx, ndx, rut, vix, changes } = lived(seed);
    const sd = deviation(spx);
    expect(sd * Math.sqrt(252)).toBeGreaterThan(0.08);
    expect(sd * Math.sqrt(252)).toBeLessThan(0.35);
    expect(mean(spx.map((r) => (r / sd) ** 4)) - 3).toBeGreaterThan(3);
    const sizes = spx.map(Math.abs);
    expect(correlation(sizes.slice(5), sizes.slice(0, -5))).toBeGreaterThan(0.1);
    expect(correlation(spx, changes)).toBeLessThan(-0.5);
    expect(mean(vix)).toBeGreaterThan(14);
    expect(mean(vix)).toBeLessThan(26);
    expect(correlation(spx, ndx)).toBeGreaterThan(0.85);
    expect(correlation(spx, rut)).toBeGreaterThan(0.82);
    expect(mean(vix.map((level) => level / 100)) / (sd * Math.sqrt(252))).toBeGreaterThan(0.9);
  });

  it("moves the same amount in a day however finely the day is walked", () => {
    const spread = (steps: number): number => {
      const draw = randomStream(9, `grain ${steps}`);
      const weights = sessionWeights(steps);
      const calm = { ...ORDINARY_STATE };
      return deviation(Array.from({ length: 2000 }, () => walkDay(calm, draw, night, weights).end.logPrice[0]));
    };
    const [coarse, fine] = [spread(1), spread(26)];
    expect(fine / coarse).toBeGreaterThan(0.9);
    expect(fine / coarse).toBeLessThan(1.1);
  });
});

describe("sessions", () => {
  it("are open when the calendars say so, stocks and options by one, futures by the other", () => {
    const market = createSyntheticMarket({ seed: 6 });
    const [option] = market.find({ secType: "OPT", symbol: "IWM", expiry: "2026-12-18" as TradingDay });
    const [future] = market.find({ secType: "FUT", symbol: "NQ" });
    for (let now = market.begins; now < market.begins + 9 * 86_400_000; now = epochMs(now + 23 * MINUTE_MS)) {
      market.advance(now);
      const regular = sessionAt(now) !== undefined;
      expect([market.isOpen(SPY.conId), market.isOpen(option!.contract.conId)]).toEqual([regular, regular]);
      expect(market.isOpen(future!.contract.conId)).toBe(futuresSessionState(now) === "open");
      expect(market.isOpen(VIX_CON_ID)).toBe(false);
    }
  });

  it("leave stocks and options standing still from close to open, while the futures go on through the night", () => {
    const market = createSyntheticMarket({ seed: 6 });
    const still = sampleOf(market).filter((conId) => {
      const { secType, expiry = "never" } = market.byConId(conId)!.contract;
      return secType !== "FUT" && expiry > "2026-10-05";
    });
    const future = market.find({ secType: "FUT", symbol: "ES" })[0]!.contract.conId;
    market.advance(clock("2026-10-05", 16, 0));
    const evening = quotesOf(market, still).map((quote) => quote && [quote.bid, quote.ask, quote.at]);
    const seen = new Set<number | null>();
    for (let now = market.now; now < clock("2026-10-06", 9, 30); now = epochMs(now + 30 * MINUTE_MS)) {
      market.advance(now);
      expect(quotesOf(market, still).map((quote) => quote && [quote.bid, quote.ask, quote.at])).toEqual(evening);
      seen.add(market.quote(future)!.bid);
    }
    expect(seen.size).toBeGreaterThan(15);
    market.advance(clock("2026-10-06", 9, 31));
    expect(quotesOf(market, still).map((quote) => quote && [quote.bid, quote.ask, quote.at])).not.toEqual(evening);
  });

  it("stand still for the futures too from 17:00 to 18:00 and over the weekend", () => {
    const market = createSyntheticMarket({ seed: 6 });
    const future = market.find({ secType: "FUT", symbol: "RTY" })[0]!.contract.conId;
    for (const [from, to] of [
      [clock("2026-10-05", 17, 0), clock("2026-10-05", 17, 59)],
      [clock("2026-10-09", 17, 0), clock("2026-10-11", 17, 59)],
    ] as const) {
      market.advance(from);
      const before = market.quote(future)!;
      market.advance(to);
      expect(market.quote(future)!).toMatchObject({ bid: before.bid, ask: before.ask, last: before.last, at: before.at });
    }
  });

  it("open where the futures stood: their night move is the gap of the ETF, within a few basis points", () => {
    const market = createSyntheticMarket({ seed: 12 });
    const future = market.find({ secType: "FUT", symbol: "ES" })[0]!.contract.conId;
    const mid = (conId: number): number => (market.quote(conId)!.bid! + market.quote(conId)!.ask!) / 2;
    for (let i = 0, session = nextSession(market.begins); i < 8; i++, session = nextSession(session.open)) {
      market.advance(session.close);
      const [stock, points] = [mid(SPY.conId), mid(future)];
      const open = nextSession(session.open).open;
      market.advance(open);
      const [gap, night] = [Math.log(mid(SPY.conId) / stock), Math.log(mid(future) / points)];
      expect(Math.abs(gap - night)).toBeLessThan(0.0006);
    }
  });

  it("shows a planted lead of the futures as exactly that: the ETF of three seconds ago", () => {
    const [plain, planted] = [0, 3].map((futuresLeadSeconds) => createSyntheticMarket({ seed: 13, futuresLeadSeconds }));
    expect(planted!.label).toContain("futures lead planted: 3 s");
    const noon = clock("2026-10-05", 12, 0);
    plain!.advance(noon);
    planted!.advance(epochMs(noon + 3000));
    const [now, then] = [planted!, plain!].map((market) => market.quote(SPY.conId)!);
    expect([now!.bid, now!.ask]).toEqual([then!.bid, then!.ask]);
  });

  it("move forward only", () => {
    const market = createSyntheticMarket({ seed: 1 });
    expect(() => market.advance(epochMs(market.begins - 1))).toThrow(/forward/);
  });
});

describe("listings", () => {
  it("expire on trading days: every one for two weeks, then Fridays, or the day before where a Friday is none", () => {
    for (const day of ["2026-10-05", "2027-02-01", "2026-12-01", "2027-03-25", "2026-06-01"] as TradingDay[]) {
      const expiries = optionExpiries(day);
      expect(expiries.toSorted()).toEqual(expiries);
      expect(new Set(expiries).size).toBe(expiries.length);
      for (let ahead = 0; ahead <= 14; ahead++) {
        const date = addDays(day, ahead);
        expect(expiries.includes(date)).toBe(isTradingDay(date));
      }
      for (const expiry of expiries) {
        expect(isTradingDay(expiry)).toBe(true);
        if (daysBetween(day, expiry) > 14) expect([4, 5]).toContain(weekday(expiry));
      }
    }
    // Good Friday 2027, and Juneteenth 2026, a third Friday.
    expect(optionExpiries("2027-02-01" as TradingDay)).toContain("2027-03-25");
    expect(optionExpiries("2026-06-01" as TradingDay)).toContain("2026-06-18");
  });

  it("reach from 30 % below the spot to 15 % above it with at most 140 strikes, a point apart near the money", () => {
    for (const spot of [90, 245.37, 600, 670.01, 900]) {
      const strikes = strikesAround(spot);
      expect(strikes.length).toBeLessThanOrEqual(200);
      if (spot < 750) expect(strikes.length).toBeLessThanOrEqual(140);
      expect(strikes[0]!).toBeLessThan(spot * 0.72);
      expect(strikes.at(-1)!).toBeGreaterThan(spot * 1.13);
      for (const [i, strike] of strikes.entries()) {
        const step = strike - (strikes[i - 1] ?? strike - 1);
        expect(step).toBeGreaterThan(0);
        expect(step).toBeLessThanOrEqual(Math.abs(strike - spot) < spot * 0.055 ? 1 : 5);
      }
    }
  });

  it("have one conId each, which alone finds them, and a quote from the first moment on", () => {
    const market = createSyntheticMarket({ seed: 14 });
    const all = [
      ...ETFS.flatMap(({ symbol }) => market.find({ secType: "OPT", symbol })),
      ...ETFS.flatMap(({ symbol }) => market.find({ secType: "STK", symbol, exchange: "SMART", currency: "USD" })),
      ...["ES", "NQ", "RTY"].flatMap((symbol) => market.find({ secType: "FUT", symbol, exchange: "CME" })),
      ...market.find({ secType: "IND", symbol: "VIX", exchange: "CBOE" }),
    ];
    expect(new Set(all.map(({ contract }) => contract.conId)).size).toBe(all.length);
    for (const details of all) {
      const { conId, secType, symbol } = details.contract;
      expect(conId).toBeLessThan(2 ** 31);
      expect(market.byConId(conId)).toEqual(details);
      expect(market.find({ secType, symbol, conId })).toEqual([details]);
      expect(market.quote(conId)).toBeDefined();
    }
    expect(market.find({ secType: "STK", symbol: "TSLA" })).toEqual([]);
    expect(market.byConId(42)).toBeUndefined();
  });

  it("say of an expired option what it was, but find and quote it no more, and know what it settles at", () => {
    const market = createSyntheticMarket({ seed: 15 });
    const expiry = "2026-10-09" as TradingDay;
    const option = market.find({ secType: "OPT", symbol: "IWM", expiry })[0]!;
    const { conId } = option.contract;
    market.advance(clock("2026-10-09", 15, 59));
    expect(market.settlement(IWM.conId, expiry)).toBeUndefined();
    market.advance(clock("2026-10-09", 16, 0));
    expect(market.settlement(IWM.conId, expiry)).toBeGreaterThan(0);
    expect(market.isOpen(conId)).toBe(false);
    market.advance(clock("2026-10-10", 0, 0));
    expect(market.byConId(conId)?.contract).toEqual(option.contract);
    expect(market.quote(conId)).toBeUndefined();
    expect(market.find({ secType: "OPT", symbol: "IWM", expiry })).toEqual([]);
  });

  it("offer the front quarter and the next, and pass on when the front one has expired", () => {
    const market = createSyntheticMarket({ seed: 16, begins: clock("2026-12-17", 9, 25) });
    const names = () => market.find({ secType: "FUT", symbol: "ES" }).map(({ contract }) => contract.localSymbol);
    expect(names()).toEqual(["ESZ6", "ESH7"]);
    const front = market.find({ secType: "FUT", symbol: "ES" })[0]!;
    market.advance(clock("2026-12-18", 9, 29));
    expect(market.isOpen(front.contract.conId)).toBe(true);
    expect(market.settlement(front.underlyingConId, "2026-12-18" as TradingDay)).toBeUndefined();
    market.advance(clock("2026-12-18", 9, 30));
    expect(market.isOpen(front.contract.conId)).toBe(false);
    expect(market.settlement(front.underlyingConId, "2026-12-18" as TradingDay)).toBeGreaterThan(0);
    market.advance(clock("2026-12-21", 9, 25));
    expect(names()).toEqual(["ESH7", "ESM7"]);
  });
});
