/**
 * What an order has been filled with. Executions are the truth: each family (execId up to its last part) counts once, with its
 * highest revision; the BAG row of a combo is a summary and no fill. The book is the same whatever the order or the repetition
 * of the messages.
 */
import type { Leg } from "../contract.ts";
import type { Execution } from "../events/broker.ts";
import { executionFamily } from "../identity.ts";
import { type EpochMs, type Money, moneyUnits, type Price } from "../units.ts";

/** One counted execution: `quantity` is signed, what the account gained of the contract. */
export interface BookedExecution {
  readonly execId: string;
  readonly revision: number;
  /** Of which of the broker's orders; 0: the execution did not say. */
  readonly permId: number;
  readonly conId: number;
  readonly quantity: number;
  readonly price: Price;
  readonly at: EpochMs;
}
export type ExecutionBook = { readonly [family: string]: BookedExecution };

/** A change of the book as the ledger must see it: a correction is the old fill taken back and the new one booked. */
export interface Booking {
  readonly execId: string;
  readonly quantity: number;
  readonly price: Price;
  readonly at: EpochMs;
}

/** Books an execution. No bookings means it was known already, older than what is known, or a summary. */
export const bookExecution = (
  book: ExecutionBook,
  execution: Execution,
): { book: ExecutionBook; bookings: readonly Booking[] } => {
  if (execution.contract.secType === "BAG") return { book, bookings: [] };
  const { family, revision } = executionFamily(execution.execId);
  const known = book[family];
  if (known !== undefined && known.revision >= revision) return { book, bookings: [] };
  const booked: BookedExecution = {
    execId: execution.execId,
    revision,
    permId: execution.permId,
    conId: execution.contract.conId,
    quantity: execution.side === "BOT" ? execution.shares : -execution.shares,
    price: execution.price,
    at: execution.at,
  };
  const undone: readonly Booking[] =
    known === undefined
      ? []
      : [{ execId: `${known.execId}/corrected`, quantity: -known.quantity, price: known.price, at: execution.at }];
  return {
    book: { ...book, [family]: booked },
    bookings: [...undone, { execId: booked.execId, quantity: booked.quantity, price: booked.price, at: booked.at }],
  };
};

/** Contracts gained by conId, signed. */
export const filledByContract = (book: ExecutionBook): { readonly [conId: string]: number } => {
  const sums: Record<string, number> = {};
  for (const { conId, quantity } of Object.values(book)) sums[conId] = (sums[conId] ?? 0) + quantity;
  return sums;
};

/** What commissions were charged for, by family: a correction's commission replaces the one before. */
export type FeeBook = { readonly [family: string]: { readonly revision: number; readonly amount: Money } };

/** Books a commission. `charge` is what it adds to the family's fees; undefined when it was known or is older than what is known. */
export const bookCommission = (
  book: FeeBook,
  execId: string,
  amount: Money,
): { readonly book: FeeBook; readonly charge?: Money } => {
  const { family, revision } = executionFamily(execId);
  const known = book[family];
  if (known !== undefined && known.revision >= revision) return { book };
  return { book: { ...book, [family]: { revision, amount } }, charge: moneyUnits(amount - (known?.amount ?? 0)) };
};

/** Whole units of the structure that are filled on every leg. */
export const filledUnits = (book: ExecutionBook, legs: readonly Leg[]): number => {
  const sums = filledByContract(book);
  const units = legs.map(({ contract, ratio }) => Math.floor(((sums[contract.conId] ?? 0) * Math.sign(ratio)) / Math.abs(ratio)));
  return Math.max(0, Math.min(...units));
};
