/** Scenes for strategies: a market, a configuration, and the quotes that the two stages of a look would have asked for. */
import fc from "fast-check";
import type { LegConfig, StrategyConfig } from "../../src/domain/config.ts";
import type { Right } from "../../src/domain/contract.ts";
import type { RegimeTold, UnderlyingTold } from "../../src/domain/events/weather.ts";
import type { Quote } from "../../src/domain/quote.ts";
import type { Regime } from "../../src/domain/regime/regime.ts";
import { contractOf } from "../../src/domain/strategies/chain.ts";
import { STRATEGIES } from "../../src/domain/strategies/index.ts";
import type { Scene } from "../../src/domain/strategies/strategy.ts";
import { money, price, tradingDay } from "../../src/domain/units.ts";
import { chainFor, type Market, NOON, quoteOf, RATE_PCT, SPY, STRATEGY } from "./quoted-chain.ts";

export const markets: fc.Arbitrary<Market> = fc.record({
  spot: fc.integer({ min: 20_000, max: 80_000 }).map((cents) => cents / 100),
  atmVol: fc.double({ min: 0.1, max: 0.45, noNaN: true }),
  skew: fc.double({ min: 0, max: 0.8, noNaN: true }),
  halfSpread: fc.constantFrom(0.01, 0.02, 0.05),
  strikeStep: fc.constantFrom(1, 2, 5),
});

export type Kind = StrategyConfig["kind"];
export const KINDS = Object.keys(STRATEGIES) as Kind[];
/** Kinds whose legs the configuration lists, with legs that are usual for them. */
const LEGS: { readonly [K in Kind]?: readonly LegConfig[] } = {
  "single-leg": [{ right: "P", ratio: -1, delta: 0.25 }],
  // A butterfly around the money.
  custom: [
    { right: "C", ratio: 1, delta: 0.5 },
    { right: "C", ratio: -2, offsetPoints: 10 },
    { right: "C", ratio: 1, offsetPoints: 10 },
  ],
};

/** A configuration whose limits let most structures through, so that laws are about the legs and not about thresholds. */
export const configOf = (kind: Kind, entry: Partial<StrategyConfig["entry"]> = {}): StrategyConfig => {
  const legs = LEGS[kind];
  return {
    ...STRATEGY,
    kind,
    name: kind,
    ...(legs !== undefined && { legs }),
    entry: {
      ...STRATEGY.entry,
      minCreditPctOfWidth: 1,
      maxSpreadPctOfWidth: 60,
      longDelta: 0.5,
      maxDebitPctOfWidth: 80,
      ...entry,
    },
  };
};

/** The whole chain quoted. */
export const quotesOf = (market: Market, chain = chainFor(market)): { readonly [conId: string]: Quote } =>
  Object.fromEntries(
    chain.options.map(([conId, strike, right]) => [conId, quoteOf(market, contractOf(chain, conId, strike, right), NOON)]),
  );

export const wholeScene = (market: Market, config: StrategyConfig, more: Partial<Scene> = {}): Scene => {
  const chain = chainFor(market);
  return {
    config,
    underlying: SPY,
    chain,
    quotes: quotesOf(market, chain),
    spot: price(market.spot),
    riskFreeRatePct: RATE_PCT,
    now: NOON,
    ...more,
  };
};

/** Only what the two stages ask for is quoted; `asked` counts it. */
export const lookedScene = (
  market: Market,
  config: StrategyConfig,
  more: Partial<Scene> = {},
): Scene & { readonly asked: number } => {
  const strategy = STRATEGIES[config.kind];
  const whole = wholeScene(market, config, more);
  const near = strategy.nearTheMoney(whole.chain, whole.spot);
  const only = (conIds: Iterable<number>) =>
    Object.fromEntries([...conIds].map((conId) => [conId, whole.quotes[conId] as Quote]));
  const first = new Set(near.map(({ conId }) => conId));
  const choice = strategy.legCandidates({ ...whole, quotes: only(first) });
  const all = new Set([...first, ...(choice.found ? choice.contracts.map(({ conId }) => conId) : [])]);
  return { ...whole, quotes: only(all), asked: all.size };
};

export const conIdAt = ({ chain }: Scene, strike: number, right: Right): number => {
  const found = chain.options.find(([, at, side]) => at === price(strike) && side === right);
  if (found === undefined) throw new Error(`${strike}${right} is not listed`);
  return found[0];
};
/** The scene with one contract's quote changed. */
export const withQuote = (scene: Scene, strike: number, right: Right, change: Partial<Quote>): Scene => {
  const conId = conIdAt(scene, strike, right);
  return { ...scene, quotes: { ...scene.quotes, [conId]: { ...(scene.quotes[conId] as Quote), ...change } } };
};

export const underlyingTold = (told: Partial<UnderlyingTold>): UnderlyingTold => ({
  type: "underlying.told",
  symbol: "SPY",
  at: NOON,
  spot: null,
  priorClose: null,
  hourHigh: null,
  hourLow: null,
  iv30: null,
  iv30PriorClose: null,
  ivRank: null,
  ivPercentile: null,
  term: null,
  skew: null,
  dividend: null,
  unknown: {},
  ...told,
});
export const regimeTold = (regime: Regime | null): RegimeTold => ({
  type: "regime.told",
  regime,
  since: regime === null ? null : tradingDay("2026-11-02"),
  raw: regime,
  unknown: regime === null ? "too little history" : "",
  at: NOON,
  asOf: tradingDay("2026-11-20"),
  vix: null,
  inputs: { vix: null, adx: null, efficiency: null, return5d: null, vixChange5d: null, smaRatio: null },
});
export const SIZING: NonNullable<StrategyConfig["sizing"]> = {
  maxLossPctOfEquity: 2,
  regimeFactors: { crash: 0, high_vol: 0.5, low_vol: 1, trending: 0.75, range_bound: 1, normal: 1 },
};
export const EQUITY = money(100_000);
