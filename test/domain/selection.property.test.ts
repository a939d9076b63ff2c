import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Leg } from "../../src/domain/contract.ts";
import { payoffAt } from "../../src/domain/payoff.ts";
import { REGIMES } from "../../src/domain/regime/regime.ts";
import { FILL_CONCESSION_PCT, priceAfterCosts, roundTripCost } from "../../src/domain/selection/costs.ts";
import { expected } from "../../src/domain/selection/expected-return.ts";
import { meanWorth, outlookOf, probabilityOf, type StructureOutlook } from "../../src/domain/selection/outlook.ts";
import { predictionOf, weightFor } from "../../src/domain/selection/prediction.ts";
import { SCORE_WEIGHTS, type ScoreInput, scoreOf } from "../../src/domain/selection/score.ts";
import { type SizeInput, sizeOf } from "../../src/domain/selection/size.ts";
import { STRATEGIES } from "../../src/domain/strategies/index.ts";
import type { Scene } from "../../src/domain/strategies/strategy.ts";
import { type Money, money, price } from "../../src/domain/units.ts";
import { CALM, CONDOR, leg } from "../support/quoted-chain.ts";
import { configOf, EQUITY, KINDS, lookedScene, markets, regimeTold, SIZING, underlyingTold } from "../support/scenes.ts";

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const percent = fc.option(number(0, 100), { nil: null });
const inputs: fc.Arbitrary<ScoreInput> = fc.record({
  probability: number(0, 1),
  expectedReturn: number(-0.5, 0.5),
  rewardToRisk: number(0, 20),
  ivPercentile: percent,
  ivRank: percent,
  longVega: fc.boolean(),
});

describe("a score", () => {
  it("lies between 0 and 100, and never falls when probability, expected return or reward rises", () => {
    fc.assert(
      fc.property(inputs, number(0, 1), number(0, 0.5), number(0, 5), (input, p, e, r) => {
        const { score } = scoreOf(input);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100);
        const better = (more: Partial<ScoreInput>) => scoreOf({ ...input, ...more }).score - score;
        expect(better({ probability: Math.max(input.probability, p) })).toBeGreaterThanOrEqual(-1e-9);
        expect(better({ expectedReturn: input.expectedReturn + e })).toBeGreaterThanOrEqual(-1e-9);
        expect(better({ rewardToRisk: input.rewardToRisk + r })).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
  });
  it("is never raised by not knowing the standing of volatility, and says that it is not known", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const unknown = scoreOf({ ...input, ivPercentile: null, ivRank: null });
        expect(unknown.score).toBeLessThanOrEqual(scoreOf(input).score + 1e-9);
        expect(unknown.parts.volatility).toBeNull();
      }),
    );
  });
  it("of a seller of volatility wants it high, of a buyer low", () => {
    const at = (ivPercentile: number, longVega: boolean) =>
      scoreOf({ probability: 0.5, expectedReturn: 0, rewardToRisk: 1, ivPercentile, ivRank: null, longVega }).score;
    expect(at(90, false)).toBeGreaterThan(at(10, false));
    expect(at(90, true)).toBeLessThan(at(10, true));
    expect(at(30, true)).toBeCloseTo(at(70, false), 9);
  });
  it("has weights that make a hundred", () => {
    expect(Object.values(SCORE_WEIGHTS).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });
});

const flat = (vol: number): StructureOutlook => outlookOf([{ strike: 600, vol }], { forward: 602, years: 0.125 });
const structures: fc.Arbitrary<readonly Leg[]> = fc.constantFrom<readonly Leg[]>(
  CONDOR,
  [leg(550, "P", 1), leg(562, "P", -1)],
  [leg(600, "C", 1), leg(612, "C", -1)],
  [leg(562, "P", -1), leg(628, "C", -1)],
  [leg(600, "C", 1)],
  [leg(590, "P", 1), leg(600, "P", -2), leg(610, "P", 1)],
);

/** The integral by many small steps of the lognormal: another way to the same figures. */
const integrated = (vol: number, of: (end: number) => number): number => {
  const deviation = vol * Math.sqrt(0.125);
  const steps = 4_000;
  let sum = 0;
  for (let n = 0; n < steps; n += 1) {
    const z = -8 + (16 * (n + 0.5)) / steps;
    const end = 602 * Math.exp(z * deviation - (deviation * deviation) / 2);
    sum += of(end) * Math.exp((-z * z) / 2) * (16 / steps);
  }
  return sum / Math.sqrt(2 * Math.PI);
};

describe("an outlook", () => {
  it("has probabilities that make one, whatever the volatilities of its strikes", () => {
    const vols = fc.array(fc.record({ strike: number(500, 700), vol: number(0.08, 0.6) }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(vols, number(300, 900), number(300, 900), (strikes, a, b) => {
        const outlook = outlookOf(strikes, { forward: 602, years: 0.125 });
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const regions = [
          probabilityOf(0, low, outlook),
          probabilityOf(low, high, outlook),
          probabilityOf(high, Infinity, outlook),
        ];
        for (const region of regions) expect(region).toBeGreaterThanOrEqual(0);
        if ((regions[1] as number) > 0) expect(regions.reduce((sum, region) => sum + region, 0)).toBeCloseTo(1, 9);
      }),
    );
  });
  it("has the mean worth and the probability of profit that a sum over ten thousand ends has", () => {
    fc.assert(
      fc.property(structures, number(0.1, 0.4), number(-3, 3), (legs, vol, net) => {
        const worth = integrated(vol, (end) => payoffAt(legs, price(0), price(end)) / 1_000_000);
        expect(meanWorth(legs, flat(vol))).toBeCloseTo(worth, 2);
        const bought = { legs, netPrice: price(net), unitMaxLoss: money(1_000), discount: 1 };
        const wins = integrated(vol, (end) => (payoffAt(legs, price(net), price(end)) > 0 ? 1 : 0));
        expect(expected(bought, flat(vol)).probability).toBeCloseTo(wins, 1.7);
      }),
      { numRuns: 60 },
    );
  });
});

describe("what is expected", () => {
  it("at fair prices is what trading costs: no structure is a free lunch", () => {
    fc.assert(
      fc.property(markets, fc.constantFrom(...KINDS), (market, kind) => {
        // Fair without early exercise, so those of an index.
        const choice = STRATEGIES[kind].select(lookedScene(market, { ...configOf(kind), underlyingSecType: "IND" }));
        if (!choice.found) return;
        const { legs, natural, mid, unitMaxLoss, prediction } = choice.candidate;
        const costs = (roundTripCost(legs, natural - mid) * 100) / unitMaxLoss;
        // Mids lie on ticks, and legs in the money are told by the other side: a few cents of either.
        expect(prediction?.expectedReturn).toBeGreaterThan(-costs - (8 * 10_000) / unitMaxLoss);
        expect(prediction?.expectedReturn).toBeLessThan(-costs + (8 * 10_000) / unitMaxLoss);
      }),
      { numRuns: 80 },
    );
  });
  it("never gains from dearer trading", () => {
    fc.assert(
      fc.property(structures, number(0.1, 0.4), number(0, 2_000), number(0, 2_000), (legs, vol, half, more) => {
        const at = (spread: number) =>
          expected(
            { legs, netPrice: priceAfterCosts(legs, price(0.5), spread), unitMaxLoss: money(1_000), discount: 0.99 },
            flat(vol),
          );
        const [cheap, dear] = [at(half), at(half + more)];
        expect(dear.probability).toBeLessThanOrEqual(cheap.probability + 1e-9);
        expect(dear.expectedReturn).toBeLessThanOrEqual(cheap.expectedReturn);
        expect(dear.rewardToRisk).toBeLessThanOrEqual(cheap.rewardToRisk);
      }),
    );
  });
  it("rewards a profit that strikes bound as the payoff does, and a put's as it does a call's: not for an underlying worth nothing", () => {
    const reward = (legs: readonly Leg[], debit: number, unitMaxLoss: number) =>
      expected({ legs, netPrice: price(debit), unitMaxLoss: money(unitMaxLoss), discount: 1 }, flat(0.2)).rewardToRisk;
    expect(reward([leg(600, "P", 1), leg(590, "P", -1)], 4, 400)).toBeCloseTo(1.5, 9);
    expect(reward([leg(600, "C", -1), leg(610, "C", 1)], -4, 600)).toBeCloseTo(2 / 3, 9);
    const [put, call] = [reward([leg(570, "P", 1)], 3, 300), reward([leg(630, "C", 1)], 3, 300)];
    expect(put / call).toBeGreaterThan(0.5);
    expect(put / call).toBeLessThan(2);
  });
  it("counts the concession and the commission of every contract, in and out", () => {
    expect(roundTripCost(CONDOR, 400)).toBe(2 * (4 * FILL_CONCESSION_PCT + 4 * 100));
    expect(roundTripCost([leg(600, "C", 1), leg(610, "C", -2)], 0)).toBe(2 * 3 * 100);
  });
});

describe("the size", () => {
  const cases: fc.Arbitrary<SizeInput & { readonly equity: Money }> = fc.record({
    sizing: fc.record({
      maxLossPctOfEquity: number(0.1, 5),
      regimeFactors: fc.constant(SIZING.regimeFactors),
    }),
    quantity: fc.integer({ min: 1, max: 20 }),
    unitMaxLoss: fc.integer({ min: 10, max: 5_000 }).map(money),
    regime: fc.constantFrom(...REGIMES, null),
    equity: fc.integer({ min: 20_000, max: 1_000_000 }).map(money),
    maxLossPerPositionPct: number(0.1, 5),
  });
  it("never loses more than its share of equity nor than the gate allows, and never exceeds what is configured", () => {
    fc.assert(
      fc.property(cases, (input) => {
        const size = sizeOf(input);
        if (!size.known) throw new Error("equity is known");
        expect(Number.isInteger(size.units)).toBe(true);
        expect(size.units).toBeGreaterThanOrEqual(0);
        expect(size.units).toBeLessThanOrEqual(input.quantity);
        const loss = size.units * input.unitMaxLoss;
        expect(loss).toBeLessThanOrEqual((input.equity * (input.maxLossPerPositionPct as number)) / 100 + 1);
        expect(loss).toBeLessThanOrEqual((input.equity * input.sizing.maxLossPctOfEquity) / 100 + 1);
        // One more would not fit.
        if (size.units < input.quantity) expect(size.affordable).toBeLessThan(size.units + 1);
      }),
    );
  });
  it("with more equity is never fewer units", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 1_000_000 }), (input, more) => {
        const [less, richer] = [sizeOf(input), sizeOf({ ...input, equity: money(input.equity / 10_000 + more) })];
        if (!less.known || !richer.known) throw new Error("equity is known");
        expect(richer.units).toBeGreaterThanOrEqual(less.units);
      }),
    );
  });
  it("is nothing in a crash, and in a regime that is not known no more than in any other", () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(...REGIMES), (input, regime) => {
        const units = (of: SizeInput["regime"]) => {
          const size = sizeOf({ ...input, regime: of });
          return size.known ? size.units : Number.NaN;
        };
        expect(units("crash")).toBe(0);
        if (regime !== "crash") expect(units(null)).toBeLessThanOrEqual(units(regime));
      }),
      { numRuns: 500 },
    );
  });
  it("is not known without equity", () => {
    expect(sizeOf({ sizing: SIZING, quantity: 1, unitMaxLoss: money(100), regime: "normal" }).known).toBe(false);
  });
});

describe("a prediction", () => {
  it("is bent by the weight of its own kind and regime only, within bounds, and stays a score", () => {
    const weights = [
      { kind: "bull-put", regime: "normal", weight: 0.8, count: 30 },
      { kind: "bull-put", regime: "high_vol", weight: 90, count: 30 },
      { kind: "bear-call", regime: "normal", weight: -3, count: 30 },
    ] as const;
    expect(weightFor("bull-put", "normal", weights)).toBe(0.8);
    expect(weightFor("bull-put", "high_vol", weights)).toBe(2);
    expect(weightFor("bear-call", "normal", weights)).toBe(0.5);
    expect(weightFor("bull-call", "normal", weights)).toBe(1);
    expect(weightFor("bull-put", null, weights)).toBe(1);
    expect(predictionOf({ probability: 0.7, expectedReturn: -0.02, rewardToRisk: 0.3 }, 80, 2).score).toBe(100);
    expect(predictionOf({ probability: 0.7, expectedReturn: -0.02, rewardToRisk: 0.3 }, 80, 0.8)).toMatchObject({
      rawScore: 80,
      weight: 0.8,
      score: 64,
    });
  });
});

describe("the last stages of a selection", () => {
  const config = configOf("iron-condor");
  const scene: Scene = {
    ...lookedScene(CALM, { ...config, sizing: SIZING, quantity: 3 }),
    equity: EQUITY,
    maxLossPerPositionPct: 2,
    regime: regimeTold("normal"),
    state: underlyingTold({ ivPercentile: 60, ivRank: 40, iv30: 0.16 }),
  };
  const select = (more: Partial<Scene>) => STRATEGIES["iron-condor"].select({ ...scene, ...more });
  const entry = (more: Partial<typeof config.entry>): Partial<Scene> => ({
    config: { ...scene.config, entry: { ...config.entry, ...more } },
  });
  it("take as many units as equity affords", () => {
    const choice = select({});
    if (!choice.found) throw new Error(JSON.stringify(choice.stopped));
    const { quantity, unitMaxLoss } = choice.candidate;
    expect(quantity).toBe(Math.min(3, Math.floor(money(2_000) / unitMaxLoss)));
    expect(choice.passed?.at(-1)).toMatchObject({ stage: "size", verdict: "passed", unit: "units", limit: 1 });
    expect(choice.candidate).toMatchObject({
      weather: { regime: "normal", vix: null, iv30: 0.16, ivPercentile: 60, ivRank: 40 },
      american: true,
    });
  });
  it("stop where not one unit fits, and where equity is not known", () => {
    const poor = select({ equity: money(5_000) });
    expect(poor).toMatchObject({ found: false, stopped: { stage: "size", limit: 1, unit: "units" } });
    if (!poor.found) expect(poor.stopped.actual).toBeLessThan(1);
    const { equity: _, ...unknown } = scene;
    expect(STRATEGIES["iron-condor"].select(unknown)).toMatchObject({ found: false, stopped: { stage: "size", actual: null } });
    expect(select({ regime: regimeTold("crash") })).toMatchObject({ found: false, stopped: { stage: "size", actual: 0 } });
  });
  it("stop below the least score with both numbers, and a learnt weight can lift over it or push below", () => {
    const choice = select({});
    const raw = choice.found ? (choice.candidate.prediction?.rawScore as number) : Number.NaN;
    const stopped = select(entry({ minScore: raw + 5 }));
    expect(stopped).toMatchObject({ found: false, stopped: { stage: "score", limit: raw + 5, unit: "points" } });
    if (!stopped.found) expect(stopped.stopped.actual).toBeLessThan(raw + 5);
    const learnt = (weight: number) => [{ kind: "iron-condor", regime: "normal", weight, count: 40 }] as const;
    expect(select({ ...entry({ minScore: raw + 5 }), weights: learnt(1.25) }).found).toBe(true);
    expect(select({ ...entry({ minScore: raw - 5 }), weights: learnt(0.8) })).toMatchObject({ stopped: { stage: "score" } });
  });
  it("say that volatility's standing is not known, and score lower for it", () => {
    const scoreStep = (more: Partial<Scene>) => select(more).passed?.find(({ stage }) => stage === "score");
    const unknown = scoreStep({ state: underlyingTold({}) });
    expect(unknown?.reason).toMatch(/volatility not known/);
    expect(unknown?.actual).toBeLessThan(scoreStep({})?.actual as number);
  });
});

describe("a search of one scene", () => {
  it("ranks all that may be entered, and the strategy takes the first", () => {
    let several = 0;
    for (const kind of KINDS) {
      const scene = lookedScene(CALM, configOf(kind));
      const choice = STRATEGIES[kind].search(scene);
      if (!choice.found) throw new Error(`${kind}: ${choice.stopped.reason}`);
      const scores = choice.candidates.map(({ prediction }) => prediction?.score as number);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      if (scores.length > 1) several += 1;
      expect(STRATEGIES[kind].select(scene)).toMatchObject({ found: true, candidate: choice.candidates[0] });
    }
    expect(several).toBeGreaterThan(KINDS.length / 2);
  });
  it("that finds nothing says of what came furthest what stopped it", () => {
    const nothing = lookedScene(CALM, configOf("bull-put", { minCreditPctOfWidth: 90 }));
    expect(STRATEGIES["bull-put"].search(nothing)).toMatchObject({ stopped: { stage: "credit", limit: 90 } });
    expect(STRATEGIES["bull-put"].select(nothing)).toMatchObject({ stopped: { stage: "credit", limit: 90 } });
  });
});
