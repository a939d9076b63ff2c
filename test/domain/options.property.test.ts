import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  blackGreeks,
  blackPrice,
  bsmGreeks,
  bsmPrice,
  type ForwardOption,
  type SpotOption,
} from "../../src/domain/options/black-scholes-merton.ts";
import { impliedVolatility } from "../../src/domain/options/implied-volatility.ts";

const STEPS = 2 ** 30;
/** Evenly spread: fast-check's own doubles crowd at the ends of a range. */
const between = (min: number, max: number) =>
  fc.integer({ min: 0, max: STEPS }).map((step) => min + ((max - min) * step) / STEPS);
/** From a minute to three years, as many minutes as years. */
const years = between(Math.log(1 / (365 * 1440)), Math.log(3)).map(Math.exp);
const right = fc.constantFrom("C" as const, "P" as const);
const ratio = between(0.3, 3);
const terms = fc.record({
  forward: between(5, 6000),
  years,
  discount: between(0.7, 1.05),
  vol: between(0.01, 3),
});
const option: fc.Arbitrary<ForwardOption> = fc
  .tuple(terms, right, ratio)
  .map(([t, r, moneyness]) => ({ ...t, right: r, strike: t.forward * moneyness }));
const spotOption: fc.Arbitrary<SpotOption> = fc
  .record({
    spot: between(5, 6000),
    years: between(0.001, 3),
    rate: between(-0.02, 0.12),
    dividendYield: between(0, 0.08),
    vol: between(0.03, 2),
  })
  .chain((t) => fc.tuple(right, between(0.5, 2)).map(([r, moneyness]) => ({ ...t, right: r, strike: t.spot * moneyness })));

/** What rounding may do to a price of this option. */
const slack = ({ forward, strike, discount }: ForwardOption): number => 1e-14 * discount * (forward + strike);

describe("laws of option prices", () => {
  it("call minus put is the discounted forward minus strike", () => {
    fc.assert(
      fc.property(option, (o) => {
        const difference = blackPrice({ ...o, right: "C" }) - blackPrice({ ...o, right: "P" });
        expect(Math.abs(difference - o.discount * (o.forward - o.strike))).toBeLessThanOrEqual(slack(o));
      }),
    );
  });

  it("a price lies between its intrinsic value and its upper bound", () => {
    fc.assert(
      fc.property(option, (o) => {
        const value = blackPrice(o);
        const [gain, ceiling] = o.right === "C" ? [o.forward - o.strike, o.forward] : [o.strike - o.forward, o.strike];
        expect(value).toBeGreaterThanOrEqual(o.discount * Math.max(0, gain) - slack(o));
        expect(value).toBeLessThanOrEqual(o.discount * ceiling + slack(o));
      }),
    );
  });

  it("a price grows with volatility", () => {
    fc.assert(
      fc.property(option, between(1.0001, 4), (o, more) => {
        expect(blackPrice({ ...o, vol: o.vol * more })).toBeGreaterThanOrEqual(blackPrice(o) - slack(o));
      }),
    );
  });

  it("calls fall and puts rise with the strike, by no more than the discounted strike distance", () => {
    fc.assert(
      fc.property(option, between(1.0001, 2), (o, more) => {
        const higher = { ...o, strike: o.strike * more };
        const rise = (blackPrice(higher) - blackPrice(o)) * (o.right === "P" ? 1 : -1);
        expect(rise).toBeGreaterThanOrEqual(-slack(higher));
        expect(rise).toBeLessThanOrEqual(o.discount * (higher.strike - o.strike) + slack(higher));
      }),
    );
  });

  it("a butterfly costs something: prices are convex in the strike", () => {
    fc.assert(
      fc.property(option, between(0.001, 0.5), (o, wing) => {
        const at = (strike: number) => blackPrice({ ...o, strike });
        expect(at(o.strike * (1 - wing)) - 2 * at(o.strike) + at(o.strike * (1 + wing))).toBeGreaterThanOrEqual(-4 * slack(o));
      }),
    );
  });

  it("prices scale with the currency", () => {
    fc.assert(
      fc.property(option, between(0.01, 100), (o, rate) => {
        const scaled = { ...o, forward: o.forward * rate, strike: o.strike * rate };
        expect(Math.abs(blackPrice(scaled) - rate * blackPrice(o))).toBeLessThanOrEqual(10 * slack(scaled));
      }),
    );
  });
});

describe("laws of the Greeks", () => {
  it("call delta minus put delta is e^(−q T); gamma and vega are the same and not negative", () => {
    fc.assert(
      fc.property(spotOption, (o) => {
        const [call, put] = [bsmGreeks({ ...o, right: "C" }), bsmGreeks({ ...o, right: "P" })];
        expect(call.delta - put.delta).toBeCloseTo(Math.exp(-o.dividendYield * o.years), 13);
        expect([put.gamma, put.vega]).toEqual([call.gamma, call.vega]);
        expect(Math.min(call.gamma, call.vega)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("delta, vega, rho and dividend rho are the slopes of the price, and theta is its fall as time passes", () => {
    fc.assert(
      fc.property(spotOption, (o) => {
        const greeks = bsmGreeks(o);
        const slope = (field: "spot" | "vol" | "rate" | "dividendYield" | "years", step: number) =>
          (bsmPrice({ ...o, [field]: o[field] + step }) - bsmPrice({ ...o, [field]: o[field] - step })) / (2 * step);
        const deviation = o.vol * Math.sqrt(o.years);
        const near = (actual: number, expected: number, scale: number) =>
          expect(Math.abs(actual - expected)).toBeLessThan(2e-4 * scale);
        near(slope("spot", o.spot * 1e-3 * Math.min(1, deviation)), greeks.delta, 1);
        near(slope("vol", o.vol * 1e-3), greeks.vega, o.spot * (1 + o.years));
        near(slope("rate", 1e-5), greeks.rho, o.spot * (1 + o.years));
        near(slope("dividendYield", 1e-5), greeks.dividendRho, o.spot * (1 + o.years));
        near(-slope("years", o.years * 1e-3), greeks.theta, o.spot * (1 + o.vol / Math.sqrt(o.years)));
      }),
    );
  });

  it("Black's equation holds: theta + ½ σ² F² gamma = r × price", () => {
    fc.assert(
      fc.property(option, (o) => {
        const { theta, gamma } = blackGreeks(o);
        const rate = -Math.log(o.discount) / o.years;
        const left = theta + 0.5 * o.vol ** 2 * o.forward ** 2 * gamma;
        expect(Math.abs(left - rate * blackPrice(o))).toBeLessThanOrEqual(
          1e-11 * (Math.abs(theta) + Math.abs(rate * o.forward) + 1),
        );
      }),
    );
  });
});

describe("laws of implied volatility", () => {
  it("price → volatility → price gives the price back to the last digits", () => {
    fc.assert(
      fc.property(option, (o) => {
        const price = blackPrice(o);
        const solved = impliedVolatility({ ...o, price });
        if (solved.kind !== "ok") return;
        expect(Math.abs(blackPrice({ ...o, vol: solved.vol }) - price)).toBeLessThanOrEqual(4 * slack(o));
      }),
      { numRuns: 2000 },
    );
  });

  it("volatility → price → volatility comes back within 1e-8 wherever the price determines it", () => {
    let determined = 0;
    fc.assert(
      fc.property(option, (o) => {
        const { vega } = blackGreeks(o);
        // An error of the price's last digit must not already be worth more than a tenth of 1e-8 in volatility.
        if (slack(o) > 1e-9 * vega) return;
        determined += 1;
        const solved = impliedVolatility({ ...o, price: blackPrice(o) });
        expect(solved.kind).toBe("ok");
        if (solved.kind === "ok") expect(Math.abs(solved.vol - o.vol)).toBeLessThan(1e-8);
      }),
      { numRuns: 2000 },
    );
    expect(determined).toBeGreaterThan(500);
  });

  it("call and put of one strike have one volatility", () => {
    fc.assert(
      fc.property(option, (o) => {
        if (slack(o) > 1e-10 * blackGreeks(o).vega) return;
        const [call, put] = (["C", "P"] as const).map((r) =>
          impliedVolatility({ ...o, right: r, price: blackPrice({ ...o, right: r }) }),
        );
        if (call?.kind === "ok" && put?.kind === "ok") expect(Math.abs(call.vol - put.vol)).toBeLessThan(1e-8);
      }),
    );
  });

  it("answers for any numbers at all, with finite numbers, and a positive volatility if any", () => {
    const any = fc.double();
    fc.assert(
      fc.property(right, any, any, any, any, any, (r, price, forward, strike, years, discount) => {
        const solved = impliedVolatility({ right: r, price, forward, strike, years, discount });
        expect(Object.values(solved).every((value) => typeof value === "string" || Number.isFinite(value))).toBe(true);
        if ("vol" in solved) expect(solved.vol).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });
});
