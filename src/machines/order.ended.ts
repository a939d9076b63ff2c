/**
 * An order that has ended, and still hears: of late fills, and of a life at the broker that must not be. Part of order.machine.ts, where
 * the picture is.
 */
import { and, emit } from "xstate";
import * as alerts from "./order.alerts.ts";
import * as say from "./order.speech.ts";
import { orderWords } from "./order.words.ts";

export const orderEnded = orderWords.createStateConfig({
  entry: [say.stopListeningToQuotes, say.endToOwner, say.endToGate, say.endToEngine, alerts.ended, emit(say.ended)],
  initial: "cancelled",
  always: [
    { guard: and(["untold", "someLive"]), actions: [...say.twinsToAll, "withdraw", say.cancel] },
    { guard: "untold", actions: [...say.twinsToAll, "withdraw"] },
  ],
  on: {
    // Nobody works for it any more: it must not live on at the broker.
    "order.reported": [
      { guard: "worksOn", actions: ["takeReport", say.cancel, alerts.alive] },
      { guard: "lastIsOver", actions: ["takeReport", say.endToGate, alerts.gone] },
      { actions: ["takeReport", say.listenToPermId] },
    ],
    "order.statusReported": [
      { guard: "lastIsOver", actions: ["takeReport", emit(say.statusChanged), say.endToGate, alerts.gone] },
      { actions: ["takeReport", say.listenToPermId, emit(say.statusChanged)] },
    ],
    // What was found while nothing could be sent.
    "session.readied": [{ guard: "livesOn", actions: ["takeEpoch", say.cancel] }, { actions: "takeEpoch" }],
    "execution.reported": [
      {
        guard: "correction",
        actions: [
          ...say.fillsToAll(0),
          ...say.fillsToAll(1),
          say.listenToExecution,
          "book",
          "notePermId",
          say.listenToPermId,
          say.endToGate,
        ],
      },
      {
        guard: "newFill",
        actions: [...say.fillsToAll(0), say.listenToExecution, "book", "notePermId", say.listenToPermId, say.endToGate],
      },
      {},
    ],
  },
  states: {
    filled: { entry: say.successToBreaker },
    cancelled: {},
    rejected: { entry: say.failureToBreaker },
    denied: {},
    expired: {},
    notAtBroker: { entry: say.failureToBreaker },
  },
});
