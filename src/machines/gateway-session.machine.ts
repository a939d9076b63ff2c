/**
 * The connection to the gateway, epoch by epoch. An epoch is one TCP connection with one fresh client; it is never reused, and the
 * client id never changes.
 *
 *   disconnected ─open─▶ connecting ─identified─▶ synchronising ─reconciled─▶ ready
 *                          ▲   │  └─account refused─▶ refused  ▲  ▲              │
 *                          │   │                      1101, 1102  └─────1101─────┤
 *                          │   │                               └── degraded ◀1100┘
 *                          │   ▼ ◀──── lost, silence: from each of them ─────────┘
 *                          ├─ lost (waits its back-off) ─another session, thrice─▶ contested ─operator, next run─▶ connecting
 *                          └─ restarting (lost within the nightly window: quiet, every half minute)
 *
 *   ready:  whole ⇄ degraded     a market data farm is broken, or a stream is dead: seen and said, and no business of the orders'
 *
 * C1 *ready* means: positions, open orders of all clients, completed orders and executions have all ended and been compared.
 * C2 Order ids are the larger of our own high-water mark and what the gateway says: an id is never given twice.
 * C3 An account that is not simulated is refused (P7): its name must begin with DU or DF.
 * C4 Whoever is not ready says so: every end of *ready*, and every loss, is announced.
 * C5 A connection that comes and goes is tried ever more slowly: only one that was ready for a minute makes the next wait short again.
 * C6 Where another session takes our place we do not fight for it: thrice within half an hour, then the engine is halted with the reason.
 * C7 A read-only login gets no order ids: nothing is sent that must be refused.
 * C8 What happens to farms (2103-2108) concerns market data alone and moves nothing here.
 *
 * Delays here are market time, like all timers of machines; the jitter is reckoned from the epoch, not drawn.
 */
import { assign, emit, setup } from "xstate";
import { accountRefusal } from "../domain/accounts.ts";
import { address, topic } from "../domain/address.ts";
import type { ConnectionConfig, EngineConfig } from "../domain/config.ts";
import {
  backOffMs,
  COMPETING_SESSION,
  DEFAULT_CONNECTION,
  isTakenForLong,
  jittered,
  restartLeftMs,
  speaksOfCompetition,
  speaksOfReadOnly,
  takenMs,
} from "../domain/connection.ts";
import { effects } from "../domain/effects.ts";
import type { EffectAnswer, FeedEvent, OrderIdEvent, ReconciliationEvent, Timed } from "../domain/events/actors.ts";
import type { OrderEvent } from "../domain/events/broker.ts";
import type { GatewayEvent } from "../domain/events/gateway.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { EngineFact } from "../domain/facts.ts";
import { farmNews } from "../domain/lines/farm.ts";
import { speech, type Tell, type Told } from "../domain/speech.ts";
import type { EpochMs } from "../domain/units.ts";

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
  /** Refusals in a row because the client id is taken (326). */
  readonly taken: number;
  /** When another session last said that it is there, and when it took our place in the last half hour. */
  readonly competingAt: EpochMs | null;
  readonly takeovers: readonly EpochMs[];
  /** The epoch that was ready last. */
  readonly readyEpoch: number;
  /** Why this login may not trade; empty when it may. */
  readonly readOnly: string;
  /** Since when nobody is ready, and whether the operator knows; null while ready. */
  readonly outage: { readonly since: EpochMs; readonly told: boolean } | null;
  /** The accounts that were refused. */
  readonly refused: readonly string[];
  readonly reason: string;
  /** Market data farms that IB says are broken, and streams that the pool found dead, by name. */
  readonly brokenFarms: readonly string[];
  readonly stalled: readonly string[];
}
type Heard<E> = E extends unknown ? E & Timed : never;
type GatewaySessionEvent = Heard<
  | GatewayEvent
  | OrderIdEvent
  | FeedEvent
  | ReconciliationEvent
  | EffectAnswer
  | Extract<MarketEvent, { type: "line.failed" }>
  | Extract<OrderEvent, { type: "order.errored" }>
  | { readonly type: "session.open" | "session.restarted" | "session.rearmed" | "session.readied" | "session.unreadied" }
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
/** What market data lack, in words; empty: nothing. */
const lack = ({ brokenFarms, stalled }: GatewaySessionContext): string =>
  [
    ...brokenFarms.map((farm) => `the market data farm ${farm} is broken`),
    ...stalled.map((name) => `${name} does not tick`),
  ].join("; ");
const degraded = ({ context }: Args): EngineFact => ({
  type: "session.degraded",
  epoch: context.epoch,
  reason: lack(context),
});
const CONNECTIVITY_LOST = [1100, 2110];
const CONNECTIVITY_RESTORED = [1101, 1102];
/** Connectivity is back, but every market data line is gone: all is opened and compared anew. */
const DATA_LOST = 1101;

/** 326: the client id is taken. */
const ID_TAKEN = 326;
const OUTAGE_TOLD_AFTER_MS = 60_000;
const TAKEOVERS_WITHIN_MS = 1_800_000;
/** A competing session speaks up shortly before it takes our place, or after. */
const COMPETING_FRESH_MS = 120_000;

const connectionOf = ({ config }: GatewaySessionContext): ConnectionConfig => config.connection ?? DEFAULT_CONNECTION;
const restartLeft = ({ context, event }: Args): number => restartLeftMs(connectionOf(context), event.now);
/** The words of an event that may name a cause. */
const wordsOf = (event: GatewaySessionEvent): string =>
  event.type === "gateway.noticed" || event.type === "order.errored"
    ? event.text
    : event.type === "gateway.lost"
      ? event.reason
      : "";
/** Whether this loss is another session's doing: it says so, it was heard of just now, or it sits on our client id at once. */
const isTakeover = ({ context, event }: Args): boolean => {
  if (event.type === "gateway.noticed" && event.code === ID_TAKEN)
    return context.taken === 0 && context.readyEpoch === context.epoch - 1 && context.competingAt !== null;
  const recent = context.competingAt !== null && event.now - context.competingAt <= COMPETING_FRESH_MS;
  return context.readyEpoch === context.epoch && (recent || speaksOfCompetition(wordsOf(event)));
};
const recentTakeovers = ({ context, event }: Args): readonly EpochMs[] =>
  context.takeovers.filter((at) => event.now - at < TAKEOVERS_WITHIN_MS);
const readOnlyWords = ({ context, event }: Args): string | undefined => {
  if (event.type !== "gateway.noticed" && event.type !== "order.errored") return undefined;
  return event.epoch === context.epoch && speaksOfReadOnly(event.code, event.text) ? event.text : undefined;
};
const outageDue = ({ context, event }: Args): boolean =>
  context.outage !== null &&
  !context.outage.told &&
  event.now - context.outage.since >= OUTAGE_TOLD_AFTER_MS &&
  restartLeft({ context, event }) === 0;

export const gatewaySessionMachine = setup({
  types: {
    input: {} as GatewaySessionInput,
    context: {} as GatewaySessionContext,
    events: {} as GatewaySessionEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    backOff: ({ context }) =>
      context.taken > 0
        ? takenMs(context.taken)
        : jittered(backOffMs(context.attempts), context.config.installation, context.epoch),
    restartRetry: ({ context }) => jittered(30_000, context.config.installation, context.epoch),
    /** Not before the nightly window is over. */
    outagePatience: (args) => {
      const left = restartLeft(args);
      return left === 0 ? OUTAGE_TOLD_AFTER_MS : left + OUTAGE_TOLD_AFTER_MS;
    },
    steady: 60_000,
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
    idTaken: ({ context, event }) => event.type === "gateway.noticed" && event.epoch === context.epoch && event.code === ID_TAKEN,
    competing: ({ context, event }) =>
      event.type === "line.failed" && event.epoch === context.epoch && event.code === COMPETING_SESSION,
    competitionUntold: ({ context, event }) =>
      event.type === "line.failed" &&
      event.epoch === context.epoch &&
      event.code === COMPETING_SESSION &&
      (context.competingAt === null || event.now - context.competingAt > TAKEOVERS_WITHIN_MS),
    contested: ({ context }) => context.takeovers.length >= connectionOf(context).takeovers,
    restartWindow: (args) => restartLeft(args) > 0,
    readOnlySaid: (args) => args.context.readOnly === "" && readOnlyWords(args) !== undefined,
    readOnly: ({ context }) => context.readOnly !== "",
    dataLost: ({ context, event }) =>
      event.type === "gateway.noticed" && event.epoch === context.epoch && event.code === DATA_LOST,
    /** The connect of this very epoch could not be made. */
    connectRefused: ({ context, event }) =>
      event.type === "effect.refused" && event.name === "gateway.connect" && event.params["epoch"] === context.epoch,
    lacking: ({ context }) => lack(context) !== "",
    complete: ({ context }) => lack(context) === "",
    connectivityRestored: ({ context, event }) =>
      event.type === "gateway.noticed" && event.epoch === context.epoch && CONNECTIVITY_RESTORED.includes(event.code),
  },
  actions: {
    ...speech,
    ...effects,
    nextEpoch: assign(({ context }) => ({
      epoch: context.epoch + 1,
      attempts: context.attempts + 1,
      reason: "",
      brokenFarms: [],
      stalled: [],
    })),
    noteFarm: assign(({ context, event }) => {
      if (event.type !== "gateway.noticed" || event.epoch !== context.epoch) return {};
      const news = farmNews(event.code, event.text);
      if (news === undefined) return {};
      const others = context.brokenFarms.filter((farm) => farm !== news.farm);
      return { brokenFarms: news.broken ? [...others, news.farm].sort() : others };
    }),
    noteFeeds: assign(({ context, event }) =>
      event.type === "feeds.told" && event.epoch === context.epoch ? { stalled: event.stalled } : {},
    ),
    identify: assign(({ context, event }) =>
      event.type === "gateway.identified"
        ? {
            account: context.config.account,
            clientId: event.clientId,
            nextOrderId: Math.max(context.nextOrderId, event.nextOrderId),
            taken: 0,
            readOnly: "",
          }
        : {},
    ),
    spendIds: assign(({ context }) => ({ nextOrderId: context.nextOrderId + 2 })),
    noteRefused: assign(({ event }) => (event.type === "gateway.identified" ? { refused: event.accounts } : {})),
    noteReady: assign(({ context }) => ({ reason: "", readyEpoch: context.epoch })),
    /** It was not for a moment only. */
    calm: assign({ attempts: 0, outage: null }),
    noteTaken: assign((args) => ({
      taken: args.context.taken + 1,
      ...(isTakeover(args) ? { takeovers: [...recentTakeovers(args), args.event.now] } : {}),
    })),
    noteCompetition: assign(({ event }) => ({ competingAt: event.now })),
    /** Before `blame`: whether it is one depends on what stands. */
    noteTakeover: assign((args) =>
      isTakeover(args) ? { takeovers: [...recentTakeovers(args), args.event.now], readyEpoch: 0 } : {},
    ),
    forgetTakeovers: assign({ takeovers: [], competingAt: null, taken: 0 }),
    noteOutage: assign(({ context, event }) => ({ outage: context.outage ?? { since: event.now, told: false } })),
    noteOutageTold: assign((args) =>
      args.context.outage !== null && outageDue(args) ? { outage: { ...args.context.outage, told: true } } : {},
    ),
    noteReadOnly: assign((args) => ({ readOnly: readOnlyWords(args) ?? args.context.readOnly })),
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
    taken: 0,
    competingAt: null,
    takeovers: [],
    readyEpoch: 0,
    readOnly: "",
    outage: null,
    refused: [],
    reason: "",
    brokenFarms: [],
    stalled: [],
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
    "session.rearmed": {},
    "session.readied": {},
    "session.unreadied": {},
    "run.resumed": { actions: "takeConfig" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "gateway.connected": {},
    "gateway.identified": {},
    "gateway.noticed": noticed({ actions: "noteFarm" }),
    "order.errored": noticed(),
    "line.failed": [
      { guard: "competitionUntold", actions: [sayCompetition(), "noteCompetition"] },
      { guard: "competing", actions: "noteCompetition" },
      {},
    ],
    "feeds.told": { actions: "noteFeeds" },
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
        "gateway.noticed": noticed({ guard: "idTaken", actions: "noteTaken" }),
        "effect.refused": [{ guard: "connectRefused", target: "lost", actions: "blame" }, {}],
      },
    },
    synchronising: {
      entry: askForTruth,
      after: { reconcileTimeout: { target: "lost", actions: ["blameSilence", disconnect()] } },
      on: {
        "reconciliation.completed": { guard: "thisEpoch", target: "ready" },
        "reconciliation.failed": { guard: "thisEpoch", target: "tryingAgain" },
        "gateway.noticed": noticed({ guard: "connectivityLost", target: "degraded", actions: "blame" }, { actions: "noteFarm" }),
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
      },
    },
    tryingAgain: {
      after: { again: "synchronising" },
      on: {
        "gateway.noticed": noticed({ guard: "connectivityLost", target: "degraded", actions: "blame" }, { actions: "noteFarm" }),
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
      },
    },
    ready: {
      entry: [
        "noteReady",
        announce(
          ({ context }) =>
            ({ type: "session.readied", epoch: context.epoch, account: context.account, clientId: context.clientId }) as Told,
        ),
        emit(({ context }) => ({ type: "session.readied", epoch: context.epoch, account: context.account }) as EngineFact),
      ],
      after: { steady: { actions: "calm" } },
      on: {
        "orderId.requested": [
          {
            guard: "readOnly",
            actions: {
              type: "tell",
              params: ({ context, event }) => ({
                to: event.replyTo,
                event: { type: "orderId.refused", reason: `the gateway is read-only: ${context.readOnly}` } as Told,
              }),
            },
          },
          {
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
        ],
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: ["noteTakeover", "blame"] },
        "gateway.noticed": noticed(
          { guard: "connectivityLost", target: "degraded", actions: ["noteTakeover", "blame"] },
          { guard: "dataLost", target: "synchronising", actions: ["blame", unreadied] },
          { actions: "noteFarm" },
        ),
      },
      initial: "whole",
      states: {
        whole: { always: { guard: "lacking", target: "degraded" } },
        /** Orders go out as ever; whoever needs the dead data sees that they are not fresh. */
        degraded: {
          entry: emit(degraded),
          always: { guard: "complete", target: "whole", actions: emit(degraded) },
          on: {
            "feeds.told": { actions: ["noteFeeds", emit(degraded)] },
          },
        },
      },
    },
    /** The socket stands, IB's servers are away: ticks freeze silently and orders may not be accepted. */
    degraded: {
      entry: [unreadied, emit(lostFact), "noteOutage"],
      always: { guard: "contested", target: "contested" },
      after: { outagePatience: { actions: [sayOutage(), "noteOutageTold"] } },
      on: {
        "gateway.noticed": noticed({ guard: "connectivityRestored", target: "synchronising" }),
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: ["noteTakeover", "blame"] },
      },
    },
    lost: {
      entry: [unreadied, emit(lostFact), "noteOutage", sayOutage(), "noteOutageTold"],
      always: [
        { guard: "contested", target: "contested" },
        { guard: "restartWindow", target: "restarting" },
      ],
      after: { backOff: "connecting" },
      // A start does not wait for the back-off of a former life.
      on: { "session.open": "connecting" },
    },
    /** IB Gateway restarts itself every night: nobody need be told, and nothing is gained by hurry. */
    restarting: {
      after: { restartRetry: "connecting" },
      on: { "session.open": "connecting" },
    },
    /** Another session wants this place: it has it until a person says otherwise. */
    contested: {
      entry: [
        disconnect(),
        {
          type: "operator.notify",
          params: ({ context }) => ({
            key: `session/contested/${context.epoch}`,
            severity: "critical" as const,
            text: `Another session has taken this one's place ${context.takeovers.length} times within half an hour (${context.reason}). No more attempts are made and the engine is halted: end the other session, then 'caretaker rearm --scope engine'.`,
          }),
        },
        {
          type: "tell",
          params: ({ context }) => ({
            to: address.engine,
            event: { type: "session.contested", reason: `another session takes this one's place: ${context.reason}` } as Told,
          }),
        },
      ],
      on: {
        "session.open": { target: "connecting", actions: "forgetTakeovers" },
        "session.rearmed": { target: "connecting", actions: "forgetTakeovers" },
      },
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

/** What is to be done about a notice, a read-only login first; whatever else is said changes nothing. */
function noticed<const Rest extends readonly object[]>(...rest: Rest) {
  return [
    {
      guard: "readOnlySaid" as const,
      actions: [
        "noteReadOnly" as const,
        emit<GatewaySessionContext, GatewaySessionEvent, undefined, GatewaySessionEvent, EngineFact>(({ context }) => ({
          type: "session.readOnly",
          epoch: context.epoch,
          text: context.readOnly,
        })),
        {
          type: "operator.notify" as const,
          params: ({ context }: Args) => ({
            key: `session/readOnly/${context.epoch}`,
            severity: "critical" as const,
            text: `The gateway does not let us trade: "Read-Only API" is ticked in its settings (API, Settings). Untick it; until then nothing is sent. It said: ${context.readOnly}`,
          }),
        },
      ] as const,
    },
    ...rest,
    {},
  ] as const;
}

function sayOutage() {
  return {
    type: "operator.notify" as const,
    params: (args: Args) => {
      const { context, event } = args;
      if (!outageDue(args) || context.outage === null) return [];
      const minutes = Math.round((event.now - context.outage.since) / 60_000);
      const taken = isTakenForLong(context.taken) ? ` Client id ${context.clientId} is held by another session.` : "";
      return [
        {
          key: `session/outage/${context.outage.since}`,
          severity: "critical" as const,
          text: `No session with the gateway for ${minutes} min: ${context.reason}.${taken}`,
        },
      ];
    },
  };
}

function sayCompetition() {
  return {
    type: "operator.notify" as const,
    params: ({ event }: Args) => ({
      key: `session/competing/${event.now}`,
      severity: "warning" as const,
      text: "Another session of the same user has the market data (10197): quotes are missing here until it ends. Orders go on.",
    }),
  };
}
