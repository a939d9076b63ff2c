/**
 * The root: who is alive, and in which mode the engine trades.
 *
 *   recovering ─run.started─▶ reconciling ─session ready─▶ trading ◀─────▶ reducing   (paused, a mismatch, another build's tail)
 *                                 ▲   ▲                        │               │
 *                                 │   └──────session lost──────┴───────────────┘
 *   any ─operator.halt─▶ halted ─operator.rearm─▶ reconciling          any ─run.stopping─▶ draining, until the next run
 *
 * E1 The first run of a journal spawns everybody; later runs tell those who live of the new run and spawn who is missing.
 * E2 A halt is a latch, and so are a pause and another build's tail: they survive restarts, and only an operator takes them back.
 * E3 What waited since the restart is let go when the session is ready for the first time: the broker has been asked by then.
 * E4 The sagas of an earlier day are retired together, once all of them have ended (K9): at a start, an end, a reconciliation.
 */
import { NEW_ENGINE_CONTEXT } from "./engine.context.ts";
import {
  cryHalted,
  cryPoisoned,
  enter,
  goLive,
  listenToSession,
  passAdoption,
  passRearmToBreaker,
  passRearmToReconciler,
  retireShard,
  sayHalted,
  sayPoisoned,
  spawnMissing,
  tellOfRun,
  toSession,
} from "./engine.speech.ts";
import { engineWords } from "./engine.words.ts";

export const engineMachine = engineWords.createMachine({
  id: "engine",
  context: NEW_ENGINE_CONTEXT,
  entry: listenToSession,
  initial: "recovering",
  always: {
    guard: "mayArchive",
    actions: [retireShard, "forgetShard"],
  },
  on: {
    "run.started": [
      {
        target: ".starting",
        actions: [tellOfRun, spawnMissing, "takeRun", toSession("session.restarted"), toSession("session.open")],
      },
    ],
    "run.stopping": ".draining",
    "run.stopped": {},
    "clock.stepped": {},
    "session.readied": { actions: "takeReady" },
    "session.unreadied": { actions: "takeUnready" },
    "reconciliation.completed": { actions: "takeTruth" },
    "reconciliation.failed": {},
    "operator.halt": { target: ".halted", actions: "latchHalt" },
    "operator.pause": { target: ".choosing", actions: "latchPause" },
    "operator.resume": { target: ".choosing", actions: "takePauseBack" },
    "operator.rearm": [
      // A session that gave up connecting tries again; any other lets it pass.
      { guard: "forEngine", target: ".choosing", actions: ["takeHaltBack", toSession("session.rearmed")] },
      { guard: "forReconciler", actions: passRearmToReconciler },
      { actions: passRearmToBreaker },
    ],
    "saga.began": { actions: "countSaga" },
    "saga.ended": { actions: "discountSaga" },
    "operator.adopt": { actions: passAdoption },
    "account.refused": { target: ".halted", actions: "refuseAccount" },
    "session.contested": { target: ".halted", actions: "yieldPlace" },
    "actor.poisoned": [{ guard: "withoutDesk", actions: cryPoisoned }, { actions: sayPoisoned }],
    "actor.halted": [{ guard: "withoutDesk", actions: cryHalted }, { actions: sayHalted }],
  },
  states: {
    recovering: {},
    starting: { always: [{ guard: "halted", target: "halted" }, { target: "reconciling" }] },
    /** The mode follows from the latches and from the session. */
    choosing: {
      always: [
        { guard: "halted", target: "halted" },
        { guard: "unready", target: "reconciling" },
        { guard: "mustReduce", target: "reducing" },
        { target: "trading" },
      ],
    },
    reconciling: {
      entry: enter("reconciling"),
      on: { "session.readied": { target: "choosing", actions: ["takeReady", goLive] } },
    },
    trading: {
      entry: enter("trading"),
      on: {
        "session.unreadied": { target: "reconciling", actions: "takeUnready" },
        "reconciliation.completed": [{ guard: "differs", target: "choosing", actions: "takeTruth" }, { actions: "takeTruth" }],
      },
    },
    reducing: {
      entry: enter("reducing"),
      on: {
        "session.unreadied": { target: "reconciling", actions: "takeUnready" },
        "reconciliation.completed": [
          { guard: "agreesAgain", target: "choosing", actions: "takeTruth" },
          { guard: "mustHalt", target: "choosing", actions: "takeTruth" },
          { actions: "takeTruth" },
        ],
      },
    },
    halted: {
      entry: enter("halted"),
      on: { "session.readied": { actions: ["takeReady", goLive] } },
    },
    /** The process ends: whatever an operator still says is latched for the next run. */
    draining: {
      entry: enter("draining"),
      on: {
        "run.stopping": {},
        "operator.halt": { actions: "latchHalt" },
        "operator.pause": { actions: "latchPause" },
        "operator.resume": { actions: "takePauseBack" },
        "operator.rearm": [
          { guard: "forEngine", actions: "takeHaltBack" },
          { guard: "forReconciler", actions: passRearmToReconciler },
          { actions: passRearmToBreaker },
        ],
        "account.refused": { actions: "refuseAccount" },
        "session.contested": { actions: "yieldPlace" },
      },
    },
  },
});
