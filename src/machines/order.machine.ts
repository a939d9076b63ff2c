/**
 * One order, from intent to done: a saga that always knows what it may not know.
 *
 *   intended ─id─▶ pricing ─▶ whatIf ─impact─▶ approving ─approved─▶ live                        ended
 *      │              └──── reducing ───────────▶ │                   ├ submitted ─evidence─▶ working ─all legs─▶ filled
 *      └─refused─▶ ended.cancelled                └denied▶ ended      │                        │  ▲ repricing
 *                                                                     │               step ran out │
 *                     ┌───────── silence, lost session ───────────────┤                        ▼
 *                     ▼                                               └ settling ◀─done── cancelling ─▶ cancelled, expired
 *                  unknown ──the broker's complete truth, begun later──▶ live | ended (also rejected, notAtBroker)
 *
 * O1 Executions are the truth and are booked in every state, also in ended ones: a fill may follow a Cancelled.
 * O2 An order that was sent and not confirmed is *unknown*. Nothing is sent again; the saga asks for the broker's open orders,
 *    completed orders and executions, and only a complete answer that was begun later settles it.
 * O3 One intent, one broker order. A second attempt is a new intent of the owner, with a new approval.
 * O4 Every transmission, also of a new price, carries a fresh approval.
 * O5 Owner, ledger, gate and breaker each hear of the end once.
 */
import { assign, emit, setup } from "xstate";
import { effects } from "../domain/effects.ts";
import type { OrderOutcome } from "../domain/events/actors.ts";
import type { OrderFact } from "../domain/facts.ts";
import { bookExecution } from "../domain/orders/execution-book.ts";
import { EXIT_STEP_SECONDS, STEPS_TO_NATURAL } from "../domain/orders/ladder.ts";
import { verdictOfError } from "../domain/orders/order-errors.ts";
import { speech } from "../domain/speech.ts";
import {
  isDone,
  newOrderContext,
  nextLimit,
  type OrderContext,
  type OrderInput,
  type OrderMachineEvent,
  recordIn,
  units,
} from "./order.context.ts";
import * as say from "./order.speech.ts";

type Outcome = { readonly outcome: OrderOutcome; readonly reason: string };

export const orderMachine = setup({
  types: {
    input: {} as OrderInput,
    context: {} as OrderContext,
    events: {} as OrderMachineEvent,
    emitted: {} as OrderFact,
  },
  delays: {
    whatIfTimeout: ({ context }) => context.timing.whatIfTimeoutSeconds * 1_000,
    doubt: ({ context }) => context.timing.doubtAfterSeconds * 1_000,
    ladderStep: ({ context }) =>
      1_000 * (context.intent.purpose === "entry" ? context.timing.entryStepSeconds : EXIT_STEP_SECONDS[context.urgency]),
    askAgain: 15_000,
  },
  guards: {
    isEntry: ({ context }) => context.intent.purpose === "entry",
    canPrice: ({ context }) => nextLimit(context) !== undefined,
    needsWhatIf: ({ context }) => !context.intent.reducing && context.impact === null && nextLimit(context) !== undefined,
    complete: ({ context }) => units(context) >= context.intent.quantity,
    partial: ({ context }) => units(context) > 0,
    newFill: ({ context, event }) =>
      event.type === "execution.reported" && bookExecution(context.book, event.execution).bookings.length === 1,
    correction: ({ context, event }) =>
      event.type === "execution.reported" && bookExecution(context.book, event.execution).bookings.length === 2,
    newFee: ({ context, event }) => event.type === "commission.reported" && context.fees[event.execId] === undefined,
    /** The broker works it: any status but a done or a pending one. */
    atWork: ({ event }) =>
      (event.type === "order.statusReported" && (event.status === "PreSubmitted" || event.status === "Submitted")) ||
      (event.type === "order.reported" && (event.order.status === "PreSubmitted" || event.order.status === "Submitted")),
    filledAtBroker: ({ event }) => event.type === "order.statusReported" && event.status === "Filled",
    cancelledAtBroker: ({ event }) =>
      event.type === "order.statusReported" && (event.status === "Cancelled" || event.status === "ApiCancelled"),
    /** Cancelled, and the broker counts no more filled than we do. */
    cancelledAndCounted: ({ context, event }) =>
      event.type === "order.statusReported" &&
      (event.status === "Cancelled" || event.status === "ApiCancelled") &&
      event.filled <= units(context),
    refusedNew: ({ event }) => event.type === "order.errored" && verdictOfError(event.code) === "refused",
    refusedModification: ({ context, event }) =>
      event.type === "order.errored" &&
      context.replaced !== null &&
      ["refused", "modificationRefused"].includes(verdictOfError(event.code)),
    cancelMissed: ({ event }) =>
      event.type === "order.errored" && ["notFound", "tooLate"].includes(verdictOfError(event.code)),
    wasPlacement: ({ event }) =>
      (event.type === "effect.refused" || event.type === "effect.unconfirmed") && event.effect.type === "order.place",
    ladderOver: ({ context }) => context.intent.purpose === "entry" && context.step > STEPS_TO_NATURAL,
    givenUp: ({ context, event }) =>
      context.intent.purpose === "entry" && event.now - context.startedAt >= context.timing.entryGiveUpSeconds * 1_000,
    priceMoved: ({ context }) => ![undefined, context.limit].includes(nextLimit(context)),
    abandoned: ({ context }) => context.abandoned !== null,
    foundOpen: ({ context, event }) => {
      const record = recordIn(context, event);
      return record !== undefined && record !== "absent" && !isDone(record.status);
    },
    foundCancelled: ({ context, event }) => {
      const record = recordIn(context, event);
      return record !== undefined && record !== "absent" && isDone(record.status) && record.status !== "Filled";
    },
    foundNowhere: ({ context, event }) => recordIn(context, event) === "absent",
  },
  actions: {
    ...speech,
    ...effects,
    hearQuote: assign(({ context, event }) =>
      event.type === "quote.updated" ? { quotes: { ...context.quotes, [event.quote.conId]: event.quote } } : {},
    ),
    takeIds: assign(({ event }) =>
      event.type === "orderId.assigned"
        ? { orderId: event.orderId, whatIfId: event.whatIfId, epoch: event.epoch, account: event.account }
        : {},
    ),
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    takeImpact: assign(({ event }) => (event.type === "order.whatIfAnswered" ? { impact: event.impact } : {})),
    takeApproval: assign(({ event }) => (event.type === "order.approved" ? { approval: event.approval } : {})),
    takeStatus: assign(({ context, event }) => {
      if (event.type === "order.statusReported") return { status: event.status, permId: event.permId || context.permId };
      if (event.type === "order.reported") return { status: event.order.status, permId: event.order.permId || context.permId };
      return {};
    }),
    takeRecord: assign(({ context, event }) => {
      const record = recordIn(context, event);
      return record === undefined || record === "absent"
        ? {}
        : {
            status: record.status,
            permId: record.permId || context.permId,
            limit: record.limitPrice ?? context.limit,
            epoch: event.type === "reconciliation.completed" ? event.epoch : context.epoch,
          };
    }),
    takeUrgency: assign(({ event }) => (event.type === "order.escalate" ? { urgency: event.urgency } : {})),
    setPrice: assign(({ context }) => ({
      replaced: context.limit,
      limit: nextLimit(context) ?? context.limit,
    })),
    keepOldPrice: assign(({ context }) => ({ limit: context.replaced, replaced: null })),
    concede: assign(({ context }) => ({ step: context.step + 1 })),
    doubtIt: assign(({ event }) => ({ doubtedAt: event.now })),
    giveUp: assign(({ context }) => ({ abandoned: context.abandoned ?? "the price ladder ran out" })),
    abandon: assign(({ event }) => (event.type === "order.abandon" ? { abandoned: event.reason } : {})),
    book: assign(({ context, event }) =>
      event.type === "execution.reported" ? { book: bookExecution(context.book, event.execution).book } : {},
    ),
    charge: assign(({ context, event }) =>
      event.type === "commission.reported" ? { fees: { ...context.fees, [event.execId]: event.amount } } : {},
    ),
    conclude: assign((_, verdict: Outcome) => verdict),
  },
}).createMachine({
  id: "order",
  context: ({ input }) => newOrderContext(input),
  initial: "intended",
  on: {
    "quote.updated": { actions: "hearQuote" },
    "line.typed": {},
    "line.failed": {},
    "execution.reported": [
      {
        guard: "correction",
        actions: [say.fillToOwner(0), say.fillToLedger(0), emit(say.fillBooked(0)), say.fillToOwner(1), say.fillToLedger(1), emit(say.fillBooked(1)), "book"],
      },
      {
        guard: "newFill",
        actions: [say.listenToExecution, say.fillToOwner(0), say.fillToLedger(0), emit(say.fillBooked(0)), "book"],
      },
      {},
    ],
    "commission.reported": [{ guard: "newFee", actions: ["charge", say.feeToOwner, emit(say.feeBooked)] }, {}],
    "order.reported": { actions: ["takeStatus", say.listenToPermId] },
    "order.statusReported": { actions: ["takeStatus", say.listenToPermId, emit(say.statusChanged)] },
    "order.errored": { actions: emit(say.errored) },
    "order.whatIfAnswered": {},
    "order.escalate": { actions: "takeUrgency" },
    "order.abandon": {},
    "order.approved": {},
    "order.denied": {},
    "orderId.assigned": {},
    "orderId.refused": {},
    "session.readied": { actions: "takeEpoch" },
    "session.unreadied": {},
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "effect.written": {},
    "effect.refused": {},
    "effect.unconfirmed": {},
  },
  states: {
    intended: {
      entry: [emit(say.intended), say.listenToAll, say.askForIds],
      on: {
        "orderId.assigned": { target: "pricing", actions: ["takeIds", say.listenToOrderId] },
        // An exit waits for the session: it must leave some day. An entry does not.
        "orderId.refused": [{ guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent }, {}],
        "session.readied": { actions: ["takeEpoch", say.askForIds] },
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    /** Waits for quotes that price the first step. */
    pricing: {
      always: [
        { guard: { type: "needsWhatIf" }, target: "whatIf" },
        { guard: "canPrice", target: "approving" },
      ],
      on: {
        "session.unreadied": [{ guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent }, { target: "intended" }],
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    /** What would this cost in margin? No answer, or an unknown one, is a no. */
    whatIf: {
      entry: say.askWhatIf,
      after: {
        whatIfTimeout: {
          target: "ended.denied",
          actions: [
            { type: "conclude", params: { outcome: "denied", reason: "no answer to the what-if" } },
            emit(say.deniedBecause({ reason: "marginUnknown", actual: null, limit: null, unit: "USD" })),
          ],
        },
      },
      on: {
        "order.whatIfAnswered": { target: "pricing", actions: ["takeImpact", emit(say.whatIfAnswered)] },
        "order.errored": { guard: "refusedNew", target: "ended.rejected", actions: [emit(say.errored), say.concludeErrored] },
        "effect.refused": { target: "ended.cancelled", actions: say.concludeUnsent },
        "session.unreadied": { target: "ended.cancelled", actions: say.concludeUnsent },
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    approving: {
      entry: say.askForApproval,
      on: {
        "order.approved": { target: "live", actions: ["takeApproval", emit(say.approved)] },
        "order.denied": { target: "ended.denied", actions: [emit(say.denied), say.concludeDenied] },
        "session.unreadied": [{ guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent }, { target: "intended" }],
      },
    },

    /** Sent: the broker may work it. */
    live: {
      initial: "submitted",
      always: { guard: "complete", target: "ended.filled", actions: { type: "conclude", params: { outcome: "filled", reason: "" } } },
      on: {
        "session.unreadied": { target: "unknown", actions: "doubtIt" },
        "effect.unconfirmed": [{ guard: "wasPlacement", target: "unknown", actions: "doubtIt" }, {}],
        "order.abandon": { target: ".cancelling", actions: "abandon" },
        "order.statusReported": [
          { guard: "cancelledAndCounted", target: "ended.cancelled", actions: ["takeStatus", emit(say.statusChanged), say.concludeCancelled] },
          { guard: "cancelledAtBroker", target: ".settling", actions: ["takeStatus", emit(say.statusChanged)] },
          { guard: "filledAtBroker", target: ".settling", actions: ["takeStatus", emit(say.statusChanged)] },
          { actions: ["takeStatus", say.listenToPermId, emit(say.statusChanged)] },
        ],
      },
      states: {
        submitted: {
          entry: ["setPrice", say.place(false), emit(say.priced(false))],
          after: { doubt: { target: "#order.unknown", actions: "doubtIt" } },
          on: {
            "order.reported": { guard: "atWork", target: "working", actions: ["takeStatus", say.listenToPermId] },
            "order.statusReported": [
              { guard: "cancelledAndCounted", target: "#order.ended.cancelled", actions: ["takeStatus", emit(say.statusChanged), say.concludeCancelled] },
              { guard: "cancelledAtBroker", target: "settling", actions: ["takeStatus", emit(say.statusChanged)] },
              { guard: "filledAtBroker", target: "settling", actions: ["takeStatus", emit(say.statusChanged)] },
              { guard: "atWork", target: "working", actions: ["takeStatus", say.listenToPermId, emit(say.statusChanged)] },
              { actions: ["takeStatus", say.listenToPermId, emit(say.statusChanged)] },
            ],
            "order.errored": [
              { guard: "refusedNew", target: "#order.ended.rejected", actions: [emit(say.errored), say.concludeErrored] },
              { actions: emit(say.errored) },
            ],
            // Refused at our own border: it certainly did not leave.
            "effect.refused": [{ guard: "wasPlacement", target: "#order.ended.cancelled", actions: say.concludeUnsent }, {}],
          },
        },
        working: {
          initial: "unfilled",
          after: {
            ladderStep: [
              { guard: "givenUp", target: "cancelling", actions: "giveUp" },
              { guard: "ladderOver", target: "cancelling", actions: "giveUp" },
              { target: "conceding", actions: "concede" },
            ],
          },
          on: {
            "order.errored": [
              { guard: "refusedModification", actions: [emit(say.errored), "keepOldPrice"] },
              { actions: emit(say.errored) },
            ],
            // A new urgency takes effect at once.
            "order.escalate": { target: "conceding", actions: "takeUrgency" },
          },
          states: {
            unfilled: { always: { guard: "partial", target: "partiallyFilled" } },
            partiallyFilled: {},
          },
        },
        /** The ladder has moved: a new price is worth asking for, or we wait at the old one. */
        conceding: { always: [{ guard: "priceMoved", target: "repricing" }, { target: "working" }] },
        repricing: {
          entry: say.askForApproval,
          on: {
            "order.approved": { target: "working", actions: ["takeApproval", "setPrice", say.place(true), emit(say.priced(true))] },
            "order.denied": [
              { guard: "isEntry", target: "cancelling", actions: [emit(say.denied), "giveUp"] },
              { target: "working", actions: emit(say.denied) },
            ],
          },
        },
        /** The broker is done with it, but we have not counted all that it counts. */
        settling: { after: { doubt: { target: "#order.unknown", actions: "doubtIt" } } },
        cancelling: {
          entry: say.cancel,
          after: { doubt: { target: "#order.unknown", actions: "doubtIt" } },
          on: {
            "order.errored": [
              { guard: "cancelMissed", target: "#order.unknown", actions: [emit(say.errored), "doubtIt"] },
              { actions: emit(say.errored) },
            ],
            "order.abandon": {},
          },
        },
      },
    },

    unknown: {
      entry: [emit(say.doubted), say.doubtToOwner, say.askForTruth],
      always: { guard: "complete", target: "ended.filled", actions: [{ type: "conclude", params: { outcome: "filled", reason: "" } }, emit(say.resolved("filled"))] },
      after: { askAgain: { target: "unknown", reenter: true } },
      on: {
        "order.abandon": { actions: "abandon" },
        "reconciliation.completed": [
          { guard: "foundNowhere", target: "ended.notAtBroker", actions: [emit(say.resolved("not at the broker")), { type: "conclude", params: { outcome: "notAtBroker", reason: "the broker has neither an order nor an execution of it" } }] },
          { guard: "foundCancelled", target: "ended.cancelled", actions: ["takeRecord", emit(say.resolved("cancelled")), say.concludeCancelled] },
          { guard: "foundOpen", target: "recovered", actions: ["takeRecord", emit(say.resolved("working"))] },
          {},
        ],
      },
    },
    /** Found alive at the broker: go on with it, or with the cancel that was under way. */
    recovered: { always: [{ guard: "abandoned", target: "live.cancelling" }, { target: "live.working" }] },

    ended: {
      entry: [say.stopListeningToQuotes, say.endToOwner, say.endToGate, emit(say.ended)],
      initial: "cancelled",
      states: {
        filled: { entry: say.successToBreaker },
        cancelled: {},
        rejected: { entry: say.failureToBreaker },
        denied: {},
        expired: {},
        notAtBroker: { entry: say.failureToBreaker },
      },
    },
  },
});

