/** What an order saga remembers, and the readings of it that its guards and its speech share. Pure. */

import { nextSession, sessionAt } from "../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Denial } from "../domain/denial.ts";
import type { Approval } from "../domain/effects.ts";
import type {
  EffectAnswer,
  OrderIdEvent,
  OrderIntent,
  OrderOutcome,
  OrderWish,
  ReconciliationEvent,
  SessionAnnouncement,
  Timed,
  Urgency,
} from "../domain/events/actors.ts";
import {
  type BrokerOrder,
  type BrokerOrderStatus,
  DONE_STATUSES,
  type MarginImpact,
  type OrderEvent,
} from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import { sourceFault } from "../domain/freshness.ts";
import { type ExecutionBook, type FeeBook, filledUnits } from "../domain/orders/execution-book.ts";
import { limitAtStep } from "../domain/orders/ladder.ts";
import { type ErrorVerdict, verdictOfError } from "../domain/orders/order-errors.ts";
import type { Quote } from "../domain/quote.ts";
import { nameOf } from "../domain/reconciliation/compare.ts";
import { quoteStructure } from "../domain/structure-quote.ts";
import { type EpochMs, type Price, priceUnits } from "../domain/units.ts";

export interface OrderInput {
  readonly path: string;
  readonly intent: OrderIntent;
  readonly config: EngineConfig;
  /** The owner's newest quotes of the legs, to price the first step with. */
  readonly quotes: readonly Quote[];
  readonly now: EpochMs;
}

export interface OrderContext {
  readonly path: string;
  readonly intent: OrderIntent;
  readonly timing: EngineConfig["orders"];
  readonly urgency: Urgency;
  readonly quotes: { readonly [conId: string]: Quote };
  readonly account: string;
  readonly clientId: number;
  readonly epoch: number;
  /** Zero until assigned. */
  readonly orderId: number;
  readonly whatIfId: number;
  readonly permId: number;
  /** What the broker said last of the order, and how many units it counted as filled then; null: not a word yet. */
  readonly status: BrokerOrderStatus | null;
  readonly counted: number | null;
  /** When the broker last said anything of it. */
  readonly heardAt: EpochMs | null;
  /** The ladder's step, the price sent last, and the price that the broker is known to have. */
  readonly step: number;
  readonly limit: Price | null;
  readonly standing: Price | null;
  readonly startedAt: EpochMs;
  /** When the order was transmitted; null: it was not. */
  readonly sentAt: EpochMs | null;
  readonly doubtedAt: EpochMs;
  /** How often the broker's truth was asked for since. */
  readonly asks: number;
  readonly approval: Approval | null;
  readonly impact: MarginImpact | null;
  readonly book: ExecutionBook;
  readonly fees: FeeBook;
  /** Why we stopped wanting it; null while we want it. */
  readonly abandoned: string | null;
  readonly outcome: OrderOutcome;
  readonly reason: string;
}

type Heard<E> = E extends unknown ? E & Timed : never;
export type OrderMachineEvent = Heard<
  | OrderIdEvent
  | OrderEvent
  | MarketEvent
  | SessionAnnouncement
  | ReconciliationEvent
  | OrderWish
  | EffectAnswer
  | { readonly type: "order.approved"; readonly approval: Approval }
  | { readonly type: "order.denied"; readonly denial: Denial }
>;
export interface Args {
  readonly context: OrderContext;
  readonly event: OrderMachineEvent;
}

export const newOrderContext = (input: OrderInput): OrderContext => ({
  path: input.path,
  intent: input.intent,
  timing: input.config.orders,
  urgency: input.intent.urgency,
  quotes: Object.fromEntries(input.quotes.map((quote) => [quote.conId, quote])),
  account: "",
  clientId: 0,
  epoch: 0,
  orderId: 0,
  whatIfId: 0,
  permId: 0,
  status: null,
  counted: null,
  heardAt: null,
  step: 0,
  limit: null,
  standing: null,
  startedAt: input.now,
  sentAt: null,
  doubtedAt: input.now,
  asks: 0,
  approval: null,
  impact: null,
  book: {},
  fees: {},
  abandoned: null,
  outcome: "cancelled",
  reason: "",
});

/** Whole units filled on every leg. */
export const units = (context: OrderContext): number => filledUnits(context.book, context.intent.legs);
export const hasFills = ({ book }: OrderContext): boolean => Object.keys(book).length > 0;

// ── prices ──
/** Mid and natural of one unit as traded, from the newest quotes; undefined when a leg has no price. */
export const pricesOf = (context: OrderContext): { mid: number; natural: number } | undefined => {
  // Delayed or frozen data never feed an entry; what reduces is priced with what there is.
  const entering = context.intent.purpose === "entry";
  const quote = quoteStructure(context.intent.legs, context.quotes, entering ? sourceFault : undefined);
  return quote.known ? { mid: quote.mid, natural: quote.ask } : undefined;
};

/** The price of the next transmission; undefined while nothing is known to price it with. */
export const nextLimit = (context: OrderContext): Price | undefined => {
  const known = pricesOf(context);
  return known ? limitAtStep(context.intent, known.mid, known.natural, context.step) : undefined;
};

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
 * What an event says of our order; undefined when it speaks of another. Order ids are counted by client, so a status is ours by
 * its permId, or by client and order id while the permId is not known.
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
  const known = context.permId > 0 && event.permId > 0;
  const ours = known ? event.permId === context.permId : event.orderId === context.orderId && event.clientId === context.clientId;
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
/** Cancelled at the broker, and no more filled there than here. */
export const isCounted = (context: OrderContext): boolean =>
  (context.status === "Cancelled" || context.status === "ApiCancelled") &&
  context.counted !== null &&
  context.counted <= units(context);

/** The memory of a report. A number of filled units that once was said is not taken back by a report without one. */
export const withReport = (args: Args): Partial<OrderContext> => {
  const report = reportOf(args);
  if (report === undefined) return {};
  const { context } = args;
  return {
    status: report.status,
    permId: report.permId > 0 ? report.permId : context.permId,
    heardAt: args.event.now,
    counted: report.counted === undefined ? context.counted : Math.max(report.counted, context.counted ?? 0),
    // A status alone confirms only a first price: of a new one it may be older.
    standing: report.standing ?? context.standing ?? (isWorking(report.status) ? context.limit : null),
  };
};

/** What an error means for our order, not for its what-if; undefined when it speaks of another id. */
export const verdictFor = ({ context, event }: Args): ErrorVerdict | undefined =>
  event.type === "order.errored" && event.orderId === context.orderId ? verdictOfError(event.code) : undefined;
/** A price is on its way that the broker has not confirmed. */
export const isModifying = ({ standing, limit }: OrderContext): boolean => standing !== null && standing !== limit;

/** Whether a transmission of ours is answered: the first one, or a new price. */
export const placementOf = ({ event }: Args): "first" | "modification" | undefined => {
  if (event.type !== "effect.refused" && event.type !== "effect.unconfirmed") return undefined;
  return event.name !== "order.place" ? undefined : event.params["modify"] === true ? "modification" : "first";
};

// ── the complete truth ──
export type Found = { readonly at: "open" | "over"; readonly record: BrokerOrder } | { readonly at: "nowhere" } | undefined;
/**
 * What a complete answer says of this order; undefined when it was begun before `since` and so proves nothing. Completed orders
 * are asked for after the open ones: one that ended in between is in both, and over.
 */
export const foundIn = ({ context, event }: Args, since: EpochMs): Found => {
  if (event.type !== "reconciliation.completed" || event.startedAt < since) return undefined;
  const ours = event.orders.filter((order) => order.orderRef === context.intent.orderRef);
  const isOver = ({ status, orderId }: BrokerOrder): boolean => isDone(status) || orderId === 0;
  const over = ours.find(isOver);
  if (over !== undefined) return { at: "over", record: over };
  return ours[0] === undefined ? { at: "nowhere" } : { at: "open", record: ours[0] };
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
/** The record as the newest report. */
export const withRecord = (args: Args): Partial<OrderContext> => {
  const { context, event } = args;
  const found = foundIn(args, context.doubtedAt);
  if (found === undefined || found.at === "nowhere" || event.type !== "reconciliation.completed") return {};
  const { record } = found;
  const limit = netLimit(record) ?? context.limit;
  return {
    status: record.status,
    permId: record.permId > 0 ? record.permId : context.permId,
    counted: record.filled === undefined ? context.counted : Math.max(record.filled, context.counted ?? 0),
    limit,
    standing: limit,
    epoch: event.epoch,
  };
};

/** The session for which it was sent has ended: IB has cancelled a DAY order by then. */
export const isDayOver = ({ sentAt }: OrderContext, now: EpochMs): boolean =>
  sentAt !== null && now >= (sessionAt(sentAt) ?? nextSession(sentAt)).close;
/** IB lists completed orders and executions of the present day only. */
export const isOfEarlierDay = ({ sentAt }: OrderContext, now: EpochMs): boolean =>
  sentAt !== null && newYorkDay(sentAt) < newYorkDay(now);
