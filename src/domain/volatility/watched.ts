/** Which underlyings are watched, and how the broker lists them: those of all strategies, switched on or not, and the regime's stock while it is watched live. */
import type { EngineConfig } from "../config.ts";
import type { SecurityType } from "../contract.ts";

export interface WatchedUnderlying {
  readonly symbol: string;
  readonly secType: Extract<SecurityType, "STK" | "IND">;
  readonly exchange: string;
  readonly primaryExchange?: string;
  /** Of its options. */
  readonly tradingClass: string;
}

/** By symbol; where strategies differ, the first decides. */
export const watchedUnderlyings = (config: EngineConfig): readonly WatchedUnderlying[] => {
  const watched = new Map<string, WatchedUnderlying>();
  for (const { symbol, underlyingSecType, exchange, primaryExchange, tradingClass } of config.strategies) {
    if (watched.has(symbol)) continue;
    watched.set(symbol, {
      symbol,
      secType: underlyingSecType,
      exchange,
      ...(primaryExchange === undefined ? {} : { primaryExchange }),
      tradingClass: tradingClass ?? symbol,
    });
  }
  const { symbol: stock, live } = config.regime ?? {};
  if (stock !== undefined && live !== false && !watched.has(stock))
    watched.set(stock, { symbol: stock, secType: "STK", exchange: "SMART", tradingClass: stock });
  return [...watched.values()];
};
