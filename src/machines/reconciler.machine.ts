/**
 * Broker's truth against ours, at every epoch, on demand and in turn.
 *
 *   idle ─asked─▶ collecting ──four answers──▶ countingPositions ──compared──▶ resolved | mismatched ─in turn─▶ collecting
 *     ▲               │                             │                             (asked again meanwhile: once more)
 *     └─── a request failed, the epoch ended, silence ───┘
 *
 * R1 Only complete answers of one epoch count; a snapshot that did not end is not "flat".
 * R2 Positions are asked for last: every fill that they contain was pushed before them on the same socket, so the ledger is
 *    level with them at that moment.
 * R3 Nothing is adopted and nothing is invented. A difference is named and makes the engine reduce.
 */
import { assign, emit, setup } from "xstate";
import { address, topic } from "../domain/address.ts";
import type { EngineConfig } from "../domain/config.ts";
import { type Enquiry, effects } from "../domain/effects.ts";
import type { Discrepancy, EffectAnswer, OrderProgress, ReconciliationEvent, SessionAnnouncement, Timed } from "../domain/events/actors.ts";
import type { AnswerEvent, BrokerEvent, BrokerOrder, Execution } from "../domain/events/broker.ts";
import type { EngineFact } from "../domain/facts.ts";
import { comparePositions, isOurs, type Ledger, ordersOfOurs, unbookedExecutions } from "../domain/reconciliation/compare.ts";
import { speech, type Tell, type Told } from "../domain/speech.ts";
import type { EpochMs, Money } from "../domain/units.ts";

export interface ReconcilerInput {
  readonly config: EngineConfig;
}
interface ReconcilerContext {
  readonly config: EngineConfig;
  readonly epoch: number;
  readonly account: string;
  /** Names the round, so that an answer to an earlier one is not taken for this one's. */
  readonly round: number;
  readonly startedAt: EpochMs | null;
  readonly askedAgain: boolean;
  readonly open: readonly BrokerOrder[] | null;
  readonly completed: readonly BrokerOrder[] | null;
  readonly executions: readonly Execution[] | null;
  readonly netLiquidation: Money | null;
  readonly cash: Money | null;
  readonly accountAnswered: boolean;
  readonly ledger: Ledger;
  /** Executions booked by sagas: execId → the instant, kept for two days. */
  readonly booked: { readonly [execId: string]: EpochMs };
  readonly discrepancies: readonly Discrepancy[];
}
type Heard<E> = E extends unknown ? E & Timed : never;
type ReconcilerEvent = Heard<
  | BrokerEvent
  | ReconciliationEvent
  | SessionAnnouncement
  | OrderProgress
  | EffectAnswer
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
type Args = { readonly context: ReconcilerContext; readonly event: ReconcilerEvent };

const KEPT_MS = 2 * 24 * 3_600_000;
const requestOf = (context: ReconcilerContext): string => `round-${context.round}`;
const enquiry = ({ context }: Args): Enquiry => ({ epoch: context.epoch, replyTo: address.reconciler, request: requestOf(context) });
const isAnswerOfRound = ({ context, event }: Args): boolean =>
  "request" in event && event.request === requestOf(context) && event.epoch === context.epoch;
const compared = ({ context, event }: Args): readonly Discrepancy[] =>
  event.type === "positions.answered"
    ? [
        ...comparePositions(context.ledger, event.positions),
        ...unbookedExecutions(context.config.installation, context.booked, context.executions ?? []),
      ]
    : [];
const failed = (reason: (args: Args) => string) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({
    topic: topic.session,
    event: { type: "reconciliation.failed", epoch: args.context.epoch, reason: reason(args) } as Told,
  }),
});

export const reconcilerMachine = setup({
  types: { input: {} as ReconcilerInput, context: {} as ReconcilerContext, events: {} as ReconcilerEvent, emitted: {} as EngineFact },
  delays: {
    silence: 120_000,
    turn: ({ context }) => context.config.reconcileEverySeconds * 1_000,
  },
  guards: {
    ofRound: isAnswerOfRound,
    collected: ({ context }) => context.open !== null && context.completed !== null && context.executions !== null && context.accountAnswered,
    matched: (args) => isAnswerOfRound(args) && !compared(args).some(isOurs),
    askedAgain: ({ context }) => context.askedAgain,
    thisEpoch: ({ context, event }) => "epoch" in event && event.epoch === context.epoch,
    connected: ({ context }) => context.epoch > 0,
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
          return { executions: event.executions.filter(({ contract }) => contract.secType !== "BAG") };
        case "account.answered":
          return { accountAnswered: true, netLiquidation: event.netLiquidation ?? null, cash: event.cash ?? null };
        default:
          return {};
      }
    }),
    note: assign((args) => ({ discrepancies: compared(args) })),
    post: assign(({ context, event }) => {
      if (event.type !== "leg.filled" || context.booked[event.execId] !== undefined) return {};
      const { conId } = event.contract;
      const quantity = (context.ledger[conId]?.quantity ?? 0) + event.quantity;
      const kept = Object.entries(context.booked).filter(([, at]) => event.now - at < KEPT_MS);
      return {
        ledger: { ...context.ledger, [conId]: { quantity, contract: event.contract } },
        booked: { ...Object.fromEntries(kept), [event.execId]: event.now },
      };
    }),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config } : {})),
  },
}).createMachine({
  id: "reconciler",
  context: ({ input }) => ({
    config: input.config,
    epoch: 0,
    account: "",
    round: 0,
    startedAt: null,
    askedAgain: false,
    open: null,
    completed: null,
    executions: null,
    netLiquidation: null,
    cash: null,
    accountAnswered: false,
    ledger: {},
    booked: {},
    discrepancies: [],
  }),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "idle",
  on: {
    "leg.filled": { actions: "post" },
    "session.unreadied": ".idle",
    "session.readied": {},
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "reconciliation.requested": { target: ".collecting", actions: "takeAsking" },
    "request.failed": {},
    "openOrders.answered": {},
    "completedOrders.answered": {},
    "executions.answered": {},
    "account.answered": {},
    "positions.answered": {},
    "effect.refused": {},
    "run.resumed": { actions: "takeConfig" },
    /** A fill of ours that reached no saga (its shard is archived): named, counted as a difference at the next comparison. */
    "execution.reported": {},
  },
  states: {
    idle: {},
    collecting: {
      entry: [
        "begin",
        { type: "openOrders.request", params: enquiry },
        { type: "completedOrders.request", params: enquiry },
        { type: "executions.request", params: enquiry },
        { type: "account.request", params: (args) => ({ ...enquiry(args), account: args.context.account }) },
      ],
      always: { guard: "collected", target: "countingPositions" },
      after: { silence: { target: "idle", actions: failed(() => "the broker did not answer in time") } },
      on: {
        "openOrders.answered": { guard: "ofRound", actions: "takeAnswer" },
        "completedOrders.answered": { guard: "ofRound", actions: "takeAnswer" },
        "executions.answered": { guard: "ofRound", actions: "takeAnswer" },
        "account.answered": { guard: "ofRound", actions: "takeAnswer" },
        "request.failed": { guard: "ofRound", target: "idle", actions: failed(({ event }) => (event as Extract<AnswerEvent, { type: "request.failed" }>).text) },
        "effect.refused": { target: "idle", actions: failed(({ event }) => (event as Extract<EffectAnswer, { type: "effect.refused" }>).reason) },
        "reconciliation.requested": { guard: "thisEpoch", actions: "askAgain" },
      },
    },
    countingPositions: {
      entry: { type: "positions.request", params: enquiry },
      after: { silence: { target: "idle", actions: failed(() => "the broker did not answer in time") } },
      on: {
        "positions.answered": [
          { guard: "matched", target: "resolved", actions: ["note"] },
          { guard: "ofRound", target: "mismatched", actions: ["note"] },
        ],
        "request.failed": { guard: "ofRound", target: "idle", actions: failed(({ event }) => (event as Extract<AnswerEvent, { type: "request.failed" }>).text) },
        "effect.refused": { target: "idle", actions: failed(({ event }) => (event as Extract<EffectAnswer, { type: "effect.refused" }>).reason) },
        "reconciliation.requested": { guard: "thisEpoch", actions: "askAgain" },
      },
    },
    resolved: {
      entry: tellTruth(),
      always: { guard: "askedAgain", target: "collecting" },
      after: { turn: { guard: "connected", target: "collecting" } },
    },
    mismatched: {
      entry: [
        ...tellTruth(),
        {
          type: "operator.notify",
          params: ({ context }) => ({
            key: `reconciliation/${context.round}`,
            severity: "critical" as const,
            text: `The broker's account and ours differ: ${context.discrepancies.map(({ kind, subject, ours, theirs }) => `${subject} ${kind} (ours ${ours}, theirs ${theirs})`).join("; ")}`,
          }),
        },
      ],
      always: { guard: "askedAgain", target: "collecting" },
      after: { turn: { guard: "connected", target: "collecting" } },
    },
  },
});

function tellTruth() {
  return [
    {
      type: "tell" as const,
      params: ({ context }: Args): Tell => ({
        topic: topic.session,
        event: {
          type: "reconciliation.completed",
          epoch: context.epoch,
          startedAt: context.startedAt,
          orders: [...(context.open ?? []), ...(context.completed ?? [])],
          discrepancies: context.discrepancies,
          ...(context.netLiquidation === null ? {} : { netLiquidation: context.netLiquidation }),
          ...(context.cash === null ? {} : { cash: context.cash }),
        } as Told,
      }),
    },
    emit<ReconcilerContext, ReconcilerEvent, undefined, ReconcilerEvent, EngineFact>(({ context }) => ({
      type: "reconciliation.completed",
      epoch: context.epoch,
      discrepancies: context.discrepancies,
    })),
    emit<ReconcilerContext, ReconcilerEvent, undefined, ReconcilerEvent, EngineFact>(({ context }) => ({
      type: "account.valued",
      account: context.account,
      ...(context.netLiquidation === null ? {} : { netLiquidation: context.netLiquidation }),
      ...(context.cash === null ? {} : { cash: context.cash }),
    })),
  ] as const;
}
