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
  Urgency,
} from "../domain/events/actors.ts";
import type { BrokerOrderStatus, MarginImpact, OrderEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import { sourceFault } from "../domain/freshness.ts";
import { type ExecutionBook, type FeeBook, filledUnits } from "../domain/orders/execution-book.ts";
import type { Incarnation, Kept } from "../domain/orders/incarnation.ts";
import { givesUp, limitAtStep } from "../domain/orders/ladder.ts";
import type { Quote } from "../domain/quote.ts";
import { quoteStructure } from "../domain/structure-quote.ts";
import type { EpochMs, Price } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

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
  /** The first order that the broker made of it, which should be the only one: see `twins`. */
  readonly permId: number;
  /** What the broker said last of the order, and how many units it counted as filled then; null: not a word yet. */
  readonly status: BrokerOrderStatus | null;
  readonly counted: number | null;
  /** Further orders that the broker keeps under the same reference, and of how many the operator and the gate know. */
  readonly twins: readonly Incarnation[];
  readonly twinsTold: number;
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
  twins: [],
  twinsTold: 0,
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
/** All that the broker keeps of it. */
export const keptOf = ({ permId, status, counted, twins, book, intent }: OrderContext): Kept => ({
  incarnations: [{ permId, status, counted }, ...twins],
  book,
  intent,
});
export const hasFills = ({ book }: OrderContext): boolean => Object.keys(book).length > 0;

// ── prices ──
/** Mid and natural of one unit as traded, from the newest quotes; undefined when a leg has no price. */
export const pricesOf = (context: OrderContext): { mid: number; natural: number } | undefined => {
  // Delayed or frozen data never feed what adds risk; what reduces is priced with what there is.
  const addsRisk = givesUp(context.intent.purpose);
  const quote = quoteStructure(context.intent.legs, context.quotes, addsRisk ? sourceFault : undefined);
  return quote.known ? { mid: quote.mid, natural: quote.ask } : undefined;
};

/** The price of the next transmission; undefined while nothing is known to price it with. */
export const nextLimit = (context: OrderContext): Price | undefined => {
  const known = pricesOf(context);
  return known ? limitAtStep(context.intent, known.mid, known.natural, context.step) : undefined;
};

// ── its time ──
/** The session for which it was sent has ended: IB has cancelled a DAY order by then. */
export const isDayOver = ({ sentAt }: OrderContext, now: EpochMs): boolean =>
  sentAt !== null && now >= (sessionAt(sentAt) ?? nextSession(sentAt)).close;
/** IB lists completed orders and executions of the present day only. */
export const isOfEarlierDay = ({ sentAt }: OrderContext, now: EpochMs): boolean =>
  sentAt !== null && newYorkDay(sentAt) < newYorkDay(now);
