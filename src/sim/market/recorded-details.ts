/** Contract details of recorded underlyings and options, as IB has them. Hours are the market's to add: they change by the day. */

import { assert } from "../../domain/assert.ts";
import type { Contract, ContractDetails } from "../../domain/contract.ts";
import { price } from "../../domain/units.ts";
import { occSymbol } from "./contract-match.ts";
import { longNameOf } from "./index-options.ts";
import type { ChainContract } from "./recorded-csv.ts";

const OPTION_TICK = price(0.05);
const STOCK_TICK = price(0.01);
export const OPTION_MULTIPLIER = 100;

/** Where the options of an index are listed. */
export const INDEX_EXCHANGE = "CBOE";

const NO_HOURS = { timeZone: "US/Eastern", tradingHours: "", liquidHours: "" };

export const optionDetails = (
  symbol: string,
  { tradingClass, expiry, strike, right }: ChainContract,
  conId: number,
  underlyingConId: number,
): ContractDetails => ({
  contract: {
    conId,
    secType: "OPT",
    symbol,
    exchange: "SMART",
    currency: "USD",
    multiplier: OPTION_MULTIPLIER,
    localSymbol: occSymbol(tradingClass, expiry, right, strike),
    tradingClass,
    expiry,
    strike: price(strike),
    right,
  },
  minTick: OPTION_TICK,
  longName: longNameOf(symbol),
  contractMonth: expiry.slice(0, 7).replace("-", ""),
  underlyingConId,
  ...NO_HOURS,
});

const PRIMARY: ReadonlyMap<string, string> = new Map([
  ["SPY", "ARCA"],
  ["IWM", "ARCA"],
]);

export const underlyingDetails = (kind: "stock" | "index", symbol: string, conId: number): ContractDetails => {
  assert(symbol !== "", "an underlying has a symbol");
  const named = { conId, symbol, currency: "USD", multiplier: 1, localSymbol: symbol, tradingClass: symbol };
  const contract: Contract =
    kind === "index"
      ? { ...named, secType: "IND", exchange: INDEX_EXCHANGE }
      : { ...named, secType: "STK", exchange: "SMART", primaryExchange: PRIMARY.get(symbol) ?? "NASDAQ" };
  return { contract, minTick: STOCK_TICK, longName: longNameOf(symbol), contractMonth: "", underlyingConId: 0, ...NO_HOURS };
};
