/**
 * What is held: the structure in each slot with its legs, mark, profit and last decision, and the account's contracts across all
 * slots. Quantities and prices come from booked fills and adoptions alone; profit is the slot's own figure.
 *
 * A slot's value is *unknown* while its legs are not in the ratio of its structure (the fills of a combo arrive one by one), while
 * it has no mark, and for fills whose order is not known here.
 */
import type { Contract, Leg } from "../domain/contract.ts";
import type { Decision, RuleTrace } from "../domain/facts.ts";
import { multiplierOf } from "../domain/payoff.ts";
import { type Holding, unitsHeld } from "../domain/pnl.ts";
import type { PositionGreeks } from "../domain/risk/greeks.ts";
import { type EpochMs, type Money, moneyUnits, notional, type Price } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { averagePrice, type BookedFill, bookLot, type Lot } from "./lot.ts";
import { factsOf, type Projection, type SpokenFact, timeOf } from "./spoken.ts";
import { contractName, strikesOf, structureKind, structureName } from "./words.ts";

export interface HeldContract {
  readonly conId: number;
  readonly name: string;
  readonly contract: Contract;
  readonly quantity: number;
  readonly averagePrice?: Price;
}
export interface SlotDecision {
  readonly at: EpochMs;
  readonly seq: number;
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
}
export interface SlotPosition {
  readonly slot: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly name: string;
  readonly kind: string;
  readonly strikes: string;
  readonly expiry?: string;
  readonly legs: readonly HeldContract[];
  /** Whole units held, 0 while only commissions are awaited; absent while the legs are out of ratio. */
  readonly units?: number;
  readonly openedAt: EpochMs;
  readonly openedSeq: number;
  readonly netPrice: Price;
  readonly unitMaxLoss: Money;
  readonly mark?: Price;
  readonly markedAt?: EpochMs;
  readonly profit?: Money;
  readonly profitShare?: number;
  readonly spot?: Price;
  readonly greeks?: PositionGreeks;
  /** Why there is no mark. */
  readonly unknown?: string;
  readonly decision?: SlotDecision;
  readonly quarantined?: string;
}
export interface PositionsView {
  readonly slots: readonly SlotPosition[];
  /** Net over all slots, sorted by symbol, expiry, strike. */
  readonly contracts: readonly HeldContract[];
}

type SlotFactOf<Type extends SpokenFact["type"]> = Extract<SpokenFact, { readonly type: Type }>;
interface Slot {
  readonly path: string;
  readonly lots: Map<number, Lot>;
  opened?: SlotFactOf<"slot.opened"> & { readonly at: EpochMs; readonly seq: number };
  marked?: SlotFactOf<"slot.marked"> & { readonly at: EpochMs };
  decision?: SlotDecision;
  quarantined?: string;
}

/** Orders whose owner is remembered; fills may follow an order's end. */
const OWNERS_KEPT = 4_000;
/** Owner of fills whose order is not known. */
const NOBODY = "";

const heldContract = (lot: Lot): HeldContract => {
  const average = averagePrice(lot);
  return {
    conId: lot.contract.conId,
    name: contractName(lot.contract),
    contract: lot.contract,
    quantity: lot.quantity,
    ...(average === undefined ? {} : { averagePrice: average }),
  };
};
const sortKey = ({ contract }: Lot): string =>
  `${contract.symbol} ${contract.expiry ?? ""} ${String(contract.strike ?? 0).padStart(12, "0")} ${contract.right ?? ""}`;
const inOrder = (lots: Iterable<Lot>): Lot[] => [...lots].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));

export class Positions implements Projection<PositionsView> {
  #slots = new Map<string, Slot>();
  #owners = new Map<string, string>();
  #contracts = new Map<number, Lot>();
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { slots: this.#slots, owners: this.#owners, contracts: this.#contracts, changedAt: this.changedAt };
  }
  set folded(kept) {
    ({ slots: this.#slots, owners: this.#owners, contracts: this.#contracts, changedAt: this.changedAt } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) if (this.#take(fact, step)) this.changedAt = step.seq;
  }

  #take(fact: SpokenFact, step: Step): boolean {
    switch (fact.type) {
      case "order.intended":
        this.#owners.set(fact.intent.orderRef, fact.intent.owner);
        if (this.#owners.size > OWNERS_KEPT) this.#owners.delete(this.#owners.keys().next().value as string);
        return false;
      case "fill.booked":
        this.#book(fact);
        return true;
      case "position.adopted":
        this.#adopt(fact);
        return true;
      case "slot.opened":
        this.#slotAt(fact.actor).opened = { ...fact, at: timeOf(step), seq: step.seq };
        return true;
      case "slot.rolled": {
        const slot = this.#slotAt(fact.actor);
        const { legs, quantity, netPrice, unitMaxLoss } = fact;
        if (slot.opened !== undefined) slot.opened = { ...slot.opened, legs, quantity, netPrice, unitMaxLoss };
        return true;
      }
      case "slot.marked":
        this.#slotAt(fact.actor).marked = { ...fact, at: timeOf(step) };
        return true;
      case "decision.made": {
        const { decision, trace } = fact;
        this.#slotAt(fact.actor).decision = { at: timeOf(step), seq: step.seq, decision, trace };
        return true;
      }
      case "slot.quarantined":
        this.#slotAt(fact.actor).quarantined = fact.reason;
        return true;
      case "slot.closed": {
        const { lots } = this.#slotAt(fact.actor);
        this.#slots.delete(fact.actor);
        // A closed slot is flat; whatever is not keeps the value unknown until it is explained.
        if (lots.size > 0) this.#slots.set(fact.actor, { path: fact.actor, lots });
        return true;
      }
      default:
        return false;
    }
  }

  #slotAt(path: string): Slot {
    let slot = this.#slots.get(path);
    if (slot === undefined) {
      slot = { path, lots: new Map() };
      this.#slots.set(path, slot);
    }
    return slot;
  }

  #book(fill: BookedFill & { readonly orderRef: string }): void {
    const owner = this.#owners.get(fill.orderRef) ?? NOBODY;
    for (const lots of [this.#contracts, this.#slotAt(owner).lots]) {
      const lot = bookLot(lots.get(fill.contract.conId), fill);
      if (lot.quantity === 0) lots.delete(fill.contract.conId);
      else lots.set(fill.contract.conId, lot);
    }
  }

  /** The account's quantity alone: what the slots hold by their fills, and what they have cost, stays as it was. */
  #adopt({ contract, quantity }: SlotFactOf<"position.adopted">): void {
    const lot = this.#contracts.get(contract.conId);
    const held = (lot?.quantity ?? 0) + quantity;
    if (held === 0) this.#contracts.delete(contract.conId);
    else
      this.#contracts.set(contract.conId, {
        contract: lot?.contract ?? contract,
        quantity: held,
        openedQuantity: 0,
        openedCost: 0,
      });
  }

  /** What all that is held would bring at its marks; or what of it cannot be told, and why. */
  get markedValue(): { readonly value: Money } | { readonly unknown: string } {
    let value = 0;
    for (const slot of this.#slots.values()) {
      if (slot.lots.size === 0) continue;
      const { opened, marked } = slot;
      if (opened === undefined) return { unknown: `${slot.path || "an unknown order"} is being filled` };
      const units = unitsOf(opened.legs, slot.lots);
      if (units === undefined) return { unknown: `the legs of ${slot.path} are out of ratio` };
      if (marked?.mark === undefined)
        return { unknown: `${opened.symbol} in ${slot.path}: ${marked?.unknown ?? "not marked yet"}` };
      value += notional(marked.mark, multiplierOf(opened.legs), units);
    }
    return { value: moneyUnits(value) };
  }

  /** Slots with something in them; one that is flat and only awaits its commissions is not counted. */
  get openSlots(): number {
    let open = 0;
    for (const slot of this.#slots.values()) if (slot.opened !== undefined && slot.lots.size > 0) open++;
    return open;
  }

  /** What a slot holds under its strategy's name, for sentences. */
  nameOf(slot: string): string | undefined {
    const opened = this.#slots.get(slot)?.opened;
    return opened && structureName(opened.symbol, opened.legs);
  }

  get view(): PositionsView {
    const slots = [...this.#slots.values()]
      .filter(({ opened }) => opened !== undefined)
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    return { slots: slots.map(positionIn), contracts: inOrder(this.#contracts.values()).map(heldContract) };
  }
}

const unitsOf = (legs: readonly Leg[], lots: ReadonlyMap<number, Lot>): number | undefined => {
  const holding: Holding = Object.fromEntries([...lots].map(([conId, { quantity }]) => [conId, quantity]));
  return unitsHeld(legs, holding);
};

const positionIn = ({ path, lots, opened, marked, decision, quarantined }: Slot): SlotPosition => {
  const { strategy, symbol, legs, netPrice, unitMaxLoss, at, seq } = opened as NonNullable<Slot["opened"]>;
  const units = unitsOf(legs, lots);
  const expiry = legs[0]?.contract.expiry;
  return {
    slot: path,
    strategy,
    symbol,
    name: structureName(symbol, legs),
    kind: structureKind(legs),
    strikes: strikesOf(legs),
    ...(expiry === undefined ? {} : { expiry }),
    legs: inOrder(lots.values()).map(heldContract),
    ...(units === undefined ? {} : { units }),
    openedAt: at,
    openedSeq: seq,
    netPrice,
    unitMaxLoss,
    ...(marked === undefined ? {} : { markedAt: marked.at }),
    ...(marked?.mark === undefined ? {} : { mark: marked.mark }),
    ...(marked?.profit === undefined ? {} : { profit: marked.profit }),
    ...(marked?.profitShare === undefined ? {} : { profitShare: marked.profitShare }),
    ...(marked?.spot === undefined ? {} : { spot: marked.spot }),
    ...(marked?.greeks === undefined ? {} : { greeks: marked.greeks }),
    ...(marked?.unknown === undefined ? {} : { unknown: marked.unknown }),
    ...(decision === undefined ? {} : { decision }),
    ...(quarantined === undefined ? {} : { quarantined }),
  };
};
