/**
 * One futures root (ES, NQ, RTY): which contract is in front, what it quotes, and when it rests.
 *
 *   unresolved ─session─▶ resolving ─details─▶ tracking ◀──clock──▶ maintenance
 *        ▲                    │                   │                     │
 *        └────session lost────┴── roll day ───────┴─────────────────────┘   (then resolving again: a contract roll)
 *
 * The quotes are indicators, nothing here trades. `future.tracked` is made at most twice a minute.
 */
import { and, assign, emit, setup } from "xstate";
import { address, topic } from "../domain/address.ts";
import { assert } from "../domain/assert.ts";
import { frontQuarter } from "../domain/calendar/futures-quarter.ts";
import { futuresSessionState, nextFuturesChange } from "../domain/calendar/futures-session.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import { effects } from "../domain/effects.ts";
import type { EffectAnswer, LineEvent, ReconciliationEvent, SessionAnnouncement, Timed } from "../domain/events/actors.ts";
import type { AnswerEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { EngineFact } from "../domain/facts.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import { type Listen, speech, type Tell } from "../domain/speech.ts";
import { type EpochMs, priceUnits, roundHalfAway } from "../domain/units.ts";

export interface FuturesContractInput {
  readonly root: string;
}
interface FuturesContext {
  readonly root: string;
  readonly epoch: number;
  readonly contract: Contract | null;
  readonly contractMonth: string;
  readonly quote: Quote | null;
  readonly toldAt: EpochMs | null;
}
type Heard<E> = E extends unknown ? E & Timed : never;
type FuturesEvent = Heard<
  | SessionAnnouncement
  | ReconciliationEvent
  | AnswerEvent
  | MarketEvent
  | LineEvent
  | EffectAnswer
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
type Args = { readonly context: FuturesContext; readonly event: FuturesEvent };

/** Calendar days before expiry at which the next quarter takes the front (the house's rollover rule). */
export const ROLL_DAYS_BEFORE = 7;
const TOLD_EVERY_MS = 30_000;

const frontOf = ({ event }: Args): { readonly contract: Contract; readonly month: string } | undefined => {
  if (event.type !== "contracts.answered") return undefined;
  const month = frontQuarter(newYorkDay(event.now), ROLL_DAYS_BEFORE).contractMonth;
  const details = event.details.find(
    ({ contract, contractMonth }) => (contractMonth || contract.expiry?.replaceAll("-", "").slice(0, 6)) === month,
  );
  return details && { contract: details.contract, month };
};
/** The answer to our question, in this epoch. */
const isAnswer = ({ context, event }: Args): boolean =>
  (event.type === "contracts.answered" || event.type === "request.failed") &&
  event.request === "front" &&
  event.epoch === context.epoch;
/** The contract that is not in front any more: of a roll, or of one that came while there was no session. */
const left = (args: Args): Contract | undefined => {
  const { contract } = args.context;
  return contract === null || frontOf(args)?.contract.conId === contract.conId ? undefined : contract;
};
const leaveLine = [
  {
    type: "tell" as const,
    params: (args: Args): readonly Tell[] =>
      left(args) ? [{ to: address.lines, event: { type: "lines.released", holder: address.future(args.context.root) } }] : [],
  },
  {
    type: "unlisten" as const,
    params: (args: Args): Listen => ({
      topics: [left(args)].filter((contract) => contract !== undefined).map(({ conId }) => topic.quote(conId)),
    }),
  },
] as const;
const tracked = ({ context, event }: Args): EngineFact => {
  const quote = event.type === "quote.updated" ? event.quote : undefined;
  const spot = spotOf(quote);
  assert(spot !== undefined, "a future is told with a price");
  return {
    type: "future.tracked",
    root: context.root,
    contract: context.contract as Contract,
    last: priceUnits(roundHalfAway(spot)),
    bid: quote?.bid ?? null,
    ask: quote?.ask ?? null,
  };
};

export const futuresContractMachine = setup({
  types: {
    input: {} as FuturesContractInput,
    context: {} as FuturesContext,
    events: {} as FuturesEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    sessionChange: ({ event }) => Math.max(1_000, nextFuturesChange(event.now).at - event.now),
    again: 300_000,
  },
  guards: {
    found: (args) => isAnswer(args) && frontOf(args) !== undefined,
    answered: isAnswer,
    lineOfFront: ({ context, event }) => event.type === "line.lost" && event.conId === context.contract?.conId,
    ofFront: ({ context, event }) => event.type === "quote.updated" && event.quote.conId === context.contract?.conId,
    resting: ({ event }) => futuresSessionState(event.now) !== "open",
    rolled: ({ context, event }) => frontQuarter(newYorkDay(event.now), ROLL_DAYS_BEFORE).contractMonth !== context.contractMonth,
    dueToTell: ({ context, event }) =>
      event.type === "quote.updated" &&
      spotOf(event.quote) !== undefined &&
      (context.toldAt === null || event.now - context.toldAt >= TOLD_EVERY_MS),
  },
  actions: {
    ...speech,
    ...effects,
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    takeFront: assign((args) => {
      const front = frontOf(args);
      if (front === undefined) return {};
      const isOther = front.contract.conId !== args.context.contract?.conId;
      return { contract: front.contract, contractMonth: front.month, ...(isOther ? { quote: null } : {}) };
    }),
    takeQuote: assign(({ event }) => (event.type === "quote.updated" ? { quote: event.quote } : {})),
    told: assign(({ event }) => ({ toldAt: event.now })),
  },
}).createMachine({
  id: "futuresContract",
  context: ({ input }) => ({ root: input.root, epoch: 0, contract: null, contractMonth: "", quote: null, toldAt: null }),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "unresolved",
  on: {
    "session.readied": { target: ".resolving", actions: "takeEpoch" },
    "session.unreadied": { target: ".unresolved" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "contracts.answered": {},
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
          {
            guard: "found",
            target: "tracking",
            actions: [
              ...leaveLine,
              "takeFront",
              {
                type: "tell",
                params: ({ context }) => ({
                  to: address.lines,
                  event: {
                    type: "line.requested",
                    holder: address.future(context.root),
                    contract: context.contract as Contract,
                    priority: 2,
                  } as { type: string },
                }),
              },
              { type: "listen", params: ({ context }) => ({ topics: [topic.quote((context.contract as Contract).conId)] }) },
            ],
          },
          { guard: "answered", target: "unavailable" },
          {},
        ],
        "request.failed": [{ guard: "answered", target: "unavailable" }, {}],
      },
    },
    /** The gateway lists no such contract, or gives no line for it: unknown, and said so by this state. */
    unavailable: { after: { again: "resolving" } },
    tracking: {
      always: { guard: "resting", target: "maintenance" },
      after: {
        sessionChange: [
          { guard: "rolled", target: "rolling" },
          { target: "tracking", reenter: true },
        ],
      },
      on: {
        "line.lost": { guard: "lineOfFront", target: "unavailable" },
        "quote.updated": [
          { guard: and(["ofFront", "dueToTell"]), actions: ["takeQuote", "told", emit(tracked)] },
          { guard: "ofFront", actions: "takeQuote" },
          {},
        ],
      },
    },
    maintenance: {
      after: { sessionChange: [{ guard: "rolled", target: "rolling" }, { target: "tracking" }] },
      on: {
        "line.lost": { guard: "lineOfFront", target: "unavailable" },
        "quote.updated": [{ guard: "ofFront", actions: "takeQuote" }, {}],
      },
    },
    /** The next quarter takes the front: let the old one go. */
    rolling: {
      entry: leaveLine,
      always: "resolving",
    },
  },
});
