/**
 * One futures root (ES, NQ, RTY): which contract is in front, what it quotes, and when it rests.
 *
 *   unresolved ─session─▶ resolving ─details─▶ tracking ◀──clock──▶ maintenance
 *        ▲                    │                   │                     │
 *        └────session lost────┴── roll day ───────┴─────────────────────┘   (then resolving again: a contract roll)
 *
 * The quotes are indicators, nothing here trades. `future.tracked` is made at most twice a minute.
 */
import { assign, emit, setup } from "xstate";
import { address, topic } from "../domain/address.ts";
import { futuresSessionState, nextFuturesChange } from "../domain/calendar/futures-session.ts";
import { frontQuarter } from "../domain/calendar/futures-quarter.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import { effects } from "../domain/effects.ts";
import type { EffectAnswer, LineEvent, ReconciliationEvent, SessionAnnouncement, Timed } from "../domain/events/actors.ts";
import type { AnswerEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { EngineFact } from "../domain/facts.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import { speech } from "../domain/speech.ts";
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
const tracked = ({ context, event }: Args): EngineFact => {
  const quote = event.type === "quote.updated" ? event.quote : context.quote;
  return {
    type: "future.tracked",
    root: context.root,
    contract: context.contract as Contract,
    last: priceUnits(roundHalfAway(spotOf(quote ?? undefined) ?? 0)),
    bid: quote?.bid ?? null,
    ask: quote?.ask ?? null,
  };
};

export const futuresContractMachine = setup({
  types: { input: {} as FuturesContractInput, context: {} as FuturesContext, events: {} as FuturesEvent, emitted: {} as EngineFact },
  delays: {
    sessionChange: ({ event }) => Math.max(1_000, nextFuturesChange(event.now).at - event.now),
    again: 300_000,
  },
  guards: {
    found: (args) => frontOf(args) !== undefined,
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
      return front === undefined ? {} : { contract: front.contract, contractMonth: front.month };
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
    "line.lost": { target: ".unavailable" },
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
              "takeFront",
              {
                type: "tell",
                params: ({ context }) => ({
                  to: address.lines,
                  event: { type: "line.requested", holder: address.future(context.root), contract: context.contract as Contract, priority: 2 } as { type: string },
                }),
              },
              { type: "listen", params: ({ context }) => ({ topics: [topic.quote((context.contract as Contract).conId)] }) },
            ],
          },
          { target: "unavailable" },
        ],
        "request.failed": "unavailable",
      },
    },
    /** The gateway lists no such contract, or gives no line for it: unknown, and said so by this state. */
    unavailable: { after: { again: "resolving" } },
    tracking: {
      always: { guard: "resting", target: "maintenance" },
      after: { sessionChange: [{ guard: "rolled", target: "rolling" }, { target: "tracking", reenter: true }] },
      on: {
        "quote.updated": [{ guard: "dueToTell", actions: ["takeQuote", "told", emit(tracked)] }, { actions: "takeQuote" }],
      },
    },
    maintenance: {
      after: { sessionChange: [{ guard: "rolled", target: "rolling" }, { target: "tracking" }] },
      on: { "quote.updated": { actions: "takeQuote" } },
    },
    /** The next quarter takes the front: let the old one go. */
    rolling: {
      entry: [
        {
          type: "tell",
          params: ({ context }) => ({
            to: address.lines,
            event: { type: "lines.released", holder: address.future(context.root) } as { type: string },
          }),
        },
        { type: "unlisten", params: ({ context }) => ({ topics: context.contract === null ? [] : [topic.quote(context.contract.conId)] }) },
      ],
      always: "resolving",
    },
  },
});
