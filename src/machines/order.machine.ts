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

import { and, emit, not, or } from "xstate";
import { newOrderContext } from "./order.context.ts";
import * as say from "./order.speech.ts";
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
          { guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "intended", reenter: true },
        ],
      },
      on: {
        "orderId.assigned": { target: "pricing", actions: ["takeIds", say.listenToOrderId] },
        // An exit waits for the session: it must leave some day. An entry does not.
        "orderId.refused": [{ guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent }, {}],
        "session.readied": { actions: ["takeEpoch", say.askForIds] },
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    /** Waits for quotes that price the next step towards the broker. */
    pricing: {
      always: [
        { guard: "needsWhatIf", target: "whatIf" },
        { guard: "canPrice", target: "numbering" },
      ],
      after: {
        pricePatience: [
          { guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "pricing", reenter: true, actions: say.alarmUnpriced },
        ],
      },
      on: {
        "session.unreadied": [
          { guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent },
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
        askAgain: [{ guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent }, { target: "intended" }],
      },
      on: {
        "orderId.assigned": { target: "approving", actions: ["takeIds", say.listenToOrderId] },
        "orderId.refused": [{ guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent }, { target: "intended" }],
        "session.unreadied": [
          { guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent },
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
          { guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "pricing", actions: say.alarmUnapproved },
        ],
      },
      on: {
        "order.approved": [
          { guard: "canPrice", target: "live", actions: ["takeApproval", emit(say.approved)] },
          { target: "pricing" },
        ],
        "order.denied": { target: "ended.denied", actions: [emit(say.denied), say.concludeDenied] },
        "session.unreadied": [
          { guard: "isEntry", target: "ended.cancelled", actions: say.concludeUnsent },
          { target: "intended" },
        ],
        "order.abandon": { target: "ended.cancelled", actions: say.concludeUnsent },
      },
    },

    /** Sent: the broker may work it. */
    live: {
      initial: "submitted",
      always: [
        { guard: "complete", target: "ended.filled", actions: say.concludeFilled },
        { guard: and(["untold", "someLive"]), target: ".cancelling", actions: [...say.twinsToAll, "withdraw"] },
        { guard: "untold", target: ".settling", actions: [...say.twinsToAll, "withdraw"] },
      ],
      on: {
        "session.unreadied": { target: "unknown", actions: "doubtIt" },
        "effect.unconfirmed": [{ guard: "placement", target: "unknown", actions: "doubtIt" }, {}],
        // Refused at our own border: it certainly did not leave.
        "effect.refused": [
          { guard: and(["firstPlacement", "nothingHeard"]), target: "ended.cancelled", actions: say.concludeUnsent },
          { guard: "modification", actions: "keepOldPrice" },
          {},
        ],
        "order.abandon": { target: ".cancelling", actions: "abandon" },
        "order.reported": [
          { guard: "done", target: ".settling", actions: ["takeReport", say.listenToPermId] },
          { actions: ["takeReport", say.listenToPermId] },
        ],
        "order.statusReported": [
          { guard: "done", target: ".settling", actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
          { actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
        ],
        "order.errored": [
          { guard: "refusedModification", actions: [emit(say.errored), "keepOldPrice"] },
          {
            guard: "refusedNew",
            target: "ended.rejected",
            actions: [emit(say.errored), say.concludeErrored],
          },
          { guard: or(["refused", "gone"]), target: "unknown", actions: [emit(say.errored), "doubtIt"] },
          { actions: emit(say.errored) },
        ],
        // Its status was lost on the way: the books say that it does not work any more.
        "reconciliation.completed": [
          { guard: "notOpenAnyMore", target: "unknown", actions: "doubtIt" },
          { guard: "listsTwin", actions: ["takeRecord", say.listenToPermId] },
          {},
        ],
      },
      states: {
        submitted: {
          entry: ["setPrice", "noteSent", say.place(false), emit(say.priced(false))],
          after: { doubt: { target: "#order.unknown", actions: "doubtIt" } },
          on: {
            "order.reported": [
              { guard: "atWork", target: "working", actions: ["takeReport", say.listenToPermId] },
              { guard: "done", target: "settling", actions: ["takeReport", say.listenToPermId] },
              { actions: ["takeReport", say.listenToPermId] },
            ],
            "order.statusReported": [
              { guard: "atWork", target: "working", actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
              { guard: "done", target: "settling", actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
              { actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
            ],
          },
        },
        working: {
          initial: "unfilled",
          after: {
            ladderStep: [
              {
                guard: or(["givenUp", "ladderOver"]),
                target: "cancelling",
                actions: { type: "giveUp", params: { reason: "the price ladder ran out" } },
              },
              { guard: "unanswered", target: "#order.unknown", actions: "doubtIt" },
              { target: "conceding", actions: "concede" },
            ],
          },
          always: { guard: "fullInDoubt", target: "settling" },
          // A new urgency takes effect at once.
          on: { "order.escalate": { target: "conceding", actions: "takeUrgency" } },
          states: {
            unfilled: { always: { guard: "partial", target: "partiallyFilled" } },
            partiallyFilled: {},
          },
        },
        /** The ladder has moved: a new price is worth asking for, or we wait at the old one. */
        conceding: {
          always: [{ guard: and([not("unanswered"), "priceMoved"]), target: "repricing" }, { target: "working" }],
        },
        repricing: {
          entry: say.askForApproval,
          always: { guard: "fullInDoubt", target: "settling" },
          after: { doubt: "working" },
          on: {
            "order.approved": [
              {
                guard: and(["canPrice", not("unanswered")]),
                target: "working",
                actions: ["takeApproval", "setPrice", say.place(true), emit(say.priced(true))],
              },
              { target: "working" },
            ],
            "order.denied": [
              {
                guard: "isEntry",
                target: "cancelling",
                actions: [emit(say.denied), { type: "giveUp", params: { reason: "a new price was denied" } }],
              },
              { target: "working", actions: emit(say.denied) },
            ],
          },
        },
        /** The broker is done with it, but we may not have counted all that it counts. */
        settling: {
          always: [
            { guard: and(["counted", "dayOver"]), target: "#order.ended.expired", actions: say.concludeExpired },
            { guard: "counted", target: "#order.ended.cancelled", actions: say.concludeCancelled },
          ],
          after: { doubt: { target: "#order.unknown", actions: "doubtIt" } },
          on: {
            "order.abandon": { actions: "abandon" },
            "order.reported": { actions: ["takeReport", say.listenToPermId] },
            "order.statusReported": { actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
            "order.errored": [
              { guard: "refusedModification", actions: [emit(say.errored), "keepOldPrice"] },
              { actions: emit(say.errored) },
            ],
            "reconciliation.completed": {},
          },
        },
        cancelling: {
          entry: say.cancel,
          after: { doubt: { target: "#order.unknown", actions: "doubtIt" } },
          on: {
            "order.abandon": {},
            // Of two, the cancel may have reached the one only.
            "order.reported": [
              { guard: "done", target: "settling", actions: ["takeReport", say.listenToPermId] },
              { guard: "endsOne", target: "cancelling", reenter: true, actions: ["takeReport", say.listenToPermId] },
              { actions: ["takeReport", say.listenToPermId] },
            ],
            "order.statusReported": [
              { guard: "done", target: "settling", actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
              {
                guard: "endsOne",
                target: "cancelling",
                reenter: true,
                actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)],
              },
              { actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
            ],
            // Too late, or not known any more: its status or its fills say the rest, or the doubt asks.
            "order.errored": [
              {
                guard: "refusedNew",
                target: "#order.ended.rejected",
                actions: [emit(say.errored), say.concludeErrored],
              },
              { guard: "refusedModification", actions: [emit(say.errored), "keepOldPrice"] },
              { actions: emit(say.errored) },
            ],
          },
        },
      },
    },

    unknown: {
      entry: [emit(say.doubted), say.doubtToOwner],
      initial: "asking",
      always: [
        { guard: "complete", target: "ended.filled", actions: [say.concludeFilled, emit(say.resolved("filled"))] },
        { guard: "untold", actions: [...say.twinsToAll, "withdraw"] },
      ],
      on: {
        "order.abandon": { actions: "abandon" },
        "effect.refused": [
          {
            guard: and(["firstPlacement", "nothingHeard"]),
            target: "ended.cancelled",
            actions: [emit(say.resolved("never sent")), say.concludeUnsent],
          },
          { guard: "modification", actions: "keepOldPrice" },
          {},
        ],
        "reconciliation.completed": [
          {
            guard: "foundFull",
            target: "ended.filled",
            actions: ["takeRecord", say.concludeFilled, emit(say.resolved("filled"))],
          },
          {
            guard: and(["foundNowhere", "ofEarlierDay"]),
            target: "ended.expired",
            actions: ["takeRecord", emit(say.resolved("expired")), say.concludeExpired],
          },
          {
            guard: "foundNowhere",
            target: "ended.notAtBroker",
            actions: [
              "takeRecord",
              emit(say.resolved("not at the broker")),
              {
                type: "conclude",
                params: { outcome: "notAtBroker", reason: "the broker has neither an order nor an execution of it" },
              },
            ],
          },
          {
            guard: and(["foundOver", "foundInactive", not("partial")]),
            target: "ended.rejected",
            actions: [
              "takeRecord",
              emit(say.resolved("rejected")),
              { type: "conclude", params: { outcome: "rejected", reason: "rejected by the broker" } },
            ],
          },
          {
            guard: and(["foundOver", "dayOver"]),
            target: "ended.expired",
            actions: ["takeRecord", emit(say.resolved("expired")), say.concludeExpired],
          },
          {
            guard: "foundOver",
            target: "ended.cancelled",
            actions: ["takeRecord", emit(say.resolved("cancelled")), say.concludeCancelled],
          },
          {
            guard: "foundElsewhere",
            target: "recovered",
            actions: [
              { type: "giveUp", params: { reason: "the broker does not have it at the price that was sent" } },
              "takeRecord",
              say.listenToPermId,
              emit(say.resolved("working")),
            ],
          },
          { guard: "foundOpen", target: "recovered", actions: ["takeRecord", say.listenToPermId, emit(say.resolved("working"))] },
          {},
        ],
      },
      states: {
        asking: {
          entry: [say.askForTruth, "countAsk"],
          after: {
            askAgain: [
              { guard: "alarming", target: "asking", reenter: true, actions: say.alarmUnknown },
              { target: "asking", reenter: true },
            ],
          },
        },
      },
    },
    /** Found alive at the broker: go on with it, or with the cancel that was under way. */
    recovered: {
      always: [
        { guard: "untold", target: "live.cancelling", actions: [...say.twinsToAll, "withdraw"] },
        { guard: "abandoned", target: "live.cancelling" },
        { target: "live.working" },
      ],
    },

    ended: {
      entry: [say.stopListeningToQuotes, say.endToOwner, say.endToGate, say.endToEngine, emit(say.ended)],
      initial: "cancelled",
      always: [
        { guard: and(["untold", "someLive"]), actions: [...say.twinsToAll, "withdraw", say.cancel] },
        { guard: "untold", actions: [...say.twinsToAll, "withdraw"] },
      ],
      on: {
        // Nobody works for it any more: it must not live on at the broker.
        "order.reported": [
          { guard: "worksOn", actions: ["takeReport", say.cancel, say.alarmAlive] },
          { guard: "lastIsOver", actions: ["takeReport", say.endToGate] },
          { actions: ["takeReport", say.listenToPermId] },
        ],
        "order.statusReported": [
          { guard: "lastIsOver", actions: ["takeReport", emit(say.statusChanged), say.endToGate] },
          { actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
        ],
        // What was found while nothing could be sent.
        "session.readied": [{ guard: "livesOn", actions: ["takeEpoch", say.cancel] }, { actions: "takeEpoch" }],
        "execution.reported": [
          {
            guard: "correction",
            actions: [
              ...say.fillsToAll(0),
              ...say.fillsToAll(1),
              say.listenToExecution,
              "book",
              "notePermId",
              say.listenToPermId,
              say.endToGate,
            ],
          },
          {
            guard: "newFill",
            actions: [...say.fillsToAll(0), say.listenToExecution, "book", "notePermId", say.listenToPermId, say.endToGate],
          },
          {},
        ],
      },
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
