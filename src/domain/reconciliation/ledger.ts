/**
 * The account's book as our own fills make it: what each contract adds up to, which slots hold it, and what it has cost. It changes by an
 * execution or by an explicit adoption, and by nothing else that a broker may say.
 */
import { address } from "../address.ts";
import type { Contract } from "../contract.ts";
import type { OrderProgress } from "../events/actors.ts";
import { parseOrderRef } from "../identity.ts";
import { type Money, moneyUnits, roundHalfAway } from "../units.ts";

export interface BookLine {
  readonly contract: Contract;
  /** Signed, adopted ones included. */
  readonly quantity: number;
  /** How much of it each slot's orders have filled, by address; flat ones are left out. Adopted quantities are no slot's. */
  readonly slots: { readonly [slot: string]: number };
  /** Of the fills that opened what is open: Σ quantity, and Σ quantity × price in 1/10,000 dollar. Both 0 when the cost is unknown. */
  readonly opened: number;
  readonly cost: number;
}
/** By conId; contracts that are flat, in every slot too, are left out. */
export type Ledger = { readonly [conId: string]: BookLine };

type LegFill = Extract<OrderProgress, { type: "leg.filled" }>;

/** The slot whose order it is; undefined when the reference is not of a slot's. */
export const slotOfRef = (orderRef: string): string | undefined => {
  const owner = /^\d{8}-s(\d+)-/.exec(parseOrderRef(orderRef)?.intentId ?? "")?.[1];
  return owner === undefined ? undefined : address.slot(Number(owner));
};

const without = (ledger: Ledger, conId: number): Ledger => {
  const { [conId]: _gone, ...others } = ledger;
  return others;
};
const withLine = (ledger: Ledger, line: BookLine): Ledger =>
  line.quantity === 0 && Object.keys(line.slots).length === 0
    ? without(ledger, line.contract.conId)
    : { ...ledger, [line.contract.conId]: line };

/** Opening fills add to the cost, closing ones take their share out; a fill through zero opens with what lies beyond. */
const costAfter = (line: BookLine | undefined, fill: LegFill, quantity: number): Pick<BookLine, "opened" | "cost"> => {
  const held = line?.quantity ?? 0;
  const [opened, cost] = [line?.opened ?? 0, line?.cost ?? 0];
  if (quantity === 0) return { opened: 0, cost: 0 };
  if (held === 0 || Math.sign(held) !== Math.sign(quantity)) return { opened: quantity, cost: quantity * fill.price };
  // Adopted, and so of unknown cost: it stays unknown until flat.
  if (opened === 0) return { opened: 0, cost: 0 };
  // A correction takes its original back as if it had never been.
  const takesBack = fill.execId.endsWith("/corrected");
  const opens = Math.sign(takesBack ? -fill.quantity : fill.quantity) === Math.sign(held);
  if (!opens) return { opened, cost };
  return opened + fill.quantity === 0
    ? { opened: 0, cost: 0 }
    : { opened: opened + fill.quantity, cost: cost + fill.quantity * fill.price };
};

/** The book with one more fill. */
export const posted = (ledger: Ledger, fill: LegFill): Ledger => {
  const { conId } = fill.contract;
  const line = ledger[conId];
  const quantity = (line?.quantity ?? 0) + fill.quantity;
  const slot = slotOfRef(fill.orderRef);
  const slots = { ...line?.slots };
  if (slot !== undefined) {
    const held = (slots[slot] ?? 0) + fill.quantity;
    if (held === 0) delete slots[slot];
    else slots[slot] = held;
  }
  return withLine(ledger, { contract: line?.contract ?? fill.contract, quantity, slots, ...costAfter(line, fill, quantity) });
};

/** The book with the broker's quantity of a contract, whatever ours was. What slots hold by their fills is not touched; the cost is unknown. */
export const adopted = (ledger: Ledger, contract: Contract, quantity: number): Ledger => {
  const line = ledger[contract.conId];
  return quantity === 0
    ? without(ledger, contract.conId)
    : {
        ...ledger,
        [contract.conId]: { contract: line?.contract ?? contract, quantity, slots: line?.slots ?? {}, opened: 0, cost: 0 },
      };
};

/** What a contract has cost on the average, multiplier included and commissions not; undefined when unknown. */
export const averageCostOf = ({ opened, cost, contract }: BookLine): Money | undefined =>
  opened === 0 ? undefined : moneyUnits(roundHalfAway((cost / opened) * contract.multiplier));

/** The slots that hold a contract, in order. */
export const slotsHolding = (line: BookLine | undefined): readonly string[] => Object.keys(line?.slots ?? {}).sort();
