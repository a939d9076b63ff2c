import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { americanImpliedVolatility } from "../../src/domain/options/american-implied-volatility.ts";
import type { AmericanOption } from "../../src/domain/options/american-option.ts";
import { earlyExerciseBound, intrinsic } from "../../src/domain/options/early-exercise.ts";
import { americanPrice, americanValue, europeanValue } from "../../src/domain/options/leisen-reimer.ts";

const STEPS = 101;
const GRAIN = 2 ** 30;
const between = (min: number, max: number) =>
  fc.integer({ min: 0, max: GRAIN }).map((step) => min + ((max - min) * step) / GRAIN);
const plain: fc.Arbitrary<AmericanOption> = fc.record({
  right: fc.constantFrom("C" as const, "P" as const),
  spot: fc.constant(100),
  strike: between(60, 160),
  years: between(Math.log(0.003), Math.log(2.5)).map(Math.exp),
  rate: between(0, 0.08),
  dividendYield: between(0, 0.08),
  vol: between(0.06, 1),
});
const dividend = fc.record({ years: between(0, 2.5), amount: between(0.1, 2) });
const paying: fc.Arbitrary<AmericanOption> = fc
  .tuple(plain, fc.array(dividend, { minLength: 1, maxLength: 3 }))
  .map(([option, dividends]) => ({ ...option, dividends }));
const option = fc.oneof(plain, paying);
/** What a tree of so many steps may be off, in dollars on a spot of 100. */
const SLACK = 0.01;

describe("laws of American prices", () => {
  it("American ≥ European ≥ 0, American ≥ intrinsic, and a call is worth no more than the stock, a put no more than its strike", () => {
    fc.assert(
      fc.property(option, (o) => {
        const price = americanPrice(o, STEPS);
        expect(price).toBeGreaterThanOrEqual(europeanValue(o).price - 1e-12);
        expect(price).toBeGreaterThanOrEqual(intrinsic(o.right, o.spot, o.strike));
        expect(price).toBeLessThanOrEqual(o.right === "C" ? o.spot : o.strike);
      }),
    );
  });

  it("early exercise is never worth more than its bound", () => {
    fc.assert(
      fc.property(option, fc.record({ rate: between(-0.03, 0.08), dividendYield: between(-0.03, 0.08) }), (terms, odd) => {
        const o = { ...terms, ...odd };
        expect(americanValue(o, STEPS).premium).toBeLessThanOrEqual(earlyExerciseBound(o) * 1.001 + 1e-6);
      }),
    );
  });

  it("more volatility is never worth less", () => {
    fc.assert(
      fc.property(option, between(1.02, 1.5), (o, more) => {
        expect(americanPrice({ ...o, vol: o.vol * more }, STEPS)).toBeGreaterThanOrEqual(americanPrice(o, STEPS) - SLACK);
      }),
    );
  });

  it("more time is never worth less, without cash dividends", () => {
    fc.assert(
      fc.property(plain, between(1.02, 2), (o, more) => {
        expect(americanPrice({ ...o, years: o.years * more }, STEPS)).toBeGreaterThanOrEqual(americanPrice(o, STEPS) - SLACK);
      }),
    );
  });

  it("a call without dividends is European", () => {
    fc.assert(
      fc.property(plain, (terms) => {
        const o = { ...terms, right: "C" as const, dividendYield: 0 };
        expect(americanPrice(o, STEPS)).toBeCloseTo(europeanValue(o).price, 10);
      }),
    );
  });

  it("a put is the call of the mirrored market (McDonald and Schroder)", () => {
    fc.assert(
      fc.property(plain, (terms) => {
        const o = { ...terms, right: "P" as const };
        const { spot, strike, rate, dividendYield } = o;
        const mirrored = { ...o, right: "C" as const, spot: strike, strike: spot, rate: dividendYield, dividendYield: rate };
        expect(Math.abs(americanPrice(o, STEPS) - americanPrice(mirrored, STEPS))).toBeLessThan(SLACK);
      }),
    );
  });

  it("a dividend after expiry changes nothing, though the tree then takes no short cuts", () => {
    fc.assert(
      fc.property(plain, (o) => {
        const long = americanPrice({ ...o, dividends: [{ years: 3, amount: 1 }] }, STEPS);
        expect(Math.abs(americanPrice(o, STEPS) - long)).toBeLessThan(1e-9);
      }),
    );
  });

  it("call less put lies between the American bounds", () => {
    fc.assert(
      fc.property(plain, (o) => {
        const difference = americanPrice({ ...o, right: "C" }, STEPS) - americanPrice({ ...o, right: "P" }, STEPS);
        expect(difference).toBeGreaterThanOrEqual(o.spot * Math.exp(-o.dividendYield * o.years) - o.strike - SLACK);
        expect(difference).toBeLessThanOrEqual(o.spot - o.strike * Math.exp(-o.rate * o.years) + SLACK);
      }),
    );
  });
});

describe("laws of American implied volatility", () => {
  it("price → volatility → price", () => {
    fc.assert(
      fc.property(option, (o) => {
        const price = americanPrice(o, STEPS);
        const solved = americanImpliedVolatility({ ...o, price }, STEPS);
        if (!("vol" in solved)) {
          // Nothing beyond what carry and exercise give without volatility.
          expect(price).toBeLessThanOrEqual(americanPrice({ ...o, vol: 0 }, STEPS) + 1e-6);
          return;
        }
        expect(Math.abs(americanPrice({ ...o, vol: solved.vol }, STEPS) - price)).toBeLessThanOrEqual(1e-6);
      }),
    );
  });

  it("never throws, whatever the figures", () => {
    const anything = fc.double();
    const quote = fc.record({
      right: fc.constantFrom("C" as const, "P" as const),
      price: anything,
      spot: anything,
      strike: anything,
      years: anything,
      rate: anything,
      dividendYield: anything,
      halfTick: anything,
      dividends: fc.array(fc.record({ years: anything, amount: anything }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(quote, (q) => {
        expect(typeof americanImpliedVolatility(q, 5).kind).toBe("string");
      }),
    );
    fc.assert(
      fc.property(plain, fc.double({ min: -1, max: 200 }), (o, price) => {
        expect(typeof americanImpliedVolatility({ ...o, price }, 25).kind).toBe("string");
      }),
    );
  });
});
