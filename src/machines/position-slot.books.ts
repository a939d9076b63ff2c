/** A slot's books: what its fills amount to, and what an execution or a commission makes of them. Pure. */
import {
  bookFee,
  bookFill,
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
import { legsOf, NOTHING_HELD, type SlotContext, type SlotEvent } from "./position-slot.context.ts";

const PAST_KEPT = 200;

// ── what is held ──
const fillsOf = (context: SlotContext, wanted: (fill: Fill) => boolean): Fill[] =>
  Object.values(context.ledger.fills).filter(wanted);
const unitsOf = (context: SlotContext, wanted: (fill: Fill) => boolean): number | undefined => {
  const fills = fillsOf(context, wanted).map((fill, i) => [String(i), fill] as const);
  return unitsHeld(legsOf(context), holdingOf({ fills: Object.fromEntries(fills), fees: {} }));
};
/** Whole units held; undefined while the legs are out of ratio. */
export const units = (context: SlotContext): number | undefined => unitsOf(context, () => true);
export const isFlat = (context: SlotContext): boolean => Object.keys(holdingOf(context.ledger)).length === 0;

/** The ledger says no less than the ended order said, and its legs are in ratio: the position is what it seems. */
export const isCounted = (context: SlotContext): boolean => {
  const { ended } = context;
  const held = units(context);
  if (held === undefined || held < 0) return false;
  const filled = ended === null ? 0 : unitsOf(context, (fill) => fill.orderRef === ended.orderRef);
  return filled !== undefined && Math.abs(filled) >= (ended?.filledUnits ?? 0);
};

/** The entry's price and base; undefined while its legs are out of ratio. */
export const entryOfSlot = (context: SlotContext): Entry | undefined => {
  const isEntry = (fill: Fill): boolean => fill.orderRef === context.refs[0];
  const bought = unitsOf(context, isEntry);
  return bought !== undefined && bought > 0 ? entryOf(legsOf(context), bought, fillsOf(context, isEntry)) : undefined;
};
export const entryFees = ({ ledger, refs }: SlotContext): Money => {
  const fees = Object.entries(ledger.fees).filter(([execId]) => ledger.fills[execId]?.orderRef === refs[0]);
  return feesOf({ fills: {}, fees: Object.fromEntries(fees) });
};

/** An older order filled late, so that the working exit would close more than there is. */
export const wouldOverClose = (context: SlotContext, event: SlotEvent): boolean => {
  const { order } = context;
  if (order === null || order.purpose !== "exit" || event.type !== "leg.filled" || event.orderRef === order.orderRef)
    return false;
  const after: SlotContext = { ...context, ledger: ledgerAfter(context, event) };
  const others = unitsOf(after, (fill) => fill.orderRef !== order.orderRef);
  return others === undefined || others < order.quantity;
};

// ── booking ──
export const isBooked = (context: SlotContext, event: SlotEvent): boolean =>
  event.type === "leg.filled" &&
  (context.ledger.fills[event.execId] !== undefined || context.past.some(({ execId }) => execId === event.execId));
export const isOurs = (context: SlotContext, event: SlotEvent): boolean =>
  event.type === "leg.filled" &&
  context.refs.includes(event.orderRef) &&
  legsOf(context).some(({ contract }) => contract.conId === event.contract.conId);

export const ledgerAfter = (context: SlotContext, event: SlotEvent): Ledger => {
  if (event.type !== "leg.filled" || isBooked(context, event)) return context.ledger;
  const { orderRef, execId, contract, quantity, price } = event;
  // Executions are not always told with their contract's multiplier; the leg has it from the contract's details.
  const known = legsOf(context).find((leg) => leg.contract.conId === contract.conId)?.contract ?? contract;
  return bookFill(context.ledger, execId, { orderRef, conId: known.conId, quantity, price, multiplier: known.multiplier });
};

/** A commission goes to the position it belongs to; of an earlier one only the totals change. */
export const afterCommission = (context: SlotContext, event: SlotEvent): Partial<SlotContext> => {
  if (event.type !== "commission.charged") return {};
  const { execId, amount, orderRef } = event;
  if (context.refs.includes(orderRef)) return { ledger: bookFee(context.ledger, execId, amount) };
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
