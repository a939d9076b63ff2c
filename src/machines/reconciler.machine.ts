/**
 * Broker's truth against ours, at every connection, on demand and in turn.
 *
 *   idle ─requested─▶ collecting: openOrders ─answer─▶ theRest ─three answers─▶ comparing ─▶ resolved | mismatched
 *    ▲                    ▲  │                                                      │              │
 *    │                    │  └──── a request failed, or silence ─▶ failed ◀─────────┘              │
 *    │                    └───────── after a while, or wanted ───────┴───── in turn, or wanted ────┘
 *    └── the session is gone
 *
 * R1 Only complete answers of this round and this epoch count; a snapshot that did not end is not "flat".
 * R2 Completed orders and executions are asked for after the open orders: an order that ends in between is in both answers, and
 *    none is in neither. Positions are asked for last: every fill that they contain was pushed before them on the same socket, so
 *    the ledger is level with them at that moment.
 * R3 Nothing is adopted and nothing is invented. A difference is named and makes the engine reduce.
 * R4 Executions and open orders of ours that no saga takes reach this actor, and are differences until an operator has seen them
 *    (`operator.rearm` with the scope `reconciliation`).
 */
import { assign, emit, not, setup } from "xstate";
import { address, topic } from "../domain/address.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import { type Enquiry, effects } from "../domain/effects.ts";
import type {
  Discrepancy,
  EffectAnswer,
  OperatorEvent,
  OrderProgress,
  ReconciliationEvent,
  SessionAnnouncement,
  Timed,
} from "../domain/events/actors.ts";
import { type BrokerEvent, type BrokerOrder, DONE_STATUSES, type Execution } from "../domain/events/broker.ts";
import type { EngineFact } from "../domain/facts.ts";
import {
  type Booked,
  comparePositions,
  isOurs,
  type Ledger,
  ordersOfOurs,
  strangerOf,
} from "../domain/reconciliation/compare.ts";
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
  /** Executions booked by sagas, kept for some days: IB repeats those of the present day. */
  readonly booked: Booked;
  /** Executions of ours that reached no saga, by execId: kept until an operator has seen them. */
  readonly strayFills: { readonly [execId: string]: Discrepancy };
  /** Open orders of ours that no saga took, heard of in this round. */
  readonly strayOrders: { readonly [orderRef: string]: Discrepancy };
  readonly discrepancies: readonly Discrepancy[];
  /** What the operator was told last, as one text. */
  readonly alarmed: string;
}
type Heard<E> = E extends unknown ? E & Timed : never;
type ReconcilerEvent = Heard<
  | BrokerEvent
  | ReconciliationEvent
  | SessionAnnouncement
  | OrderProgress
  | EffectAnswer
  | Extract<OperatorEvent, { type: "operator.rearm" }>
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
type Args = { readonly context: ReconcilerContext; readonly event: ReconcilerEvent };

const KEPT_MS = 4 * 24 * 3_600_000;
const requestOf = (context: ReconcilerContext): string => `round-${context.round}`;
const enquiry = ({ context }: Args): Enquiry => ({
  epoch: context.epoch,
  replyTo: address.reconciler,
  request: requestOf(context),
});
const isOfRound = ({ context, event }: Args): boolean => {
  if (event.type === "effect.refused") {
    const { request, epoch } = event.params;
    return request === requestOf(context) && epoch === context.epoch;
  }
  return "request" in event && event.request === requestOf(context) && event.epoch === context.epoch;
};
const stranger = ({ context, event }: Args, execution: Execution): Discrepancy | undefined =>
  strangerOf(context.config.installation, context.booked, execution, newYorkDay(event.now));
/** A fill of ours without a saga that was not known yet. */
const strayFill = (args: Args): Discrepancy | undefined => {
  if (args.event.type !== "execution.reported") return undefined;
  const stray = stranger(args, args.event.execution);
  return stray !== undefined && args.context.strayFills[stray.subject] === undefined ? stray : undefined;
};
const strayOrder = ({ context, event }: Args): Discrepancy | undefined => {
  if (event.type !== "order.reported" || DONE_STATUSES.includes(event.order.status)) return undefined;
  const [ours] = ordersOfOurs(context.config.installation, [event.order]);
  return ours && { kind: "unknownOrder", subject: ours.orderRef, ours: null, theirs: ours.quantity };
};
const compared = (args: Args): readonly Discrepancy[] => {
  const { context, event } = args;
  if (event.type !== "positions.answered") return [];
  const strangers = (context.executions ?? []).map((execution) => stranger(args, execution)).filter((one) => one !== undefined);
  return [
    ...comparePositions(
      context.ledger,
      event.positions.filter(({ account }) => account === context.account),
    ),
    ...Object.values({ ...context.strayFills, ...Object.fromEntries(strangers.map((one) => [one.subject, one])) }),
    ...Object.values(context.strayOrders),
  ];
};
const inWords = (discrepancies: readonly Discrepancy[]): string =>
  discrepancies.map(({ kind, subject, ours, theirs }) => `${subject} ${kind} (ours ${ours}, theirs ${theirs})`).join("; ");
const failed = (reason: (args: Args) => string) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({
    topic: topic.session,
    event: { type: "reconciliation.failed", epoch: args.context.epoch, reason: reason(args) } as Told,
  }),
});
const because = ({ event }: Args): string =>
  event.type === "request.failed"
    ? event.text
    : event.type === "effect.refused"
      ? event.reason
      : "the broker did not answer in time";
const kept = ({ context, event }: Args): Booked =>
  Object.fromEntries(Object.entries(context.booked).filter(([, at]) => event.now - at < KEPT_MS));

/** While it asks. A wish of the instant at which the round began may be younger than the round: it begins anew. */
const wanted = [{ guard: "begunThisInstant", target: "#reconciler.collecting", reenter: true }, { actions: "askAgain" }] as const;
const failing = {
  "request.failed": { guard: "ofRound", target: "#reconciler.failed", actions: failed(because) },
  "effect.refused": { guard: "ofRound", target: "#reconciler.failed", actions: failed(because) },
  "reconciliation.wanted": wanted,
} as const;
const silent = { silence: { target: "#reconciler.failed", actions: failed(because) } } as const;
/** While it rests. */
const ready = {
  "reconciliation.wanted": "collecting",
  "execution.reported": { guard: "strayFill", target: "collecting", actions: "noteStrayFill" },
  "operator.rearm": { target: "collecting", actions: "acceptStrays" },
} as const;

export const reconcilerMachine = setup({
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
    strayFills: {},
    strayOrders: {},
    discrepancies: [],
    alarmed: "",
  }),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "idle",
  on: {
    "leg.filled": { actions: "post" },
    "session.unreadied": ".idle",
    "session.readied": {},
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "reconciliation.requested": [{ guard: "ofOlderEpoch" }, { target: ".collecting", actions: "takeAsking" }],
    "reconciliation.wanted": {},
    "request.failed": {},
    "openOrders.answered": {},
    "completedOrders.answered": {},
    "executions.answered": {},
    "account.answered": {},
    "positions.answered": {},
    "effect.refused": {},
    "run.resumed": { actions: "takeConfig" },
    "execution.reported": [{ guard: "strayFill", actions: "noteStrayFill" }, {}],
    "order.reported": [{ guard: "strayOrder", actions: "noteStrayOrder" }, {}],
    // A fill moves positions before its leg executions are in: they are compared in turn, not one by one.
    "position.changed": {},
    "operator.rearm": { actions: "acceptStrays" },
  },
  states: {
    /** No session: nobody can be asked. The next one begins with asking. */
    idle: {},
    collecting: {
      entry: "begin",
      initial: "openOrders",
      after: silent,
      on: failing,
      states: {
        openOrders: {
          entry: { type: "openOrders.request", params: enquiry },
          on: { "openOrders.answered": { guard: "ofRound", target: "theRest", actions: "takeAnswer" } },
        },
        theRest: {
          entry: [
            { type: "completedOrders.request", params: enquiry },
            { type: "executions.request", params: enquiry },
            { type: "account.request", params: (args) => ({ ...enquiry(args), account: args.context.account }) },
          ],
          always: { guard: "collected", target: "#reconciler.comparing" },
          on: {
            "completedOrders.answered": { guard: "ofRound", actions: "takeAnswer" },
            "executions.answered": { guard: "ofRound", actions: "takeAnswer" },
            "account.answered": { guard: "ofRound", actions: "takeAnswer" },
          },
        },
      },
    },
    comparing: {
      entry: { type: "positions.request", params: enquiry },
      after: silent,
      on: {
        ...failing,
        "positions.answered": [
          { guard: "matched", target: "resolved", actions: ["note", "calm"] },
          { guard: "ofRound", target: "mismatched", actions: "note" },
        ],
      },
    },
    resolved: {
      entry: tellTruth(),
      always: { guard: "askedAgain", target: "collecting" },
      after: { turn: "collecting" },
      on: ready,
    },
    mismatched: {
      entry: tellTruth(),
      always: [
        {
          guard: not("alarmed"),
          actions: [
            {
              type: "operator.notify",
              params: ({ context }) => ({
                key: `reconciliation/${context.round}`,
                severity: "critical" as const,
                text: `The broker's account and ours differ: ${inWords(context.discrepancies)}`,
              }),
            },
            "noteAlarm",
          ],
        },
        { guard: "askedAgain", target: "collecting" },
      ],
      after: { turn: "collecting" },
      on: ready,
    },
    failed: {
      always: { guard: "askedAgain", target: "collecting" },
      after: { afterFailure: "collecting" },
      on: ready,
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
