/**
 * What the broker's messages and complete answers prove of an order, and what is remembered of them. Where it keeps several orders of one
 * intent, each is known by its permId. Pure.
 */
import { type BrokerOrder, type BrokerOrderStatus, DONE_STATUSES } from "../domain/events/broker.ts";
import { afterWord, type Incarnation, isOver, isSettled, withIncarnation } from "../domain/orders/incarnation.ts";
import { type ErrorVerdict, verdictOfError } from "../domain/orders/order-errors.ts";
import { nameOf } from "../domain/reconciliation/compare.ts";
import { type EpochMs, type Price, priceUnits } from "../domain/units.ts";
import { type Args, keptOf, type OrderContext, units } from "./order.context.ts";

/** The broker's limit of an order as a net price: one that SELLs a single contract has the other sign. */
const netLimit = ({ limitPrice, action }: BrokerOrder): Price | undefined =>
  limitPrice === undefined ? undefined : action === "SELL" ? priceUnits(-limitPrice) : limitPrice;

// ── what the broker said of it ──
const isDone = (status: BrokerOrderStatus): boolean => DONE_STATUSES.includes(status);
const isWorking = (status: BrokerOrderStatus): boolean => status === "PreSubmitted" || status === "Submitted";

export interface Report {
  readonly status: BrokerOrderStatus;
  readonly permId: number;
  readonly counted?: number;
  readonly standing?: Price;
}
/**
 * What an event says of our order; undefined when it speaks of another. Order ids are counted by client, so a status is ours by a
 * permId that we know, or by client and order id: under another permId it speaks of a twin.
 */
export const reportOf = ({ context, event }: Args): Report | undefined => {
  if (event.type === "order.reported") {
    const { order } = event;
    const standing = netLimit(order);
    return {
      status: order.status,
      permId: order.permId,
      ...(order.filled === undefined ? {} : { counted: order.filled }),
      ...(standing === undefined ? {} : { standing }),
    };
  }
  if (event.type !== "order.statusReported") return undefined;
  const known = event.permId > 0 && keptOf(context).incarnations.some(({ permId }) => permId === event.permId);
  const ours = known || (event.orderId === context.orderId && event.clientId === context.clientId);
  return ours ? { status: event.status, permId: event.permId, counted: event.filled } : undefined;
};
export const saysWorking = (args: Args): boolean => {
  const report = reportOf(args);
  return report !== undefined && isWorking(report.status);
};
export const saysDone = (args: Args): boolean => {
  const report = reportOf(args);
  return report !== undefined && isDone(report.status);
};
/** A permId that is not that of the first order. */
const isTwin = ({ permId: first }: OrderContext, permId: number): boolean => permId > 0 && first > 0 && permId !== first;

/** The memory of a report. */
export const withReport = (args: Args): Partial<OrderContext> => {
  const report = reportOf(args);
  if (report === undefined) return {};
  const { context } = args;
  const { permId, status, counted = null } = report;
  const heardAt = args.event.now;
  if (isTwin(context, permId)) return { heardAt, twins: withIncarnation(context.twins, { permId, status, counted }) };
  // It does not say which of them it means.
  if (permId <= 0 && context.twins.length > 0) return { heardAt };
  return {
    ...afterWord(context, { permId: permId > 0 ? permId : context.permId, status, counted }),
    heardAt,
    // A status alone confirms only a first price: of a new one it may be older.
    standing: report.standing ?? context.standing ?? (isWorking(status) ? context.limit : null),
  };
};
/** An execution names the order that it was made for. */
export const withPermId = ({ context, event }: Args): Partial<OrderContext> => {
  if (event.type !== "execution.reported" || event.execution.permId <= 0) return {};
  const { permId } = event.execution;
  if (!isTwin(context, permId)) return { permId };
  const isKnown = context.twins.some((twin) => twin.permId === permId);
  return isKnown ? {} : { twins: [...context.twins, { permId, status: null, counted: null }] };
};
/** What is remembered after this report. */
export const afterReport = (args: Args): OrderContext => ({ ...args.context, ...withReport(args) });

/** What an error means for our order, not for its what-if; undefined when it speaks of another id. */
export const verdictFor = ({ context, event }: Args): ErrorVerdict | undefined =>
  event.type === "order.errored" && event.orderId === context.orderId ? verdictOfError(event.code) : undefined;
/** A price is on its way that the broker has not confirmed. */
export const isModifying = ({ standing, limit }: OrderContext): boolean => standing !== null && standing !== limit;

/** All that was intended is filled; whether that is all there is, is another question. */
export const isFull = (context: OrderContext): boolean => units(context) >= context.intent.quantity;
/**
 * Filled, and nothing of it lives: no twin works, and no change is on its way that may have become one. Executions alone say that of the
 * order that they belong to.
 */
export const isComplete = (context: OrderContext): boolean =>
  isFull(context) && (context.twins.length === 0 ? !isModifying(context) : isSettled(keptOf(context)));
/** The broker works one of them, as far as it has said. */
export const livesOn = (context: OrderContext): boolean => {
  const kept = keptOf(context);
  return kept.incarnations.some((one, n) => !isOver(kept, one) && (one.status === null ? n > 0 : isWorking(one.status)));
};

/** Whether a transmission of ours is answered: the first one, or a new price. */
export const placementOf = ({ event }: Args): "first" | "modification" | undefined => {
  if (event.type !== "effect.refused" && event.type !== "effect.unconfirmed") return undefined;
  return event.name !== "order.place" ? undefined : event.params["modify"] === true ? "modification" : "first";
};

// ── the complete truth ──
export type Found =
  /** One row for each permId. */
  { readonly at: "open" | "over"; readonly rows: readonly BrokerOrder[] } | { readonly at: "nowhere" } | undefined;
const isOverRow = ({ status, orderId }: BrokerOrder): boolean => isDone(status) || orderId === 0;
/**
 * What a complete answer says of this order; undefined when it was begun before `since` and so proves nothing. Completed orders
 * are asked for after the open ones: one that ended in between is in both, and over. Where the broker keeps several, one that is open
 * makes all of it open.
 */
export const foundIn = ({ context, event }: Args, since: EpochMs): Found => {
  if (event.type !== "reconciliation.completed" || event.startedAt < since) return undefined;
  const ours = event.orders.filter((order) => order.orderRef === context.intent.orderRef);
  const permIds = [...new Set(ours.map(({ permId }) => permId))];
  const rows = permIds
    // A row that does not know its permId yet is one of the others.
    .filter((permId) => permId > 0 || permIds.length === 1)
    .map((permId) => ours.filter((row) => row.permId === permId))
    .map((same) => same.find(isOverRow) ?? (same[0] as BrokerOrder));
  if (rows.length === 0) return { at: "nowhere" };
  return { at: rows.every(isOverRow) ? "over" : "open", rows };
};
/** The row of the order that we know, among twins; else the one that there is. */
export const rowOf = ({ permId }: OrderContext, rows: readonly BrokerOrder[]): BrokerOrder =>
  rows.find((row) => row.permId === permId) ?? (rows[0] as BrokerOrder);
/** Units that the broker counts as filled, over all rows. */
export const filledIn = ({ intent }: OrderContext, rows: readonly BrokerOrder[]): number =>
  rows.reduce((sum, { status, filled = 0 }) => sum + (status === "Filled" ? Math.max(intent.quantity, filled) : filled), 0);
/** One that we know of is in no answer. */
export const lacksOne = (context: OrderContext, rows: readonly BrokerOrder[]): boolean =>
  keptOf(context).incarnations.some(({ permId }) => permId > 0 && !rows.some((row) => row.permId === permId));
/** The only one there is works at another price than the one that we sent last, or nobody says at which. */
export const isElsewhere = (context: OrderContext, rows: readonly BrokerOrder[]): boolean => {
  const limit = netLimit(rowOf(context, rows));
  return limit === undefined ? isModifying(context) : context.limit !== null && limit !== context.limit;
};
/** The broker's positions in our legs differ from our ledger: something was filled that we have not heard of. */
export const legsDiffer = ({ context, event }: Args): boolean =>
  event.type === "reconciliation.completed" &&
  event.discrepancies.some(
    ({ kind, subject }) =>
      kind !== "unknownOrder" &&
      kind !== "averageCost" &&
      context.intent.legs.some(({ contract }) => nameOf(contract) === subject),
  );
/** The broker spoke of it after the question was put, so an answer without it is not the whole truth. */
export const heardSinceAsking = ({ context, event }: Args): boolean =>
  event.type === "reconciliation.completed" && context.heardAt !== null && context.heardAt >= event.startedAt;
/** The record as the newest report. What is in no answer is not at the broker. */
export const withRecord = (args: Args): Partial<OrderContext> => {
  const { context, event } = args;
  const found = foundIn(args, context.doubtedAt);
  if (found === undefined || event.type !== "reconciliation.completed") return {};
  const rows = found.at === "nowhere" ? [] : found.rows;
  const stillThere = (twin: Incarnation): boolean => rows.some(({ permId }) => permId === twin.permId);
  const known = context.twins.map((twin): Incarnation => (stillThere(twin) ? twin : { ...twin, status: "Unknown" }));
  if (rows.length === 0) return { status: context.status === null ? null : "Unknown", twins: known };
  const first = rowOf(context, rows);
  const others = rows.filter((row) => row !== first);
  // The one that is known to us is gone, and another is there: they are two all the same.
  const isFirst = context.permId <= 0 || first.permId <= 0 || first.permId === context.permId;
  const twins = (isFirst ? others : rows).reduce<readonly Incarnation[]>(
    (all, { permId, status, filled }) => withIncarnation(all, { permId, status, counted: filled ?? null }),
    known,
  );
  if (!isFirst) return { twins, status: "Unknown", epoch: event.epoch };
  const limit = netLimit(first) ?? context.limit;
  return {
    status: first.status,
    permId: first.permId > 0 ? first.permId : context.permId,
    counted: first.filled === undefined ? context.counted : Math.max(first.filled, context.counted ?? 0),
    twins,
    limit,
    standing: limit,
    epoch: event.epoch,
  };
};
/** A change that was on its way when the connection went may have left two orders: whatever is found is cancelled. */
export const inDoubt = ({ context, event }: Args): Partial<OrderContext> => ({
  doubtedAt: event.now,
  asks: 0,
  abandoned:
    context.abandoned ??
    (isModifying(context) && (event.type === "session.unreadied" || event.type === "effect.unconfirmed")
      ? "a new price was on its way when the connection was lost"
      : null),
});
