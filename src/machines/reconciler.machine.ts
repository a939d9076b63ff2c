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

import { emit, not } from "xstate";
import { topic } from "../domain/address.ts";
import type { EngineFact } from "../domain/facts.ts";
import type { Tell, Told } from "../domain/speech.ts";
import { type Args, enquiry, inWords, type ReconcilerContext, type ReconcilerEvent } from "./reconciler.context.ts";
import { reconcilerWords } from "./reconciler.words.ts";

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

export const reconcilerMachine = reconcilerWords.createMachine({
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
