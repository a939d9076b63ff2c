/**
 * Broker's truth against ours, at every connection, on demand and in turn.
 *
 *   idle ─requested─▶ collecting: openOrders ─answer─▶ theRest ─three answers─▶ comparing ─▶ judging ─▶ adopting ─▶ resolved | mismatched
 *    ▲                    ▲ ▲ │                                                      │          │                        │
 *    │                    │ └─┼────────── after a moment ────────── doubting ◀───────┼──────────┘ not to be believed     │
 *    │                    │   └───── a request failed, or silence ─▶ failed ◀────────┘            at once                │
 *    │                    └────────── after a while, or wanted ───────┴────────── in turn, or wanted ────────────────────┘
 *    └── the session is gone
 *
 * R1 Only complete answers of this round and this epoch count; a snapshot that did not end is not "flat".
 * R2 Completed orders and executions are asked for after the open orders: an order that ends in between is in both answers, and
 *    none is in neither. Positions are asked for last: every fill that they contain was pushed before them on the same socket, so
 *    the ledger is level with them at that moment.
 * R3 Nothing is invented. A difference is named, and its policy says what follows; the ledger changes by an execution or by an adoption
 *    that a policy or an operator ordered, which is a fact of its own and no fill.
 * R5 A position that is gone or changed without an execution, and an order that is in no answer, are looked at again before they are
 *    named; an account that is empty all of a sudden, twice again.
 * R6 The broker's sets are told whole once and then by their changes against the digest that we say we know (src/io/ib/told-sets.ts):
 *    a quiet round costs the journal a few hundred bytes, however many positions there are, and replays all the same, because the
 *    rows are in this state.
 * R4 Executions and open orders of ours that no saga takes reach this actor, and are differences until an operator has seen them
 *    (`operator.rearm` with the scope `reconciliation`).
 */

import { emit } from "xstate";
import { address, topic } from "../domain/address.ts";
import type { Contract } from "../domain/contract.ts";
import type { Discrepancy } from "../domain/events/actors.ts";
import type { EngineFact } from "../domain/facts.ts";
import { NO_CASH_YET } from "../domain/reconciliation/cash.ts";
import type { Tell, Told } from "../domain/speech.ts";
import { tellDifferences } from "./reconciler.alerts.ts";
import { disputes } from "./reconciler.comparison.ts";
import type { Args, ReconcilerContext, ReconcilerEvent } from "./reconciler.context.ts";
import { enquiry, NOTHING_KNOWN } from "./reconciler.sets.ts";
import { contractOf, reconcilerWords } from "./reconciler.words.ts";

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
      : event.type.endsWith(".answered")
        ? "an answer that builds on another than the last"
        : "the broker did not answer in time";
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
  "operator.adopt": { target: "collecting", actions: "wishAdoption" },
} as const;
/** To the queue of contracts: the whole set, when it is another than before. */
const tellContracts = {
  type: "tell" as const,
  params: ({ context, event }: Args): readonly Tell[] =>
    event.type !== "positions.answered" || (event.base !== undefined && event.positions.length === 0 && event.gone === undefined)
      ? []
      : [{ to: address.contractQueue, event: { ...event, positions: context.sets.positions.rows } }],
} as const;
const answered = (next?: string, ...then: readonly (typeof tellContracts)[]) =>
  [
    { guard: "unusable" as const, target: "#reconciler.failed", actions: [failed(because), "forgetSets" as const] },
    { guard: "ofRound" as const, ...(next === undefined ? {} : { target: next }), actions: ["takeAnswer" as const, ...then] },
  ] as const;

export const reconcilerMachine = reconcilerWords.createMachine({
  id: "reconciler",
  context: ({ input }) => ({
    config: input.config,
    epoch: 0,
    account: "",
    round: 0,
    startedAt: null,
    askedAgain: false,
    answered: [],
    sets: NOTHING_KNOWN,
    netLiquidation: null,
    cash: null,
    ledger: {},
    cashBook: NO_CASH_YET,
    sharesBefore: {},
    booked: {},
    strayFills: {},
    strayOrders: {},
    openBefore: [],
    looks: 0,
    found: [],
    toAdopt: [],
    wishes: [],
    discrepancies: [],
    foreign: 0,
    alarmed: {},
  }),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "idle",
  on: {
    "leg.filled": { actions: "post" },
    "commission.charged": { actions: "payFee" },
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
    "operator.adopt": { actions: "wishAdoption" },
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
          entry: { type: "openOrders.request", params: enquiry("open") },
          on: { "openOrders.answered": answered("theRest") },
        },
        theRest: {
          entry: [
            { type: "completedOrders.request", params: enquiry("completed") },
            { type: "executions.request", params: enquiry("executions") },
            { type: "account.request", params: (args) => ({ ...enquiry()(args), account: args.context.account }) },
          ],
          always: { guard: "collected", target: "#reconciler.comparing" },
          on: {
            "completedOrders.answered": answered(),
            "executions.answered": answered(),
            "account.answered": { guard: "ofRound", actions: "takeAnswer" },
          },
        },
      },
    },
    comparing: {
      entry: { type: "positions.request", params: enquiry("positions") },
      after: silent,
      on: { ...failing, "positions.answered": answered("judging", tellContracts) },
    },
    judging: {
      entry: "compare",
      always: [{ guard: "doubtful", target: "doubting" }, { target: "adopting" }],
    },
    /** What was seen is not believed at once. */
    doubting: {
      after: { secondLook: "collecting" },
      on: { "reconciliation.wanted": "collecting" },
    },
    adopting: {
      always: [
        { guard: "toAdopt", actions: [emit(adoption), "adoptNext"] },
        { guard: "matched", target: "resolved", actions: "note" },
        { target: "mismatched", actions: "note" },
      ],
    },
    resolved: {
      entry: [...tellTruth(), tellDifferences, "noteAlarm"],
      always: { guard: "askedAgain", target: "collecting" },
      after: { turn: "collecting" },
      on: ready,
    },
    mismatched: {
      entry: [...tellTruth(), tellDifferences, "noteAlarm"],
      always: { guard: "askedAgain", target: "collecting" },
      after: { turn: "collecting" },
      on: ready,
    },
    failed: {
      entry: "rest",
      always: { guard: "askedAgain", target: "collecting" },
      after: { afterFailure: "collecting" },
      on: ready,
    },
  },
});

function adoption({ context }: Args): EngineFact {
  const next = context.toAdopt[0] as Discrepancy;
  const wish = context.wishes.find(({ subject }) => subject === next.subject);
  const [ours, theirs] = [next.ours ?? 0, next.theirs ?? 0];
  return {
    type: "position.adopted",
    account: context.account,
    contract: contractOf(context, next.conId) as Contract,
    quantity: theirs - ours,
    ours,
    theirs,
    kind: next.kind,
    by: wish?.by ?? "policy",
    reason: wish?.reason ?? `policy adopt for ${next.kind}`,
  };
}

function tellTruth() {
  return [
    { type: "tell" as const, params: disputes },
    {
      type: "tell" as const,
      params: ({ context }: Args): Tell => ({
        topic: topic.session,
        event: {
          type: "reconciliation.completed",
          epoch: context.epoch,
          startedAt: context.startedAt,
          orders: [...context.sets.open.rows, ...context.sets.completed.rows],
          discrepancies: context.found,
          ...(context.netLiquidation === null ? {} : { netLiquidation: context.netLiquidation }),
          ...(context.cash === null ? {} : { cash: context.cash }),
        } as Told,
      }),
    },
    "trim" as const,
    emit<ReconcilerContext, ReconcilerEvent, undefined, ReconcilerEvent, EngineFact>(({ context }) => ({
      type: "reconciliation.completed",
      epoch: context.epoch,
      discrepancies: context.discrepancies,
      ...(context.foreign === 0 ? {} : { foreign: context.foreign }),
    })),
    emit<ReconcilerContext, ReconcilerEvent, undefined, ReconcilerEvent, EngineFact>(({ context }) => ({
      type: "account.valued",
      account: context.account,
      ...(context.netLiquidation === null ? {} : { netLiquidation: context.netLiquidation }),
      ...(context.cash === null ? {} : { cash: context.cash }),
    })),
  ] as const;
}
