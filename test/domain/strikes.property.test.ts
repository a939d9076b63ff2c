import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { OptionParameters } from "../../src/domain/events/broker.ts";
import { extremes } from "../../src/domain/payoff.ts";
import { boardOf } from "../../src/domain/strategies/board.ts";
import { nearestStrikes } from "../../src/domain/strategies/chain.ts";
import { entryWindow, isWithin } from "../../src/domain/strategies/entry-window.ts";
import { ironCondor } from "../../src/domain/strategies/iron-condor.strategy.ts";
import { newborn } from "../../src/domain/strategies/newborn.ts";
import { nearestDelta } from "../../src/domain/strategies/short-strike.ts";
import { type EpochMs, price, tradingDay } from "../../src/domain/units.ts";
import { CALM, DAY, type Market, NOON, RATE_PCT, RULES_CONFIG, STRATEGY } from "../support/quoted-chain.ts";
import { lookedScene, markets } from "../support/scenes.ts";

const sceneOf = (market: Market) => lookedScene(market, STRATEGY);

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
    const { quotes, spot } = sceneOf(CALM);
    const unknown = { unknown: "not asked here" };
    const cradle = { quotes, rules: RULES_CONFIG, riskFreeRatePct: RATE_PCT, vix: unknown, regime: unknown, now: NOON };
    const born = newborn(choice.candidate, { ...cradle, spot: { value: spot, source: "SPY", at: NOON } });
    expect(born.verdict).not.toBe("dies");
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

  it("leave no quoted candidate that is nearer to the target, unless all that were tried are near", () => {
    let checked = 0;
    fc.assert(
      fc.property(markets, (market) => {
        const scene = sceneOf(market);
        const choice = ironCondor.select(scene);
        const { ground, rows, measure } = boardOf(scene);
        if (!choice.found || ground === undefined) return;
        const { put, call } = choice.candidate.shortDeltas;
        for (const [right, delta] of [
          ["P", put],
          ["C", call],
        ] as const) {
          const chosen = Math.abs(Math.abs(delta as number) - 0.16);
          for (const row of rows[right]) {
            const outside = right === "C" ? row.strike > ground.forward * 10_000 : row.strike < ground.forward * 10_000;
            const other = outside && row.canSell ? measure(row) : undefined;
            if (!other?.sure) continue;
            checked += 1;
            expect(chosen).toBeLessThanOrEqual(Math.max(0.02, Math.abs(Math.abs(other.delta) - 0.16)));
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(checked).toBeGreaterThan(100);
  });

  it("skip an option without a volatility", () => {
    const scene = sceneOf(CALM);
    const choice = ironCondor.select(scene);
    if (!choice.found) throw new Error("found before");
    const put = choice.candidate.legs[1]?.contract.conId as number;
    const quotes = { ...scene.quotes, [put]: { conId: put, bid: null, ask: price(9), at: NOON } };
    const other = ironCondor.select({ ...scene, quotes });
    if (!other.found) throw new Error("another put is there");
    expect(other.candidate.legs[1]?.contract.conId).not.toBe(put);
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
    expect(nearestDelta(deltas, (delta) => delta, 0.16)).toBe(3);
    expect(nearestDelta(deltas, (delta) => -delta, 0.16)).toBe(3);
    expect(nearestDelta(deltas, (delta) => delta, 0.5)).toBe(0);
    expect(nearestDelta(deltas, (delta) => delta, 0.05)).toBe(5);
    expect(nearestDelta([], () => 0.1, 0.16)).toBeUndefined();
    expect(nearestDelta(deltas, () => undefined, 0.16)).toBeUndefined();
  });

  it("walk no further than to where the target is passed", () => {
    let asked = 0;
    const deltas = Array.from({ length: 500 }, (_, n) => 0.5 * 0.97 ** n);
    const found = nearestDelta(
      deltas,
      (delta) => {
        asked += 1;
        return delta;
      },
      0.16,
    ) as number;
    const best = Math.min(...deltas.map((delta) => Math.abs(delta - 0.16)));
    expect(Math.abs((deltas[found] as number) - 0.16)).toBe(best);
    expect(asked).toBeLessThanOrEqual(found + 2);
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
