import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { epochMs, type Price, price, priceUnits } from "../../src/domain/units.ts";
import { insideTheSpread, natural, type QuoteOf, type TradingLeg } from "../../src/sim/broker/matching.ts";
import type { MarketQuote } from "../../src/sim/market/market.ts";
import { createScriptedMarket, optionId } from "../support/scripted-market.ts";

const market = createScriptedMarket(epochMs(0));

interface Drawn {
  readonly ratio: number;
  readonly bid: number;
  readonly spread: number;
  readonly size: number;
}
const leg: fc.Arbitrary<Drawn> = fc.record({
  ratio: fc.integer({ min: -3, max: 3 }).filter((ratio) => ratio !== 0),
  bid: fc.integer({ min: 1, max: 900 }),
  spread: fc.integer({ min: 0, max: 60 }),
  size: fc.integer({ min: 0, max: 50 }),
});
const STRIKES = [590, 595, 600, 605] as const;

const scene = (drawn: readonly Drawn[]): { legs: TradingLeg[]; quoteOf: QuoteOf } => {
  const quotes = new Map<number, MarketQuote>();
  const legs = drawn.map(({ ratio, bid, spread, size }, index) => {
    const conId = optionId("P", STRIKES[index] as number);
    const none = { last: null, lastSize: 0, close: null, volume: null, openInterest: null, at: epochMs(0) };
    quotes.set(conId, { bid: price(bid / 100), bidSize: size, ask: price((bid + spread) / 100), askSize: size, ...none });
    const details = market.byConId(conId);
    if (details === undefined) throw new Error("not listed");
    return { details, ratio };
  });
  return { legs, quoteOf: (conId) => quotes.get(conId) };
};
const costOf = (legs: readonly TradingLeg[], prices: readonly Price[]): number =>
  legs.reduce((sum, { ratio }, index) => sum + ratio * (prices[index] ?? 0), 0);

describe("a fill inside the spread", () => {
  it("costs what its legs cost, never more than the limit, and exactly the limit when some leg is single", () => {
    fc.assert(
      fc.property(fc.array(leg, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 100 }), (drawn, share) => {
        const { legs, quoteOf } = scene(drawn);
        const offer = natural(legs, quoteOf);
        fc.pre(offer !== undefined);
        const halfSpread = drawn.reduce((sum, { ratio, spread }) => sum + (Math.abs(ratio) * spread) / 2, 0);
        const limit = priceUnits(offer.cost - Math.floor((halfSpread * share) / 100) * 100);
        const fill = insideTheSpread(legs, offer, limit, quoteOf);
        expect(fill.cost).toBe(costOf(legs, fill.legPrices) + 0);
        expect(fill.cost).toBeLessThanOrEqual(limit);
        // One unit for each contract of the last leg is all that rounding may give away.
        expect(limit - fill.cost).toBeLessThan(3);
        if (drawn.some(({ ratio }) => Math.abs(ratio) === 1)) expect(fill.cost).toBe(limit);
      }),
      { numRuns: 500 },
    );
  });

  it("gives each leg a price on the side of its own quote that it trades at, or better, but not through the other side", () => {
    fc.assert(
      fc.property(fc.array(leg, { minLength: 1, maxLength: 4 }), (drawn) => {
        const { legs, quoteOf } = scene(drawn.map((one) => ({ ...one, ratio: Math.sign(one.ratio), size: 5 })));
        const offer = natural(legs, quoteOf);
        fc.pre(offer !== undefined);
        const spreads = drawn.reduce((sum, { spread }) => sum + spread, 0);
        const fill = insideTheSpread(legs, offer, priceUnits(offer.cost - Math.floor(spreads / 2) * 100), quoteOf);
        legs.forEach(({ details }, index) => {
          const quote = quoteOf(details.contract.conId);
          // The last leg takes what the others' whole ticks leave: at most a tick from each of them.
          const slack = price(0.01) * (legs.length - 1);
          expect(fill.legPrices[index]).toBeGreaterThanOrEqual((quote?.bid ?? 0) - slack);
          expect(fill.legPrices[index]).toBeLessThanOrEqual((quote?.ask ?? 0) + slack);
        });
      }),
    );
  });
});

describe("the natural price", () => {
  it("is there for no more units than the scarcest leg shows, and not at all without a size", () => {
    fc.assert(
      fc.property(fc.array(leg, { minLength: 1, maxLength: 4 }), (drawn) => {
        const { legs, quoteOf } = scene(drawn);
        const offer = natural(legs, quoteOf);
        if (drawn.some(({ size }) => size === 0)) expect(offer).toBeUndefined();
        else for (const { ratio, size } of drawn) expect((offer?.units ?? 0) * Math.abs(ratio)).toBeLessThanOrEqual(size);
      }),
    );
  });
});
