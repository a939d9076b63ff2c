/** The words in which the reconciler's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import { cashAfterFee, cashAfterFill, compareCash } from "../domain/reconciliation/cash.ts";
import { theirsOf } from "../domain/reconciliation/compare.ts";
import { sharesNow } from "../domain/reconciliation/expiries.ts";
import { adopted, posted } from "../domain/reconciliation/ledger.ts";
import { speech } from "../domain/speech.ts";
import { alarmedAfter } from "./reconciler.alerts.ts";
import { compared, isDoubtful, isMatched, kept } from "./reconciler.comparison.ts";
import {
  bookedLately,
  isOfRound,
  limitsOf,
  type ReconcilerContext,
  type ReconcilerEvent,
  type ReconcilerInput,
  strayFill,
  strayOrder,
} from "./reconciler.context.ts";
import { NOTHING_KNOWN, setsAfter, takenAnswer } from "./reconciler.sets.ts";

export const reconcilerWords = setup({
  types: {
    input: {} as ReconcilerInput,
    context: {} as ReconcilerContext,
    events: {} as ReconcilerEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    silence: 120_000,
    afterFailure: 30_000,
    /** Long enough for what was on its way, short enough not to keep anybody waiting. */
    secondLook: 2_000,
    turn: ({ context }) => context.config.reconcileEverySeconds * 1_000,
  },
  guards: {
    ofRound: isOfRound,
    /** It builds on a set that we do not have. */
    unusable: (args) => isOfRound(args) && setsAfter(args) === undefined,
    collected: ({ context }) =>
      (["completed", "executions", "account"] as const).every((name) => context.answered.includes(name)),
    doubtful: isDoubtful,
    matched: isMatched,
    toAdopt: ({ context }) => context.toAdopt.length > 0,
    askedAgain: ({ context }) => context.askedAgain,
    begunThisInstant: ({ context, event }) => context.startedAt === event.now,
    ofOlderEpoch: ({ context, event }) => event.type === "reconciliation.requested" && event.epoch < context.epoch,
    strayFill: (args) => strayFill(args) !== undefined,
    strayOrder: (args) => strayOrder(args) !== undefined,
  },
  actions: {
    ...speech,
    ...effects,
    begin: assign(({ context, event }) => ({
      round: context.round + 1,
      startedAt: event.now,
      askedAgain: false,
      answered: [],
    })),
    /** What the border has told in this epoch it tells no more; of the last one nothing is known to be told. */
    takeAsking: assign(({ context, event }) =>
      event.type === "reconciliation.requested"
        ? {
            epoch: event.epoch,
            account: event.account,
            looks: 0,
            ...(event.epoch === context.epoch ? {} : { strayOrders: {} }),
            ...(event.account === context.account ? {} : { sets: NOTHING_KNOWN }),
          }
        : {},
    ),
    askAgain: assign({ askedAgain: true }),
    takeAnswer: assign(takenAnswer),
    forgetSets: assign({ sets: NOTHING_KNOWN }),
    compare: assign(compared),
    adoptNext: assign(({ context }) => {
      const [next, ...toAdopt] = context.toAdopt;
      const contract = next === undefined ? undefined : contractOf(context, next.conId);
      if (next === undefined || contract === undefined) return { toAdopt };
      return { toAdopt, ledger: adopted(context.ledger, contract, next.theirs ?? 0) };
    }),
    /** The comparison is over: what it said of cash and shares is where the next one begins. */
    note: assign(({ context, event }) => {
      const { cashBook, cash, sharesBefore: before, ledger, found, account, sets } = context;
      const theirs = theirsOf(sets.positions.rows, account);
      const { cashToleranceDollars: toleranceDollars } = limitsOf(context);
      return {
        cashBook: compareCash(cashBook, cash, { now: event.now, toleranceDollars }).book,
        sharesBefore: sharesNow(found, { ledger, theirs, before }),
        openBefore: sets.open.rows.map(({ orderRef }) => orderRef),
        wishes: [],
        looks: 0,
      };
    }),
    /** All was announced; what stands is kept. */
    trim: assign(({ context }) => ({ ...kept(context), found: [] })),
    rest: assign({ looks: 0 }),
    noteAlarm: assign(({ context }) => ({ alarmed: alarmedAfter(context) })),
    noteStrayFill: assign((args) => {
      const stray = strayFill(args);
      return stray === undefined ? {} : { strayFills: { ...args.context.strayFills, [stray.subject]: stray } };
    }),
    noteStrayOrder: assign((args) => {
      const stray = strayOrder(args);
      return stray === undefined ? {} : { strayOrders: { ...args.context.strayOrders, [stray.subject]: stray } };
    }),
    /** The operator knows of them: from now on they count as booked, outside of our ledger. */
    acceptStrays: assign((args) => {
      const { strayFills, discrepancies } = args.context;
      const named = discrepancies.filter(({ kind }) => kind === "unknownExecution" || kind === "archivedOrder");
      const execIds = [...Object.keys(strayFills), ...named.map(({ subject }) => subject)];
      return {
        strayFills: {},
        booked: { ...bookedLately(args), ...Object.fromEntries(execIds.map((execId) => [execId, args.event.now])) },
      };
    }),
    wishAdoption: assign(({ context, event }) => {
      if (event.type !== "operator.adopt") return {};
      const { subject, by, reason } = event;
      return { wishes: [...context.wishes, { subject, by, reason }] };
    }),
    post: assign((args) => {
      const { context, event } = args;
      if (event.type !== "leg.filled" || context.booked[event.execId] !== undefined) return {};
      return {
        ledger: posted(context.ledger, event),
        cashBook: cashAfterFill(context.cashBook, event, event.now),
        booked: { ...bookedLately(args), [event.execId]: event.now },
      };
    }),
    payFee: assign(({ context, event }) =>
      event.type === "commission.charged" ? { cashBook: cashAfterFee(context.cashBook, event.execId, event.amount) } : {},
    ),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config } : {})),
  },
});

/** A contract of the account, by what the broker or our book says of it. */
export const contractOf = ({ ledger, sets }: ReconcilerContext, conId: number | undefined) =>
  ledger[conId ?? ""]?.contract ?? sets.positions.rows.find(({ contract }) => contract.conId === conId)?.contract;
