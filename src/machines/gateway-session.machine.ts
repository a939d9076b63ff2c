/**
 * The connection to the gateway, epoch by epoch. An epoch is one TCP connection with one fresh client; it is never reused, and the
 * client id never changes.
 *
 *   disconnected ─open─▶ connecting ─identified─▶ synchronising ─reconciled─▶ ready
 *                          ▲   │  └─account refused─▶ refused  ▲  ▲              │
 *                          │   │                      1101, 1102  └─────1101─────┤
 *                          │   │                               └── degraded ◀1100┘
 *                          │   ▼ ◀──── lost, silence: from each of them ─────────┘
 *                          └─ lost (waits its back-off)
 *
 * C1 *ready* means: positions, open orders of all clients, completed orders and executions have all ended and been compared.
 * C2 Order ids are the larger of our own high-water mark and what the gateway says: an id is never given twice.
 * C3 An account that is not simulated is refused (P7): its name must begin with DU or DF.
 * C4 Whoever is not ready says so: every end of *ready*, and every loss, is announced.
 *
 * Delays here are market time, like all timers of machines.
 */
import { assign, emit, setup } from "xstate";
import { accountRefusal } from "../domain/accounts.ts";
import { address, topic } from "../domain/address.ts";
import type { EngineConfig } from "../domain/config.ts";
import { effects } from "../domain/effects.ts";
import type { EffectAnswer, OrderIdEvent, ReconciliationEvent, Timed } from "../domain/events/actors.ts";
import type { GatewayEvent } from "../domain/events/gateway.ts";
import type { EngineFact } from "../domain/facts.ts";
import { speech, type Tell, type Told } from "../domain/speech.ts";

export interface GatewaySessionInput {
  readonly config: EngineConfig;
}
interface GatewaySessionContext {
  readonly config: EngineConfig;
  readonly epoch: number;
  readonly nextOrderId: number;
  readonly account: string;
  readonly clientId: number;
  readonly attempts: number;
  /** The accounts that were refused. */
  readonly refused: readonly string[];
  readonly reason: string;
}
type Heard<E> = E extends unknown ? E & Timed : never;
type GatewaySessionEvent = Heard<
  | GatewayEvent
  | OrderIdEvent
  | ReconciliationEvent
  | EffectAnswer
  | { readonly type: "session.open" | "session.restarted" | "session.readied" | "session.unreadied" }
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
type Args = { readonly context: GatewaySessionContext; readonly event: GatewaySessionEvent };

const announce = (event: (args: Args) => Told) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({ topic: topic.session, event: event(args) }),
});
const unreadied = announce(
  ({ context }) => ({ type: "session.unreadied", epoch: context.epoch, reason: context.reason }) as Told,
);
const askForTruth = {
  type: "tell" as const,
  params: ({ context }: Args): Tell => ({
    to: address.reconciler,
    event: {
      type: "reconciliation.requested",
      epoch: context.epoch,
      account: context.account,
      reason: `epoch ${context.epoch}`,
    } as Told,
  }),
};
const lostFact = ({ context }: Args): EngineFact => ({ type: "session.lost", epoch: context.epoch, reason: context.reason });
const CONNECTIVITY_LOST = [1100, 2110];
const CONNECTIVITY_RESTORED = [1101, 1102];
/** Connectivity is back, but every market data line is gone: all is opened and compared anew. */
const DATA_LOST = 1101;

export const gatewaySessionMachine = setup({
  types: {
    input: {} as GatewaySessionInput,
    context: {} as GatewaySessionContext,
    events: {} as GatewaySessionEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    /** 1, 2, 4, ... 60 s; no jitter: one engine, one gateway. */
    backOff: ({ context }) => 1_000 * Math.min(60, 2 ** Math.min(context.attempts, 6)),
    connectTimeout: 120_000,
    reconcileTimeout: 300_000,
    again: 5_000,
  },
  guards: {
    thisEpoch: ({ context, event }) => "epoch" in event && event.epoch === context.epoch,
    accountRefused: ({ context, event }) =>
      event.type === "gateway.identified" &&
      event.epoch === context.epoch &&
      accountRefusal(context.config.account, event.accounts) !== undefined,
    connectivityLost: ({ context, event }) =>
      event.type === "gateway.noticed" && event.epoch === context.epoch && CONNECTIVITY_LOST.includes(event.code),
    dataLost: ({ context, event }) =>
      event.type === "gateway.noticed" && event.epoch === context.epoch && event.code === DATA_LOST,
    /** The connect of this very epoch could not be made. */
    connectRefused: ({ context, event }) =>
      event.type === "effect.refused" && event.name === "gateway.connect" && event.params["epoch"] === context.epoch,
    connectivityRestored: ({ context, event }) =>
      event.type === "gateway.noticed" && event.epoch === context.epoch && CONNECTIVITY_RESTORED.includes(event.code),
  },
  actions: {
    ...speech,
    ...effects,
    nextEpoch: assign(({ context }) => ({ epoch: context.epoch + 1, attempts: context.attempts + 1, reason: "" })),
    identify: assign(({ context, event }) =>
      event.type === "gateway.identified"
        ? {
            account: context.config.account,
            clientId: event.clientId,
            nextOrderId: Math.max(context.nextOrderId, event.nextOrderId),
          }
        : {},
    ),
    spendIds: assign(({ context }) => ({ nextOrderId: context.nextOrderId + 2 })),
    noteRefused: assign(({ event }) => (event.type === "gateway.identified" ? { refused: event.accounts } : {})),
    calm: assign({ attempts: 0, reason: "" }),
    blame: assign(({ context, event }) =>
      event.type === "gateway.lost"
        ? { reason: event.reason }
        : event.type === "gateway.noticed"
          ? { reason: `${event.code} ${event.text}` }
          : event.type === "gateway.identified"
            ? { reason: accountRefusal(context.config.account, event.accounts) ?? "" }
            : event.type === "session.restarted"
              ? { reason: "the engine was restarted" }
              : event.type === "effect.refused"
                ? { reason: event.reason }
                : {},
    ),
    blameSilence: assign({ reason: "the gateway did not answer in time" }),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config } : {})),
  },
}).createMachine({
  id: "gatewaySession",
  context: ({ input }) => ({
    config: input.config,
    epoch: 0,
    nextOrderId: 1,
    account: "",
    clientId: 0,
    attempts: 0,
    refused: [],
    reason: "",
  }),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "disconnected",
  on: {
    "orderId.requested": {
      actions: {
        type: "tell",
        params: ({ context, event }) => ({
          to: event.replyTo,
          event: { type: "orderId.refused", reason: context.reason || "the session is not ready" } as Told,
        }),
      },
    },
    "session.restarted": { target: ".lost", actions: "blame" },
    "session.open": {},
    "session.readied": {},
    "session.unreadied": {},
    "run.resumed": { actions: "takeConfig" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "gateway.connected": {},
    "gateway.identified": {},
    "gateway.noticed": {},
    "gateway.lost": {},
    "effect.refused": {},
  },
  states: {
    disconnected: { on: { "session.open": "connecting", "session.restarted": {} } },
    connecting: {
      entry: ["nextEpoch", { type: "gateway.connect", params: ({ context }) => ({ epoch: context.epoch }) }],
      after: { connectTimeout: { target: "lost", actions: ["blameSilence", disconnect()] } },
      on: {
        "gateway.identified": [
          { guard: "accountRefused", target: "refused", actions: ["blame", "noteRefused"] },
          { guard: "thisEpoch", target: "synchronising", actions: "identify" },
        ],
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
        "effect.refused": [{ guard: "connectRefused", target: "lost", actions: "blame" }, {}],
      },
    },
    synchronising: {
      entry: askForTruth,
      after: { reconcileTimeout: { target: "lost", actions: ["blameSilence", disconnect()] } },
      on: {
        "reconciliation.completed": { guard: "thisEpoch", target: "ready" },
        "reconciliation.failed": { guard: "thisEpoch", target: "tryingAgain" },
        "gateway.noticed": [{ guard: "connectivityLost", target: "degraded", actions: "blame" }, {}],
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
      },
    },
    tryingAgain: {
      after: { again: "synchronising" },
      on: {
        "gateway.noticed": [{ guard: "connectivityLost", target: "degraded", actions: "blame" }, {}],
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
      },
    },
    ready: {
      entry: [
        "calm",
        announce(
          ({ context }) =>
            ({ type: "session.readied", epoch: context.epoch, account: context.account, clientId: context.clientId }) as Told,
        ),
        emit(({ context }) => ({ type: "session.readied", epoch: context.epoch, account: context.account }) as EngineFact),
      ],
      on: {
        "orderId.requested": {
          actions: [
            {
              type: "tell",
              params: ({ context, event }) => ({
                to: event.replyTo,
                event: {
                  type: "orderId.assigned",
                  whatIfId: context.nextOrderId,
                  orderId: context.nextOrderId + 1,
                  epoch: context.epoch,
                  account: context.account,
                  clientId: context.clientId,
                } as Told,
              }),
            },
            "spendIds",
          ],
        },
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
        "gateway.noticed": [
          { guard: "connectivityLost", target: "degraded", actions: "blame" },
          { guard: "dataLost", target: "synchronising", actions: ["blame", unreadied] },
          {},
        ],
      },
    },
    /** The socket stands, IB's servers are away: ticks freeze silently and orders may not be accepted. */
    degraded: {
      entry: [unreadied, emit(lostFact)],
      on: {
        "gateway.noticed": [{ guard: "connectivityRestored", target: "synchronising" }, {}],
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
      },
    },
    lost: {
      entry: [unreadied, emit(lostFact)],
      after: { backOff: "connecting" },
      // A start does not wait for the back-off of a former life.
      on: { "session.open": "connecting" },
    },
    refused: {
      entry: [
        emit(({ context }) => ({ type: "account.refused", accounts: context.refused, reason: context.reason }) as EngineFact),
        disconnect(),
        {
          type: "tell",
          params: ({ context }) => ({ to: address.engine, event: { type: "account.refused", reason: context.reason } as Told }),
        },
      ],
    },
  },
});

function disconnect() {
  return {
    type: "gateway.disconnect" as const,
    params: ({ context }: Args) => ({ epoch: context.epoch, reason: context.reason }),
  };
}
