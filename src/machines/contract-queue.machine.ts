/**
 * The contracts of the account that have no market data line of their own, refreshed by snapshot in turn; an account may hold
 * thousands, most of them not ours.
 *
 *   offline ◀──session──▶ online:  resting ◀──market hours──▶ working (a beat each half second while something is due)
 *
 *   each entry, on one of 20 shelves:   waiting ─▶ refreshing ─▶ done ─▶ waiting      failed: until another day
 *
 * Q1 The pool decides how many snapshots are under way; the queue never asks for more, nor more than `snapshotsPerSecond`.
 * Q2 Held legs that wait for a line come first, then the shelves in turn, the longest unasked entry first.
 * Q3 Nothing stays refreshing: an answer, an eviction, the end of the connection or a minute ends it.
 * Q4 A beat costs the same however many contracts there are: entries lie on shelves, and only the shelf whose turn it is moves.
 *
 * What is learnt goes to whoever listens to the contract's quotes, and as a fact every few seconds.
 */
import { assign, emit, setup } from "xstate";
import { nextSession } from "../domain/calendar/market-calendar.ts";
import type { EngineFact } from "../domain/facts.ts";
import { speech, type Told } from "../domain/speech.ts";
import { afterTurn, beatMs, begunBeat } from "./contract-queue.beat.ts";
import {
  allTold,
  type ContractQueueInput,
  calmed,
  countDue,
  freshDue,
  inSession,
  newQueueContext,
  ofEpoch,
  type QueueContext,
  type QueueEvent,
  withSpare,
} from "./contract-queue.context.ts";
import { afterEnding } from "./contract-queue.endings.ts";
import { withContracts } from "./contract-queue.shelves.ts";
import {
  askForHeld,
  countedFact,
  giveTurn,
  giveUp,
  listenToSession,
  publish,
  recallOthers,
  refreshedFact,
  spawnShelves,
  tellContracts,
  tellEnding,
  toAllShelves,
} from "./contract-queue.speech.ts";

const takeContracts = [spawnShelves, tellContracts, "withContracts" as const] as const;
const ended = { actions: [tellEnding, "takeEnding"] } as const;

export const contractQueueMachine = setup({
  types: {
    input: {} as ContractQueueInput,
    context: {} as QueueContext,
    events: {} as QueueEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    beat: ({ context, event }) => beatMs(context, event.now),
    untilSession: ({ event }) => Math.max(1_000, nextSession(event.now).open - event.now),
  },
  guards: {
    inSession: ({ event }) => inSession(event.now),
    closed: ({ event }) => !inSession(event.now),
    ofEpoch,
    freshDue: ({ context, event }) => freshDue(context, event.now),
    countDue: ({ context, event }) => countDue(context, event.now),
    allTold: ({ context }) => allTold(context),
  },
  actions: {
    ...speech,
    takeConfig: assign(({ event }) =>
      event.type === "run.resumed" ? { lines: event.config.lines, account: event.config.account } : {},
    ),
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    calm: assign(({ context }) => calmed(context)),
    withContracts: assign((args) => withContracts(args)),
    withSpare: assign(({ context, event }) => withSpare(context, event)),
    beginBeat: assign(({ context, event }) => begunBeat(context, event.now)),
    takeTurn: assign(({ context, event }) => afterTurn(context, event)),
    takeEnding: assign((args) => afterEnding(args)),
    noteTold: assign(({ event }) => ({ fresh: [], toldAt: event.now })),
    noteCounting: assign(({ event }) => ({ countedAt: event.now, tallies: {} })),
    takeTally: assign(({ context, event }) => {
      if (event.type !== "shelf.told") return {};
      const { shelf, waiting, refreshing, done, failed, oldestAt } = event;
      return { tallies: { ...context.tallies, [shelf]: { waiting, refreshing, done, failed, oldestAt } } };
    }),
    forgetTallies: assign({ tallies: {} }),
  },
}).createMachine({
  id: "contractQueue",
  context: ({ input }) => newQueueContext(input),
  entry: listenToSession,
  initial: "offline",
  on: {
    "run.resumed": { actions: ["takeConfig", toAllShelves(({ event }) => event as Told)] },
    "session.unreadied": { target: ".offline", actions: [toAllShelves({ type: "shelf.calmed" }), "calm"] },
    "session.readied": { target: ".online", actions: "takeEpoch" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "positions.answered": { actions: takeContracts },
    "position.changed": { actions: takeContracts },
    "lines.spared": { actions: "withSpare" },
    "snapshot.answered": {},
    "snapshot.failed": {},
    "snapshot.spared": {},
    "snapshot.evicted": {},
    "turn.taken": {},
    "shelf.told": {},
  },
  states: {
    offline: {},
    online: {
      initial: "working",
      on: {
        "snapshot.answered": [{ guard: "ofEpoch", actions: [publish, tellEnding, "takeEnding"] }, {}],
        "snapshot.failed": [{ guard: "ofEpoch", ...ended }, {}],
        "snapshot.spared": ended,
        "snapshot.evicted": ended,
        "turn.taken": [{ actions: ["takeTurn", giveTurn] }],
        "shelf.told": { actions: "takeTally" },
      },
      states: {
        working: {
          always: [
            { guard: "closed", target: "resting" },
            {
              guard: "freshDue",
              actions: [emit(refreshedFact), "noteTold"],
            },
            { guard: "countDue", actions: ["noteCounting", toAllShelves({ type: "shelf.asked" })] },
            {
              guard: "allTold",
              actions: [emit(countedFact), "forgetTallies"],
            },
          ],
          after: {
            beat: {
              target: "working",
              reenter: true,
              actions: ["beginBeat", giveUp, askForHeld, recallOthers, giveTurn],
            },
          },
          on: {
            // New room, new contracts, an answer: the sleep may be over sooner.
            "lines.spared": { target: "working", reenter: true, actions: "withSpare" },
            "positions.answered": { target: "working", reenter: true, actions: takeContracts },
            "position.changed": { target: "working", reenter: true, actions: takeContracts },
          },
        },
        /** Between sessions nothing is quoted that would be worth a line. */
        resting: {
          always: { guard: "inSession", target: "working" },
          after: { untilSession: { target: "resting", reenter: true } },
        },
      },
    },
  },
});
