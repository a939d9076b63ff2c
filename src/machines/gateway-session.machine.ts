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
import { emit } from "xstate";
import type { EngineFact } from "../domain/facts.ts";
import * as alerts from "./gateway-session.alerts.ts";
import { type GatewaySessionContext, type GatewaySessionEvent, newSessionContext } from "./gateway-session.context.ts";
import {
  askForTruth,
  assignOrderId,
  connect,
  degradedFact,
  disconnect,
  listenToAnnouncements,
  lostFact,
  readied,
  readiedFact,
  readOnlyFact,
  refusedFact,
  refuseOrderId,
  refuseReadOnly,
  reportContested,
  reportRefused,
  unreadied,
} from "./gateway-session.speech.ts";
import { gatewaySessionWords } from "./gateway-session.words.ts";

/** What is to be done about a notice, a read-only login first; whatever else is said changes nothing. */
const noticed = <const Rest extends readonly object[]>(...rest: Rest) =>
  [
    {
      guard: "readOnlySaid" as const,
      actions: [
        "noteReadOnly" as const,
        emit<GatewaySessionContext, GatewaySessionEvent, undefined, GatewaySessionEvent, EngineFact>(readOnlyFact),
        alerts.readOnly,
      ] as const,
    },
    ...rest,
    {},
  ] as const;

export const gatewaySessionMachine = gatewaySessionWords.createMachine({
  id: "gatewaySession",
  context: ({ input }) => newSessionContext(input),
  entry: listenToAnnouncements,
  initial: "disconnected",
  on: {
    "orderId.requested": { actions: refuseOrderId },
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
      { guard: "competitionUntold", actions: [alerts.competition, "noteCompetition"] },
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
      entry: ["nextEpoch", connect],
      after: { connectTimeout: { target: "lost", actions: ["blameSilence", disconnect] } },
      on: {
        "gateway.identified": [
          { guard: "accountRefused", target: "refused", actions: ["blame", "noteRefused"] },
          { guard: "thisEpoch", target: "synchronising", actions: ["identify", ...alerts.identified] },
        ],
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: "blame" },
        "gateway.noticed": noticed({ guard: "idTaken", actions: "noteTaken" }),
        "effect.refused": [{ guard: "connectRefused", target: "lost", actions: "blame" }, {}],
      },
    },
    synchronising: {
      entry: askForTruth,
      after: { reconcileTimeout: { target: "lost", actions: ["blameSilence", disconnect] } },
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
      entry: ["noteReady", readied, emit(readiedFact)],
      after: { steady: { actions: ["calm", alerts.steady] } },
      on: {
        "orderId.requested": [{ guard: "readOnly", actions: refuseReadOnly }, { actions: [assignOrderId, "spendIds"] }],
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
          entry: [emit(degradedFact), alerts.feeds],
          exit: alerts.feedsBack,
          always: { guard: "complete", target: "whole", actions: emit(degradedFact) },
          on: {
            "feeds.told": { actions: ["noteFeeds", emit(degradedFact), alerts.feeds] },
          },
        },
      },
    },
    /** The socket stands, IB's servers are away: ticks freeze silently and orders may not be accepted. */
    degraded: {
      entry: [unreadied, emit(lostFact), "noteOutage"],
      always: { guard: "contested", target: "contested" },
      after: { outagePatience: { actions: [alerts.outage, "noteOutageTold"] } },
      on: {
        "gateway.noticed": noticed({ guard: "connectivityRestored", target: "synchronising" }),
        "gateway.lost": { guard: "thisEpoch", target: "lost", actions: ["noteTakeover", "blame"] },
      },
    },
    lost: {
      entry: [unreadied, emit(lostFact), "noteOutage", alerts.outage, "noteOutageTold"],
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
      entry: [disconnect, alerts.contested, reportContested],
      on: {
        "session.open": { target: "connecting", actions: ["forgetTakeovers", alerts.uncontested] },
        "session.rearmed": { target: "connecting", actions: ["forgetTakeovers", alerts.uncontested] },
      },
    },
    refused: { entry: [emit(refusedFact), disconnect, reportRefused, alerts.refused] },
  },
});
