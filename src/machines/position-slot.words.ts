/** The words in which the chart of a position slot is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { sessionAt } from "../domain/calendar/market-calendar.ts";
import { effects } from "../domain/effects.ts";
import type { SlotFact } from "../domain/facts.ts";
import { feesAwaited } from "../domain/pnl.ts";
import { speech } from "../domain/speech.ts";
import { quoteBook } from "../domain/structure-quote.ts";
import {
  afterCommission,
  afterPosition,
  isBooked,
  isCounted,
  isFlat,
  isOurs,
  ledgerAfter,
  units,
  wouldOverClose,
} from "./position-slot.books.ts";
import type { SlotContext, SlotEvent, SlotInput } from "./position-slot.context.ts";
import { ALERT_AFTER_ATTEMPTS, escalation, retryMs, untilSessionMs, withOrder } from "./position-slot.orders.ts";
import { blindTooLong, decisionUntold, evaluated, evaluationDue } from "./position-slot.sight.ts";
import * as say from "./position-slot.speech.ts";

export const positionSlotWords = setup({
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
});
