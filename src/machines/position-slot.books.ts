/**
 * A slot's books: what its fills amount to, and what an execution or a commission makes of them. One ledger holds all that the position was
 * since it was entered. No contract is of two structures of it, so each fill is of the one that has its contract. Pure.
 */
import type { Contract, Leg } from "../domain/contract.ts";
import type { Campaign, Candidate } from "../domain/events/actors.ts";
import {
  bookFee,
  bookFill,
  cashOf,
  type Entry,
  entryOf,
  type Fill,
  feesOf,
  holdingOf,
  type Ledger,
  realisedProfit,
  unitsHeld,
} from "../domain/pnl.ts";
import { type Money, moneyUnits } from "../domain/units.ts";
import { type Former, legsOf, NOTHING_HELD, type SlotContext, type SlotEvent } from "./position-slot.context.ts";

const PAST_KEPT = 200;

// ── structures ──
/** The legs of all that the position was, is, and may become by an order that was sent. */
const structures = (context: SlotContext): (readonly Leg[])[] => [
  ...context.former.map(({ candidate }) => candidate.legs),
  legsOf(context),
  ...(context.next === null ? [] : [context.next.candidate.legs]),
];
/** Contracts that were traded or may be, by any order of this position. */
export const knownContracts = (context: SlotContext): Contract[] =>
  structures(context).flatMap((legs) => legs.map(({ contract }) => contract));
const isOf = (legs: readonly Leg[], { conId }: Fill): boolean => legs.some(({ contract }) => contract.conId === conId);

// ── what is held ──
type Wanted = (fill: Fill) => boolean;
const fillsOf = ({ ledger }: SlotContext, wanted: Wanted): Fill[] => Object.values(ledger.fills).filter(wanted);
const unitsIn = (legs: readonly Leg[], fills: readonly Fill[]): number | undefined =>
  unitsHeld(legs, holdingOf({ fills: Object.fromEntries(fills.map((fill, i) => [String(i), fill] as const)), fees: {} }));
/** Whole units that these fills make of a structure; undefined while its legs are out of ratio, 0 where there are no legs. */
const unitsOf = (context: SlotContext, legs: readonly Leg[], wanted: Wanted = () => true): number | undefined =>
  legs.length === 0
    ? 0
    : unitsIn(
        legs,
        fillsOf(context, (fill) => isOf(legs, fill) && wanted(fill)),
      );

/** Whole units of the present structure; undefined while its legs are out of ratio, or something unknown is held. */
export const units = (context: SlotContext): number | undefined => {
  const known = structures(context).flat();
  const strange = fillsOf(context, (fill) => !isOf(known, fill));
  return Object.keys(holdingOf({ fills: Object.fromEntries(strange.map((fill, i) => [String(i), fill])), fees: {} })).length > 0
    ? undefined
    : unitsOf(context, legsOf(context));
};
export const isFlat = (context: SlotContext): boolean => Object.keys(holdingOf(context.ledger)).length === 0;
/** What a roll that was filled in part has left: at most of one structure, because nothing is rolled before it is closed. */
export const restOf = (context: SlotContext): { readonly former: Former; readonly units: number } | undefined => {
  for (const former of context.former) {
    const left = unitsOf(context, former.candidate.legs);
    if (left !== undefined && left > 0) return { former, units: left };
  }
  return undefined;
};
/** Nothing is held but the present structure. */
export const isOne = (context: SlotContext): boolean => {
  const own = legsOf(context);
  const held = Object.keys(holdingOf(context.ledger));
  return held.every((conId) => own.some(({ contract }) => String(contract.conId) === conId));
};
/** Units of what the position is to become, as far as they are filled. */
export const unitsOfNext = (context: SlotContext): number =>
  context.next === null ? 0 : (unitsOf(context, context.next.candidate.legs) ?? 0);

/** The ledger says no less than the ended order said, and all legs are in ratio: the position is what it seems. */
export const isCounted = (context: SlotContext): boolean => {
  const { ended } = context;
  const each = [units(context), ...structures(context).map((legs) => unitsOf(context, legs))];
  if (each.some((held) => held === undefined || held < 0)) return false;
  if (ended === null) return true;
  const filled = unitsIn(
    ended.legs,
    fillsOf(context, ({ orderRef }) => orderRef === ended.orderRef),
  );
  return filled !== undefined && filled >= ended.filledUnits;
};

// ── what it has cost, and made ──
type Entered = { readonly candidate: Candidate | null; readonly entryRefs: readonly string[] };
const isEntryFill =
  ({ candidate, entryRefs }: Entered): Wanted =>
  (fill) =>
    entryRefs.includes(fill.orderRef) && isOf(candidate?.legs ?? [], fill);
const feesWhere = ({ ledger }: SlotContext, wanted: Wanted): Money => {
  const fees = Object.entries(ledger.fees).filter(([execId]) => {
    const fill = ledger.fills[execId];
    return fill !== undefined && wanted(fill);
  });
  return feesOf({ fills: {}, fees: Object.fromEntries(fees) });
};
/** How a structure of the position was opened: its price and base; undefined while its legs are out of ratio. */
export const entryOfStructure = (context: SlotContext, entered: Entered): Entry | undefined => {
  const legs = entered.candidate?.legs ?? [];
  const bought = unitsOf(context, legs, isEntryFill(entered));
  return bought !== undefined && bought > 0 ? entryOf(legs, bought, fillsOf(context, isEntryFill(entered))) : undefined;
};
export const entryOfSlot = (context: SlotContext): Entry | undefined => entryOfStructure(context, context);
export const entryFees = (context: SlotContext): Money => feesWhere(context, isEntryFill(context));
/** What a structure that is flat has made in all, fees included as far as they are known. */
export const profitOf = (context: SlotContext, { legs }: Candidate): Money => {
  const ofIt: Wanted = (fill) => isOf(legs, fill);
  return moneyUnits(cashOf(fillsOf(context, ofIt)) - feesWhere(context, ofIt));
};
/** Money that these orders have brought, before fees. */
export const cashOfOrders = (context: SlotContext, orderRefs: readonly string[]): Money =>
  cashOf(fillsOf(context, (fill) => orderRefs.includes(fill.orderRef)));
/** The dearest commission of one contract that this position has paid; undefined before one was reported. */
export const feePerContract = ({ ledger }: SlotContext): Money | undefined => {
  const each = Object.entries(ledger.fees).flatMap(([execId, fee]) => {
    const quantity = Math.abs(ledger.fills[execId]?.quantity ?? 0);
    return quantity > 0 ? [Math.ceil(fee / quantity)] : [];
  });
  return each.length === 0 ? undefined : moneyUnits(Math.max(0, ...each));
};
/** What the earlier structures have lost together; a gain counts as nothing, and what is not flat is not known yet. It never becomes less. */
export const campaignOf = (context: SlotContext): Campaign => {
  const rest = restOf(context)?.former;
  const flat = context.former.filter((former) => former !== rest);
  const lost = flat.reduce((sum, { candidate }) => sum + Math.max(0, -profitOf(context, candidate)), 0);
  const begun = context.former[0]?.candidate ?? context.candidate;
  const loss = moneyUnits(Math.max(context.campaign.loss, (begun?.campaign?.loss ?? 0) + lost));
  return { ...context.campaign, loss };
};

// ── reductions ──
/** Units that the reductions of the present structure have closed. */
export const unitsReduced = (context: SlotContext): number =>
  Math.abs(unitsOf(context, legsOf(context), ({ orderRef }) => context.reductions.includes(orderRef)) ?? 0);

/** An older order filled late, so that the working one would close more than there is. */
export const wouldOverClose = (context: SlotContext, event: SlotEvent): boolean => {
  const { order } = context;
  if (order === null || order.purpose === "entry" || event.type !== "leg.filled" || event.orderRef === order.orderRef)
    return false;
  const after: SlotContext = { ...context, ledger: ledgerAfter(context, event) };
  const closing = structures(context).find((legs) => legs.some(({ contract }) => closes(order.legs, contract.conId, context)));
  const others = unitsOf(after, closing ?? [], (fill) => fill.orderRef !== order.orderRef);
  return others === undefined || others < order.quantity;
};
/** Whether an order's legs trade a contract against what the structure that has it would be bought with. */
const closes = (traded: readonly Leg[], conId: number, context: SlotContext): boolean => {
  const own = structures(context)
    .flat()
    .find(({ contract }) => contract.conId === conId);
  const leg = traded.find(({ contract }) => contract.conId === conId);
  return own !== undefined && leg !== undefined && Math.sign(own.ratio) !== Math.sign(leg.ratio);
};

// ── booking ──
export const isBooked = (context: SlotContext, event: SlotEvent): boolean =>
  event.type === "leg.filled" &&
  (context.ledger.fills[event.execId] !== undefined || context.past.some(({ execId }) => execId === event.execId));
export const isOurs = (context: SlotContext, event: SlotEvent): boolean =>
  event.type === "leg.filled" &&
  context.refs.includes(event.orderRef) &&
  knownContracts(context).some(({ conId }) => conId === event.contract.conId);

export const ledgerAfter = (context: SlotContext, event: SlotEvent): Ledger => {
  if (event.type !== "leg.filled" || isBooked(context, event)) return context.ledger;
  const { orderRef, execId, contract, quantity, price } = event;
  // Executions are not always told with their contract's multiplier; the leg has it from the contract's details.
  const known = knownContracts(context).find(({ conId }) => conId === contract.conId) ?? contract;
  return bookFill(context.ledger, execId, { orderRef, conId: known.conId, quantity, price, multiplier: known.multiplier });
};

/** A commission goes to the position it belongs to; of an earlier one only the totals change. */
export const afterCommission = (context: SlotContext, event: SlotEvent): Partial<SlotContext> => {
  if (event.type !== "commission.charged") return {};
  const { execId, amount, orderRef } = event;
  if (context.refs.includes(orderRef)) {
    const ledger = bookFee(context.ledger, execId, amount);
    return { ledger, campaign: campaignOf({ ...context, ledger }) };
  }
  const before = context.past.find((known) => known.execId === execId)?.fee ?? 0;
  const { positions, profit, fees } = context.totals;
  return {
    past: [...context.past.filter((known) => known.execId !== execId), { execId, fee: amount }].slice(-PAST_KEPT),
    totals: { positions, profit: moneyUnits(profit - (amount - before)), fees: moneyUnits(fees + amount - before) },
  };
};

/** The slot empty again, its executions remembered. */
export const afterPosition = (context: SlotContext): Partial<SlotContext> => {
  const { ledger, totals } = context;
  const gone = Object.keys(ledger.fills).map((execId) => ({ execId, fee: ledger.fees[execId] ?? null }));
  return {
    ...NOTHING_HELD,
    past: [...context.past, ...gone].slice(-PAST_KEPT),
    totals: {
      positions: totals.positions + (gone.length > 0 ? 1 : 0),
      profit: moneyUnits(totals.profit + realisedProfit(ledger)),
      fees: moneyUnits(totals.fees + feesOf(ledger)),
    },
  };
};
