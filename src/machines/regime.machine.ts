/**
 * The market's regime: crash, high or low volatility, a trend, a range, or none of these; and unknown when it cannot be told.
 *
 *   offline ──session──▶ resolving ⇄ unavailable          both contracts: the stock (SPY) and the VIX
 *      ▲                     │
 *      └──session lost──  watching:  choosing ─▶ gathering ⇄ backingOff       daily bars of both, once a trading day
 *                                        │           │           │
 *                                        └───────▶ resting ◀─────┘            until the next session's bars are whole
 *
 * R1 Days count by their closes, one after the other, with hysteresis (domain/regime). Within a session only a crash counts, at once.
 * R2 A day that cannot be told is unknown; with a newest known day more than three sessions back, so is the regime.
 * R3 Whoever asks is answered within the step, in every state. `regime.told` is announced and `regime.assessed` made when anything
 *    of it changes, and at each close.
 *
 * Nothing here trades. Times are market time.
 */
import { assign, emit, setup } from "xstate";
import { effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import { DEFAULT_REGIME } from "../domain/regime/thresholds.ts";
import { speech } from "../domain/speech.ts";
import {
  againMs,
  answered,
  assessed,
  isDueToLook,
  isLive,
  isResolved,
  lagging,
  newRegimeContext,
  newsOf,
  type RegimeContext,
  type RegimeMachineEvent,
  type RegimeMachineInput,
  settlesInMs,
  withBars,
  withConfig,
  withContract,
  withFailure,
  withLook,
  withoutLine,
  withoutQuotes,
  withQuote,
} from "./regime.context.ts";
import {
  announce,
  answer,
  askBars,
  askContracts,
  assessment,
  letGo,
  listenToQuotes,
  listenToSession,
  requestLines,
} from "./regime.speech.ts";

export const regimeMachine = setup({
  types: {
    input: {} as RegimeMachineInput,
    context: {} as RegimeContext,
    events: {} as RegimeMachineEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    patience: ({ context }) => context.patienceMs,
    again: ({ context }) => againMs(context),
    nextSettled: ({ event }) => settlesInMs(event.now),
  },
  guards: {
    resolved: ({ context }) => isResolved(context),
    ofContract: (args) => answered(args, "contract") !== undefined,
    contractFound: (args) => answered(args, "contract") !== undefined && withContract(args).contracts !== undefined,
    ofBars: (args) => answered(args, "bars") !== undefined,
    wholeAlready: ({ context, event }) => lagging(context, event.now).length === 0,
    /** With these bars, nothing lags any more. */
    makesWhole: (args) =>
      answered(args, "bars") !== undefined && lagging({ ...args.context, ...withBars(args) }, args.event.now).length === 0,
    lastAwaited: (args) => {
      const which = answered(args, "bars");
      return which !== undefined && args.context.awaited.every((one) => one === which);
    },
    dueToLook: isDueToLook,
    /** Another stock, or none at all from now on, or again. */
    watchesAnother: ({ context, event }) =>
      event.type === "run.resumed" &&
      ((event.config.regime?.symbol ?? "SPY") !== context.config.symbol ||
        isLive(event.config.regime ?? DEFAULT_REGIME) !== isLive(context.config)),
    /** A quote is news only when it was looked at: they come by the dozen. */
    hasNews: ({ context, event }) =>
      (event.type !== "quote.updated" || context.lookedAt === event.now) && newsOf(context, event.now) !== context.told,
  },
  actions: {
    ...speech,
    ...effects,
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    takeConfig: assign(withConfig),
    takeContract: assign(withContract),
    awaitBars: assign(({ context, event }) => ({ awaited: lagging(context, event.now) })),
    takeBars: assign(withBars),
    assess: assign(assessed),
    takeQuote: assign(withQuote),
    look: assign(withLook),
    dropQuote: assign(withoutLine),
    dropQuotes: assign(withoutQuotes),
    noteFailure: assign(withFailure),
    calm: assign({ failures: 0, fault: "" }),
    noteTold: assign(({ context, event }) => ({ told: newsOf(context, event.now) })),
  },
}).createMachine({
  id: "regime",
  context: ({ input }) => newRegimeContext(input),
  entry: listenToSession,
  initial: "offline",
  on: {
    "session.readied": { target: ".online", actions: "takeEpoch" },
    "session.unreadied": { target: ".offline", actions: "dropQuotes" },
    "run.resumed": [
      { guard: "watchesAnother", target: ".offline", actions: [...letGo, "takeConfig"] },
      { actions: "takeConfig" },
    ],
    "regime.asked": { actions: answer },
    "regime.told": {},
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "contracts.answered": {},
    "bars.answered": {},
    "request.failed": {},
    "quote.updated": {},
    "line.lost": {},
    "line.typed": {},
    "line.failed": {},
    "effect.refused": {},
  },
  states: {
    offline: {},
    online: {
      initial: "resolving",
      always: { guard: "hasNews", actions: [announce, emit(assessment), "noteTold"] },
      states: {
        resolving: {
          entry: askContracts,
          always: { guard: "resolved", target: "watching" },
          after: { patience: { target: "unavailable", actions: "noteFailure" } },
          on: {
            "contracts.answered": [
              { guard: "contractFound", actions: "takeContract" },
              { guard: "ofContract", target: "unavailable", actions: ["takeContract", "noteFailure"] },
              {},
            ],
            "request.failed": [{ guard: "ofContract", target: "unavailable", actions: "noteFailure" }, {}],
            "effect.refused": [{ guard: "ofContract", target: "unavailable", actions: "noteFailure" }, {}],
          },
        },
        /** The broker lists no such thing, or did not say: unknown, and said so. */
        unavailable: { after: { again: "resolving" } },
        watching: {
          initial: "choosing",
          entry: [requestLines, listenToQuotes],
          on: {
            "quote.updated": [{ guard: "dueToLook", actions: "look" }, { actions: "takeQuote" }],
            "line.lost": { actions: "dropQuote" },
          },
          states: {
            choosing: { always: [{ guard: "wholeAlready", target: "resting", actions: "assess" }, { target: "gathering" }] },
            gathering: {
              entry: ["awaitBars", askBars],
              after: { patience: { target: "backingOff", actions: ["noteFailure", "assess"] } },
              on: {
                "bars.answered": [
                  { guard: "makesWhole", target: "resting", actions: ["takeBars", "calm", "assess"] },
                  { guard: "lastAwaited", target: "backingOff", actions: ["takeBars", "noteFailure", "assess"] },
                  { guard: "ofBars", actions: "takeBars" },
                  {},
                ],
                "request.failed": [{ guard: "ofBars", target: "backingOff", actions: ["noteFailure", "assess"] }, {}],
                "effect.refused": [{ guard: "ofBars", target: "backingOff", actions: ["noteFailure", "assess"] }, {}],
              },
            },
            /** Ever longer. A late answer is an answer. */
            backingOff: {
              after: { again: "gathering" },
              on: {
                "bars.answered": [
                  { guard: "makesWhole", target: "resting", actions: ["takeBars", "calm", "assess"] },
                  { guard: "ofBars", actions: ["takeBars", "assess"] },
                  {},
                ],
              },
            },
            /** A line that was refused is asked for again each day. */
            resting: { after: { nextSettled: { target: "gathering", actions: requestLines } } },
          },
        },
      },
    },
  },
});
