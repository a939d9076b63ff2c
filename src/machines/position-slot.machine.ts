/**
 * One position slot: at most one multi-leg position, and at most one order working for it.
 *
 *   free ──entry.intended──▶ entering ──order.ended──▶ counting ──units held──▶ open ──flat──▶ (counting) ─▶ settling ─▶ free
 *                                                      │  ▲   └─nothing filled─▶ free                          commissions
 *                             legs out of ratio for 5 s│  └─────── a fill after the end of its order ── open
 *                                                      ▼
 *   any ──a fill that is nobody's, a broken rule──▶ quarantined
 *
 *   open:     always: mark, evaluate, tell decisions, tell the gate what it is worth
 *   holding ──a rule may act──▶ exiting | reducing | rolling
 *   holding:  watching ⇄ resting (between sessions)
 *   exiting:  launching ─▶ working ──order.ended──▶ counting ──units left──▶ backingOff ─▶ counting ─▶ launching
 *             launching ─▶ asleep (between sessions) ─▶ opening (its first minutes) ─▶ counting
 *   reducing: working ──order.ended──▶ counting ─▶ holding              a part is closed, once; without a fill again later
 *             working ──a rule closes──▶ withdrawing ──order.ended──▶ counting ─▶ exiting
 *   rolling:  deciding ─▶ seeking ──an offer that pays──▶ working (as above) ──order.ended──▶ counting ─▶ holding, another structure
 *                            │ └──the same, of four legs──▶ exiting, and the strategy enters again
 *                            └──no, none, not worth it──▶ holding, or exiting when it is due
 *   counting: what a roll filled in part has left of the old legs ──▶ exiting, and then on with the new ones
 *
 * S1 Never two orders: a new intent is made only when the last one has ended; one in doubt has not ended.
 * S2 Fills are booked once each, in every state. What the ledger holds, and not what an order says, decides.
 * S3 Free means: no position, no order, no lines.
 * S4 An exit follows the most severe rule that may act; a more urgent one re-prices the working order. A reduction or a roll at work is
 *    withdrawn first.
 * S5 Quarantined, it books and does nothing else; a person decides.
 * S6 It rolls only for a credit that is left after the commissions of both structures. What a campaign has lost never becomes less.
 */

import { reducing, rolling } from "./position-slot.adjusting.ts";
import * as alerts from "./position-slot.alerts.ts";
import { newSlotContext } from "./position-slot.context.ts";
import * as known from "./position-slot.facts.ts";
import * as say from "./position-slot.speech.ts";
import { positionSlotWords } from "./position-slot.words.ts";

const because = (reason: string) => ({ type: "quarantineFor" as const, params: { reason } });
const vacated = [
  alerts.sayGone,
  say.tellNoExposure,
  say.returnSlot,
  say.continueCampaign,
  say.tellFreed,
  say.stopListening,
  say.releaseLines,
  "forgetPosition" as const,
];
const settled = [known.make(known.closed), known.settlePrediction, ...vacated];

export const positionSlotMachine = positionSlotWords.createMachine({
  id: "positionSlot",
  context: ({ input }) => newSlotContext(input),
  entry: say.listenToAnnouncements,
  initial: "free",
  always: { guard: "linesWanted", actions: [say.requestNextLine, "nextLine"] },
  on: {
    "mode.changed": { actions: "takeMode" },
    "run.resumed": [
      // Its lines went with the last run: an exit that follows the clock would be priced by what they said then.
      { guard: "occupied", actions: ["takeConfig", "dropQuotes", say.listenToWeather, say.askWeather] },
      { actions: "takeConfig" },
    ],
    "session.readied": [{ guard: "occupied", actions: ["takeEpoch", say.askWeather] }, { actions: "takeEpoch" }],
    "regime.told": [
      { guard: "bringsVix", actions: ["takeRegime", say.listenToQuotes, "wantVix"] },
      { guard: "occupied", actions: "takeRegime" },
      {},
    ],
    "underlying.told": [{ guard: "aboutOurs", actions: "takeUnderlying" }, {}],
    "portfolio.breached": [{ guard: "occupied", actions: "takeBreach" }, {}],
    // An offer that nobody waits for any more.
    "roll.offered": {},
    "roll.declined": {},
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
      entry: [say.listenToQuotes, say.listenToWeather, say.askWeather, say.spawnOrder],
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
        { guard: "reductionUntold", actions: [known.make(known.reduced), alerts.sayReduced, "noteReduced"] },
        { guard: "becameNext", actions: [alerts.sayReduced, "becomeNext", say.listenToQuotes, "wantLines"] },
        { guard: "rolledUntold", actions: [known.make(known.rolled), known.settleRolled, ...say.leaveFormer, "noteRolled"] },
        { guard: "flat", target: "settling" },
        {
          guard: "firstCounted",
          target: "open.holding",
          actions: ["openPosition", known.make(known.opened), say.tellOpened],
        },
        { guard: "restLeft", target: "open.exiting", actions: "leaveRest" },
        { guard: "countedAndLeaving", target: "open.exiting" },
        { guard: "counted", target: "open.holding", actions: [alerts.saySettled, "settleDown"] },
      ],
      after: { countPatience: { target: "quarantined", actions: "quarantineForRatio" } },
    },

    open: {
      initial: "holding",
      always: [
        { guard: "evaluationDue", actions: ["evaluate", known.make(known.marked)] },
        { guard: "decisionUntold", actions: [known.make(known.decided), "noteTold"] },
        { guard: "exposureDue", actions: [say.tellExposure, "noteValued"] },
        {
          guard: "ruleBrokeRolling",
          target: "quarantined",
          actions: ["quarantineForRule", say.abandon("the slot is quarantined")],
        },
        { guard: "ruleBroke", target: "quarantined", actions: "quarantineForRule" },
        { guard: "blindTooLong", actions: [alerts.sayBlind, "noteBlindTold"] },
        { guard: "seesAgain", actions: [alerts.saySeeing, "forgetBlind"] },
      ],
      states: {
        holding: {
          initial: "watching",
          always: [
            { guard: "closeDue", target: "exiting", actions: ["beginExit", alerts.sayLeaving] },
            {
              guard: "reduceDue",
              target: "reducing",
              actions: ["beginAdjusting", "orderReduction", say.spawnOrder, alerts.sayReducing],
            },
            { guard: "rollDue", target: "rolling", actions: "beginAdjusting" },
          ],
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

        reducing,
        rolling,

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
              always: [
                { guard: "takesOver", actions: ["beginExit", alerts.sayLeaving] },
                { guard: "escalates", actions: [say.escalate, "noteEscalated", alerts.sayLeaving] },
              ],
              after: { evaluateEvery: { target: "working", reenter: true } },
              on: {
                "leg.filled": { guard: "overCloses", actions: ["book", say.abandon("an earlier order filled after its end")] },
                "order.ended": { guard: "ourOrderEnded", target: "ended", actions: "endOrder" },
              },
            },
            ended: {
              always: [
                { guard: "flat", target: "#positionSlot.counting" },
                { guard: "restClosed", target: "#positionSlot.counting" },
                { guard: "stuck", target: "backingOff", actions: alerts.sayStuck },
                { target: "backingOff" },
              ],
            },
            backingOff: {
              always: { guard: "flat", target: "#positionSlot.counting" },
              after: { retry: "#positionSlot.counting" },
            },
            asleep: {
              always: { guard: "flat", target: "#positionSlot.counting" },
              after: { untilSession: "opening" },
            },
            /** At the very open all that is known are the prices of the evening before. */
            opening: {
              always: [
                { guard: "flat", target: "#positionSlot.counting" },
                { guard: "closeDue", target: "#positionSlot.counting", actions: ["beginExit", alerts.sayLeaving] },
                { guard: "pastOpening", target: "#positionSlot.counting" },
              ],
              after: { evaluateEvery: { target: "opening", reenter: true } },
            },
          },
        },
      },
    },

    /** Flat. The profit is exact once every execution's commission is known, and told without them after a while. */
    settling: {
      always: { guard: "feesComplete", target: "free", actions: settled },
      after: { feesPatience: { target: "free", actions: settled } },
      on: { "leg.filled": { guard: "newAndOurs", target: "counting", actions: "book" } },
    },

    quarantined: {
      entry: [known.make(known.quarantined), alerts.sayOverruled, alerts.alarm],
      on: { "leg.filled": { actions: "book" }, "position.disputed": {} },
    },
  },
});
