import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Leg, reversed } from "../../src/domain/contract.ts";
import { extremes } from "../../src/domain/payoff.ts";
import { markOf, quoteBook, quoteStructure } from "../../src/domain/structure-quote.ts";
import { price } from "../../src/domain/units.ts";
import { CONDOR, leg, NOON, twoSided } from "../support/quoted-chain.ts";

const sides = fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 200 }));
const strikes = fc.uniqueArray(fc.integer({ min: 500, max: 700 }), { minLength: 1, maxLength: 4 });
const structure: fc.Arbitrary<Leg[]> = strikes.chain((all) =>
  fc.tuple(
    ...all.map((strike) =>
      fc
        .tuple(fc.constantFrom("C" as const, "P" as const), fc.constantFrom(-2, -1, 1, 2))
        .map(([right, ratio]) => leg(strike, right, ratio)),
    ),
  ),
);
const quoted = structure.chain((legs) =>
  fc.tuple(
    fc.constant(legs),
    fc.tuple(...legs.map((one) => sides.map(([bid, spread]) => twoSided(one.contract.conId, bid / 100, (bid + spread) / 100)))),
  ),
);

describe("a structure's quote", () => {
  it("is never crossed: bid ≤ mid ≤ ask", () => {
    fc.assert(
      fc.property(quoted, ([legs, quotes]) => {
        const quote = quoteStructure(legs, quoteBook(quotes));
        expect(quote.known && quote.bid <= quote.mid && quote.mid <= quote.ask).toBe(true);
      }),
    );
  });

  it("turned round is the same market seen from the other side", () => {
    fc.assert(
      fc.property(quoted, ([legs, quotes]) => {
        const one = quoteStructure(legs, quoteBook(quotes));
        const other = quoteStructure(reversed(legs), quoteBook(quotes));
        if (!one.known || !other.known) throw new Error("both are quoted");
        expect([other.bid + one.ask, other.ask + one.bid, other.mid + one.mid]).toEqual([0, 0, 0]);
      }),
    );
  });

  it("is the sum of its parts", () => {
    fc.assert(
      fc.property(quoted, fc.nat(3), ([legs, quotes], cut) => {
        const book = quoteBook(quotes);
        const parts = [legs.slice(0, cut), legs.slice(cut)]
          .filter((part) => part.length > 0)
          .map((part) => quoteStructure(part, book));
        const whole = quoteStructure(legs, book);
        if (!whole.known) throw new Error("it is quoted");
        expect(parts.reduce((sum, part) => sum + (part.known ? part.ask : Number.NaN), 0)).toBe(whole.ask);
        expect(parts.reduce((sum, part) => sum + (part.known ? part.bid : Number.NaN), 0)).toBe(whole.bid);
      }),
    );
  });

  it("names every leg that is not offered, not heard of, crossed or too old, and no other", () => {
    const book = quoteBook([
      twoSided(CONDOR[0]?.contract.conId as number, null, null),
      twoSided(CONDOR[1]?.contract.conId as number, 2, 1),
      twoSided(CONDOR[2]?.contract.conId as number, 1, 2, NOON - 1),
    ]);
    expect(quoteStructure(CONDOR, book, ({ at }) => (at < NOON ? "stale" : undefined))).toEqual({
      known: false,
      missing: ["550P no offer", "562P crossed", "628C stale", "640C not quoted"],
    });
  });

  it("takes a wing that nobody bids for as worth nothing, not as unknown", () => {
    const [put, short, call, wing] = CONDOR.map(({ contract }) => contract.conId) as [number, number, number, number];
    const book = quoteBook([
      twoSided(put, null, 0.02),
      twoSided(short, 0.1, 0.12),
      twoSided(call, 0.1, 0.12),
      twoSided(wing, 0, 0.02),
    ]);
    const quote = quoteStructure(CONDOR, book);
    expect(quote).toMatchObject({ known: true, bid: price(-0.24), ask: price(-0.16), mid: price(-0.2) });
    expect(markOf(CONDOR, quote)).toEqual({ known: true, mark: price(-0.2) });
  });
});

describe("a structure's mark", () => {
  it("stays within what the structure can be worth at expiry", () => {
    fc.assert(
      fc.property(quoted, ([legs, quotes]) => {
        const mark = markOf(legs, quoteStructure(legs, quoteBook(quotes)));
        if (!mark.known) return;
        const { maxProfit, maxLoss } = extremes(legs, price(0));
        if (maxProfit !== "unbounded") expect(mark.mark * 100).toBeLessThanOrEqual(maxProfit);
        if (maxLoss !== "unbounded") expect(mark.mark * 100).toBeGreaterThanOrEqual(-maxLoss);
      }),
    );
  });

  it("is unknown when the spread exceeds a quarter of the width, and says so", () => {
    const at = (spread: number) => ({
      known: true as const,
      bid: price(-3 - spread),
      ask: price(-3),
      mid: price(-3 - spread / 2),
    });
    expect(markOf(CONDOR, at(3))).toEqual({ known: true, mark: price(-4.5) });
    expect(markOf(CONDOR, at(3.01))).toEqual({ known: false, missing: ["spread 3.01 above 3.00"] });
    expect(markOf(CONDOR, { known: false, missing: ["x"] })).toEqual({ known: false, missing: ["x"] });
  });

  it("is unknown while nobody bids for a leg that is worth something: half of its offer would pass for a profit", () => {
    const [put, short, call, wing] = CONDOR.map(({ contract }) => contract.conId) as [number, number, number, number];
    const withShort = (bid: number | null, ask: number) =>
      markOf(
        CONDOR,
        quoteStructure(
          CONDOR,
          quoteBook([twoSided(put, 0.1, 0.12), twoSided(short, bid, ask), twoSided(call, 0.5, 0.52), twoSided(wing, 0.1, 0.12)]),
        ),
      );
    expect(withShort(1.4, 1.5)).toEqual({ known: true, mark: price(-1.74) });
    expect(withShort(null, 1.5)).toEqual({ known: false, missing: ["562P no bid, offered at 1.50"] });
    expect(withShort(0, 0.61)).toEqual({ known: false, missing: ["562P no bid, offered at 0.61"] });
    expect(withShort(null, 0.6)).toMatchObject({ known: true });
  });
});
