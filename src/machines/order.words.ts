/** The words in which the order saga's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { effects } from "../domain/effects.ts";
import type { OrderOutcome } from "../domain/events/actors.ts";
import type { OrderFact } from "../domain/facts.ts";
import { bookCommission, bookExecution } from "../domain/orders/execution-book.ts";
import { EXIT_STEP_SECONDS, STEPS_TO_NATURAL } from "../domain/orders/ladder.ts";
import { verdictOfError } from "../domain/orders/order-errors.ts";
import { speech } from "../domain/speech.ts";
import {
  foundIn,
  hasFills,
  heardSinceAsking,
  isCounted,
  isDayOver,
  isModifying,
  isOfEarlierDay,
  legsDiffer,
  nextLimit,
  type OrderContext,
  type OrderInput,
  type OrderMachineEvent,
  placementOf,
  saysDone,
  saysWorking,
  units,
  verdictFor,
  withRecord,
  withReport,
} from "./order.context.ts";

type Outcome = { readonly outcome: OrderOutcome; readonly reason: string };

/** After so many askings in vain the operator hears of it. */
const ASKS_UNTIL_ALARM = 4;

export const orderWords = setup({
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
    pricePatience: 60_000,
  },
  guards: {
    isEntry: ({ context }) => context.intent.purpose === "entry",
    canPrice: ({ context }) => nextLimit(context) !== undefined,
    needsWhatIf: ({ context }) => !context.intent.reducing && context.impact === null && nextLimit(context) !== undefined,
    complete: ({ context }) => units(context) >= context.intent.quantity,
    partial: ({ context }) => units(context) > 0,
    abandoned: ({ context }) => context.abandoned !== null,
    newFill: ({ context, event }) =>
      event.type === "execution.reported" && bookExecution(context.book, event.execution).bookings.length === 1,
    correction: ({ context, event }) =>
      event.type === "execution.reported" && bookExecution(context.book, event.execution).bookings.length === 2,
    newFee: ({ context, event }) =>
      event.type === "commission.reported" && bookCommission(context.fees, event.execId, event.amount).charge !== undefined,

    answersWhatIf: ({ context, event }) => event.type === "order.whatIfAnswered" && event.orderId === context.whatIfId,
    whatIfErrored: ({ context, event }) => event.type === "order.errored" && event.orderId === context.whatIfId,
    whatIfRejected: ({ event }) => event.type === "order.errored" && verdictOfError(event.code) === "refused",
    idTaken: ({ event }) => event.type === "order.errored" && event.code === 103,
    whatIfRefused: ({ event }) => event.type === "effect.refused" && event.name === "order.whatIf",

    atWork: saysWorking,
    done: saysDone,
    /** After the report was taken: cancelled, and all that the broker counts as filled is counted here. */
    counted: ({ context }) => isCounted(context) && units(context) < context.intent.quantity,
    dayOver: ({ context, event }) => context.abandoned === null && isDayOver(context, event.now),
    refused: (args) => verdictFor(args) === "refused",
    refusedModification: (args) =>
      isModifying(args.context) && ["refused", "modificationRefused"].includes(verdictFor(args) ?? ""),
    gone: (args) => ["notFound", "tooLate"].includes(verdictFor(args) ?? ""),
    nothingHeard: ({ context }) => context.status === null && !hasFills(context),
    /** Never confirmed: the error is the answer to it. Once it was, a refusal may be a repetition, or of an earlier price. */
    refusedNew: (args) => verdictFor(args) === "refused" && args.context.standing === null && !hasFills(args.context),
    firstPlacement: (args) => placementOf(args) === "first",
    modification: (args) => placementOf(args) === "modification",
    placement: (args) => placementOf(args) !== undefined,

    ladderOver: ({ context }) => context.intent.purpose === "entry" && context.step > STEPS_TO_NATURAL,
    givenUp: ({ context, event }) =>
      context.intent.purpose === "entry" && event.now - context.startedAt >= context.timing.entryGiveUpSeconds * 1_000,
    priceMoved: ({ context }) => ![undefined, context.limit].includes(nextLimit(context)),

    alarming: ({ context }) => context.asks === ASKS_UNTIL_ALARM,
    foundOpen: (args) => foundIn(args, args.context.doubtedAt)?.at === "open",
    /** Over, and no more filled there than here: else the executions are still to come. */
    foundOver: (args) => {
      const found = foundIn(args, args.context.doubtedAt);
      return found?.at === "over" && found.record.status !== "Filled" && (found.record.filled ?? 0) <= units(args.context);
    },
    foundInactive: (args) => {
      const found = foundIn(args, args.context.doubtedAt);
      return found?.at === "over" && found.record.status === "Inactive";
    },
    /** And not a word of it since the asking began, and no position that it may have made. */
    foundNowhere: (args) =>
      foundIn(args, args.context.doubtedAt)?.at === "nowhere" && !heardSinceAsking(args) && !legsDiffer(args),
    ofEarlierDay: ({ context, event }) => isOfEarlierDay(context, event.now),
    /** The broker has confirmed it once, and its books, asked since, do not have it among the open orders. */
    notOpenAnyMore: (args) => {
      const { standing, sentAt } = args.context;
      const found = standing === null || sentAt === null ? undefined : foundIn(args, sentAt);
      return found !== undefined && found.at !== "open";
    },
  },
  actions: {
    ...speech,
    ...effects,
    hearQuote: assign(({ context, event }) =>
      event.type === "quote.updated" ? { quotes: { ...context.quotes, [event.quote.conId]: event.quote } } : {},
    ),
    takeIds: assign(({ event }) => {
      if (event.type !== "orderId.assigned") return {};
      const { orderId, whatIfId, epoch, account, clientId } = event;
      return { orderId, whatIfId, epoch, account, clientId };
    }),
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    takeImpact: assign(({ event }) => (event.type === "order.whatIfAnswered" ? { impact: event.impact } : {})),
    takeApproval: assign(({ event }) => (event.type === "order.approved" ? { approval: event.approval } : {})),
    takeReport: assign(withReport),
    takeRecord: assign(withRecord),
    takeUrgency: assign(({ event }) => (event.type === "order.escalate" ? { urgency: event.urgency } : {})),
    setPrice: assign(({ context }) => ({ limit: nextLimit(context) ?? context.limit })),
    noteSent: assign(({ event }) => ({ sentAt: event.now })),
    keepOldPrice: assign(({ context }) => ({ limit: context.standing ?? context.limit })),
    concede: assign(({ context }) => ({ step: context.step + 1 })),
    doubtIt: assign(({ event }) => ({ doubtedAt: event.now, asks: 0 })),
    countAsk: assign(({ context }) => ({ asks: context.asks + 1 })),
    giveUp: assign(({ context }, because: { readonly reason: string }) => ({ abandoned: context.abandoned ?? because.reason })),
    abandon: assign(({ context, event }) =>
      event.type === "order.abandon" ? { abandoned: context.abandoned ?? event.reason } : {},
    ),
    book: assign(({ context, event }) =>
      event.type === "execution.reported" ? { book: bookExecution(context.book, event.execution).book } : {},
    ),
    charge: assign(({ context, event }) =>
      event.type === "commission.reported" ? { fees: bookCommission(context.fees, event.execId, event.amount).book } : {},
    ),
    conclude: assign((_, verdict: Outcome) => verdict),
  },
});
