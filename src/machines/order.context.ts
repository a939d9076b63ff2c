/** What an order saga remembers, and the readings of it that its guards and its speech share. Pure. */
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
import type { BrokerOrder, BrokerOrderStatus, MarginImpact, OrderEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import { type ExecutionBook, filledUnits } from "../domain/orders/execution-book.ts";
import { limitAtStep } from "../domain/orders/ladder.ts";
import type { Quote } from "../domain/quote.ts";
import { quoteStructure } from "../domain/structure-quote.ts";
import type { EpochMs, Money, Price } from "../domain/units.ts";

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
  readonly epoch: number;
  /** Zero until assigned. */
  readonly orderId: number;
  readonly whatIfId: number;
  readonly permId: number;
  readonly status: BrokerOrderStatus | null;
  /** The ladder's step, the price that stands at the broker or is on its way there, and the one before it. */
  readonly step: number;
  readonly limit: Price | null;
  readonly replaced: Price | null;
  readonly startedAt: EpochMs;
  readonly doubtedAt: EpochMs;
  readonly approval: Approval | null;
  readonly impact: MarginImpact | null;
  readonly book: ExecutionBook;
  readonly fees: { readonly [execId: string]: Money };
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

export const newOrderContext = (input: OrderInput): OrderContext => ({
  path: input.path,
  intent: input.intent,
  timing: input.config.orders,
  urgency: input.intent.urgency,
  quotes: Object.fromEntries(input.quotes.map((quote) => [quote.conId, quote])),
  account: "",
  epoch: 0,
  orderId: 0,
  whatIfId: 0,
  permId: 0,
  status: null,
  step: 0,
  limit: null,
  replaced: null,
  startedAt: input.now,
  doubtedAt: input.now,
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

/** Mid and natural of one unit as traded, from the newest quotes; undefined when a leg has no price. */
export const pricesOf = (context: OrderContext): { mid: number; natural: number } | undefined => {
  const quote = quoteStructure(context.intent.legs, context.quotes);
  return quote.known ? { mid: quote.mid, natural: quote.ask } : undefined;
};

/** The price of the next transmission; undefined while nothing is known to price it with. */
export const nextLimit = (context: OrderContext): Price | undefined => {
  const known = pricesOf(context);
  return known ? limitAtStep(context.intent, known.mid, known.natural, context.step) : undefined;
};

/** States after which IB will not work the order any more. */
export const isDone = (status: BrokerOrderStatus): boolean =>
  status === "Cancelled" || status === "ApiCancelled" || status === "Filled";

/**
 * What a complete answer says of this order: its record (an open one before a done one), "absent", or undefined when the answer
 * was begun before the order went out of sight and so proves nothing.
 */
export const recordIn = (context: OrderContext, event: OrderMachineEvent): BrokerOrder | "absent" | undefined => {
  if (event.type !== "reconciliation.completed" || event.startedAt < context.doubtedAt) return undefined;
  const ours = event.orders.filter((order) => order.orderRef === context.intent.orderRef);
  return ours.find((order) => !isDone(order.status)) ?? ours[0] ?? "absent";
};
