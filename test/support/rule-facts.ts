/** Facts of a calm short condor, of which no rule wants anything, for tests to change; and generators of better and worse ones. */
import fc from "fast-check";
import { REGIMES } from "../../src/domain/regime/regime.ts";
import type { Fact, FactName, PositionFacts } from "../../src/domain/rules/rule.ts";
import { type Money, moneyUnits } from "../../src/domain/units.ts";
import { NOON } from "./quoted-chain.ts";

export const usd = (dollars: number): Money => moneyUnits(Math.round(dollars * 10_000));
export type Plain = {
  readonly [Name in FactName]: PositionFacts[Name] extends Fact<infer Value> ? Value : never;
};

/** Credit 240, worst loss 960, two units, 45 days left, worth what it was sold for. */
export const CALM_PLAIN: Plain = {
  shape: "condor",
  adverse: "either",
  units: 2,
  reduced: false,
  unitProfit: usd(0),
  unitBase: usd(240),
  unitCredit: usd(240),
  unitDebit: usd(0),
  unitMaxLoss: usd(960),
  campaignLoss: usd(0),
  rolls: 0,
  peakPct: null,
  sessionsToExpiry: 30,
  daysToExpiry: 45,
  minutesToClose: 200,
  minutesToActBy: 170,
  assignment: { kind: "none", leg: "", extrinsic: 0, gain: 0 },
  hourFallPct: 0.2,
  hourRisePct: 0.3,
  ivJumpPct: 1,
  ivSinceEntryPct: -2,
  ivPercentile: 55,
  ivPercentileAtEntry: 60,
  vix: 17,
  vixAtEntry: 18,
  regime: "normal",
  unitDelta: 0.02,
  unitGamma: -0.01,
  unitVega: -20,
  breach: { limit: null, actual: 0, allowed: 0, unit: "", minutes: 0 },
};

export const factsOf = (plain: Partial<Plain>): PositionFacts =>
  Object.fromEntries(
    Object.entries(plain).map(([name, value]) => [name, { value, source: "test", at: NOON }]),
  ) as unknown as PositionFacts;
export const calm = (changed: Partial<Plain> = {}): PositionFacts => factsOf({ ...CALM_PLAIN, ...changed });

/** Some facts taken away. */
export const without = (facts: PositionFacts, names: readonly FactName[]): PositionFacts =>
  ({ ...facts, ...Object.fromEntries(names.map((name) => [name, { unknown: "not quoted" }])) }) as PositionFacts;
export const FACT_NAMES = Object.keys(CALM_PLAIN) as FactName[];

const dollars = (min: number, max: number) => fc.integer({ min, max }).map(usd);
/** In hundredths: evenly spread, unlike doubles, which crowd at zero. */
const real = (min: number, max: number) => fc.integer({ min: min * 100, max: max * 100 }).map((n) => n / 100);

/** Structures by what they are: no condor is bought for a debit here, and no single leg has two fears. */
const BUILDS: readonly Partial<Plain>[] = [
  { shape: "condor", adverse: "either" },
  { shape: "condor", adverse: "either", unitMaxLoss: "unbounded" },
  { shape: "condor", adverse: "either", unitCredit: usd(400), unitBase: usd(400), unitMaxLoss: usd(600) },
  { shape: "vertical", adverse: "fall" },
  { shape: "vertical", adverse: "rise" },
  {
    shape: "vertical",
    adverse: "fall",
    unitCredit: usd(0),
    unitDebit: usd(500),
    unitBase: usd(500),
    unitMaxLoss: usd(500),
    unitVega: -3,
  },
  { shape: "single", adverse: "fall", unitMaxLoss: usd(55_000) },
  { shape: "single", adverse: "rise", unitMaxLoss: "unbounded" },
  {
    shape: "single",
    adverse: "fall",
    unitCredit: usd(0),
    unitDebit: usd(300),
    unitBase: usd(300),
    unitMaxLoss: usd(300),
    unitVega: 40,
  },
  { shape: "other", adverse: "either" },
  {
    shape: "other",
    adverse: "rise",
    unitCredit: usd(0),
    unitDebit: usd(300),
    unitBase: usd(300),
    unitMaxLoss: usd(300),
    unitVega: -5,
  },
  {
    shape: "other",
    adverse: "neither",
    unitCredit: usd(0),
    unitDebit: usd(900),
    unitBase: usd(900),
    unitMaxLoss: usd(900),
    unitVega: 60,
  },
];
/** Kinds of trouble and of luck: facts that move together. */
const EVENTS: readonly fc.Arbitrary<Partial<Plain>>[] = [
  fc.record({ hourFallPct: real(0, 6) }),
  fc.record({ hourRisePct: real(0, 6) }),
  fc.record({ ivJumpPct: real(-30, 120) }),
  fc.record({ unitProfit: dollars(-1_200, 1_000) }),
  fc.record({ unitProfit: dollars(-300, 400), units: fc.integer({ min: 1, max: 3 }), reduced: fc.boolean() }),
  fc.record({ unitProfit: dollars(-700, 0), campaignLoss: dollars(0, 400), rolls: fc.constant(1) }),
  fc.record({ unitProfit: dollars(-500, 0), daysToExpiry: fc.integer({ min: 3, max: 8 }), sessionsToExpiry: fc.constant(2) }),
  fc.record({
    sessionsToExpiry: fc.nat(2),
    daysToExpiry: fc.constant(4),
    minutesToActBy: fc.integer({ min: -29, max: 300 }),
  }),
  fc.record({
    assignment: fc.record({
      kind: fc.constantFrom("dividend" as const, "carry" as const),
      leg: fc.constant("620C"),
      extrinsic: real(-1, 3),
      gain: real(0, 3),
    }),
  }),
  fc.record({ vix: real(10, 80), vixAtEntry: real(10, 40) }),
  fc.record({ unitDelta: real(-1, 1) }),
  fc.record({
    breach: fc.record({
      limit: fc.constantFrom(null, "beta-weighted delta"),
      actual: fc.constant(300),
      allowed: fc.constant(200),
      unit: fc.constant("shares"),
      minutes: fc.nat(10),
    }),
  }),
  fc.record({ unitGamma: real(-0.3, 0.3), daysToExpiry: fc.integer({ min: 8, max: 18 }) }),
  fc.record({ peakPct: fc.option(real(1, 90)), unitProfit: dollars(-100, 200) }),
  fc.record({ ivSinceEntryPct: real(-60, 60), unitProfit: dollars(-50, 150), units: fc.constant(1) }),
  fc.record({
    ivPercentile: real(0, 100),
    ivPercentileAtEntry: real(0, 100),
    unitProfit: dollars(-50, 150),
    units: fc.constant(1),
  }),
  fc.record({ daysToExpiry: fc.integer({ min: 14, max: 30 }), rolls: fc.nat(1) }),
  fc.record({ daysToExpiry: fc.integer({ min: 14, max: 24 }), unitProfit: dollars(-450, -200) }),
  fc.record({ minutesToClose: fc.nat(20) }),
];

/** One or two things happen to a calm position. */
export const plainFacts: fc.Arbitrary<Plain> = fc
  .record({
    build: fc.constantFrom(...BUILDS),
    regime: fc.constantFrom(...REGIMES),
    first: fc.oneof(...EVENTS),
    second: fc.option(fc.oneof(...EVENTS), { freq: 2 }),
  })
  .map(({ build, regime, first, second }) => ({ ...CALM_PLAIN, ...build, regime, ...second, ...first }));
/** The same, and some of it cannot be seen. */
export const someFacts: fc.Arbitrary<PositionFacts> = fc
  .tuple(
    plainFacts,
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: fc.subarray(FACT_NAMES, { maxLength: 6 }) }),
  )
  .map(([plain, names]) => without(factsOf(plain), names));
