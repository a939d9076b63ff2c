/**
 * An order of which nobody knows whether it lives: only the broker's complete answer, begun later, settles it. Part of order.machine.ts,
 * where the picture is.
 */
import { and, emit, not } from "xstate";
import * as alerts from "./order.alerts.ts";
import * as say from "./order.speech.ts";
import { orderWords } from "./order.words.ts";

export const orderUnknown = orderWords.createStateConfig({
  entry: [emit(say.doubted), say.doubtToOwner],
  exit: alerts.inSight,
  initial: "asking",
  always: [
    { guard: "complete", target: "ended.filled", actions: [say.concludeFilled, emit(say.resolved("filled"))] },
    { guard: "untold", actions: [...say.twinsToAll, "withdraw"] },
  ],
  on: {
    "order.abandon": { actions: "abandon" },
    "effect.refused": [
      {
        guard: and(["firstPlacement", "nothingHeard"]),
        target: "ended.cancelled",
        actions: [emit(say.resolved("never sent")), say.concludeUnsent],
      },
      { guard: "modification", actions: "keepOldPrice" },
      {},
    ],
    "reconciliation.completed": [
      {
        guard: "foundFull",
        target: "ended.filled",
        actions: ["takeRecord", say.concludeFilled, emit(say.resolved("filled"))],
      },
      {
        guard: and(["foundNowhere", "ofEarlierDay"]),
        target: "ended.expired",
        actions: ["takeRecord", emit(say.resolved("expired")), say.concludeExpired],
      },
      {
        guard: "foundNowhere",
        target: "ended.notAtBroker",
        actions: [
          "takeRecord",
          emit(say.resolved("not at the broker")),
          {
            type: "conclude",
            params: { outcome: "notAtBroker", reason: "the broker has neither an order nor an execution of it" },
          },
        ],
      },
      {
        guard: and(["foundOver", "foundInactive", not("partial")]),
        target: "ended.rejected",
        actions: [
          "takeRecord",
          emit(say.resolved("rejected")),
          { type: "conclude", params: { outcome: "rejected", reason: "rejected by the broker" } },
        ],
      },
      {
        guard: and(["foundOver", "dayOver"]),
        target: "ended.expired",
        actions: ["takeRecord", emit(say.resolved("expired")), say.concludeExpired],
      },
      {
        guard: "foundOver",
        target: "ended.cancelled",
        actions: ["takeRecord", emit(say.resolved("cancelled")), say.concludeCancelled],
      },
      {
        guard: "foundElsewhere",
        target: "recovered",
        actions: [
          { type: "giveUp", params: { reason: "the broker does not have it at the price that was sent" } },
          "takeRecord",
          say.listenToPermId,
          emit(say.resolved("working")),
        ],
      },
      { guard: "foundOpen", target: "recovered", actions: ["takeRecord", say.listenToPermId, emit(say.resolved("working"))] },
      {},
    ],
  },
  states: {
    asking: {
      entry: [say.askForTruth, "countAsk"],
      after: {
        askAgain: [
          { guard: "alarming", target: "asking", reenter: true, actions: alerts.outOfSight },
          { target: "asking", reenter: true },
        ],
      },
    },
  },
});
