import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { OptionParameters } from "../../src/domain/events/broker.ts";
import { ivPercentile } from "../../src/domain/iv-history.ts";
import { extremes } from "../../src/domain/payoff.ts";
import { nearestStrikes, strikesOf } from "../../src/domain/strategies/chain.ts";
import { entryWindow, isWithin } from "../../src/domain/strategies/entry-window.ts";
import { ironCondor } from "../../src/domain/strategies/iron-condor.strategy.ts";
import { newbornFault } from "../../src/domain/strategies/newborn.ts";
import { groundOf, measure } from "../../src/domain/strategies/option-measures.ts";
import { nearestDelta } from "../../src/domain/strategies/short-strike.ts";
import type { Scene } from "../../src/domain/strategies/strategy.ts";
import { quoteBook } from "../../src/domain/structure-quote.ts";
import { type EpochMs, price, tradingDay } from "../../src/domain/units.ts";
import {
  CALM,
  chainFor,
  DAY,
  type Market,
  NOON,
  option,
  quoteOf,
  RATE_PCT,
  RULES_CONFIG,
  SPY,
  STRATEGY,
} from "../support/quoted-chain.ts";

const markets: fc.Arbitrary<Market> = fc.record({
  spot: fc.integer({ min: 20_000, max: 80_000 }).map((cents) => cents / 100),
  atmVol: fc.double({ min: 0.1, max: 0.45, noNaN: true }),
  skew: fc.double({ min: 0, max: 0.8, noNaN: true }),
  halfSpread: fc.constantFrom(0.01, 0.02, 0.05),
  strikeStep: fc.constantFrom(1, 2, 5),
});

/** A scene with the quotes that the two stages would have asked for. */
const sceneOf = (market: Market, config = STRATEGY): Scene & { asked: number } => {
  const chain = chainFor(market);
  const empty: Scene = {
    config,
    underlying: SPY,
    chain,
    quotes: {},
    spot: price(market.spot),
    riskFreeRatePct: RATE_PCT,
    now: NOON,
  };
  const near = ironCondor.nearTheMoney(chain, empty.spot);
  const first = { ...empty, quotes: quoteBook(near.map((contract) => quoteOf(market, contract, NOON))) };
  const choice = ironCondor.legCandidates(first);
  const wide = choice.found ? choice.contracts : [];
  const all = [...near, ...wide];
  return {
    ...empty,
    quotes: quoteBook(all.map((contract) => quoteOf(market, contract, NOON))),
    asked: new Set(all.map(({ conId }) => conId)).size,
  };
};

describe("an iron condor's strikes", () => {
  it("are found in a calm market", () => {
    const choice = ironCondor.select(sceneOf(CALM));
    if (!choice.found) throw new Error(JSON.stringify(choice.stopped));
    const { shortDeltas, mid, natural, worstPrice, daysToExpiry } = choice.candidate;
    expect(shortDeltas.put).toBeCloseTo(-0.16, 1);
    expect(shortDeltas.call).toBeCloseTo(0.16, 1);
    expect(mid).toBeLessThan(0);
    expect(natural).toBeGreaterThan(mid);
    expect(worstPrice).toBeLessThan(0);
    expect(daysToExpiry).toBe(46);
    expect(newbornFault(choice.candidate, sceneOf(CALM).quotes, RULES_CONFIG, NOON)).toBeUndefined();
  });

  it("cost at most 30 lines, at most 12 a side beyond the money", () => {
    fc.assert(
      fc.property(markets, (market) => {
        expect(sceneOf(market).asked).toBeLessThanOrEqual(28);
      }),
      { numRuns: 60 },
    );
  });

  it("when chosen: in order, shorts near the target delta, a credit within its limits, a loss that is known", () => {
    let found = 0;
    const runs = 150;
    fc.assert(
      fc.property(markets, (market) => {
        const scene = sceneOf(market);
        const choice = ironCondor.select(scene);
        if (!choice.found) {
          expect(choice.stopped.stage).toMatch(/^(shortDelta|wings|spread|credit|liquidity)$/);
          return;
        }
        found += 1;
        const { legs, shortDeltas, mid, natural, width, unitMaxLoss, worstPrice } = choice.candidate;
        const strikes = legs.map(({ contract }) => contract.strike);
        expect(strikes).toEqual(strikes.toSorted((a, b) => a - b));
        expect(legs.map(({ contract, ratio }) => `${contract.right}${ratio}`)).toEqual(["P1", "P-1", "C-1", "C1"]);
        expect(new Set(legs.map(({ contract }) => contract.expiry)).size).toBe(1);
        for (const delta of [shortDeltas.put as number, shortDeltas.call as number]) {
          expect(Math.abs(Math.abs(delta) - 0.16)).toBeLessThanOrEqual(0.04);
        }
        expect(-mid).toBeGreaterThanOrEqual((width * STRATEGY.entry.minCreditPctOfWidth) / 100 - 50);
        expect(natural - mid).toBeLessThanOrEqual((width * STRATEGY.entry.maxSpreadPctOfWidth) / 200 + 50);
        expect(unitMaxLoss).toBe(extremes(legs, worstPrice as typeof mid).maxLoss);
        expect(unitMaxLoss).toBeLessThan(width * 100);
      }),
      { numRuns: runs },
    );
    // The law says nothing if hardly any market passes.
    expect(found).toBeGreaterThan(runs / 4);
  });

  it("leave no listed candidate that is nearer to the target, among those quoted", () => {
    fc.assert(
      fc.property(markets, (market) => {
        const scene = sceneOf(market);
        const choice = ironCondor.select(scene);
        const ground = groundOf(scene);
        if (!choice.found || "kind" in ground) return;
        for (const right of ["P", "C"] as const) {
          const chosen = Math.abs(
            Math.abs((right === "P" ? choice.candidate.shortDeltas.put : choice.candidate.shortDeltas.call) as number) - 0.16,
          );
          for (const strike of strikesOf(scene.chain, right)) {
            const contract = option(strike / 10_000, right);
            const outOfMoney = right === "C" ? strike > ground.forward * 10_000 : strike < ground.forward * 10_000;
            if (scene.quotes[contract.conId] === undefined || !outOfMoney) continue;
            const other = measure(scene, ground, contract);
            if (other !== undefined) expect(chosen).toBeLessThanOrEqual(Math.abs(Math.abs(other.delta) - 0.16) + 0.005);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("skip an option without a volatility", () => {
    const scene = sceneOf(CALM);
    const choice = ironCondor.select(scene);
    if (!choice.found) throw new Error("found before");
    const put = choice.candidate.legs[1]?.contract.conId as number;
    const quotes = { ...scene.quotes, [put]: { conId: put, bid: null, ask: price(9), at: NOON } };
    const other = ironCondor.select({ ...scene, quotes });
    expect(other.found && other.candidate.legs[1]?.contract.conId).not.toBe(put);
  });

  it("are not sought when options and spot do not belong together", () => {
    const scene = sceneOf(CALM);
    expect(ironCondor.select({ ...scene, spot: price(640) })).toMatchObject({
      found: false,
      stopped: { stage: "forward", unit: "" },
    });
    expect(ironCondor.select({ ...scene, spot: price(612) })).toMatchObject({
      found: false,
      stopped: { stage: "forward", unit: "USD" },
    });
  });

  it("walk outward: noise further out does not mislead", () => {
    const deltas = [0.4, 0.3, 0.2, 0.15, 0.1, 0.16];
    const options = deltas.map((delta, i) => ({ contract: option(610 + i, "C"), delta, vol: 0.2 }));
    expect(nearestDelta(options.toReversed(), 0.16)?.contract.strike).toBe(price(613));
    expect(nearestDelta(options, 0.5)?.contract.strike).toBe(price(610));
    expect(nearestDelta([], 0.16)).toBeUndefined();
  });

  it("nearest to a price are those that any other is further from", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 900 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1, max: 5 }),
        (all, to, count) => {
          const near = nearestStrikes(all.map(price), price(to), count);
          const furthest = Math.max(...near.map((strike) => Math.abs(strike - price(to))));
          const others = all.map(price).filter((strike) => !near.includes(strike));
          expect(near).toHaveLength(Math.min(count, all.length));
          for (const other of others) expect(Math.abs(other - price(to))).toBeGreaterThanOrEqual(furthest);
        },
      ),
    );
  });
});

describe("the expiry", () => {
  const parameters = (...dtes: number[]): OptionParameters[] => [
    { exchange: "SMART", tradingClass: "SPY", multiplier: 100, expirations: dtes.map((dte) => addDays(DAY, dte)), strikes: [] },
  ];
  it("is the one nearest to 45 days within 30 to 60, or a reason with the nearest", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 })), (dtes) => {
        const choice = ironCondor.expiry(STRATEGY, parameters(...dtes), DAY);
        const allowed = dtes.filter((dte) => dte >= 30 && dte <= 60);
        expect(choice.found).toBe(allowed.length > 0);
        if (!choice.found) return;
        const best = Math.min(...allowed.map((dte) => Math.abs(dte - 45)));
        expect([addDays(DAY, 45 - best), addDays(DAY, 45 + best)]).toContain(choice.expiry);
      }),
    );
    expect(ironCondor.expiry(STRATEGY, parameters(7, 90), DAY)).toMatchObject({
      found: false,
      stopped: { stage: "expiry", actual: 7, limit: 45 },
    });
    expect(ironCondor.expiry(STRATEGY, [], DAY)).toMatchObject({ found: false, stopped: { actual: null } });
  });
});

describe("the entry window", () => {
  const instant = fc.integer({ min: instantOf(tradingDay("2026-01-01"), 0), max: instantOf(tradingDay("2027-12-31"), 0) });
  it("is in progress or ahead, never behind, and lies in a session", () => {
    fc.assert(
      fc.property(instant, (now) => {
        const window = entryWindow(now as EpochMs, STRATEGY.entry);
        expect(window.to).toBeGreaterThan(now);
        expect(window.from).toBeLessThan(window.to);
        expect(isWithin(window.from, window)).toBe(true);
        // From any moment before it begins, it is the same window.
        expect(entryWindow(window.from, STRATEGY.entry)).toEqual(window);
      }),
    );
  });
  it("is cut short by an early close", () => {
    const window = entryWindow(instantOf(tradingDay("2026-11-27"), 0), STRATEGY.entry);
    expect(window).toEqual({ from: instantOf(tradingDay("2026-11-27"), 600), to: instantOf(tradingDay("2026-11-27"), 780) });
  });
});

describe("the IV percentile", () => {
  const bar = (close: number, i: number) => ({
    day: addDays(tradingDay("2026-01-01"), i),
    open: close,
    high: close,
    low: close,
    close,
    volume: 0,
  });
  it("lies between 0 and 100, ranks the newest day, and does not depend on the order of the bars", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.05, max: 0.9, noNaN: true }), { minLength: 61, maxLength: 300 }), (closes) => {
        const bars = closes.map(bar);
        const measured = ivPercentile(bars, 60);
        if (!measured.known) throw new Error("enough days");
        expect(measured.percentile).toBeGreaterThanOrEqual(0);
        expect(measured.percentile).toBeLessThanOrEqual(100);
        expect(ivPercentile(bars.toReversed(), 60)).toEqual(measured);
        expect(ivPercentile([...closes.slice(0, -1), 1].map(bar), 60)).toMatchObject({ percentile: 100 });
      }),
    );
  });
  it("is unknown with too few days, or without the newest", () => {
    expect(ivPercentile([], 0).known).toBe(false);
    expect(
      ivPercentile(
        Array.from({ length: 60 }, (_, i) => bar(0.2, i)),
        60,
      ),
    ).toMatchObject({ known: false, days: 59 });
    expect(ivPercentile([...Array.from({ length: 90 }, (_, i) => bar(0.2, i)), bar(0, 90)], 60).known).toBe(false);
  });
});
