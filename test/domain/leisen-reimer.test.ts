import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { americanImpliedVolatility } from "../../src/domain/options/american-implied-volatility.ts";
import type { AmericanOption } from "../../src/domain/options/american-option.ts";
import { callAssignment, earlyExerciseBound, extrinsic, putAssignment } from "../../src/domain/options/early-exercise.ts";
import { americanPrice, americanValue, europeanValue } from "../../src/domain/options/leisen-reimer.ts";

interface Vector extends AmericanOption {
  readonly id: string;
  readonly price: number;
  readonly european: number;
}
interface Figures {
  readonly vectors: readonly (Vector & { readonly delta: number; readonly gamma: number; readonly vega: number })[];
  readonly dividends: readonly Vector[];
}
const figures: Figures = JSON.parse(readFileSync(new URL("../fixtures/american.json", import.meta.url), "utf8"));
const all: readonly Vector[] = [...figures.vectors, ...figures.dividends];

const put: AmericanOption = { right: "P", spot: 650, strike: 690, years: 0.2, rate: 0.043, dividendYield: 0.012, vol: 0.17 };
const later = (option: AmericanOption, years: number): AmericanOption => ({
  ...option,
  years: option.years - years,
  ...(option.dividends && { dividends: option.dividends.map((one) => ({ ...one, years: one.years - years })) }),
});

describe("American prices by Leisen and Reimer's tree", () => {
  it.each(all)("are within 2e-4 of the reference on $id ($right $strike), in 201 steps", ({ price, ...option }) => {
    expect(Math.abs(americanPrice(option) / price - 1)).toBeLessThan(2e-4);
  });

  it("in the 51 steps of a chain are within half a tick of the reference, with cash dividends within 5e-4 of the price", () => {
    for (const { price, ...option } of figures.vectors) expect(Math.abs(americanPrice(option, 51) - price)).toBeLessThan(0.005);
    for (const { price, ...option } of figures.dividends)
      expect(Math.abs(americanPrice(option, 51) / price - 1)).toBeLessThan(5e-4);
  });

  it.each(figures.vectors)("have Greeks within a thousandth of the reference on $id", ({ delta, gamma, vega, ...option }) => {
    const value = americanValue(option);
    for (const [name, expected] of Object.entries({ delta, gamma, vega })) {
      const error = Math.abs(value[name as "delta"] - expected) / Math.max(1e-3, Math.abs(expected));
      if (!(error < 1e-3)) expect.fail(`${name} is ${value[name as "delta"]}, not ${expected}`);
    }
  });

  it("have the theta that a day's passing shows, dividends coming nearer with it", () => {
    const day = 1 / 365;
    for (const option of [...figures.vectors, ...figures.dividends.filter(({ right }) => right === "P")]) {
      if (option.years < 0.05) continue;
      const observed = (americanPrice(later(option, day), 801) - americanPrice(later(option, -day), 801)) / (2 * day);
      const { theta, price } = americanValue(option);
      expect(Math.abs(theta - observed)).toBeLessThan(0.01 * Math.abs(observed) + 0.005 * price);
    }
  });

  it.each(all)("are European prices plus a premium on $id", ({ european, price, ...option }) => {
    expect(europeanValue(option).price).toBeCloseTo(european, 9);
    const value = americanValue(option);
    expect(value.premium).toBeCloseTo(value.price - european, 9);
    expect(value.price).toBeCloseTo(americanPrice(option), 12);
  });

  it("are the stock itself where exercise is best at once", () => {
    const deep: AmericanOption = { ...put, strike: 900 };
    expect(americanValue(deep)).toEqual({ price: 250, delta: -1, gamma: 0, vega: 0, theta: 0, premium: expect.closeTo(6.16, 1) });
  });

  it("do not mind dividends after expiry, nor before now", () => {
    const reference = americanValue(put);
    const same = americanValue({
      ...put,
      dividends: [
        { years: 0.21, amount: 3 },
        { years: -0.01, amount: 3 },
      ],
    });
    for (const [name, value] of Object.entries(reference)) expect(same[name as "price"]).toBeCloseTo(value, 8);
  });

  it("are intrinsic value at expiry, and what carry leaves without volatility", () => {
    expect(americanPrice({ ...put, years: 0 })).toBe(40);
    expect(americanPrice({ ...put, vol: 0 })).toBeCloseTo(40, 9);
    expect(Object.values(americanValue({ ...put, vol: 0 })).every(Number.isFinite)).toBe(true);
    expect(americanPrice({ ...put, right: "C", strike: 640, vol: 0, dividendYield: 0 })).toBeCloseTo(
      650 - 640 * Math.exp(-0.043 * 0.2),
      9,
    );
  });

  it("refuse what no market has, and trees without steps", () => {
    for (const wrong of [
      { spot: 0 },
      { strike: Number.NaN },
      { years: -1 },
      { vol: -0.1 },
      { dividends: [{ years: 0.1, amount: 700 }] },
    ]) {
      expect(() => americanPrice({ ...put, ...wrong })).toThrow("cannot price");
    }
    for (const steps of [0, 3, 50.5, Number.NaN]) expect(() => americanPrice(put, steps)).toThrow("steps");
  });
});

describe("American implied volatilities", () => {
  // Where exercise is all but certain, no price tells the volatility.
  it.each(all.filter((option) => americanValue(option).vega > 0.01))("finds $vol again on $id", ({ price: _, ...option }) => {
    const solved = americanImpliedVolatility({ ...option, price: americanPrice(option) });
    if (solved.kind !== "ok") expect.fail(solved.kind);
    expect(Math.abs(solved.vol - option.vol)).toBeLessThan(1e-6);
    expect(Math.abs(solved.vega / americanValue(option).vega - 1)).toBeLessThan(0.05);
  });

  it("says what is wrong with a price, in the words of the European solver", () => {
    const kindOf = (price: number, terms = {}) => americanImpliedVolatility({ ...put, ...terms, price }).kind;
    expect(kindOf(40)).toBe("zero-vol");
    expect(americanImpliedVolatility({ ...put, price: 39.9 })).toEqual({ kind: "below-intrinsic", bound: 40 });
    expect(kindOf(690)).toBe("above-upper-bound");
    expect(kindOf(0, { strike: 500 })).toBe("zero-price");
    expect(kindOf(45, { years: 0 })).toBe("expired");
    expect(kindOf(Number.NaN)).toBe("nan");
    expect(kindOf(45, { spot: -1 })).toBe("nan");
    expect(kindOf(45, { dividends: [{ years: 0.1, amount: 700 }] })).toBe("nan");
  });

  it("calls it ill-conditioned where half a tick hides a vol point", () => {
    const price = americanPrice(put);
    const { vega } = americanValue(put);
    expect(americanImpliedVolatility({ ...put, price, halfTick: 0.005 }).kind).toBe("ok");
    const hidden = americanImpliedVolatility({ ...put, price, halfTick: 0.02 * vega });
    expect(hidden).toMatchObject({ kind: "ill-conditioned", vol: expect.closeTo(put.vol, 3) });
  });
});

describe("early exercise", () => {
  it.each(all)("is never worth more than its bound, on $id", ({ price, european, ...option }) => {
    expect(price - european).toBeLessThanOrEqual(earlyExerciseBound(option) + 1e-8);
  });

  it("is worth nothing for a call without dividends, and for a put without interest", () => {
    expect(earlyExerciseBound({ ...put, right: "C", dividendYield: 0 })).toBe(0);
    expect(earlyExerciseBound({ ...put, rate: 0 })).toBe(0);
    expect(earlyExerciseBound({ ...put, years: 0 })).toBe(0);
    // Interest on the strike outweighs this dividend.
    expect(earlyExerciseBound({ ...put, right: "C", dividendYield: 0, dividends: [{ years: 0.01, amount: 2 }] })).toBe(0);
    expect(earlyExerciseBound({ ...put, right: "C", dividendYield: 0, dividends: [{ years: 0.19, amount: 2 }] })).toBeGreaterThan(
      0.3,
    );
  });

  it("leaves the extrinsic value behind", () => {
    expect(extrinsic(12.5, 450, 440, "C")).toBe(2.5);
    expect(extrinsic(12.5, 450, 440, "P")).toBe(12.5);
    expect(extrinsic(9.5, 450, 440, "C")).toBe(-0.5);
  });

  const call = { right: "C", price: 50.2, spot: 450, strike: 400, years: 12 / 365, rate: 0.05 } as const;
  const short = { right: "P", price: 81, spot: 450, strike: 530, years: 0.1, rate: 0.05 } as const;
  it("is to be expected of a call when the dividend exceeds what exercise throws away", () => {
    expect(callAssignment(call, 1.75)).toEqual({ kind: "expected", extrinsic: expect.closeTo(0.2, 9), gain: 1.75 });
    expect(callAssignment({ ...call, price: 51.75 }, 1.75).kind).toBe("unlikely");
    expect(callAssignment({ ...call, price: 51.76 }, 1.75).kind).toBe("unlikely");
    expect(callAssignment({ ...call, strike: 450 }, 1.75).kind).toBe("outOfTheMoney");
  });

  it("is to be expected of a put when the interest on its strike exceeds what exercise throws away", () => {
    expect(putAssignment(short)).toEqual({ kind: "expected", extrinsic: 1, gain: expect.closeTo(2.643, 3) });
    expect(putAssignment({ ...short, price: 83 }).kind).toBe("unlikely");
    expect(putAssignment({ ...short, rate: 0 }).kind).toBe("unlikely");
    expect(putAssignment({ ...short, spot: 530 }).kind).toBe("outOfTheMoney");
  });

  it("is unknown when a figure is, or the option is of the other right", () => {
    for (const wrong of [{ price: Number.NaN }, { spot: 0 }, { strike: Number.NaN }, { price: -1 }]) {
      expect(callAssignment({ ...call, ...wrong }, 1.75)).toEqual({ kind: "unknown" });
      expect(putAssignment({ ...short, ...wrong })).toEqual({ kind: "unknown" });
    }
    expect(callAssignment(call, Number.NaN)).toEqual({ kind: "unknown" });
    expect(putAssignment({ ...short, years: Number.NaN })).toEqual({ kind: "unknown" });
    expect(callAssignment(short, 1.75)).toEqual({ kind: "unknown" });
    expect(putAssignment(call)).toEqual({ kind: "unknown" });
  });
});
