/**
 * One position slot: at most one multi-leg position, and at most one order working for it.
 *
 *   free ──entry.intended──▶ entering ──order.ended──▶ counting ──units held──▶ open ──flat──▶ (counting) ─▶ settling ─▶ free
 *                                                      │  ▲   └─nothing filled─▶ free                          commissions
 *                             legs out of ratio for 5 s│  └─────── a fill after the end of its order ── open
 *                                                      ▼
 *   any ──a fill that is nobody's, a broken rule──▶ quarantined
 *
 *   open:     holding ──a rule may act──▶ exiting                 always: mark, evaluate, tell decisions
 *   holding:  watching ⇄ resting (between sessions)
 *   exiting:  launching ─▶ working ──order.ended──▶ counting ──units left──▶ backingOff ─▶ counting ─▶ launching
 *             launching ─▶ asleep (between sessions)
 *
 * S1 Never two orders: a new intent is made only when the last one has ended; one in doubt has not ended.
 * S2 Fills are booked once each, in every state. What the ledger holds, and not what an order says, decides.
 * S3 Free means: no position, no order, no lines.
 * S4 An exit follows the most severe rule that may act; a more urgent one re-prices the working order.
 * S5 Quarantined, it books and does nothing else; a person decides.
 */

import { emit } from "xstate";
import { newSlotContext } from "./position-slot.context.ts";
import * as say from "./position-slot.speech.ts";
import { positionSlotWords } from "./position-slot.words.ts";

const because = (reason: string) => ({ type: "quarantineFor" as const, params: { reason } });
const vacated = [say.returnSlot, say.tellFreed, say.stopListening, say.releaseLines, "forgetPosition" as const];

export const positionSlotMachine = positionSlotWords.createMachine({
  id: "positionSlot",
  context: ({ input }) => newSlotContext(input),
  entry: say.listenToAnnouncements,
  initial: "free",
  always: { guard: "linesWanted", actions: [say.requestNextLine, "nextLine"] },
  on: {
    "mode.changed": { actions: "takeMode" },
    "run.resumed": { actions: "takeConfig" },
    "session.readied": { actions: "takeEpoch" },
    "session.unreadied": { actions: "dropQuotes" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    // The operator's notices are kept and repeated by the kernel.
    "effect.written": {},
    "effect.refused": {},
    "effect.unconfirmed": {},
    "quote.updated": { actions: "takeQuote" },
    "line.lost": { actions: "dropQuote" },
    "line.typed": {},
    "line.failed": {},
    "entry.intended": { actions: say.refuseEntry("the slot is not free") },
    "leg.filled": [
      { guard: "booked" },
      { guard: "ours", actions: "book" },
      {
        guard: "hasOrder",
        target: ".quarantined",
        actions: ["book", because("a fill that no order of this position explains"), say.abandon("the slot is quarantined")],
      },
      { target: ".quarantined", actions: ["book", because("a fill that no order of this position explains")] },
    ],
    "commission.charged": { actions: "charge" },
    // The reconciler has looked twice: whatever this slot would do next would rest on a position that is not there.
    "position.disputed": [
      { guard: "hasOrder", target: ".quarantined", actions: ["quarantineForDispute", say.abandon("the position is in dispute")] },
      { target: ".quarantined", actions: "quarantineForDispute" },
    ],
    "order.doubted": [{ guard: "ourOrder", actions: "doubt" }, {}],
    "order.ended": [{ guard: "ourOrderEnded", actions: "endOrder" }, {}],
  },
  states: {
    free: {
      on: {
        "quote.updated": {},
        "entry.intended": [
          { guard: "mayEnter", target: "entering", actions: ["takeCandidate", "wantLines", "orderEntry"] },
          { actions: [say.returnSlot, say.refuseEntry("the engine does not trade")] },
        ],
      },
    },

    entering: {
      entry: [say.listenToQuotes, say.spawnOrder],
      on: {
        "mode.changed": [
          { guard: "mayNotEnter", actions: ["takeMode", say.abandon("the engine does not trade any more")] },
          { actions: "takeMode" },
        ],
        "order.ended": { guard: "ourOrderEnded", target: "counting", actions: "endOrder" },
      },
    },

    /** No order is at work. What does the ledger hold? */
    counting: {
      always: [
        { guard: "nothingFilled", target: "free", actions: vacated },
        { guard: "flat", target: "settling" },
        {
          guard: "firstCounted",
          target: "open.holding",
          actions: ["openPosition", emit(say.opened), say.tellOpened],
        },
        { guard: "countedAndLeaving", target: "open.exiting" },
        { guard: "counted", target: "open.holding" },
      ],
      after: { countPatience: { target: "quarantined", actions: "quarantineForRatio" } },
    },

    open: {
      initial: "holding",
      always: [
        { guard: "evaluationDue", actions: ["evaluate", emit(say.marked)] },
        { guard: "decisionUntold", actions: [emit(say.decided), "noteTold"] },
        { guard: "ruleBroke", target: "quarantined", actions: "quarantineForRule" },
        { guard: "blindTooLong", actions: [say.sayBlind, "noteBlindTold"] },
      ],
      states: {
        holding: {
          initial: "watching",
          always: { guard: "exitDue", target: "exiting", actions: "beginExit" },
          on: { "leg.filled": { guard: "newAndOurs", target: "#positionSlot.counting", actions: "book" } },
          states: {
            watching: {
              always: { guard: "betweenSessions", target: "resting" },
              after: { evaluateEvery: { target: "watching", reenter: true } },
            },
            resting: {
              always: { guard: "inSession", target: "watching" },
              after: { untilSession: { target: "resting", reenter: true } },
            },
          },
        },

        exiting: {
          initial: "launching",
          states: {
            launching: {
              always: [
                { guard: "betweenSessions", target: "asleep" },
                { target: "working", actions: ["orderExit", say.spawnOrder, "countAttempt"] },
              ],
            },
            /** The saga works the order; it waits by itself for session, quotes and approval. */
            working: {
              always: { guard: "escalates", actions: [say.escalate, "noteEscalated"] },
              after: { evaluateEvery: { target: "working", reenter: true } },
              on: {
                "leg.filled": { guard: "overCloses", actions: ["book", say.abandon("an earlier order filled after its end")] },
                "order.ended": { guard: "ourOrderEnded", target: "ended", actions: "endOrder" },
              },
            },
            ended: {
              always: [
                { guard: "flat", target: "#positionSlot.counting" },
                { guard: "stuck", target: "backingOff", actions: say.sayStuck },
                { target: "backingOff" },
              ],
            },
            backingOff: {
              always: { guard: "flat", target: "#positionSlot.counting" },
              after: { retry: "#positionSlot.counting" },
            },
            asleep: {
              always: { guard: "flat", target: "#positionSlot.counting" },
              after: { untilSession: "#positionSlot.counting" },
            },
          },
        },
      },
    },

    /** Flat. The profit is exact once every execution's commission is known, and told without them after a while. */
    settling: {
      always: { guard: "feesComplete", target: "free", actions: [emit(say.closed), ...vacated] },
      after: { feesPatience: { target: "free", actions: [emit(say.closed), ...vacated] } },
      on: { "leg.filled": { guard: "newAndOurs", target: "counting", actions: "book" } },
    },

    quarantined: {
      entry: [emit(say.quarantined), say.alarm],
      on: { "leg.filled": { actions: "book" }, "position.disputed": {} },
    },
  },
});
