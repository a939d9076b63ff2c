/** What an order saga says: to its owner, the ledger, the gate, the session, the breaker, the wire and the read side. */
import { emit } from "xstate";
import { address, topic } from "../domain/address.ts";
import { comboLegs } from "../domain/contract.ts";
import type { Denial } from "../domain/denial.ts";
import type { Effects, OrderTicket } from "../domain/effects.ts";
import type { OrderOutcome } from "../domain/events/actors.ts";
import type { OrderFact } from "../domain/facts.ts";
import { type Booking, bookCommission, bookExecution } from "../domain/orders/execution-book.ts";
import { unitsAtMost } from "../domain/orders/incarnation.ts";
import type { Listen, Tell, Told } from "../domain/speech.ts";
import { type Money, moneyUnits, type Price, priceUnits } from "../domain/units.ts";
import { twins } from "./order.alerts.ts";
import { type Args, keptOf, nextLimit, type OrderContext, type OrderMachineEvent, pricesOf, units } from "./order.context.ts";
import { isModifying } from "./order.evidence.ts";

const tell = (to: (context: OrderContext) => string, event: (args: Args) => Told) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({ to: to(args.context), event: event(args) }),
});
const listen = (topics: (args: Args) => readonly string[]) => ({
  type: "listen" as const,
  params: (args: Args): Listen => ({ topics: topics(args) }),
});
const conclude = (outcome: OrderOutcome, reason: (args: Args) => string) => ({
  type: "conclude" as const,
  params: (args: Args) => ({ outcome, reason: reason(args) }),
});
const fact =
  <F extends OrderFact>(make: (args: Args) => F) =>
  (args: Args): F =>
    make(args);

const owner = (context: OrderContext): string => context.intent.owner;
const session = (): string => address.session;
const gate = (): string => address.riskGate;
const breaker = (): string => address.breaker("orders");
const reconciler = (): string => address.reconciler;
const engine = (): string => address.engine;
const ref = (context: OrderContext): { readonly orderRef: string } => ({ orderRef: context.intent.orderRef });
const quoteTopics = ({ context }: Args): string[] => context.intent.legs.map((leg) => topic.quote(leg.contract.conId));
const reasonOf = (event: OrderMachineEvent): string => {
  if ("reason" in event) return event.reason;
  if (event.type === "order.errored") return `${event.code} ${event.text}`;
  return event.type.startsWith("xstate.") ? "no answer in time" : event.type;
};

// ── listening ──
export const listenToAll = listen((args) => [topic.session, topic.orderRef(args.context.intent.orderRef), ...quoteTopics(args)]);
export const listenToOrderId = listen(({ context }) => [topic.orderId(context.orderId), topic.orderId(context.whatIfId)]);
export const listenToPermId = listen(({ context }) =>
  [context.permId, ...context.twins.map(({ permId }) => permId)].filter((permId) => permId > 0).map(topic.permId),
);
export const listenToExecution = listen(({ event }) =>
  event.type === "execution.reported" ? [topic.execution(event.execution.execId)] : [],
);
export const stopListeningToQuotes = {
  type: "unlisten" as const,
  params: (args: Args): Listen => ({ topics: quoteTopics(args) }),
};

// ── before anything is sent ──
export const askForIds = tell(session, ({ context }) => ({ type: "orderId.requested", replyTo: context.path, ...ref(context) }));
export const askForApproval = tell(gate, ({ context }) => ({
  type: "approval.requested",
  replyTo: context.path,
  ...ref(context),
  slot: context.intent.owner,
  reducing: context.intent.reducing,
  purpose: context.intent.purpose,
  maxLoss: context.intent.maxLoss,
  quantity: context.intent.quantity,
  ...(context.intent.greeks === undefined ? {} : { greeks: context.intent.greeks }),
  ...(context.impact?.initialMarginAfter === undefined ? {} : { initialMarginAfter: context.impact.initialMarginAfter }),
}));

// ── the wire ──
const ticket = (context: OrderContext, orderId: number, limit: Price): OrderTicket => {
  const single = context.intent.legs.length === 1 ? context.intent.legs[0] : undefined;
  const selling = single !== undefined && single.ratio < 0;
  return {
    orderId,
    ...ref(context),
    account: context.account,
    ...(single === undefined
      ? { combo: { symbol: context.intent.symbol, currency: "USD", legs: comboLegs(context.intent.legs) } }
      : { contract: single.contract }),
    action: selling ? "SELL" : "BUY",
    quantity: context.intent.quantity,
    limitPrice: selling ? priceUnits(-limit) : limit,
    tif: "DAY",
  };
};
export const askWhatIf = {
  type: "order.whatIf" as const,
  params: ({ context }: Args): Effects["order.whatIf"] => ({
    epoch: context.epoch,
    ticket: ticket(context, context.whatIfId, nextLimit(context) as Price),
  }),
};
const standing = (context: OrderContext): OrderTicket => ticket(context, context.orderId, context.limit as Price);
export const place = (modify: boolean) => ({
  type: "order.place" as const,
  params: ({ context }: Args): Effects["order.place"] => ({
    epoch: context.epoch,
    ticket: standing(context),
    approval: context.approval as NonNullable<OrderContext["approval"]>,
    modify,
  }),
});
export const cancel = {
  type: "order.cancel" as const,
  params: ({ context }: Args): Effects["order.cancel"] => ({ epoch: context.epoch, orderId: context.orderId, ...ref(context) }),
};
export const askForTruth = tell(reconciler, ({ context }) => ({
  type: "reconciliation.wanted",
  reason: `${context.intent.intentId} is out of sight`,
}));

// ── fills and fees ──
const bookingOf = ({ context, event }: Args, n: number): Booking => {
  const made = event.type === "execution.reported" ? bookExecution(context.book, event.execution).bookings[n] : undefined;
  return made as Booking;
};
const fill = (args: Args, n: number) => ({
  ...ref(args.context),
  contract: (args.event as Extract<OrderMachineEvent, { type: "execution.reported" }>).execution.contract,
  ...bookingOf(args, n),
});
/** One booking of this event, to the owner, to the reconciler's ledger and to the read side. */
export const fillsToAll = (n: number) =>
  [
    tell(owner, (args) => ({ type: "leg.filled", ...fill(args, n) })),
    tell(reconciler, (args) => ({ type: "leg.filled", ...fill(args, n) })),
    emit<OrderContext, OrderMachineEvent, undefined, OrderMachineEvent, OrderFact>((args) => ({
      type: "fill.booked",
      ...fill(args, n),
    })),
  ] as const;
const fee = ({ context, event }: Args) => {
  const charged = event as Extract<OrderMachineEvent, { type: "commission.reported" }>;
  const { charge } = bookCommission(context.fees, charged.execId, charged.amount);
  return { ...ref(context), execId: charged.execId, amount: charge as Money };
};
export const feeToOwner = tell(owner, (args) => ({ type: "commission.charged", ...fee(args) }));
/** For its book of cash. */
export const feeToReconciler = tell(reconciler, (args) => ({ type: "commission.charged", ...fee(args) }));
export const feeBooked = fact((args) => ({ type: "commission.booked", ...fee(args) }));

// ── doubt ──
const doubt = ({ context, event }: Args): string => {
  switch (event.type) {
    case "session.unreadied":
      return event.reason;
    case "effect.unconfirmed":
      return "nobody knows whether it left";
    case "order.errored":
      return reasonOf(event);
    case "reconciliation.completed":
      return "the broker does not list it as open";
    default:
      if (isModifying(context)) return "no word of its new price";
      return `no word of it for ${context.timing.doubtAfterSeconds} s`;
  }
};
export const doubtToOwner = tell(owner, (args) => ({ type: "order.doubted", ...ref(args.context), reason: doubt(args) }));
export const doubted = fact((args) => ({ type: "order.doubted", ...ref(args.context), reason: doubt(args) }));
export const resolved = (as: string) => fact(({ context }) => ({ type: "order.resolved", ...ref(context), as }));

// ── the end ──
export const concludeUnsent = conclude("cancelled", ({ event }) => `nothing was sent: ${reasonOf(event)}`);
export const concludeErrored = conclude("rejected", ({ event }) => reasonOf(event));
export const concludeDenied = conclude("denied", ({ event }) =>
  event.type === "order.denied" ? event.denial.reason : reasonOf(event),
);
/** The word for two orders is in its end, whatever was filled. */
export const concludeFilled = conclude("filled", ({ context }) => (context.twins.length > 0 ? (context.abandoned ?? "") : ""));
export const concludeExpired = conclude("expired", () => "the session ended");
export const concludeCancelled = conclude("cancelled", ({ context }) => context.abandoned ?? "cancelled by the broker");
export const endToOwner = tell(owner, ({ context }) => ({ type: "order.ended", ...ref(context), ...end(context) }));
export const ended = fact(({ context }) => ({ type: "order.ended", ...ref(context), ...end(context) }));
const end = (context: OrderContext) => ({
  purpose: context.intent.purpose,
  outcome: context.outcome,
  filledUnits: units(context),
  reason: context.reason,
});
const maxLossOf = ({ intent }: OrderContext, held: number): Money =>
  moneyUnits(intent.quantity > 0 ? Math.round((intent.maxLoss / intent.quantity) * held) : 0);
export const endToGate = tell(gate, ({ context }) => ({
  type: "exposure.released",
  ...ref(context),
  slot: context.intent.owner,
  heldMaxLoss: maxLossOf(context, units(context)),
}));
/** To the engine, which counts a day's sagas. */
export const beginToEngine = tell(engine, ({ context }) => ({ type: "saga.began", path: context.path }));
export const endToEngine = tell(engine, ({ context }) => ({ type: "saga.ended", path: context.path }));
export const failureToBreaker = tell(breaker, ({ context }) => ({
  type: "failure.observed",
  kind: context.outcome,
  ...ref(context),
  detail: context.reason,
}));
export const successToBreaker = tell(breaker, ({ context }) => ({ type: "success.observed", ...ref(context) }));

/** That there are several: to the operator, and to the gate what may be filled at most. */
export const twinsToAll = [
  twins,
  tell(gate, ({ context }) => ({
    type: "exposure.grown",
    ...ref(context),
    slot: context.intent.owner,
    maxLoss: maxLossOf(context, unitsAtMost(keptOf(context))),
  })),
] as const;

// ── what the read side sees ──
export const intended = fact(({ context }) => ({ type: "order.intended", intent: context.intent }));
export const whatIfAnswered = fact(({ context, event }) => ({
  type: "order.whatIfAnswered",
  ...ref(context),
  impact: event.type === "order.whatIfAnswered" ? event.impact : {},
}));
export const approved = fact(({ context, event }) => ({
  type: "order.approved",
  ...ref(context),
  approval: (event as Extract<OrderMachineEvent, { type: "order.approved" }>).approval,
}));
export const deniedBecause = (denial: Denial) => fact(({ context }) => ({ type: "order.denied", ...ref(context), denial }));
export const denied = fact(({ context, event }) => ({
  type: "order.denied",
  ...ref(context),
  denial: (event as Extract<OrderMachineEvent, { type: "order.denied" }>).denial,
}));
export const priced = (modify: boolean) =>
  fact(({ context }) => {
    const known = pricesOf(context);
    return {
      type: "order.priced",
      ...ref(context),
      ticket: standing(context),
      modify,
      ...(known ? { mid: priceUnits(Math.floor(known.mid)), natural: priceUnits(known.natural) } : {}),
    };
  });
export const statusChanged = fact(({ context, event }) => ({
  type: "order.statusChanged",
  ...ref(context),
  status: event.type === "order.statusReported" ? event.status : "Unknown",
  permId: event.type === "order.statusReported" && event.permId > 0 ? event.permId : context.permId,
}));
export const errored = fact(({ context, event }) => ({
  type: "order.errored",
  ...ref(context),
  code: event.type === "order.errored" ? event.code : 0,
  text: event.type === "order.errored" ? event.text : "",
}));
