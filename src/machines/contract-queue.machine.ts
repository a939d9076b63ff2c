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
import { address, topic } from "../domain/address.ts";
import { nextSession } from "../domain/calendar/market-calendar.ts";
import type { EngineFact } from "../domain/facts.ts";
import { speech, type Tell, type Told } from "../domain/speech.ts";
import {
  type Args,
  abandonedNews,
  afterEnding,
  afterTurn,
  allTold,
  beatMs,
  begunBeat,
  type ContractQueueInput,
  calmed,
  countDue,
  countedFact,
  entryNews,
  freshDue,
  inSession,
  newQueueContext,
  newShelves,
  nextShelf,
  ofEpoch,
  type QueueContext,
  type QueueEvent,
  recalls,
  shelfChanges,
  toAllShelves,
  withContracts,
  withSpare,
} from "./contract-queue.context.ts";

const giveTurn = {
  type: "tell" as const,
  params: ({ context, event }: Args): Tell[] => {
    const n = nextShelf(context, event.now);
    return n === undefined
      ? []
      : [{ to: address.contractShelf(n), event: { type: "turn.given", count: context.beat.left } as Told }];
  },
};
const askForHeld = {
  type: "tell" as const,
  params: ({ context }: Args): Tell[] =>
    context.beat.ask.map((contract) => ({ to: address.lines, event: { type: "snapshot.requested", contract } as Told })),
};
const recallOthers = { type: "tell" as const, params: ({ context }: Args): Tell[] => recalls(context) };
/** Whoever holds the contract hears its quote as from a line. */
const publish = {
  type: "tell" as const,
  params: ({ event }: Args): Tell[] =>
    event.type === "snapshot.answered"
      ? [
          {
            topic: topic.quote(event.conId),
            event: { type: "quote.updated", epoch: event.epoch, quote: event.quote } as Told,
          },
        ]
      : [],
};
const toEntry = { type: "tell" as const, params: entryNews };
const takeContracts = [
  { type: "spawn" as const, params: (args: Args) => newShelves(args) },
  { type: "tell" as const, params: shelfChanges },
  "withContracts" as const,
] as const;
const everybody = (event: Told | ((args: Args) => Told)) => ({
  type: "tell" as const,
  params: (args: Args): Tell[] => toAllShelves(args.context, typeof event === "function" ? event(args) : event),
});
const ended = { actions: [toEntry, "takeEnding"] } as const;

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
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "offline",
  on: {
    "run.resumed": { actions: ["takeConfig", everybody(({ event }) => event as Told)] },
    "session.unreadied": { target: ".offline", actions: [everybody({ type: "shelf.calmed" }), "calm"] },
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
        "snapshot.answered": [{ guard: "ofEpoch", actions: [publish, toEntry, "takeEnding"] }, {}],
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
              actions: [
                emit(({ context }) => ({ type: "contracts.refreshed", quotes: context.fresh }) as EngineFact),
                "noteTold",
              ],
            },
            { guard: "countDue", actions: ["noteCounting", everybody({ type: "shelf.asked" })] },
            {
              guard: "allTold",
              actions: [emit(({ context, event }) => countedFact(context, event.now)), "forgetTallies"],
            },
          ],
          after: {
            beat: {
              target: "working",
              reenter: true,
              actions: [
                "beginBeat",
                { type: "tell", params: ({ context }) => abandonedNews(context) },
                askForHeld,
                recallOthers,
                giveTurn,
              ],
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
