/** The words in which the reconciler's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import { isOurs, ordersOfOurs } from "../domain/reconciliation/compare.ts";
import { speech } from "../domain/speech.ts";

import {
  compared,
  inWords,
  isOfRound,
  kept,
  type ReconcilerContext,
  type ReconcilerEvent,
  type ReconcilerInput,
  strayFill,
  strayOrder,
} from "./reconciler.context.ts";

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
    turn: ({ context }) => context.config.reconcileEverySeconds * 1_000,
  },
  guards: {
    ofRound: isOfRound,
    collected: ({ context }) => context.completed !== null && context.executions !== null && context.accountAnswered,
    matched: (args) => isOfRound(args) && !compared(args).some(isOurs),
    askedAgain: ({ context }) => context.askedAgain,
    begunThisInstant: ({ context, event }) => context.startedAt === event.now,
    ofOlderEpoch: ({ context, event }) => event.type === "reconciliation.requested" && event.epoch < context.epoch,
    strayFill: (args) => strayFill(args) !== undefined,
    strayOrder: (args) => strayOrder(args) !== undefined,
    alarmed: ({ context }) => inWords(context.discrepancies) === context.alarmed,
  },
  actions: {
    ...speech,
    ...effects,
    begin: assign(({ context, event }) => ({
      round: context.round + 1,
      startedAt: event.now,
      askedAgain: false,
      open: null,
      completed: null,
      executions: null,
      accountAnswered: false,
      strayOrders: {},
    })),
    takeAsking: assign(({ event }) =>
      event.type === "reconciliation.requested" ? { epoch: event.epoch, account: event.account } : {},
    ),
    askAgain: assign({ askedAgain: true }),
    takeAnswer: assign(({ context, event }) => {
      switch (event.type) {
        case "openOrders.answered":
          return { open: ordersOfOurs(context.config.installation, event.orders) };
        case "completedOrders.answered":
          return { completed: ordersOfOurs(context.config.installation, event.orders) };
        case "executions.answered":
          return { executions: event.executions };
        case "account.answered":
          return { accountAnswered: true, netLiquidation: event.netLiquidation ?? null, cash: event.cash ?? null };
        default:
          return {};
      }
    }),
    note: assign((args) => ({ discrepancies: compared(args) })),
    noteAlarm: assign(({ context }) => ({ alarmed: inWords(context.discrepancies) })),
    calm: assign({ alarmed: "" }),
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
        booked: { ...kept(args), ...Object.fromEntries(execIds.map((execId) => [execId, args.event.now])) },
      };
    }),
    post: assign((args) => {
      const { context, event } = args;
      if (event.type !== "leg.filled" || context.booked[event.execId] !== undefined) return {};
      const { conId } = event.contract;
      const quantity = (context.ledger[conId]?.quantity ?? 0) + event.quantity;
      const { [conId]: _before, ...others } = context.ledger;
      return {
        ledger: quantity === 0 ? others : { ...others, [conId]: { quantity, contract: event.contract } },
        booked: { ...kept(args), [event.execId]: event.now },
      };
    }),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config } : {})),
  },
});
