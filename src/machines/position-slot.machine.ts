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
import { assign, emit, setup } from "xstate";
import { sessionAt } from "../domain/calendar/market-calendar.ts";
import { effects } from "../domain/effects.ts";
import type { SlotFact } from "../domain/facts.ts";
import { feesAwaited } from "../domain/pnl.ts";
import { speech } from "../domain/speech.ts";
import { quoteBook } from "../domain/structure-quote.ts";
import {
  ALERT_AFTER_ATTEMPTS,
  afterCommission,
  afterPosition,
  blindTooLong,
  decisionUntold,
  escalation,
  evaluated,
  evaluationDue,
  isBooked,
  isCounted,
  isFlat,
  isOurs,
  ledgerAfter,
  newSlotContext,
  retryMs,
  type SlotContext,
  type SlotEvent,
  type SlotInput,
  units,
  untilSessionMs,
  withOrder,
  wouldOverClose,
} from "./position-slot.context.ts";
import * as say from "./position-slot.speech.ts";

const because = (reason: string) => ({ type: "quarantineFor" as const, params: { reason } });
const vacated = [say.returnSlot, say.tellFreed, say.stopListening, say.releaseLines, "forgetPosition" as const];

export const positionSlotMachine = setup({
  types: {
    input: {} as SlotInput,
    context: {} as SlotContext,
    events: {} as SlotEvent,
    emitted: {} as SlotFact,
  },
  delays: {
    evaluateEvery: 10_000,
    untilSession: ({ event }) => untilSessionMs(event.now),
    retry: ({ context }) => retryMs(context),
    // The legs of one fill arrive one by one.
    countPatience: 5_000,
    feesPatience: 10_000,
  },
  guards: {
    mayEnter: ({ context }) => context.mode === "trading",
    mayNotEnter: ({ event }) => event.type === "mode.changed" && ["reducing", "halted", "draining"].includes(event.mode),
    linesWanted: ({ context }) => context.toRequest.length > 0,
    ourOrderEnded: ({ context, event }) => event.type === "order.ended" && event.orderRef === context.order?.orderRef,
    ourOrder: ({ context, event }) => event.type === "order.doubted" && event.orderRef === context.order?.orderRef,
    booked: ({ context, event }) => isBooked(context, event),
    ours: ({ context, event }) => isOurs(context, event),
    newAndOurs: ({ context, event }) => isOurs(context, event) && !isBooked(context, event),
    overCloses: ({ context, event }) => isOurs(context, event) && !isBooked(context, event) && wouldOverClose(context, event),
    hasOrder: ({ context }) => context.order !== null,
    nothingFilled: ({ context }) => isCounted(context) && isFlat(context) && Object.keys(context.ledger.fills).length === 0,
    flat: ({ context }) => isCounted(context) && isFlat(context),
    firstCounted: ({ context }) => isCounted(context) && context.openedAt === null,
    countedAndLeaving: ({ context }) => isCounted(context) && context.exit !== null,
    counted: ({ context }) => isCounted(context),
    feesComplete: ({ context }) => feesAwaited(context.ledger).length === 0,
    inSession: ({ event }) => sessionAt(event.now) !== undefined,
    betweenSessions: ({ event }) => sessionAt(event.now) === undefined,
    evaluationDue: ({ context, event }) => evaluationDue(context, event.now),
    decisionUntold: ({ context }) => decisionUntold(context),
    ruleBroke: ({ context }) => (context.sight?.broken.length ?? 0) > 0,
    blindTooLong: ({ context }) => blindTooLong(context),
    exitDue: ({ context, event }) =>
      context.sight !== null && context.sight.acting !== null && context.evaluatedAt === event.now && !decisionUntold(context),
    escalates: ({ context, event }) => context.evaluatedAt === event.now && escalation(context) !== undefined,
    stuck: ({ context }) => context.exit?.attempts === ALERT_AFTER_ATTEMPTS,
  },
  actions: {
    ...speech,
    ...effects,
    takeMode: assign(({ event }) => (event.type === "mode.changed" ? { mode: event.mode } : {})),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { engine: event.config } : {})),
    takeEpoch: assign(({ context, event }) =>
      event.type === "session.readied" ? { epoch: Math.max(context.epoch, event.epoch) } : {},
    ),
    /** Their lines are gone: what they last said proves nothing. */
    dropQuotes: assign({ quotes: {} }),
    takeQuote: assign(({ context, event }) =>
      event.type === "quote.updated" && event.epoch >= context.epoch
        ? { quotes: { ...context.quotes, [event.quote.conId]: event.quote } }
        : {},
    ),
    dropQuote: assign(({ context, event }) => {
      if (event.type !== "line.lost") return {};
      const { [event.conId]: _lost, ...quotes } = context.quotes;
      return { quotes };
    }),
    nextLine: assign(({ context }) => ({ toRequest: context.toRequest.slice(1) })),
    takeCandidate: assign(({ event }) =>
      event.type === "entry.intended" ? { candidate: event.candidate, quotes: quoteBook(event.quotes ?? []) } : {},
    ),
    wantLines: assign(({ context }) => ({ toRequest: say.contractsOf(context) })),
    orderEntry: assign(({ context, event }) => withOrder(context, "entry", event.now)),
    orderExit: assign(({ context, event }) => withOrder(context, "exit", event.now)),
    book: assign(({ context, event }) => ({ ledger: ledgerAfter(context, event) })),
    charge: assign(({ context, event }) => afterCommission(context, event)),
    doubt: assign(({ context }) => (context.order === null ? {} : { order: { ...context.order, doubted: true } })),
    endOrder: assign(({ event }) => {
      if (event.type !== "order.ended") return {};
      const { orderRef, filledUnits, reason, outcome } = event;
      return { order: null, ended: { orderRef, filledUnits, reason: reason === "" ? outcome : reason } };
    }),
    openPosition: assign(({ event }) => ({ openedAt: event.now })),
    evaluate: assign(({ context, event }) => evaluated(context, event.now)),
    noteTold: assign(({ context }) => ({
      told: context.sight === null ? null : { decision: context.sight.decision, at: context.evaluatedAt },
    })),
    noteBlindTold: assign(({ context }) => ({ blind: context.blind === null ? null : { ...context.blind, told: true } })),
    beginExit: assign(({ context }) => {
      const decision = context.sight?.acting;
      return decision ? { exit: { decision, attempts: 0 } } : {};
    }),
    countAttempt: assign(({ context }) => ({
      exit: context.exit === null ? null : { ...context.exit, attempts: context.exit.attempts + 1 },
    })),
    noteEscalated: assign(({ context }) => {
      const decision = escalation(context);
      if (decision === undefined || context.order === null || context.exit === null) return {};
      return { exit: { ...context.exit, decision }, order: { ...context.order, urgency: decision.urgency } };
    }),
    quarantineFor: assign((_, { reason }: { readonly reason: string }) => ({ quarantine: reason })),
    quarantineForDispute: assign(({ event }) => (event.type === "position.disputed" ? { quarantine: event.reason } : {})),
    quarantineForRule: assign(({ context }) => ({ quarantine: `the rule ${context.sight?.broken.join(", ")} failed` })),
    quarantineForRatio: assign(({ context }) => ({
      quarantine:
        units(context) === undefined
          ? "the legs are out of ratio"
          : `fills do not add up: ${units(context)} units held, the last order ended with ${context.ended?.filledUnits ?? 0} filled`,
    })),
    forgetPosition: assign(({ context }) => afterPosition(context)),
  },
}).createMachine({
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
