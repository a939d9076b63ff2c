/**
 * One strategy on one underlying: when to look, what to look at, and one position at a time.
 *
 *   paused ──ready and trading──▶ looking ──slot granted──▶ entering ──slot.opened──▶ managing
 *     ▲                             │  ▲                        │                        │
 *     └── session or mode gone ─────┘  └───── cooling ◀─────────┴────── slot.freed ──────┘
 *
 *   looking:  waiting ─window─▶ resolving ─▶ scanning ─candidate─▶ requesting
 *                ▲                  │            │                     │
 *                └──── cooling ◀────┴─ stopped ◀─┴──────── denied ─────┘
 *   resolving:  underlying ─▶ vix ─▶ ivHistory ─▶ expiries ─▶ chain          what is known already is not asked again
 *   scanning:   spotting ─▶ nearMoney ─▶ vixFilter ─▶ ivFilter ─▶ ranging ─▶ quoting ─▶ choosing ─▶ unmeasured
 *
 * Y1 At most one candidate, slot or position at a time.
 * Y2 An answer counts only in the epoch and the look that asked for it.
 * Y3 Every look ends in a candidate or in one `candidate.stopped` with the number that stopped it; an ended session or mode
 *    breaks it off.
 */
import { assign, emit, setup } from "xstate";
import { topic } from "../domain/address.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { Contract } from "../domain/contract.ts";
import { effects } from "../domain/effects.ts";
import type { LinePriority } from "../domain/events/actors.ts";
import type { EntryFact } from "../domain/facts.ts";
import { ivPercentile } from "../domain/iv-history.ts";
import { speech } from "../domain/speech.ts";
import { chainOf } from "../domain/strategies/chain.ts";
import { type Stopped, stopAt } from "../domain/strategies/strategy.ts";
import {
  allHeard,
  chooseCandidate,
  freshSpot,
  isAnswerTo,
  isToday,
  ivFilter,
  mayLook,
  newStrategyContext,
  sceneOf,
  type StrategyContext,
  type StrategyEvent,
  type StrategyInput,
  strategyOf,
  vixFilter,
  windowAt,
  windowOpen,
} from "./strategy.context.ts";
import * as say from "./strategy.speech.ts";

/** The context once lines of more contracts are wanted. Twice the same contract is asked for once. */
const wanting = (context: StrategyContext, contracts: readonly Contract[], priority: LinePriority): Partial<StrategyContext> => {
  const fresh = contracts.filter(({ conId }) => !context.topics.includes(topic.quote(conId)));
  return {
    awaited: contracts.map(({ conId }) => conId),
    toRequest: fresh.map((contract) => ({ contract, priority })),
    topics: [...context.topics, ...fresh.map(({ conId }) => topic.quote(conId))],
  };
};
const failed = (stage: string) => ({
  type: "stop" as const,
  params: ({ event }: { event: StrategyEvent }): Stopped =>
    stopAt(stage, event.type === "request.failed" ? `${event.code} ${event.text}` : "no answer").stopped,
});

export const strategyMachine = setup({
  types: {
    input: {} as StrategyInput,
    context: {} as StrategyContext,
    events: {} as StrategyEvent,
    emitted: {} as EntryFact,
  },
  delays: {
    untilWindow: ({ context, event }) => Math.max(0, windowAt(context, event.now).from - event.now),
    cooldown: ({ context }) => context.config.entry.cooldownSeconds * 1_000,
    patience: 60_000,
    // Generous in market time: at 60 times real speed the gateway's pacing of lines takes minutes of it.
    quotesPatience: 180_000,
    handover: 5_000,
  },
  guards: {
    mayLook: ({ context }) => mayLook(context),
    mayNotLook: ({ context }) => !mayLook(context),
    windowOpen: ({ context, event }) => windowOpen(context, event.now),
    isAnswer: ({ context, event }, params: { readonly to: string }) => isAnswerTo(context, event, params.to),
    linesWanted: ({ context }) => context.toRequest.length > 0,
    stopped: ({ context }) => context.stopped !== null,
    underlyingKnown: ({ context }) => context.underlying !== null,
    vixKnown: ({ context }) => context.vix !== null,
    ivKnownToday: ({ context, event }) => isToday(event.now, context.iv?.day),
    expiryKnownToday: ({ context, event }) => isToday(event.now, context.listing?.day),
    chainKnown: ({ context }) =>
      context.chain !== null &&
      context.chain.expiry === context.listing?.expiry &&
      context.chain.tradingClass === context.listing?.tradingClass,
    spotFresh: ({ context, event }) => freshSpot(context, event.now) !== undefined,
    heard: ({ context }) => allHeard(context),
    heardAndFresh: ({ context, event }) => allHeard(context) && freshSpot(context, event.now) !== undefined,
    vixStops: ({ context, event }) => vixFilter(context, event.now).verdict === "stopped",
    vixSkipped: ({ context, event }) => vixFilter(context, event.now).verdict === "skipped",
    ivStops: ({ context }) => ivFilter(context).verdict === "stopped",
    ivSkipped: ({ context }) => ivFilter(context).verdict === "skipped",
    wantsOpenInterest: ({ context }) => context.config.entry.minOpenInterest > 0,
    ourSlot: ({ context, event }) => (event.type === "slot.opened" || event.type === "slot.freed") && event.slot === context.slot,
  },
  actions: {
    ...speech,
    ...effects,
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    dropEpoch: assign({ epoch: null }),
    takeMode: assign(({ event }) => (event.type === "mode.changed" ? { mode: event.mode } : {})),
    takeConfig: assign(({ event }) =>
      // A new run has no session yet, and another expiry or class may be wanted.
      event.type === "run.resumed" ? { config: event.config, engine: event.engine, epoch: null, listing: null } : {},
    ),
    beginLook: assign(({ context }) => ({
      look: context.look + 1,
      quotes: {},
      awaited: [],
      toRequest: [],
      candidate: null,
      stopped: null,
    })),
    stop: assign((_, stopped: Stopped) => ({ stopped })),
    takeUnderlying: assign(({ context, event }) => {
      if (event.type !== "contracts.answered") return {};
      const found = event.details.find(({ contract }) => contract.symbol === context.config.symbol && contract.currency === "USD");
      return found === undefined
        ? stopAt("resolve", `no contract ${context.config.symbol}`)
        : // Orders and quotes go by the configured exchange, whatever IB lists first.
          { underlying: { ...found.contract, exchange: context.config.exchange } };
    }),
    takeVix: assign(({ event }) => (event.type === "contracts.answered" ? { vix: event.details[0]?.contract ?? null } : {})),
    takeIvHistory: assign(({ context, event }) =>
      event.type === "bars.answered"
        ? { iv: { day: newYorkDay(event.now), measured: ivPercentile(event.bars, context.config.filters.ivHistory.minDays) } }
        : {},
    ),
    takeExpiry: assign(({ context, event }) => {
      if (event.type !== "optionParameters.answered") return {};
      const day = newYorkDay(event.now);
      const choice = strategyOf(context).expiry(context.config, event.parameters, day);
      return choice.found
        ? { listing: { day, expiry: choice.expiry, tradingClass: choice.tradingClass } }
        : { listing: null, stopped: choice.stopped };
    }),
    takeChain: assign(({ context, event }) => {
      const { listing } = context;
      if (event.type !== "contracts.answered" || listing === null) return {};
      const chain = chainOf(event.details, listing.expiry, listing.tradingClass);
      return chain === undefined ? stopAt("resolve", `no options of ${listing.expiry} are listed`) : { chain };
    }),
    takeQuote: assign(({ context, event }) =>
      event.type === "quote.updated" && event.epoch === context.epoch
        ? { quotes: { ...context.quotes, [event.quote.conId]: event.quote } }
        : {},
    ),
    /** Its quote, if there was one, counts no more; nobody waits for it either. */
    dropLine: assign(({ context, event }) => {
      if (event.type !== "line.lost") return {};
      const { [event.conId]: _lost, ...quotes } = context.quotes;
      return { quotes, awaited: context.awaited.filter((conId) => conId !== event.conId) };
    }),
    wantSpot: assign(({ context }) =>
      wanting(context, [context.underlying, context.vix].filter((contract) => contract !== null), 2),
    ),
    wantNearMoney: assign(({ context, event }) => {
      const view = sceneOf(context, event.now);
      if (!view.found) return { stopped: view.stopped };
      const near = strategyOf(context).nearTheMoney(view.scene.chain, view.scene.spot);
      if (near.length === 0) return { stopped: stopAt("strikes", "no strike has both a call and a put").stopped };
      const wanted = wanting(context, near, 3);
      return context.vix === null ? wanted : { ...wanted, awaited: [...(wanted.awaited ?? []), context.vix.conId] };
    }),
    wantLegCandidates: assign(({ context, event }) => {
      const view = sceneOf(context, event.now);
      if (!view.found) return { stopped: view.stopped };
      const choice = strategyOf(context).legCandidates(view.scene);
      return choice.found ? wanting(context, choice.contracts, 3) : { stopped: choice.stopped };
    }),
    nextLine: assign(({ context }) => ({ toRequest: context.toRequest.slice(1) })),
    noMoreLines: assign({ topics: [], toRequest: [], awaited: [] }),
    stopByVix: assign(({ context, event }) => {
      const filtered = vixFilter(context, event.now);
      return filtered.verdict === "stopped" ? { stopped: filtered.stopped } : {};
    }),
    stopByIv: assign(({ context }) => {
      const filtered = ivFilter(context);
      return filtered.verdict === "stopped" ? { stopped: filtered.stopped } : {};
    }),
    choose: assign(({ context, event }) => {
      const choice = chooseCandidate(context, event.now);
      return choice.found ? { candidate: choice.candidate } : { stopped: choice.stopped };
    }),
    takeSlot: assign(({ event }) => (event.type === "slot.granted" ? { slot: event.slot } : {})),
    forgetSlot: assign({ slot: null, candidate: null }),
  },
}).createMachine({
  id: "strategy",
  context: ({ input }) => newStrategyContext(input),
  entry: say.listenToAnnouncements,
  initial: "paused",
  // One line after the other, as many as the last choice wants.
  always: { guard: "linesWanted", actions: [say.requestNextLine, "nextLine"] },
  on: {
    "session.readied": { actions: "takeEpoch" },
    "session.unreadied": { actions: "dropEpoch" },
    "mode.changed": { actions: "takeMode" },
    "run.resumed": { actions: "takeConfig" },
    "slot.granted": { actions: say.returnSlot },
    // Late news of what is over; the kernel wants every event accepted somewhere.
    "entry.denied": {},
    "slot.opened": {},
    "slot.freed": {},
    "quote.updated": {},
    "line.typed": {},
    "line.failed": {},
    "line.lost": {},
    "contracts.answered": {},
    "optionParameters.answered": {},
    "bars.answered": {},
    "request.failed": {},
    "reconciliation.completed": {},
    "reconciliation.failed": {},
  },
  states: {
    /** No session, a mode that does not trade, or switched off. */
    paused: {
      entry: [say.stopListening, say.releaseLines, "noMoreLines"],
      always: { guard: "mayLook", target: "looking" },
    },

    looking: {
      initial: "waiting",
      always: { guard: "mayNotLook", target: "paused" },
      on: {
        // Another epoch: everything asked for in the old one is void.
        "session.readied": { target: "paused", actions: "takeEpoch" },
        "quote.updated": { actions: "takeQuote" },
        "line.lost": { actions: "dropLine" },
      },
      states: {
        /** Outside the entry window. */
        waiting: {
          always: { guard: "windowOpen", target: "resolving" },
          after: { untilWindow: { target: "waiting", reenter: true } },
        },

        resolving: {
          entry: "beginLook",
          initial: "underlying",
          always: { guard: "stopped", target: "stopped" },
          states: {
            underlying: {
              initial: "knowing",
              onDone: "vix",
              states: {
                knowing: { always: [{ guard: "underlyingKnown", target: "known" }, { target: "asking" }] },
                asking: {
                  entry: say.askUnderlying,
                  after: { patience: { target: "#strategy.looking.stopped", actions: failed("resolve") } },
                  on: {
                    "contracts.answered": { guard: { type: "isAnswer", params: { to: "underlying" } }, target: "known", actions: "takeUnderlying" },
                    "request.failed": { guard: { type: "isAnswer", params: { to: "underlying" } }, actions: failed("resolve") },
                  },
                },
                known: { type: "final" },
              },
            },
          },
        },
      },
    },
  },
});
