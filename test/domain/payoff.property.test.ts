import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Leg, type OptionContract, type Right, reversed } from "../../src/domain/contract.ts";
import { extremes, payoffAt, valueAtExpiry, width } from "../../src/domain/payoff.ts";
import { money, type Price, price, priceUnits, tradingDay } from "../../src/domain/units.ts";

const option = (right: Right, strike: Price, overrides: Partial<OptionContract> = {}): OptionContract => ({
  conId: strike,
  secType: "OPT",
  symbol: "SPY",
  exchange: "SMART",
  currency: "USD",
  multiplier: 100,
  expiry: tradingDay("2026-12-18"),
  strike,
  right,
  ...overrides,
});
const leg = (ratio: number, right: Right, strikeDollars: number): Leg => ({
  ratio,
  contract: option(right, price(strikeDollars)),
});
const condor = (a: number, b: number, c: number, d: number): Leg[] => [
  leg(1, "P", a),
  leg(-1, "P", b),
  leg(-1, "C", c),
  leg(1, "C", d),
];

const strike = fc.integer({ min: 1, max: 2000 }).map((halves) => price(halves / 2));
const aRatio = fc.integer({ min: -3, max: 3 }).filter((n) => n !== 0);
const structure: fc.Arbitrary<Leg[]> = fc.array(
  fc.tuple(aRatio, fc.constantFrom<Right>("C", "P"), strike).map(([ratio, right, k]) => ({ ratio, contract: option(right, k) })),
  { minLength: 1, maxLength: 6 },
);
const netPrice = fc.integer({ min: -500_000, max: 500_000 }).map((cents) => priceUnits(cents * 10));
const underlying = fc.integer({ min: 0, max: 15_000_000 }).map(priceUnits);
const ascendingStrikes = fc
  .uniqueArray(fc.integer({ min: 100, max: 900 }), { minLength: 4, maxLength: 4 })
  .map((strikes) => strikes.toSorted((a, b) => a - b) as [number, number, number, number]);

describe("payoffs", () => {
  it("of a call less a put of one strike are the underlying less the strike, less the price paid", () => {
    fc.assert(
      fc.property(strike, netPrice, underlying, (k, net, end) => {
        const synthetic = [
          { ratio: 1, contract: option("C", k) },
          { ratio: -1, contract: option("P", k) },
        ];
        expect(payoffAt(synthetic, net, end)).toBe((end - k - net) * 100);
      }),
    );
  });

  it("of the structure the other way round are exactly the opposite", () => {
    fc.assert(
      fc.property(structure, netPrice, underlying, (legs, net, end) => {
        expect(payoffAt(reversed(legs), priceUnits(-net), end) + payoffAt(legs, net, end)).toBe(0);
      }),
    );
  });

  it("are straight lines between two strikes, and beyond the last", () => {
    fc.assert(
      fc.property(structure, netPrice, fc.nat(6), fc.integer({ min: 1, max: 1000 }), (legs, net, from, share) => {
        const bends = [0, ...legs.map(({ contract }) => contract.strike), 20_000_000].toSorted((a, b) => a - b);
        const [low, high] = [bends[from % (bends.length - 1)] as number, bends[(from % (bends.length - 1)) + 1] as number];
        const middle = low + Math.floor(((high - low) * share) / 1000);
        const at = (end: number) => payoffAt(legs, net, priceUnits(end));
        // Equal slopes to both ends, multiplied out to stay in integers.
        expect(BigInt(at(middle) - at(low)) * BigInt(high - middle)).toBe(BigInt(at(high) - at(middle)) * BigInt(middle - low));
      }),
    );
  });
});

describe("extremes", () => {
  it("bound the payoff at every underlying, and are reached at zero or at a strike", () => {
    fc.assert(
      fc.property(structure, netPrice, underlying, (legs, net, end) => {
        const { maxProfit, maxLoss } = extremes(legs, net);
        const payoff = payoffAt(legs, net, end);
        const atBends = [priceUnits(0), ...legs.map(({ contract }) => contract.strike)].map((bend) => payoffAt(legs, net, bend));
        if (maxProfit !== "unbounded") {
          expect(payoff).toBeLessThanOrEqual(maxProfit);
          expect(Math.max(...atBends)).toBe(maxProfit);
        }
        if (maxLoss !== "unbounded") {
          expect(payoff).toBeGreaterThanOrEqual(-maxLoss);
          expect(Math.min(...atBends)).toBe(-maxLoss + 0);
        }
      }),
    );
  });

  it("are unbounded upwards exactly with more calls bought than sold, downwards with more sold", () => {
    fc.assert(
      fc.property(structure, netPrice, (legs, net) => {
        const calls = legs.reduce((sum, { ratio, contract }) => sum + (contract.right === "C" ? ratio : 0), 0);
        const { maxProfit, maxLoss } = extremes(legs, net);
        expect([maxProfit === "unbounded", maxLoss === "unbounded"]).toEqual([calls > 0, calls < 0]);
        expect(width(legs) === "unbounded").toBe(calls !== 0);
      }),
    );
  });

  it("have no profit and no loss at breakevens: exactly with single legs, to the rounding of a steeper line else", () => {
    fc.assert(
      fc.property(structure, netPrice, (legs, net) => {
        const steepest = legs.reduce((sum, { ratio }) => sum + Math.abs(ratio), 0);
        for (const breakeven of extremes(legs, net).breakevens) {
          expect(Math.abs(payoffAt(legs, net, breakeven))).toBeLessThanOrEqual(steepest === 1 ? 0 : (100 * steepest) / 2);
        }
      }),
    );
  });

  it("have a breakeven wherever profit turns to loss: the sign is constant between neighbours", () => {
    fc.assert(
      fc.property(structure, netPrice, underlying, underlying, (legs, net, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const [left, right] = [payoffAt(legs, net, low), payoffAt(legs, net, high)];
        if (left * right >= 0) return;
        expect(extremes(legs, net).breakevens.some((breakeven) => breakeven >= low - 1 && breakeven <= high + 1)).toBe(true);
      }),
    );
  });

  it("of a condor lose the wider wing less the credit, and make the credit", () => {
    fc.assert(
      fc.property(ascendingStrikes, fc.integer({ min: 1, max: 99 }), ([a, b, c, d], creditCents) => {
        const credit = price(creditCents / 100);
        const legs = condor(a, b, c, d);
        const wider = price(Math.max(b - a, d - c));
        expect(width(legs)).toBe(wider);
        expect(extremes(legs, priceUnits(-credit))).toEqual({
          maxProfit: credit * 100,
          maxLoss: (wider - credit) * 100,
          breakevens: [price(b) - credit, price(c) + credit],
        });
      }),
    );
  });

  it("of a vertical: the distance of the strikes is shared between buyer and seller", () => {
    fc.assert(
      fc.property(ascendingStrikes, fc.constantFrom<Right>("C", "P"), netPrice, ([low, , , high], right, net) => {
        const vertical = [leg(1, right, low), leg(-1, right, high)];
        const [bought, sold] = [extremes(vertical, net), extremes(reversed(vertical), priceUnits(-net))];
        expect([sold.maxLoss, sold.maxProfit, sold.breakevens]).toEqual([bought.maxProfit, bought.maxLoss, bought.breakevens]);
        expect(width(vertical)).toBe(price(high - low));
      }),
    );
  });
});

describe("payoffs, by example", () => {
  it("an iron condor 560/570/630/640 for 1.85 credit", () => {
    const legs = condor(560, 570, 630, 640);
    expect(extremes(legs, price(-1.85))).toEqual({
      maxProfit: money(185),
      maxLoss: money(815),
      breakevens: [price(568.15), price(631.85)],
    });
    expect(payoffAt(legs, price(-1.85), price(565))).toBe(money(-315));
    expect(valueAtExpiry(legs, price(565))).toBe(price(-5));
  });

  it("single options", () => {
    expect(extremes([leg(1, "C", 600)], price(8))).toEqual({
      maxProfit: "unbounded",
      maxLoss: money(800),
      breakevens: [price(608)],
    });
    expect(extremes([leg(-1, "C", 600)], price(-8))).toEqual({
      maxProfit: money(800),
      maxLoss: "unbounded",
      breakevens: [price(608)],
    });
    expect(extremes([leg(-1, "P", 600)], price(-8))).toEqual({
      maxProfit: money(800),
      maxLoss: money(59_200),
      breakevens: [price(592)],
    });
  });

  it("a ratio spread's steep side breaks even between the ten-thousandths, rounded", () => {
    const ratioSpread = [leg(1, "C", 100), leg(-3, "C", 110)];
    expect(extremes(ratioSpread, price(0.0001))).toEqual({
      maxProfit: money(999.99),
      maxLoss: "unbounded",
      breakevens: [price(100.0001), price(115)],
    });
  });

  it("a stretch without profit or loss is told by its ends", () => {
    expect(extremes(condor(560, 570, 630, 640), price(0)).breakevens).toEqual([price(570), price(630)]);
    expect(extremes([leg(1, "C", 600)], price(0)).breakevens).toEqual([price(600)]);
  });

  it("a box is worth its strike distance for certain, so its width is nothing and its profit is locked", () => {
    const box = [leg(1, "C", 100), leg(-1, "C", 110), leg(-1, "P", 100), leg(1, "P", 110)];
    expect(width(box)).toBe(0);
    expect(extremes(box, price(9.9))).toEqual({ maxProfit: money(10), maxLoss: money(-10), breakevens: [] });
  });

  it("legs that do not expire together, or count differently, have no payoff", () => {
    const calendar = [leg(1, "C", 100), { ratio: -1, contract: option("C", price(100), { expiry: tradingDay("2026-11-20") }) }];
    expect(() => payoffAt(calendar, price(1), price(100))).toThrow("expire together");
    const mixed = [leg(1, "C", 100), { ratio: -1, contract: option("C", price(100), { multiplier: 50 }) }];
    expect(() => extremes(mixed, price(1))).toThrow("share a multiplier");
    expect(() => extremes([], price(1))).toThrow("at least one leg");
  });
});
