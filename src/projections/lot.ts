/**
 * One contract as it is held: exact sums of its fills, and the average price of those that opened it.
 *
 * A correction (execId `…/corrected`) takes its original fill back as if it had never been; the replacement is a fill of its own.
 */
import type { Contract } from "../domain/contract.ts";
import { moneyUnits, type Price, priceUnits, roundHalfAway } from "../domain/units.ts";

export interface Lot {
  readonly contract: Contract;
  /** Signed: what the account holds. */
  readonly quantity: number;
  /** Of the fills since the contract was last flat that went the position's way: quantity, and Σ quantity × price (1/10,000 dollar). */
  readonly openedQuantity: number;
  readonly openedCost: number;
}

export interface BookedFill {
  readonly execId: string;
  readonly contract: Contract;
  readonly quantity: number;
  readonly price: Price;
}

/** Whether the fill only takes back an earlier one. */
export const isTakenBack = (execId: string): boolean => execId.endsWith("/corrected");

export const bookLot = (lot: Lot | undefined, fill: BookedFill): Lot => {
  const held = lot?.quantity ?? 0;
  const quantity = held + fill.quantity;
  const cost = fill.quantity * fill.price;
  const contract = lot?.contract ?? fill.contract;
  if (quantity === 0) return { contract, quantity: 0, openedQuantity: 0, openedCost: 0 };
  const original = isTakenBack(fill.execId) ? -fill.quantity : fill.quantity;
  const opens = held === 0 || Math.sign(original) === Math.sign(held);
  // Through zero: only what lies beyond was opened by this fill.
  if (held !== 0 && Math.sign(quantity) !== Math.sign(held)) {
    return { contract, quantity, openedQuantity: quantity, openedCost: quantity * fill.price };
  }
  return {
    contract,
    quantity,
    openedQuantity: (lot?.openedQuantity ?? 0) + (opens ? fill.quantity : 0),
    openedCost: moneyUnits((lot?.openedCost ?? 0) + (opens ? cost : 0)),
  };
};

/** Rounded to 1/10,000 dollar, for display; undefined when nothing is held. */
export const averagePrice = (lot: Lot): Price | undefined =>
  lot.openedQuantity === 0 ? undefined : priceUnits(roundHalfAway(lot.openedCost / lot.openedQuantity));
