/**
 * One futures root (ES, NQ, RTY): which contract is in front, what it quotes, how far it has moved, and when it rests.
 *
 *   unresolved ─session─▶ resolving ─details─▶ placed ─▶ tracking ──3 days before the roll──▶ resolving ─▶ rollWindow (both tracked)
 *        ▲                  ▲  │  ▲              ▲  └─▶ maintenance ◀──clock──▶ placed             │
 *        │                  │  └─ unavailable    └────────────── rolled ◀──── 7 days before expiry ┘
 *        └──session lost────┴──────── expired ◀── its expiry passed while nobody looked
 *
 * Quotes are indicators, nothing here trades. `future.tracked` is made at most twice a minute, `future.sampled` each full minute of an
 * open market. Changes are reckoned within one contract, from its own five-minute bars and, after those, from its own quotes.
 */
import { assign, emit, setup } from "xstate";
import { address, topic } from "../domain/address.ts";
import { assert } from "../domain/assert.ts";
import { nextFuturesChange } from "../domain/calendar/futures-session.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { Contract } from "../domain/contract.ts";
import { effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import { spotOf } from "../domain/quote.ts";
import { type Listen, speech, type Tell, type Told } from "../domain/speech.ts";
import { priceUnits, roundHalfAway } from "../domain/units.ts";
import {
  type Args,
  barQuestions,
  type FuturesContext,
  type FuturesContractInput,
  type FuturesEvent,
  hasExpired,
  hasRolled,
  isAnswer,
  left,
  opensWindow,
  placeOf,
  placesFrom,
  rests,
  sampleOf,
  type Tracked,
  withBars,
  withBarsAsked,
  withCloses,
  withQuote,
} from "./futures-contract.context.ts";

export type { FuturesContractInput } from "./futures-contract.context.ts";

const TOLD_EVERY_MS = 30_000;

const release = (root: string, contracts: readonly Contract[]): readonly Tell[] =>
  contracts.map(({ conId }) => ({
    to: address.lines,
    event: { type: "line.released", holder: address.future(root), conId } as Told,
  }));
const quotesOf = (contracts: readonly Contract[]): Listen => ({ topics: contracts.map(({ conId }) => topic.quote(conId)) });
const tracked = ({ context, event }: Args): EngineFact => {
  const quote = event.type === "quote.updated" ? event.quote : undefined;
  const spot = spotOf(quote);
  assert(spot !== undefined, "a future is told with a price");
  return {
    type: "future.tracked",
    root: context.root,
    contract: (context.front as Tracked).contract,
    last: priceUnits(roundHalfAway(spot)),
    bid: quote?.bid ?? null,
    ask: quote?.ask ?? null,
  };
};
const inPlace = ({ context }: Args): readonly Contract[] =>
  [context.front, context.next].flatMap((one) => (one === null ? [] : [one.contract]));
const openLines = [
  {
    type: "tell" as const,
    params: (args: Args): readonly Tell[] =>
      inPlace(args).map((contract) => ({
        to: address.lines,
        event: { type: "line.requested", holder: address.future(args.context.root), contract, priority: 2 } as Told,
      })),
  },
  { type: "listen" as const, params: (args: Args): Listen => quotesOf(inPlace(args)) },
] as const;
/** Lets go of what the answer at hand has no place for. */
const leaveLines = [
  { type: "tell" as const, params: (args: Args): readonly Tell[] => release(args.context.root, left(args)) },
  { type: "unlisten" as const, params: (args: Args): Listen => quotesOf(left(args)) },
] as const;
const frontOf = ({ context }: Args): readonly Contract[] => (context.front === null ? [] : [context.front.contract]);
const leaveFront = [
  { type: "tell" as const, params: (args: Args): readonly Tell[] => release(args.context.root, frontOf(args)) },
  { type: "unlisten" as const, params: (args: Args): Listen => quotesOf(frontOf(args)) },
] as const;
const tellTracked = emit<FuturesContext, FuturesEvent, undefined, FuturesEvent, EngineFact>(tracked);
const quotes = {
  "quote.updated": [{ guard: "dueToTell", actions: ["takeQuote", "told", tellTracked] }, { actions: "takeQuote" }],
  "line.lost": [{ guard: "lineOfFront", target: "unavailable" }, { guard: "lineOfNext", actions: "dropNext" }, {}],
} as const;
const askBars = [{ type: "bars.request" as const, params: barQuestions }, "noteBarsAsked" as const] as const;
const byTheClock = [
  { guard: "expired", target: "expired" },
  { guard: "rolled", target: "rolled" },
  { guard: "resting", target: "maintenance", actions: "takeCloses" },
] as const;

export const futuresContractMachine = setup({
  types: {
    input: {} as FuturesContractInput,
    context: {} as FuturesContext,
    events: {} as FuturesEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    sessionChange: ({ event }) => Math.max(1_000, nextFuturesChange(event.now).at - event.now),
    minute: ({ event }) => 60_000 - (event.now % 60_000),
    again: 300_000,
  },
  guards: {
    found: (args) => isAnswer(args) && placesFrom(args) !== undefined,
    answered: isAnswer,
    lineOfFront: ({ context, event }) => event.type === "line.lost" && placeOf(context, event.conId) === "front",
    lineOfNext: ({ context, event }) => event.type === "line.lost" && placeOf(context, event.conId) === "next",
    resting: rests,
    rolled: hasRolled,
    expired: hasExpired,
    inWindow: ({ context }) => context.next !== null,
    windowOpens: opensWindow,
    /** The next quarter's line was lost. */
    windowLeft: ({ context }) => context.next === null,
    hasFront: ({ context }) => context.front !== null,
    dueToTell: ({ context, event }) =>
      event.type === "quote.updated" &&
      placeOf(context, event.quote.conId) === "front" &&
      spotOf(event.quote) !== undefined &&
      (context.toldAt === null || event.now - context.toldAt >= TOLD_EVERY_MS),
  },
  actions: {
    ...speech,
    ...effects,
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    takePlaces: assign((args) => ({ ...placesFrom(args), windowDay: newYorkDay(args.event.now) })),
    takeQuote: assign(withQuote),
    takeCloses: assign(withCloses),
    takeBars: assign(withBars),
    noteBarsAsked: assign(withBarsAsked),
    dropNext: assign({ next: null }),
    /** Nothing streams any more: what was quoted last proves nothing. */
    dropQuotes: assign(({ context: { front, next } }) => ({
      front: front && { ...front, quote: null },
      next: next && { ...next, quote: null },
    })),
    promote: assign(({ context, event }) => {
      const { next } = context;
      const moved = { front: next, next: null, toldAt: null };
      return hasRolled({ context: { ...context, front: next }, event }) ? { ...moved, front: null } : moved;
    }),
    told: assign(({ event }) => ({ toldAt: event.now })),
  },
}).createMachine({
  id: "futuresContract",
  context: ({ input }) => ({ root: input.root, epoch: 0, front: null, next: null, windowDay: null, toldAt: null }),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "unresolved",
  on: {
    "session.readied": [
      { guard: "expired", target: ".expired", actions: "takeEpoch" },
      { target: ".resolving", actions: "takeEpoch" },
    ],
    "session.unreadied": { target: ".unresolved", actions: "dropQuotes" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "contracts.answered": {},
    "bars.answered": { actions: "takeBars" },
    "request.failed": {},
    "quote.updated": {},
    "line.lost": {},
    "line.typed": {},
    "line.failed": {},
    "effect.refused": {},
    "run.resumed": {},
  },
  states: {
    unresolved: {},
    resolving: {
      entry: {
        type: "contracts.request",
        params: ({ context }) => ({
          epoch: context.epoch,
          replyTo: address.future(context.root),
          request: "front",
          query: { secType: "FUT" as const, symbol: context.root, exchange: "CME", currency: "USD" },
          brief: true,
        }),
      },
      after: { again: { target: "resolving", reenter: true } },
      on: {
        "contracts.answered": [
          { guard: "found", target: "placed", actions: [...leaveLines, "takePlaces", ...openLines] },
          { guard: "answered", target: "unavailable" },
          {},
        ],
        "request.failed": [{ guard: "answered", target: "unavailable" }, {}],
      },
    },
    /** The gateway lists no such contract, or gives no line for it: unknown, and said so by this state. */
    unavailable: { after: { again: "resolving" } },
    placed: {
      always: [{ guard: "resting", target: "maintenance" }, { guard: "inWindow", target: "rollWindow" }, { target: "tracking" }],
      exit: askBars,
    },
    tracking: {
      after: {
        minute: [
          ...byTheClock,
          { guard: "windowOpens", target: "resolving" },
          {
            target: "tracking",
            reenter: true,
            actions: ["takeCloses", ...askBars, emit((args) => sampleOf(args, "front", "tracking"))],
          },
        ],
      },
      on: quotes,
    },
    /** The front goes on leading; the next quarter gathers quotes and closes of its own. */
    rollWindow: {
      always: { guard: "windowLeft", target: "tracking" },
      after: {
        minute: [
          ...byTheClock,
          {
            target: "rollWindow",
            reenter: true,
            actions: [
              "takeCloses",
              ...askBars,
              emit((args) => sampleOf(args, "front", "rollWindow")),
              emit((args) => sampleOf(args, "next", "rollWindow")),
            ],
          },
        ],
      },
      on: quotes,
    },
    maintenance: {
      after: {
        sessionChange: [
          { guard: "expired", target: "expired" },
          { guard: "rolled", target: "rolled" },
          { guard: "windowOpens", target: "resolving" },
          { target: "placed" },
        ],
      },
      on: {
        "line.lost": [{ guard: "lineOfFront", target: "unavailable" }, { guard: "lineOfNext", actions: "dropNext" }, {}],
        "quote.updated": { actions: "takeQuote" },
      },
    },
    /** The next quarter takes the front; the old one is let go. */
    rolled: {
      entry: [...leaveFront, "promote"],
      always: [{ guard: "hasFront", target: "placed" }, { target: "resolving" }],
    },
    /** It ended while nobody looked: there is no earlier price of the one that comes. */
    expired: {
      entry: [...leaveFront, "promote"],
      always: "resolving",
    },
  },
});
