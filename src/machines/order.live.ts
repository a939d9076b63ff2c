/**
 * An order while the broker may work it: sent, at work, repriced step by step, withdrawn, counted out. Part of order.machine.ts, where
 * the picture is.
 */
import { and, emit, not, or } from "xstate";
import * as say from "./order.speech.ts";
import { orderWords } from "./order.words.ts";

export const orderLive = orderWords.createStateConfig({
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
            guard: "givesUp",
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
});
