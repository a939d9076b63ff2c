/** The words in which the chart of a position slot is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { sessionAt } from "../domain/calendar/market-calendar.ts";
import { effects } from "../domain/effects.ts";
import type { Decision, SlotFact } from "../domain/facts.ts";
import { feesAwaited } from "../domain/pnl.ts";
import { speech } from "../domain/speech.ts";
import { quoteBook } from "../domain/structure-quote.ts";
import {
  afterCommission,
  afterPosition,
  campaignOf,
  isBooked,
  isCounted,
  isFlat,
  isOurs,
  ledgerAfter,
  restOf,
  units,
  unitsOfNext,
  unitsReduced,
  wouldOverClose,
} from "./position-slot.books.ts";
import { afterOffer, afterRoll, exitInstead, exitOfRest, offerOf } from "./position-slot.changes.ts";
import { NO_CAMPAIGN, type SlotContext, type SlotEvent, type SlotInput } from "./position-slot.context.ts";
import {
  ALERT_AFTER_ATTEMPTS,
  escalation,
  isPastOpening,
  mayDo,
  reduceRestAfter,
  retryMs,
  rollRestAfter,
  untilSessionMs,
  withOrder,
  worsening,
} from "./position-slot.orders.ts";
import { blindTooLong, decisionUntold, evaluated, evaluationDue, exposureDue } from "./position-slot.sight.ts";
import * as say from "./position-slot.speech.ts";
import { vixOf } from "./position-slot.weather.ts";

type Args = { readonly context: SlotContext; readonly event: SlotEvent };
/** This very evaluation lets a rule act, the read side knows of it, and the slot can follow it. */
const isDue = ({ context, event }: Args, action: Decision["action"]): boolean => {
  const acting = context.sight?.acting;
  return (
    acting?.action === action &&
    context.evaluatedAt === event.now &&
    !decisionUntold(context) &&
    mayDo(context, acting, event.now)
  );
};
const isNoEntering = (event: SlotEvent): boolean =>
  event.type === "mode.changed" && ["reducing", "halted", "draining"].includes(event.mode);
const endsUnfilled = ({ context, event }: Args, purpose: "reduce" | "roll"): boolean =>
  event.type === "order.ended" &&
  event.orderRef === context.order?.orderRef &&
  context.order.purpose === purpose &&
  event.filledUnits === 0;

/** An event as it was told, without the time of its delivery. */
const withoutNow = <Told extends { readonly now: unknown }>({ now: _delivered, ...told }: Told): Omit<Told, "now"> => told;

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
    // As long as any word of an order that is overdue.
    feesPatience: ({ context }) => context.engine.orders.doubtAfterSeconds * 1_000,
    // A look of the strategy: its enquiries, and the quotes of two stages.
    rollPatience: ({ context: { engine } }) => 2_000 * (engine.patience.answersSeconds + engine.patience.quotesSeconds),
  },
  guards: {
    mayEnter: ({ context }) => context.mode === "trading",
    mayNotEnter: ({ event }) => isNoEntering(event),
    linesWanted: ({ context }) => context.toRequest.length > 0,
    ourOrderEnded: ({ context, event }) => event.type === "order.ended" && event.orderRef === context.order?.orderRef,
    ourOrder: ({ context, event }) => event.type === "order.doubted" && event.orderRef === context.order?.orderRef,
    booked: ({ context, event }) => isBooked(context, event),
    ours: ({ context, event }) => isOurs(context, event),
    newAndOurs: ({ context, event }) => isOurs(context, event) && !isBooked(context, event),
    overCloses: ({ context, event }) => isOurs(context, event) && !isBooked(context, event) && wouldOverClose(context, event),
    occupied: ({ context }) => context.candidate !== null,
    aboutOurs: ({ context, event }) => event.type === "underlying.told" && event.symbol === context.candidate?.symbol,
    /** The index was not in the candidate. */
    bringsVix: ({ context, event }) =>
      event.type === "regime.told" && event.vix !== null && context.candidate !== null && vixOf(context) === undefined,
    hasOrder: ({ context }) => context.order !== null,
    nothingFilled: ({ context }) => isCounted(context) && isFlat(context) && Object.keys(context.ledger.fills).length === 0,
    flat: ({ context }) => isCounted(context) && isFlat(context),
    firstCounted: ({ context }) => isCounted(context) && context.openedAt === null,
    countedAndLeaving: ({ context }) => isCounted(context) && context.exit !== null && context.exit.restOnly !== true,
    reductionUntold: ({ context }) => isCounted(context) && unitsReduced(context) > context.reducedUnits,
    becameNext: ({ context }) => isCounted(context) && unitsOfNext(context) > 0,
    rolledUntold: ({ context }) =>
      isCounted(context) && context.former.some(({ told }) => !told) && restOf(context) === undefined,
    restLeft: ({ context }) => isCounted(context) && restOf(context) !== undefined,
    restClosed: ({ context }) => context.exit?.restOnly === true && restOf(context) === undefined,
    counted: ({ context }) => isCounted(context),
    feesComplete: ({ context }) => feesAwaited(context.ledger).length === 0,
    inSession: ({ event }) => sessionAt(event.now) !== undefined,
    betweenSessions: ({ event }) => sessionAt(event.now) === undefined,
    pastOpening: ({ context, event }) => isPastOpening(context, event.now),
    evaluationDue: ({ context, event }) => evaluationDue(context, event.now),
    decisionUntold: ({ context }) => decisionUntold(context),
    ruleBroke: ({ context }) => (context.sight?.broken.length ?? 0) > 0,
    blindTooLong: ({ context }) => blindTooLong(context),
    seesAgain: ({ context }) => context.blind?.over === true,
    exposureDue: ({ context, event }) => exposureDue(context, event.now),
    closeDue: (args) => isDue(args, "close"),
    reduceDue: (args) => isDue(args, "reduce"),
    rollDue: (args) => isDue(args, "roll"),
    ruleBrokeRolling: ({ context }) => (context.sight?.broken.length ?? 0) > 0 && context.order?.purpose === "roll",
    notTrading: ({ context }) => context.mode !== "trading",
    endsRolls: ({ context, event }) => context.order?.purpose === "roll" && isNoEntering(event),
    /** What cannot be rolled is closed. */
    forced: ({ context }) => context.adjusting?.orClose === true,
    worthOneOrder: (args) => offerOf(args)?.inOneOrder === true,
    worthReentry: (args) => offerOf(args)?.inOneOrder === false,
    reductionUnfilled: (args) => endsUnfilled(args, "reduce"),
    rollUnfilled: (args) => endsUnfilled(args, "roll"),
    rollUnfilledForced: (args) => endsUnfilled(args, "roll") && args.context.adjusting?.orClose === true,
    worsens: ({ context, event }) => context.evaluatedAt === event.now && worsening(context) !== undefined,
    takesOver: ({ context, event }) =>
      context.exit?.restOnly === true && context.evaluatedAt === event.now && context.sight?.acting?.action === "close",
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
      event.type === "entry.intended"
        ? {
            candidate: event.candidate,
            quotes: quoteBook(event.quotes ?? []),
            campaign: event.candidate.campaign ?? NO_CAMPAIGN,
          }
        : {},
    ),
    wantLines: assign(({ context }) => ({ toRequest: say.linesOf.position(context) })),
    wantVix: assign(({ context }) => ({ toRequest: [...context.toRequest, vixOf(context) ?? []].flat() })),
    wantNextLines: assign(({ context }) => ({ toRequest: [...context.toRequest, ...say.linesOf.next(context)] })),
    takeRegime: assign(({ context, event }) =>
      event.type === "regime.told" ? { weather: { ...context.weather, regime: withoutNow(event) } } : {},
    ),
    takeUnderlying: assign(({ context, event }) =>
      event.type === "underlying.told" ? { weather: { ...context.weather, underlying: withoutNow(event) } } : {},
    ),
    takeBreach: assign(({ event }) => {
      if (event.type !== "portfolio.breached") return {};
      const { limit, actual, allowed, unit, since, unknown } = event;
      return { breach: { limit, actual, allowed, unit, since, ...(unknown === undefined ? {} : { unknown }) } };
    }),
    orderEntry: assign(({ context, event }) => withOrder(context, "entry", event.now)),
    orderExit: assign(({ context, event }) => withOrder(context, "exit", event.now)),
    orderReduction: assign(({ context, event }) => withOrder(context, "reduce", event.now)),
    orderRoll: assign(({ context, event }) => withOrder(context, "roll", event.now)),
    book: assign(({ context, event }) => ({ ledger: ledgerAfter(context, event) })),
    charge: assign(({ context, event }) => afterCommission(context, event)),
    doubt: assign(({ context }) => (context.order === null ? {} : { order: { ...context.order, doubted: true } })),
    endOrder: assign(({ context, event }) => {
      if (event.type !== "order.ended") return {};
      const { orderRef, filledUnits, reason, outcome } = event;
      const legs = context.order?.legs ?? [];
      return { order: null, ended: { orderRef, legs, filledUnits, reason: reason === "" ? outcome : reason } };
    }),
    openPosition: assign(({ event }) => ({ openedAt: event.now })),
    evaluate: assign(({ context, event }) => evaluated(context, event.now)),
    noteTold: assign(({ context }) => ({
      told: context.sight === null ? null : { decision: context.sight.decision, at: context.evaluatedAt },
    })),
    noteBlindTold: assign(({ context }) => ({ blind: context.blind === null ? null : { ...context.blind, told: true } })),
    forgetBlind: assign({ blind: null }),
    noteValued: assign(({ event }) => ({ valuedAt: event.now })),
    /** Also instead of what was being left or changed. */
    beginExit: assign(({ context }) => {
      const decision = context.sight?.acting;
      return decision ? { exit: { decision, attempts: 0 } } : {};
    }),
    beginAdjusting: assign(({ context }) => ({ adjusting: context.sight?.acting ?? null })),
    noteReduced: assign(({ context }) => ({ reducedUnits: unitsReduced(context), reduceRest: null })),
    restReduction: assign(({ context, event }) => ({ reduceRest: reduceRestAfter(context, event.now) })),
    restRoll: assign(({ context, event }) => ({ rollRest: rollRestAfter(context, event.now) })),
    takeOffer: assign((args) => afterOffer(args)),
    becomeNext: assign(({ context }) => afterRoll(context)),
    noteRolled: assign(({ context }) => ({
      former: context.former.map((former) => ({ ...former, told: true })),
      campaign: campaignOf(context),
    })),
    closeInstead: assign(({ context }) => exitInstead(context)),
    closeToContinue: assign(({ context }) => exitInstead(context, true)),
    leaveRest: assign(({ context }) => exitOfRest(context)),
    settleDown: assign({ exit: null, adjusting: null }),
    countAttempt: assign(({ context }) => ({
      exit: context.exit === null ? null : { ...context.exit, attempts: context.exit.attempts + 1 },
    })),
    noteEscalated: assign(({ context }) => {
      const decision = escalation(context);
      if (decision === undefined || context.order === null || context.exit === null) return {};
      return { exit: { decision, attempts: context.exit.attempts }, order: { ...context.order, urgency: decision.urgency } };
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
