/**
 * What can be traded: stocks, indices, futures, options, and the combos made of them.
 *
 * A contract is identified by IB's conId alone; everything else describes it. A structure (condor, vertical, ...) is a list of
 * legs with signed ratios: +1 is one bought, -1 one sold, per unit of the structure. An order for a structure is always a BUY
 * of the combo, so its net price is what one unit costs: positive is a debit, negative a credit.
 */
import type { Price, TradingDay } from "./units.ts";

export type Right = "C" | "P";
export type SecurityType = "STK" | "IND" | "FUT" | "OPT" | "FOP" | "BAG";

/** A resolved contract. `multiplier` is contract units per price point (100 for equity options, 50 for ES, 1 for stock). */
export interface Contract {
  readonly conId: number;
  readonly secType: SecurityType;
  readonly symbol: string;
  readonly exchange: string;
  readonly currency: string;
  readonly multiplier: number;
  readonly localSymbol?: string;
  readonly tradingClass?: string;
  readonly primaryExchange?: string;
  /** Last trading day, in exchange time. Options and futures only. */
  readonly expiry?: TradingDay;
  readonly strike?: Price;
  readonly right?: Right;
}

/** A contract that is an option: expiry, strike and right are known. */
export interface OptionContract extends Contract {
  readonly secType: "OPT" | "FOP";
  readonly expiry: TradingDay;
  readonly strike: Price;
  readonly right: Right;
}

/** What is known before IB has resolved it: enough for a contract-details request. */
export interface ContractQuery {
  readonly secType: SecurityType;
  readonly symbol: string;
  readonly exchange?: string;
  readonly currency?: string;
  readonly conId?: number;
  readonly expiry?: TradingDay;
  readonly strike?: Price;
  readonly right?: Right;
  readonly tradingClass?: string;
}

/** A contract as IB's contract details describe it: `minTick` in price units, sessions as IB prints them. */
export interface ContractDetails {
  readonly contract: Contract;
  readonly minTick: Price;
  readonly longName: string;
  /** The delivery month `YYYYMM` of a future; empty otherwise. */
  readonly contractMonth: string;
  readonly underlyingConId: number;
  readonly timeZone: string;
  readonly tradingHours: string;
  readonly liquidHours: string;
}

/** One leg of a structure: `ratio` is signed, +1 long, -1 short, per unit. */
export interface Leg {
  readonly contract: OptionContract;
  readonly ratio: number;
}

/** One leg of a combo order as IB wants it: ratio is positive, the side says which way. */
export interface ComboLeg {
  readonly conId: number;
  readonly ratio: number;
  readonly action: "BUY" | "SELL";
  readonly exchange: string;
}

export const isOption = (contract: Contract): contract is OptionContract =>
  (contract.secType === "OPT" || contract.secType === "FOP") &&
  contract.expiry !== undefined &&
  contract.strike !== undefined &&
  contract.right !== undefined;

/** The structure the other way round: what closes it. */
export const reversed = (legs: readonly Leg[]): Leg[] => legs.map((leg) => ({ ...leg, ratio: -leg.ratio }));

/** The legs of a BUY combo order that opens the structure. */
export const comboLegs = (legs: readonly Leg[]): ComboLeg[] =>
  legs.map((leg) => ({
    conId: leg.contract.conId,
    ratio: Math.abs(leg.ratio),
    action: leg.ratio > 0 ? "BUY" : "SELL",
    exchange: "SMART",
  }));
