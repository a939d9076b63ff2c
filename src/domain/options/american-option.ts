/** What an American option is, to those who price it: an option on a spot, with cash dividends ahead. */
import type { StrategyConfig } from "../config.ts";
import type { SpotOption } from "./black-scholes-merton.ts";
import type { CashDividend } from "./cash-dividends.ts";

/** An option that may be exercised at any time. Its `dividendYield` comes on top of the cash dividends. */
export interface AmericanOption extends SpotOption {
  /** Those that are gone, and those after expiry, do not count. */
  readonly dividends?: readonly CashDividend[];
}

/** Listed options on shares may be exercised at any time, those on an index only at expiry. */
export const isAmericanOn = (underlying: StrategyConfig["underlyingSecType"]): boolean => underlying === "STK";
