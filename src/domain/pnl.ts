/**
 * What a position has cost and made: exact sums over its leg fills, in the ledger's integers.
 *
 * The identity behind everything here: profit = −Σ quantity × price × multiplier − fees, over all fills, once flat; before
 * that, plus what the remaining units are worth at the mark. Shares of profit are measured per unit that was entered, against
 * the *base*, so that a partial exit changes neither.
 */
import { assert } from "./assert.ts";
import type { Leg } from "./contract.ts";
import { extremes, multiplierOf } from "./payoff.ts";
import { type Money, moneyUnits, notional, type Price, priceUnits, roundHalfAway, sumMoney } from "./units.ts";

/** One execution as it was booked: `quantity` is signed, what the account gained of the contract. */
export interface Fill {
  readonly orderRef: string;
  readonly conId: number;
  readonly quantity: number;
  readonly price: Price;
  readonly multiplier: number;
}
/** Fills and fees by execId: booking one twice changes nothing. */
export interface Ledger {
  readonly fills: { readonly [execId: string]: Fill };
  readonly fees: { readonly [execId: string]: Money };
}
export const EMPTY_LEDGER: Ledger = { fills: {}, fees: {} };

/** Contracts held by conId, signed; contracts that are flat are left out. */
export type Holding = { readonly [conId: string]: number };

export const bookFill = (ledger: Ledger, execId: string, fill: Fill): Ledger =>
  ledger.fills[execId] === undefined ? { ...ledger, fills: { ...ledger.fills, [execId]: fill } } : ledger;

/** Books what an execution cost. A later report for the same execution replaces the earlier one. */
export const bookFee = (ledger: Ledger, execId: string, amount: Money): Ledger => ({
  ...ledger,
  fees: { ...ledger.fees, [execId]: amount },
});

export const holdingOf = (ledger: Ledger): Holding => {
  const held: Record<string, number> = {};
  for (const { conId, quantity } of Object.values(ledger.fills)) held[conId] = (held[conId] ?? 0) + quantity;
  return Object.fromEntries(Object.entries(held).filter(([, quantity]) => quantity !== 0));
};

/** Money gained (positive) or paid for all fills, before fees. */
export const cashOf = (fills: Iterable<Fill>): Money =>
  moneyUnits(-sumMoney([...fills].map((fill) => notional(fill.price, fill.multiplier, fill.quantity))) + 0);

export const feesOf = (ledger: Ledger): Money => sumMoney(Object.values(ledger.fees));

/** Executions whose commission has not been reported yet. */
export const feesAwaited = (ledger: Ledger): readonly string[] =>
  Object.keys(ledger.fills).filter((execId) => ledger.fees[execId] === undefined && !execId.endsWith("/corrected"));

/** Profit of a position that is flat. Throws while something is held. */
export const realisedProfit = (ledger: Ledger): Money => {
  assert(Object.keys(holdingOf(ledger)).length === 0, "a position that is not flat has no realised profit");
  return moneyUnits(cashOf(Object.values(ledger.fills)) - feesOf(ledger));
};

/** Whole units of a structure held, negative when it was sold short of itself; undefined when the legs are out of ratio. */
export const unitsHeld = (legs: readonly Leg[], holding: Holding): number | undefined => {
  const known = new Set(legs.map(({ contract }) => String(contract.conId)));
  if (Object.keys(holding).some((conId) => !known.has(conId))) return undefined;
  const each = legs.map(({ contract, ratio }) => (holding[contract.conId] ?? 0) / ratio);
  const units = each[0];
  return units !== undefined && Number.isInteger(units) && each.every((n) => n === units) ? units + 0 : undefined;
};

/** What one unit of a position was bought for, and what that means for its best and worst end. */
export interface Entry {
  readonly units: number;
  /** Average, rounded to 1/10,000 dollar for display; `cash` is exact. */
  readonly netPrice: Price;
  readonly cash: Money;
  readonly unitMaxLoss: Money | "unbounded";
  /** What profits are a share of, per unit: a credit itself; for a debit, what it can gain or, unbounded, what it cost. */
  readonly unitBase: Money;
}

export const entryOf = (legs: readonly Leg[], units: number, entryFills: Iterable<Fill>): Entry => {
  assert(units > 0, `a position has at least one unit, got ${units}`);
  const multiplier = multiplierOf(legs);
  const cash = cashOf(entryFills);
  const netPrice = priceUnits(roundHalfAway(-cash / (units * multiplier)));
  const { maxLoss, maxProfit } = extremes(legs, netPrice);
  const debit = notional(netPrice, multiplier, 1);
  const unitBase = moneyUnits(netPrice < 0 ? -debit : maxProfit === "unbounded" ? debit : maxProfit);
  return { units, netPrice, cash, unitMaxLoss: maxLoss, unitBase };
};

/** What one entered unit would have made, were it closed at the mark: its share of the entry's cash and fees included. */
export const unitProfit = (entry: Entry, entryFees: Money, mark: Price, multiplier: number): Money =>
  moneyUnits(roundHalfAway((entry.cash - entryFees) / entry.units) + notional(mark, multiplier, 1));

/** What the whole position would have made, were the remaining units closed at the mark without further fees. */
export const profitAtMark = (ledger: Ledger, remainingUnits: number, mark: Price, multiplier: number): Money =>
  moneyUnits(cashOf(Object.values(ledger.fills)) - feesOf(ledger) + notional(mark, multiplier, remainingUnits));
