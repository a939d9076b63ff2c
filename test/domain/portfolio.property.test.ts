import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PortfolioLimits } from "../../src/domain/config.ts";
import { NO_GREEKS, timesGreeks } from "../../src/domain/risk/greeks.ts";
import {
  breachOf,
  counted,
  type Exposure,
  limitOf,
  PORTFOLIO_MEASURES,
  portfolioOf,
  worsened,
  type Yardstick,
} from "../../src/domain/risk/portfolio.ts";
import { money, moneyUnits, price } from "../../src/domain/units.ts";

const LIMITS: PortfolioLimits = {
  betas: { SPY: 1, QQQ: 1.065, IWM: 1.146 },
  maxDeltaPer100k: 200,
  maxGammaPer100k: 500,
  maxThetaPctPerDay: 0.3,
  maxVegaLossPct: 5,
};
const YARDSTICK: Yardstick = { equity: money(100_000), spySpot: price(500), limits: LIMITS };
const number = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
const exposures: fc.Arbitrary<Exposure> = fc.record({
  symbol: fc.constantFrom("SPY", "QQQ", "IWM"),
  maxLoss: fc.constant(moneyUnits(0)),
  greeks: fc.record({ deltaShares: number(300), gammaShares: number(40), thetaUsd: number(300), vegaUsd: number(500) }),
  spot: fc.integer({ min: 100, max: 700 }).map(price),
});
const known = (list: readonly Exposure[]) => {
  const summed = portfolioOf(list, YARDSTICK);
  if (!summed.known) throw new Error(summed.missing);
  return summed.portfolio;
};

describe("the portfolio", () => {
  it("counts a hundred shares of SPY as a hundred, and those of another at its price and beta", () => {
    const shares = { ...NO_GREEKS, deltaShares: 100 };
    const one = (symbol: string, spot: number): Exposure => ({
      symbol,
      maxLoss: moneyUnits(0),
      greeks: shares,
      spot: price(spot),
    });
    expect(known([one("SPY", 500)]).delta).toBeCloseTo(100, 10);
    expect(known([one("QQQ", 250)]).delta).toBeCloseTo(100 * 0.5 * 1.065, 10);
    expect(portfolioOf([one("SPY", 500)], { ...YARDSTICK, equity: money(50_000) })).toMatchObject({ portfolio: { delta: 200 } });
  });

  it("tells by its gamma how its delta changes when SPY moves by 1 % and each symbol by its beta", () => {
    fc.assert(
      fc.property(exposures, (exposure) => {
        const { greeks, spot, symbol } = exposure;
        const [before] = [known([exposure])];
        const moved = (LIMITS.betas[symbol] as number) * 0.01 * ((spot ?? 0) / 10_000);
        const after = known([
          { ...exposure, greeks: greeks && { ...greeks, deltaShares: greeks.deltaShares + greeks.gammaShares * moved } },
        ]);
        expect(after.delta - before.delta).toBeCloseTo(before.gamma, 6);
      }),
    );
  });

  it("adds up: parts in any order, twice the position is twice the figure", () => {
    fc.assert(
      fc.property(fc.array(exposures, { maxLength: 6 }), (list) => {
        const whole = known(list);
        const reversed = known(list.toReversed());
        const doubled = known(list.map((one) => ({ ...one, greeks: one.greeks && timesGreeks(one.greeks, 2) })));
        for (const measure of PORTFOLIO_MEASURES) {
          expect(reversed[measure]).toBeCloseTo(whole[measure], 6);
          expect(doubled[measure]).toBeCloseTo(2 * whole[measure], 6);
        }
      }),
    );
  });

  it("is unknown as soon as one figure is, and says which", () => {
    fc.assert(
      fc.property(fc.array(exposures, { maxLength: 4 }), fc.nat(), (list, place) => {
        const blind: Exposure = { symbol: "IWM", maxLoss: moneyUnits(0), greeks: null, spot: price(200) };
        const at = place % (list.length + 1);
        expect(portfolioOf([...list.slice(0, at), blind, ...list.slice(at)], YARDSTICK)).toEqual({
          known: false,
          missing: "the Greeks of IWM",
        });
      }),
    );
    const goog: Exposure = { symbol: "GOOG", maxLoss: moneyUnits(0), greeks: { ...NO_GREEKS, deltaShares: 1 }, spot: price(700) };
    expect(portfolioOf([goog], YARDSTICK)).toMatchObject({ known: false, missing: expect.stringContaining("beta of GOOG") });
    expect(portfolioOf([{ ...goog, symbol: "SPY" }], { ...YARDSTICK, spySpot: null })).toMatchObject({ known: false });
    expect(portfolioOf([{ ...goog, greeks: NO_GREEKS }], YARDSTICK)).toMatchObject({ known: true });
  });

  it("is never called worse by what brings every measure nearer to zero", () => {
    fc.assert(
      fc.property(
        fc.array(exposures, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (list, share) => {
          const before = known(list);
          const after = known(list.map((one) => ({ ...one, greeks: one.greeks && timesGreeks(one.greeks, share) })));
          expect(worsened(before, after, LIMITS)).toBeUndefined();
        },
      ),
    );
  });

  it("counts only a loss of vega, and the others either way", () => {
    const one = (greeks: Partial<typeof NO_GREEKS>): Exposure => ({
      symbol: "SPY",
      maxLoss: moneyUnits(0),
      greeks: { ...NO_GREEKS, ...greeks },
      spot: price(500),
    });
    const none = known([]);
    expect(worsened(none, known([one({ vegaUsd: 5_000 })]), LIMITS)).toBeUndefined();
    expect(worsened(none, known([one({ vegaUsd: -501 })]), LIMITS)).toBe("vega");
    for (const thetaUsd of [301, -301]) expect(worsened(none, known([one({ thetaUsd })]), LIMITS)).toBe("theta");
    for (const deltaShares of [201, -201]) expect(worsened(none, known([one({ deltaShares })]), LIMITS)).toBe("delta");
  });

  it("names as the culprit of a breach one whose absence leaves less of it than anybody else's", () => {
    fc.assert(
      fc.property(fc.array(exposures, { minLength: 1, maxLength: 5 }), (list) => {
        const byKey = Object.fromEntries(list.map((one, n) => [`slot/s${n}`, one]));
        const breach = breachOf(byKey, YARDSTICK);
        if (breach === "unknown") throw new Error("all of it is known");
        const whole = known(list);
        const beyond = PORTFOLIO_MEASURES.find((measure) => counted(whole, measure) > limitOf(LIMITS, measure));
        expect(breach?.measure).toBe(beyond);
        if (breach === undefined) return;
        const signedWithout = (key: string) => {
          const rest = known(list.filter((_, n) => `slot/s${n}` !== key));
          return rest[breach.measure] * Math.sign(whole[breach.measure]);
        };
        const least = signedWithout(breach.key);
        for (const key of Object.keys(byKey)) expect(least).toBeLessThanOrEqual(signedWithout(key) + 1e-6);
      }),
    );
  });
});
