import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { yearsToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import type { Leg } from "../../src/domain/contract.ts";
import type { UnderlyingTold } from "../../src/domain/events/weather.ts";
import { bsmGreeks } from "../../src/domain/options/black-scholes-merton.ts";
import { greeksOfUnits, structureGreeks } from "../../src/domain/options/structure-greeks.ts";
import { entryOf } from "../../src/domain/pnl.ts";
import { positionFacts, type Seen, TOLD_VALID_MS } from "../../src/domain/rules/position-facts.ts";
import type { Fact, PositionFacts } from "../../src/domain/rules/rule.ts";
import { adverseOf, shapeOf } from "../../src/domain/rules/shape.ts";
import { markOf, quoteBook, quoteStructure } from "../../src/domain/structure-quote.ts";
import { type EpochMs, moneyUnits, price, priceUnits, type TradingDay, tradingDay } from "../../src/domain/units.ts";
import {
  CALM,
  CONDOR,
  EXPIRY,
  leg,
  type Market,
  NOON,
  option,
  quoteOf,
  RATE_PCT,
  twoSided,
  volAt,
  worth,
} from "../support/quoted-chain.ts";

const YIELD = 0.012;
const CARRY = RATE_PCT / 100 - YIELD;
const quotesOf = (legs: readonly Leg[], market: Market = CALM, now: EpochMs = NOON) =>
  quoteBook(legs.map(({ contract }) => quoteOf(market, contract, now)));
const TOLD: UnderlyingTold = {
  type: "underlying.told",
  symbol: "SPY",
  at: NOON,
  spot: price(600),
  priorClose: price(606),
  hourHigh: price(612),
  hourLow: price(590),
  iv30: 0.24,
  iv30PriorClose: 0.16,
  ivRank: 40,
  ivPercentile: 55,
  term: null,
  skew: null,
  dividend: null,
  unknown: { dividend: "no history of dividends" },
};
const known = <Value>(value: Value): Fact<Value> => ({ value, source: "test", at: NOON });
const bought = (legs: readonly Leg[], net: number, units = 1) =>
  entryOf(legs, units, [{ orderRef: "r", conId: 1, quantity: units, price: price(net), multiplier: 100 }]);
const seenOf = (legs: readonly Leg[], changed: Partial<Seen> = {}): Seen => {
  const quotes = changed.quotes ?? quotesOf(legs);
  return {
    legs,
    entry: bought(legs, -2.4),
    entryFees: moneyUnits(0),
    mark: markOf(legs, quoteStructure(legs, quotes)),
    now: NOON,
    units: 1,
    reduced: false,
    peakPct: null,
    campaign: { loss: moneyUnits(0), rolls: 0 },
    atEntry: { regime: "normal", vix: 18, iv30: 0.32, ivPercentile: 60, ivRank: 40 },
    american: true,
    carry: CARRY,
    riskFreeRatePct: RATE_PCT,
    quotes,
    spot: known(price(600)),
    vix: known(17),
    regime: known("normal"),
    underlying: TOLD,
    breach: known({ limit: null, actual: 0, allowed: 0, unit: "", minutes: 0 }),
    expiryActBy: "15:30",
    ...changed,
  };
};
const valueOfFact = (fact: Fact<unknown>): unknown => ("value" in fact ? fact.value : fact.unknown);
const unknowns = (facts: PositionFacts) =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]: [string, Fact<unknown>]) => ("unknown" in fact ? [[name, fact.unknown]] : [])),
  );

describe("what a structure is, off its legs", () => {
  const one = (strike: number, right: "C" | "P", ratio: number) => leg(strike, right, ratio);
  it.each<[string, readonly Leg[], number, string, string]>([
    ["iron condor", CONDOR, -2.4, "condor", "either"],
    ["iron condor with unequal wings", [one(500, "P", 1), ...CONDOR.slice(1)], -3, "condor", "either"],
    ["iron butterfly", [one(550, "P", 1), one(600, "P", -1), one(600, "C", -1), one(650, "C", 1)], -30, "condor", "either"],
    ["short strangle", [one(562, "P", -1), one(628, "C", -1)], -5, "condor", "either"],
    ["bull put", [one(560, "P", 1), one(570, "P", -1)], -2, "vertical", "fall"],
    ["bull call", [one(600, "C", 1), one(610, "C", -1)], 5, "vertical", "fall"],
    ["bear call", [one(630, "C", -1), one(640, "C", 1)], -2, "vertical", "rise"],
    ["bear put", [one(600, "P", 1), one(590, "P", -1)], 4, "vertical", "rise"],
    ["short put", [one(570, "P", -1)], -4, "single", "fall"],
    ["long call", [one(600, "C", 1)], 15, "single", "fall"],
    ["short call", [one(630, "C", -1)], -4, "single", "rise"],
    ["long put", [one(600, "P", 1)], 14, "single", "rise"],
    ["long straddle", [one(600, "C", 1), one(600, "P", 1)], 29, "other", "neither"],
    ["bought iron condor", CONDOR.map((each) => ({ ...each, ratio: -each.ratio })), 2.4, "other", "neither"],
    ["one by two of puts, for a credit", [one(590, "P", 1), one(570, "P", -2)], -1, "other", "fall"],
    ["one by two of puts, for a debit", [one(590, "P", 1), one(570, "P", -2)], 1, "other", "either"],
    ["butterfly of calls", [one(590, "C", 1), one(600, "C", -2), one(610, "C", 1)], 2, "other", "either"],
    ["collar's options", [one(560, "P", 1), one(640, "C", -1)], 0.2, "other", "rise"],
    ["a condor that was sold for more than its width", CONDOR, -13, "condor", "neither"],
  ])("%s", (_, legs, net, shape, adverse) => {
    expect([shapeOf(legs), adverseOf(legs, price(net))]).toEqual([shape, adverse]);
    expect([shapeOf(legs.toReversed()), adverseOf(legs.toReversed(), price(net))]).toEqual([shape, adverse]);
  });
});

describe("the Greeks of a structure", () => {
  const valued = (legs: readonly Leg[], quotes = quotesOf(legs), market = CALM, now = NOON) =>
    structureGreeks({ legs, quotes, spot: price(market.spot), carry: CARRY, riskFreeRatePct: RATE_PCT, now, american: false });
  const reference = (legs: readonly Leg[], market = CALM, now = NOON) => {
    let [delta, gamma, theta, vega] = [0, 0, 0, 0];
    for (const { contract, ratio } of legs) {
      const strike = contract.strike / 10_000;
      const greeks = bsmGreeks({
        right: contract.right,
        spot: market.spot,
        strike,
        years: yearsToExpiry(now, contract.expiry),
        rate: RATE_PCT / 100,
        dividendYield: YIELD,
        vol: volAt(market, strike),
      });
      delta += ratio * greeks.delta;
      gamma += ratio * greeks.gamma;
      theta += (ratio * greeks.theta * 100) / 365;
      vega += ratio * greeks.vega;
    }
    return { delta, gamma, theta, vega };
  };

  it("are those of the market that quotes its legs, up to what a tick hides", () => {
    const market = fc.record({
      spot: fc.integer({ min: 570, max: 630 }),
      atmVol: fc.integer({ min: 12, max: 40 }).map((n) => n / 100),
      skew: fc.constant(0.4),
      halfSpread: fc.constant(0.02),
      strikeStep: fc.constant(1),
    });
    const strike = fc.integer({ min: 540, max: 660 });
    const legs = fc.array(fc.tuple(strike, fc.constantFrom("C" as const, "P" as const), fc.constantFrom(-2, -1, 1, 2)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(market, legs, (scene, built) => {
        const structure = built.map(([at, right, ratio]) => leg(at, right, ratio));
        const found = valued(structure, quotesOf(structure, scene), scene);
        if (!found.known) return expect(found.missing.join()).toMatch(/intrinsic/);
        const { delta, gamma, vega } = reference(structure, scene);
        expect(found.greeks.delta).toBeCloseTo(delta, 1);
        expect(Math.abs(found.greeks.gamma - gamma)).toBeLessThan(0.004);
        expect(Math.abs(found.greeks.vegaUsd - vega)).toBeLessThan(8);
      }),
    );
  });

  it("of the condor: short vega and gamma, little delta, earns with time, to the second digit", () => {
    const found = valued(CONDOR);
    const { delta, gamma, theta, vega } = reference(CONDOR);
    if (!found.known) throw new Error(found.missing.join());
    expect(found.greeks.delta).toBeCloseTo(delta, 2);
    expect(found.greeks.gamma).toBeCloseTo(gamma, 4);
    expect(Math.abs(found.greeks.vegaUsd / vega - 1)).toBeLessThan(0.02);
    expect(vega).toBeLessThan(0);
    // Theta here holds the forward still, the reference the spot: they differ by the carry of what is held.
    expect(found.greeks.thetaUsd).toBeGreaterThan(0);
    expect(Math.abs(found.greeks.thetaUsd - theta)).toBeLessThan(1.5);
    const three = greeksOfUnits(found.greeks, 3, 100);
    expect(three.deltaShares).toBeCloseTo(found.greeks.delta * 300, 9);
    expect(three.gammaShares).toBeCloseTo(found.greeks.gamma * 300, 9);
    expect(three.thetaUsd).toBeCloseTo(found.greeks.thetaUsd * 3, 9);
    expect(three.vegaUsd).toBeCloseTo(found.greeks.vegaUsd * 3, 9);
  });

  it("of legs that may be exercised early say so, and know of the dividend that is announced", () => {
    const deltaOf = (strike: number, right: "C" | "P", mid: number, changed: Partial<Seen>): number => {
      const legs = [leg(strike, right, 1)];
      const { conId } = (legs[0] as Leg).contract;
      const { unitDelta } = positionFacts(
        seenOf(legs, { quotes: quoteBook([twoSided(conId, mid - 0.1, mid + 0.1)]), ...changed }),
      );
      return "value" in unitDelta ? unitDelta.value : expect.fail(unitDelta.unknown);
    };
    // Of 50.60, sixty cents are beyond exercise: to who cannot exercise it is three dollars.
    expect(deltaOf(650, "P", 50.6, { american: true })).toBeLessThan(deltaOf(650, "P", 50.6, { american: false }) - 0.03);
    const dividend = { exDate: tradingDay("2027-01-06"), amount: price(5) };
    const announced = deltaOf(560, "C", 42, { underlying: { ...TOLD, dividend }, carry: -0.025 });
    expect(Math.abs(announced - deltaOf(560, "C", 42, { carry: -0.025 }))).toBeGreaterThan(0.005);
  });

  it("are the spot's and not the forward's", () => {
    const call = [leg(600, "C", 1)];
    const found = valued(call);
    if (!found.known) throw new Error(found.missing.join());
    expect(found.greeks.delta).toBeCloseTo(reference(call).delta, 3);
    expect(Math.abs(found.greeks.gamma / reference(call).gamma - 1)).toBeLessThan(0.002);
  });

  it("of the other side of a structure are the same with the other sign", () => {
    const other = CONDOR.map((each) => ({ ...each, ratio: -each.ratio }));
    const [one, two] = [valued(CONDOR), valued(other)];
    if (!one.known || !two.known) throw new Error("not known");
    expect(two.greeks.delta).toBeCloseTo(-one.greeks.delta, 12);
    expect(two.greeks.vegaUsd).toBeCloseTo(-one.greeks.vegaUsd, 12);
  });

  it("name the legs that cannot be valued, and none is taken for nothing", () => {
    const quotes = quotesOf(CONDOR);
    const [first, second, third, fourth] = CONDOR as [Leg, Leg, Leg, Leg];
    const changed = {
      ...quotes,
      [first.contract.conId]: twoSided(first.contract.conId, 1, null),
      [second.contract.conId]: twoSided(second.contract.conId, 2, 1),
      [third.contract.conId]: twoSided(third.contract.conId, 700, 701),
    };
    delete (changed as Record<string, unknown>)[fourth.contract.conId];
    expect(valued(CONDOR, changed)).toEqual({
      known: false,
      missing: ["550P no offer", "562P crossed", "628C dearer than it can be", "640C not quoted"],
    });
  });

  it("of a wing that nobody pays for are none, and of one that only a tick is asked for hardly any", () => {
    const wing = leg(690, "C", 1);
    const at = (bid: number | null, ask: number) =>
      valued([wing], { [wing.contract.conId]: twoSided(wing.contract.conId, bid, ask) });
    expect(at(null, 0)).toEqual({ known: true, greeks: { delta: 0, gamma: 0, thetaUsd: 0, vegaUsd: 0 } });
    const tick = at(0, 0.01);
    if (!tick.known) throw new Error(tick.missing.join());
    expect(tick.greeks.delta).toBeGreaterThan(0);
    expect(tick.greeks.delta).toBeLessThan(0.01);
  });

  it("of an option deep in the money below its intrinsic value are the underlying's; at the money such a price is refused", () => {
    const deep = leg(400, "C", -1);
    const put = leg(800, "P", -1);
    const at = (one: Leg, mid: number) => valued([one], { [one.contract.conId]: twoSided(one.contract.conId, mid, mid) });
    expect(at(deep, 199)).toMatchObject({ known: true, greeks: { delta: -1, gamma: 0, vegaUsd: 0 } });
    expect(at(put, 195)).toMatchObject({ known: true, greeks: { delta: 1, gamma: 0 } });
    expect(at(leg(598, "C", -1), 1)).toEqual({ known: false, missing: ["598C below its intrinsic value at the money"] });
    expect(at(leg(590, "C", -1), 0)).toMatchObject({ known: false });
  });
});

describe("the facts of a position", () => {
  it("are all known when all is seen", () => {
    const calls = [leg(630, "C", -1), leg(640, "C", 1)];
    expect(unknowns(positionFacts(seenOf(calls)))).toEqual({});
  });

  it("tell the moves of the hour against the spot of now, which may be an extreme itself", () => {
    const moves = (spot: number) => {
      const { hourFallPct, hourRisePct } = positionFacts(seenOf(CONDOR, { spot: known(price(spot)) }));
      return [valueOfFact(hourFallPct), valueOfFact(hourRisePct)];
    };
    expect(moves(600)).toEqual([(100 * 12) / 612, (100 * 10) / 590]);
    expect(moves(650)[0]).toBe(0);
    expect(moves(580)[1]).toBe(0);
  });

  it("tell a move of an hour that was not seen whole as one that may be larger", () => {
    const fall = (hourMinutesUnseen: number) => {
      const seen = seenOf(CONDOR);
      const underlying = { ...(seen.underlying as UnderlyingTold), hourMinutesUnseen };
      return positionFacts({ ...seen, underlying }).hourFallPct;
    };
    expect(fall(10)).not.toHaveProperty("atLeast");
    expect(fall(11)).toMatchObject({ value: (100 * 12) / 612, atLeast: "11 minutes of the last hour were not seen" });
  });

  it("tell volatility against the prior close, and against the entry", () => {
    const { ivJumpPct, ivSinceEntryPct, ivPercentile, ivPercentileAtEntry, vixAtEntry } = positionFacts(seenOf(CONDOR));
    expect(valueOfFact(ivJumpPct)).toBeCloseTo(50, 10);
    expect(valueOfFact(ivSinceEntryPct)).toBeCloseTo(-25, 10);
    expect([ivPercentile, ivPercentileAtEntry, vixAtEntry].map(valueOfFact)).toEqual([55, 60, 18]);
  });

  it("count a credit and a debit, and a loss that has no bound", () => {
    const facts = positionFacts(seenOf(CONDOR));
    expect([facts.unitCredit, facts.unitDebit, facts.unitMaxLoss].map(valueOfFact)).toEqual([2_400_000, 0, 9_600_000]);
    const strangle = [leg(562, "P", -1), leg(628, "C", -1)];
    expect(valueOfFact(positionFacts(seenOf(strangle, { entry: bought(strangle, -5) })).unitMaxLoss)).toBe("unbounded");
    const debit = [leg(600, "C", 1), leg(610, "C", -1)];
    const paid = positionFacts(seenOf(debit, { entry: bought(debit, 4) }));
    expect([paid.unitCredit, paid.unitDebit, paid.unitBase].map(valueOfFact)).toEqual([0, 4_000_000, 6_000_000]);
  });

  it("share a campaign's loss among the units that were entered, also when some are gone", () => {
    const shared = (units: number) =>
      valueOfFact(
        positionFacts(
          seenOf(CONDOR, { entry: bought(CONDOR, -2.4, 4), units, campaign: { loss: moneyUnits(8_000_000), rolls: 1 } }),
        ).campaignLoss,
      );
    expect([shared(4), shared(2)]).toEqual([2_000_000, 2_000_000]);
  });

  it("count the minutes to the hour by which it must be closed; on a short day half an hour before its end", () => {
    const minutes = (day: string, at: number) =>
      valueOfFact(positionFacts(seenOf(CONDOR, { now: instantOf(tradingDay(day), at) })).minutesToActBy);
    expect(minutes("2026-11-23", 15 * 60)).toBe(30);
    expect(minutes("2026-11-23", 15 * 60 + 45)).toBe(-15);
    expect(minutes("2026-11-27", 12 * 60)).toBe(30);
    expect(minutes("2026-11-23", 17 * 60)).toBe("no session in progress");
  });

  it("are unknown by name, and never zero, when their source is missing or old", () => {
    const old = seenOf(CONDOR, { underlying: { ...TOLD, at: (NOON - TOLD_VALID_MS - 1_000) as EpochMs } });
    const told = ["hourFallPct", "hourRisePct", "ivJumpPct", "ivSinceEntryPct", "ivPercentile"];
    expect(unknowns(positionFacts(old))).toEqual(Object.fromEntries(told.map((name) => [name, "SPY's state is 121 s old"])));
    const { underlying: _, atEntry: __, carry: ___, ...blind } = seenOf(CONDOR);
    expect(unknowns(positionFacts({ ...blind, spot: { unknown: "SPY stale" }, vix: { unknown: "VIX stale" } }))).toEqual({
      ...Object.fromEntries(told.map((name) => [name, "the underlying's watcher has told nothing"])),
      ivPercentileAtEntry: "not known at the entry",
      vixAtEntry: "not known at the entry",
      vix: "VIX stale",
      assignment: "SPY stale",
      unitDelta: "SPY stale",
      unitGamma: "SPY stale",
      unitVega: "SPY stale",
    });
    const withoutIv = { ...TOLD, iv30: null, unknown: { ...TOLD.unknown, iv30: "no tick 24" } };
    expect(unknowns(positionFacts(seenOf(CONDOR, { underlying: withoutIv })))).toEqual({
      ivJumpPct: "no tick 24",
      ivSinceEntryPct: "no tick 24",
    });
    const { carry: ____, ...withoutCarry } = seenOf(CONDOR);
    expect(unknowns(positionFacts(withoutCarry))["unitDelta"]).toBe("carry not known");
  });
});

describe("the risk of assignment", () => {
  const call = leg(590, "C", -1);
  const put = leg(640, "P", -1);
  const told = (exDate: string, amount = 1.8): UnderlyingTold => ({
    ...TOLD,
    dividend: { exDate: tradingDay(exDate) as TradingDay, amount: price(amount) },
    unknown: {},
  });
  const at = (one: Leg, mid: number, changed: Partial<Seen> = {}) =>
    valueOfFact(
      positionFacts(
        seenOf([one], {
          entry: bought([one], -5),
          quotes: { [one.contract.conId]: twoSided(one.contract.conId, mid, mid) },
          ...changed,
        }),
      ).assignment,
    );
  const NONE = { kind: "none", leg: "", extrinsic: 0, gain: 0 };

  it("of a call in the money, on the eve of an ex-date before its expiry", () => {
    const risk = at(call, 11.5, { underlying: told("2026-11-24") });
    expect(risk).toMatchObject({ kind: "dividend", leg: "590C", gain: 1.8 });
    expect((risk as { extrinsic: number }).extrinsic).toBeCloseTo(1.5, 9);
    expect(at(call, 11.5, { underlying: told("2026-11-25") })).toEqual(NONE);
    expect(at(call, 11.5, { underlying: told("2026-11-23") })).toEqual(NONE);
    expect(at(call, 11.5, { underlying: told("2027-01-11") })).toEqual(NONE);
    expect(at(leg(601, "C", -1), 0.5, { underlying: told("2026-11-24") })).toEqual(NONE);
  });
  it("over a weekend too", () => {
    const friday = instantOf(tradingDay("2026-12-18"), 11 * 60);
    const underlying = { ...told("2026-12-21"), at: friday };
    expect(at(call, 11.5, { underlying, now: friday })).toMatchObject({ kind: "dividend" });
  });
  it("of a put in the money, against the interest on its strike", () => {
    const years = yearsToExpiry(NOON, EXPIRY);
    const carry = 640 * -Math.expm1((-RATE_PCT / 100) * years);
    const risk = at(put, 41) as { kind: string; extrinsic: number; gain: number };
    expect(risk.kind).toBe("carry");
    expect(risk.extrinsic).toBeCloseTo(1, 9);
    expect(risk.gain).toBeCloseTo(carry, 9);
  });
  it("is none for what is bought, for what is European and for what is out of the money", () => {
    expect(at(leg(590, "C", 1), 11, { underlying: told("2026-11-24") })).toEqual(NONE);
    expect(at(put, 40, { american: false })).toEqual(NONE);
    expect(at(leg(560, "P", -1), 3)).toEqual(NONE);
    expect(at(leg(630, "C", -1), 3, { quotes: {} })).toEqual(NONE);
  });
  it("is unknown by name for a call in the money whose dividend or price is not known", () => {
    expect(at(call, 11.5)).toBe("dividend no history of dividends");
    expect(at(call, 11.5, { quotes: {}, underlying: told("2026-11-24") })).toBe("590C not quoted");
    expect(at(put, 40, { quotes: {} })).toBe("640P not quoted");
  });
  it("is the nearest of several", () => {
    const legs = [put, leg(660, "P", -1)];
    const quotes = quoteBook(legs.map(({ contract }, n) => twoSided(contract.conId, n === 0 ? 43 : 60.5, n === 0 ? 43 : 60.5)));
    expect(valueOfFact(positionFacts(seenOf(legs, { quotes, entry: bought(legs, -9) })).assignment)).toMatchObject({
      leg: "660P",
    });
  });
  it("the market here quotes what it is worth", () => {
    expect(quoteOf(CALM, option(600, "C"), NOON).ask).toBe(
      priceUnits(Math.round((worth(CALM, option(600, "C"), NOON) + CALM.halfSpread) * 100) * 100),
    );
  });
});
