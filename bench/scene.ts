/** An expiry quoted around what its options are worth, as a strategy for iron condors sees it: what the measures of chains are made of. */
import { instantOf } from "../src/domain/calendar/new-york.ts";
import type { StrategyConfig } from "../src/domain/config.ts";
import { configSchema } from "../src/domain/config-schema.ts";
import type { Contract, Right } from "../src/domain/contract.ts";
import type { Quote } from "../src/domain/quote.ts";
import type { Chain } from "../src/domain/strategies/chain.ts";
import type { Scene } from "../src/domain/strategies/strategy.ts";
import { money, price, type TradingDay, tradingDay } from "../src/domain/units.ts";

/** A Monday with a full session, at eleven. */
export const BENCH_DAY = tradingDay("2026-11-23");
export const BENCH_NOW = instantOf(BENCH_DAY, 11 * 60);

const UNDERLYING: Contract = {
  conId: 756733,
  secType: "STK",
  symbol: "SPY",
  exchange: "SMART",
  currency: "USD",
  multiplier: 1,
};

const condorConfig = (): StrategyConfig => {
  const parsed = configSchema.parse({
    strategies: [{ name: "condor", kind: "iron-condor", symbol: "SPY", entry: { wingWidthPct: 2 } }],
  });
  const [strategy] = parsed.strategies;
  if (strategy === undefined) throw new Error("one strategy is configured");
  return { ...strategy, entry: { ...strategy.entry, minOpenInterest: 10 } } as StrategyConfig;
};
const CONFIG = condorConfig();

export interface QuotedExpiry {
  /** Dollars, like the strikes. */
  readonly spot: number;
  readonly ratePct: number;
  readonly expiry: TradingDay;
  /** Ascending. */
  readonly strikes: readonly number[];
  readonly firstConId: number;
  readonly worth: (right: Right, strike: number) => number;
  readonly halfSpread: (worth: number) => number;
}

export const quotedScene = ({ spot, ratePct, expiry, strikes, firstConId, worth, halfSpread }: QuotedExpiry): Scene => {
  const options: Chain["options"][number][] = [];
  const quotes: Record<string, Quote> = {};
  for (const strike of strikes) {
    for (const right of ["C", "P"] as const) {
      const conId = firstConId + options.length;
      options.push([conId, price(strike), right]);
      const value = worth(right, strike);
      const half = halfSpread(value);
      const bid = price(Math.max(0, Math.floor((value - half) * 100) / 100));
      const ask = price(Math.ceil((value + half) * 100) / 100);
      quotes[conId] = { conId, bid, ask, bidSize: 10, askSize: 10, openInterest: 500, at: BENCH_NOW };
    }
  }
  return {
    config: CONFIG,
    underlying: UNDERLYING,
    chain: {
      symbol: "SPY",
      tradingClass: "SPY",
      exchange: "SMART",
      currency: "USD",
      multiplier: 100,
      expiry,
      tick: price(0.01),
      options,
    },
    quotes,
    spot: price(spot),
    riskFreeRatePct: ratePct,
    now: BENCH_NOW,
    equity: money(1_000_000),
    maxLossPerPositionPct: 2,
  };
};
