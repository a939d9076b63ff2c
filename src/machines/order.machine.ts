/**
 * One order, from intent to done: a saga that always knows what it may not know.
 *
 *   intended ─ids─▶ pricing ⇄ whatIf           ended: filled | cancelled | rejected | denied | expired | notAtBroker
 *      │              └─priced─▶ numbering ─id─▶ approving ─approved─▶ live
 *      └─refused, abandoned─▶ ended.cancelled                └─denied─▶ ended.denied
 *
 *   live:  submitted ─evidence─▶ working ─step ran out, abandoned─▶ cancelling ─done there─▶ settling
 *             │                    │  ▲                                                         │
 *             │                    ▼  │ approved, or the old price stays                         │
 *             │              conceding ─▶ repricing                                              │
 *             └──── all legs, cancelled and counted, rejected ──▶ ended ◀────────────────────────┘
 *
 *   live ──silence, a lost session, an unconfirmed transmission, a price unanswered at the next step, books that disagree──▶ unknown
 *   live.working ──all legs, while a price is unanswered──▶ settling
 *   unknown ──the broker's complete truth, begun later──▶ recovered ─▶ live.working | live.cancelling,   or ended
 *   live ──the broker keeps a second order of it──▶ cancelling ⇄ unknown, until none of them lives ──▶ ended
 *
 * O1 Executions are the truth and are booked in every state, also in ended ones: a fill may follow a Cancelled.
 * O2 An order that was sent and not confirmed is *unknown*. Nothing is sent again; the saga asks for the broker's open orders,
 *    completed orders and executions, and only a complete answer that was begun later settles it.
 * O3 One intent, one broker order. A second attempt is a new intent of the owner, with a new approval.
 * O4 Every transmission, also of a new price, carries a fresh approval.
 * O5 Owner, ledger, gate and breaker each hear of the end once; of what is filled after it, too.
 * O6 IB takes no id below one that it has seen, so the order's own id is drawn last, in the step that sends it.
 * O7 No state waits in silence: a timer runs in each, and what does not come is escalated to the operator.
 * O8 Identity is orderRef and permId. A second permId is a second live order of the same intent (F27): both count, nothing more is sent
 *    but cancels and enquiries, and the order ends when neither lives, with all that both have filled.
 * O9 No new price before the last one is acknowledged. One that was on its way when the connection went is followed by a cancel, and
 *    the owner begins anew.
 */

import { and, emit } from "xstate";
import * as alerts from "./order.alerts.ts";
import { newOrderContext } from "./order.context.ts";
import { orderEnded } from "./order.ended.ts";
import { orderLive } from "./order.live.ts";
import * as say from "./order.speech.ts";
import { orderUnknown } from "./order.unknown.ts";
import { orderWords } from "./order.words.ts";

export const orderMachine = orderWords.createMachine({
  id: "order",
  context: ({ input }) => newOrderContext(input),
  entry: [emit(say.intended), say.beginToEngine, say.listenToAll],
  initial: "intended",
  on: {
    "quote.updated": { actions: "hearQuote" },
    "line.typed": {},
    "line.failed": {},
    "execution.reported": [
      {
        guard: "correction",
        actions: [...say.fillsToAll(0), ...say.fillsToAll(1), say.listenToExecution, "book", "notePermId", say.listenToPermId],
      },
      { guard: "newFill", actions: [...say.fillsToAll(0), say.listenToExecution, "book", "notePermId", say.listenToPermId] },
      {},
    ],
    "commission.reported": [
      { guard: "newFee", actions: [say.feeToOwner, say.feeToReconciler, emit(say.feeBooked), "charge"] },
      {},
    ],
    "order.reported": { actions: ["takeReport", say.listenToPermId] },
    "order.statusReported": { actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
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
      entry: say.askForIds,
      after: {
        askAgain: [
          { guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "intended", reenter: true },
        ],
      },
      on: {
        "orderId.assigned": { target: "pricing", actions: ["takeIds", say.listenToOrderId] },
        // An exit waits for the session: it must leave some day. An entry or a roll does not.
        "orderId.refused": [{ guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent }, {}],
        "session.readied": { actions: ["takeEpoch", say.askForIds] },
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    /** Waits for quotes that price the next step towards the broker. */
    pricing: {
      always: [
        { guard: "needsWhatIf", target: "whatIf" },
        { guard: "canPrice", target: "numbering", actions: alerts.priced },
      ],
      after: {
        pricePatience: [
          { guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "pricing", reenter: true, actions: alerts.unpriced },
        ],
      },
      on: {
        "session.unreadied": [
          { guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "intended" },
        ],
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
        "order.whatIfAnswered": {
          guard: "answersWhatIf",
          target: "pricing",
          actions: ["takeImpact", emit(say.whatIfAnswered)],
        },
        "order.errored": [
          // Another order went out with a higher id meanwhile.
          {
            guard: and(["whatIfErrored", "idTaken"]),
            target: "ended.cancelled",
            actions: [emit(say.errored), say.concludeUnsent],
          },
          {
            guard: and(["whatIfErrored", "whatIfRejected"]),
            target: "ended.rejected",
            actions: [emit(say.errored), say.concludeErrored],
          },
          { actions: emit(say.errored) },
        ],
        "effect.refused": [{ guard: "whatIfRefused", target: "ended.cancelled", actions: say.concludeUnsent }, {}],
        "session.unreadied": { target: "ended.cancelled", actions: say.concludeUnsent },
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    /** Draws the order's own id, last before it is sent. */
    numbering: {
      entry: say.askForIds,
      after: {
        askAgain: [{ guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent }, { target: "intended" }],
      },
      on: {
        "orderId.assigned": { target: "approving", actions: ["takeIds", say.listenToOrderId] },
        "orderId.refused": [{ guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent }, { target: "intended" }],
        "session.unreadied": [
          { guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "intended" },
        ],
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    approving: {
      entry: say.askForApproval,
      after: {
        // A gate that is silent is broken.
        askAgain: [
          { guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "pricing", actions: alerts.unapproved },
        ],
      },
      on: {
        "order.approved": [
          { guard: "canPrice", target: "live", actions: ["takeApproval", emit(say.approved), alerts.approved] },
          { target: "pricing", actions: alerts.approved },
        ],
        "order.denied": { target: "ended.denied", actions: [emit(say.denied), say.concludeDenied] },
        "session.unreadied": [
          { guard: "givesUp", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "intended" },
        ],
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    /** Sent: the broker may work it. */
    live: orderLive,

    unknown: orderUnknown,
    /** Found alive at the broker: go on with it, or with the cancel that was under way. */
    recovered: {
      always: [
        { guard: "untold", target: "live.cancelling", actions: [...say.twinsToAll, "withdraw"] },
        { guard: "abandoned", target: "live.cancelling" },
        { target: "live.working" },
      ],
    },

    ended: orderEnded,
  },
});
