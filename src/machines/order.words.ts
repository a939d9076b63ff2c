/** The words in which the order saga's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { effects } from "../domain/effects.ts";
import type { OrderOutcome } from "../domain/events/actors.ts";
import type { OrderFact } from "../domain/facts.ts";
import { bookCommission, bookExecution } from "../domain/orders/execution-book.ts";
import { allOver, isOver, isSettled } from "../domain/orders/incarnation.ts";
import { EXIT_STEP_SECONDS, givesUp, STEPS_TO_NATURAL } from "../domain/orders/ladder.ts";
import { verdictOfError } from "../domain/orders/order-errors.ts";
import { speech } from "../domain/speech.ts";
import {
  hasFills,
  isDayOver,
  isOfEarlierDay,
  keptOf,
  nextLimit,
  type OrderContext,
  type OrderInput,
  type OrderMachineEvent,
  units,
} from "./order.context.ts";
import {
  afterReport,
  filledIn,
  foundIn,
  heardSinceAsking,
  inDoubt,
  isComplete,
  isElsewhere,
  isFull,
  isModifying,
  lacksOne,
  legsDiffer,
  livesOn,
  placementOf,
  reportOf,
  saysDone,
  saysWorking,
  verdictFor,
  withPermId,
  withRecord,
  withReport,
} from "./order.evidence.ts";

type Outcome = { readonly outcome: OrderOutcome; readonly reason: string };

const doubled = ({ twins }: OrderContext): boolean => twins.length > 0;

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
      1_000 * (givesUp(context.intent.purpose) ? context.timing.entryStepSeconds : EXIT_STEP_SECONDS[context.urgency]),
    askAgain: 15_000,
    pricePatience: 60_000,
  },
  guards: {
    /** An entry or a roll: it does not wait, and takes no price but a good one. */
    givesUp: ({ context }) => givesUp(context.intent.purpose),
    canPrice: ({ context }) => nextLimit(context) !== undefined,
    needsWhatIf: ({ context }) => !context.intent.reducing && context.impact === null && nextLimit(context) !== undefined,
    complete: ({ context }) => isComplete(context),
    /** All is filled, and a change is on its way that nobody has answered. */
    fullInDoubt: ({ context }) => isFull(context) && !isComplete(context),
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
    /** With this, the broker is done with all that it keeps of the order. */
    done: (args) => saysDone(args) && allOver(keptOf(afterReport(args))),
    /** With this, it is done with one of them, and another lives: the cancel may have reached the one only. */
    endsOne: (args) => {
      const before = keptOf(args.context);
      const one = before.incarnations.find(({ permId }) => permId === reportOf(args)?.permId);
      return saysDone(args) && one !== undefined && !isOver(before, one) && !allOver(keptOf(afterReport(args)));
    },
    /** After the report was taken: done with at the broker, and all that it counts as filled is counted here. */
    counted: ({ context }) => isSettled(keptOf(context)) && !isFull(context) && (doubled(context) || !isModifying(context)),

    doubled: ({ context }) => doubled(context),
    /** The broker keeps one more than we have told of. */
    untold: ({ context }) => context.twins.length > context.twinsTold,
    someLive: ({ context }) => !allOver(keptOf(context)),
    livesOn: ({ context }) => livesOn(context),
    /** After the end: one that we know of works again. A new one is told of first. */
    worksOn: (args) => {
      const after = afterReport(args);
      return saysWorking(args) && after.twins.length === args.context.twins.length && livesOn(after);
    },
    /** After the end: what was open too long is over as well. */
    lastIsOver: (args) => doubled(args.context) && !allOver(keptOf(args.context)) && allOver(keptOf(afterReport(args))),
    dayOver: ({ context, event }) => context.abandoned === null && isDayOver(context, event.now),
    refused: (args) => verdictFor(args) === "refused",
    refusedModification: (args) =>
      isModifying(args.context) && ["refused", "modificationRefused"].includes(verdictFor(args) ?? ""),
    gone: (args) => ["notFound", "tooLate"].includes(verdictFor(args) ?? ""),
    nothingHeard: ({ context }) => context.status === null && !hasFills(context),
    /** Never confirmed: the error is the answer to it. Once it was, a refusal may be a repetition, or of an earlier price. */
    refusedNew: (args) =>
      verdictFor(args) === "refused" && args.context.standing === null && !hasFills(args.context) && !doubled(args.context),
    firstPlacement: (args) => placementOf(args) === "first",
    modification: (args) => placementOf(args) === "modification",
    placement: (args) => placementOf(args) !== undefined,

    ladderOver: ({ context }) => givesUp(context.intent.purpose) && context.step > STEPS_TO_NATURAL,
    givenUp: ({ context, event }) =>
      givesUp(context.intent.purpose) && event.now - context.startedAt >= context.timing.entryGiveUpSeconds * 1_000,
    /** IB has not said yet that it has the last price: a further change could leave two orders (F27). */
    unanswered: ({ context }) => isModifying(context),
    priceMoved: ({ context }) => ![undefined, context.limit].includes(nextLimit(context)),

    alarming: ({ context }) => context.asks === ASKS_UNTIL_ALARM,
    foundOpen: (args) => foundIn(args, args.context.doubtedAt)?.at === "open",
    /** It is the only one, and not at the price that we think it has. */
    foundElsewhere: (args) => {
      const found = foundIn(args, args.context.doubtedAt);
      return found?.at === "open" && found.rows.length === 1 && isElsewhere(args.context, found.rows);
    },
    /** Nothing of it works, and all that was intended is filled, or more. */
    foundFull: (args) => {
      const found = foundIn(args, args.context.doubtedAt);
      if (found === undefined || found.at === "open" || !isFull(args.context)) return false;
      const rows = found.at === "over" ? found.rows : [];
      const unheard = found.at === "nowhere" || lacksOne(args.context, rows);
      return filledIn(args.context, rows) <= units(args.context) && !(unheard && heardSinceAsking(args));
    },
    /** Over, and no more filled there than here: else the executions are still to come. */
    foundOver: (args) => {
      const found = foundIn(args, args.context.doubtedAt);
      if (found?.at !== "over" || filledIn(args.context, found.rows) > units(args.context)) return false;
      return !lacksOne(args.context, found.rows) || (!heardSinceAsking(args) && !legsDiffer(args));
    },
    foundInactive: (args) => {
      const found = foundIn(args, args.context.doubtedAt);
      return found?.at === "over" && found.rows.every(({ status }) => status === "Inactive");
    },
    /**
     * And not a word of it since the asking began, and no position that it may have made. One that the broker has worked today is
     * among its open or its completed orders: an answer that has it in neither is wrong, and is asked for again.
     */
    foundNowhere: (args) =>
      foundIn(args, args.context.doubtedAt)?.at === "nowhere" &&
      (args.context.standing === null || isOfEarlierDay(args.context, args.event.now)) &&
      !heardSinceAsking(args) &&
      !legsDiffer(args),
    ofEarlierDay: ({ context, event }) => isOfEarlierDay(context, event.now),
    /** The broker has confirmed it once, and its books, asked since, do not have it among the open orders. */
    notOpenAnyMore: (args) => {
      const { standing, sentAt } = args.context;
      const found = standing === null || sentAt === null ? undefined : foundIn(args, sentAt);
      return found !== undefined && found.at !== "open";
    },
    /** The broker's books have one more than we know of. */
    listsTwin: (args) => {
      const found = foundIn(args, args.context.sentAt ?? args.event.now);
      const { permId, twins } = args.context;
      const known = [permId, ...twins.map((twin) => twin.permId)];
      return permId > 0 && found !== undefined && found.at !== "nowhere" && found.rows.some((row) => !known.includes(row.permId));
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
    /** Whose execution it was. */
    notePermId: assign(withPermId),
    /** Two orders of one intent: neither is wanted any more. */
    withdraw: assign(({ context }) => ({
      twinsTold: context.twins.length,
      abandoned: context.abandoned ?? `the broker kept ${context.twins.length + 1} orders of it`,
    })),
    takeUrgency: assign(({ event }) => (event.type === "order.escalate" ? { urgency: event.urgency } : {})),
    setPrice: assign(({ context }) => ({ limit: nextLimit(context) ?? context.limit })),
    noteSent: assign(({ event }) => ({ sentAt: event.now })),
    keepOldPrice: assign(({ context }) => ({ limit: context.standing ?? context.limit })),
    concede: assign(({ context }) => ({ step: context.step + 1 })),
    doubtIt: assign(inDoubt),
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
