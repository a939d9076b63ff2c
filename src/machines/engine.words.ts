/** The words in which the root's chart is written: its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { address } from "../domain/address.ts";
import { effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import { speech, supervision } from "../domain/speech.ts";
import {
  afterComparison,
  afterStart,
  agreesAgain,
  differs,
  type EngineContext,
  type EngineEvent,
  mayArchive,
  mustHalt,
  sagasWith,
  sagasWithout,
  shardsLeft,
} from "./engine.context.ts";

export const engineWords = setup({
  types: { context: {} as EngineContext, events: {} as EngineEvent, emitted: {} as EngineFact },
  guards: {
    halted: ({ context }) => context.halt !== "",
    mustReduce: ({ context }) => context.pause !== "" || context.mismatch !== "" || context.foreignBuild !== "",
    unready: ({ context }) => !context.ready,
    differs,
    mustHalt,
    agreesAgain,
    mayArchive,
    forReconciler: ({ event }) => event.type === "operator.rearm" && event.scope === "reconciliation",
    /** It is the desk that fails, or there is none yet (a journal of an earlier build). */
    withoutDesk: ({ context, event }) =>
      (event.type === "actor.poisoned" || event.type === "actor.halted") &&
      (context.spawned[address.alerts] === undefined ||
        event.path === address.alerts ||
        event.path.startsWith(`${address.alerts}/`)),
    forEngine: ({ event }) => event.type === "operator.rearm" && event.scope === "engine",
  },
  actions: {
    ...speech,
    ...supervision,
    ...effects,
    takeRun: assign(afterStart),
    takeReady: assign({ ready: true }),
    takeUnready: assign({ ready: false }),
    takeTruth: assign(afterComparison),
    latchHalt: assign(({ event }) => ({
      halt: event.type === "operator.halt" ? `halted by ${event.by}: ${event.reason}` : "halted",
    })),
    refuseAccount: assign(({ event }) => ({ halt: event.type === "account.refused" ? event.reason : "account refused" })),
    yieldPlace: assign(({ context, event }) => ({
      halt: context.halt || (event.type === "session.contested" ? event.reason : ""),
    })),
    takeHaltBack: assign({ halt: "", foreignBuild: "" }),
    latchPause: assign(({ event }) => ({
      pause: event.type === "operator.pause" ? `paused by ${event.by}: ${event.reason}` : "paused",
    })),
    takePauseBack: assign({ pause: "" }),
    countSaga: assign(sagasWith),
    discountSaga: assign(sagasWithout),
    forgetShard: assign(shardsLeft),
  },
});
