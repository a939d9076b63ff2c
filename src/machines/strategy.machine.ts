/**
 * One strategy on one underlying: when to look, what to look at, and one position at a time.
 *
 *   paused ──ready and trading──▶ looking ──slot granted──▶ entering ──slot.opened──▶ managing
 *     ▲                             │  ▲                        │                        │
 *     └── session or mode gone ─────┘  └───── cooling ◀─────────┴────── slot.freed ──────┘
 *
 *   looking:  waiting ─window─▶ resolving ─▶ scanning ─candidate─▶ requesting
 *                ▲                  │            │                     │
 *                ├──── cooling ◀────┴─ stopped ◀─┴──────── denied ─────┘
 *                └──── passing ◀──────────┘   an expiry that lists too few strikes is passed over for the day
 *   resolving:  next ⇄ underlying | vix | ivHistory | expiries | chain      what is known already is not asked again
 *   scanning:   spotting ─▶ nearMoney ─▶ vixFilter ─▶ ivFilter ─▶ ranging ─▶ quoting ─▶ choosing
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
  type StrategyContext,
  type StrategyEvent,
  type StrategyInput,
  sceneOf,
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
/** Stages that stop a candidate for want of listed strikes. */
const LISTING_STAGES = ["strikes", "shortDelta", "wings"];
const answers = (to: string) => ({ type: "isAnswer" as const, params: { to } });
const failed = (stage: string) => ({
  type: "stop" as const,
  params: ({ event }: { event: StrategyEvent }): Stopped =>
    stopAt(
      stage,
      event.type === "request.failed"
        ? `${event.code} ${event.text}`
        : event.type === "effect.refused"
          ? event.reason
          : "no answer",
    ).stopped,
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
    patience: ({ context }) => context.engine.patience.answersSeconds * 1_000,
    quotesPatience: ({ context }) => context.engine.patience.quotesSeconds * 1_000,
    handover: 5_000,
  },
  guards: {
    mayLook: ({ context }) => mayLook(context),
    mayNotLook: ({ context }) => !mayLook(context),
    windowOpen: ({ context, event }) => windowOpen(context, event.now),
    isAnswer: ({ context, event }, params: { readonly to: string }) => isAnswerTo(context, event, params.to),
    ofThisLook: ({ context, event }) =>
      event.type === "effect.refused" && String(event.params["request"]).endsWith(`-${context.look}`),
    linesWanted: ({ context }) => context.toRequest.length > 0,
    stopped: ({ context }) => context.stopped !== null,
    listsTooLittle: ({ context }) => context.listing !== null && LISTING_STAGES.includes(context.stopped?.stage ?? ""),
    underlyingUnknown: ({ context }) => context.underlying === null,
    vixUnknown: ({ context }) => context.vix === null && !context.asked.includes("vix"),
    ivUnknownToday: ({ context, event }) => !isToday(event.now, context.iv?.day) && !context.asked.includes("ivHistory"),
    expiryUnknownToday: ({ context, event }) => !isToday(event.now, context.listing?.day),
    chainUnknown: ({ context }) => context.chain === null,
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
    takeConfig: assign(({ context, event }) => {
      if (event.type !== "run.resumed") return {};
      // A new run has no session yet, and another expiry or class may be wanted.
      const anew = { epoch: null, listing: null, chain: null };
      return "engine" in event
        ? { ...anew, config: event.config, engine: event.engine }
        : { ...anew, config: { ...context.config, enabled: false }, engine: event.config };
    }),
    beginLook: assign(({ context }) => ({
      look: context.look + 1,
      asked: [],
      quotes: {},
      awaited: [],
      lost: [],
      toRequest: [],
      candidate: null,
      stopped: null,
    })),
    noteAsked: assign(({ context }, { what }: { readonly what: string }) => ({ asked: [...context.asked, what] })),
    stop: assign((_, stopped: Stopped) => ({ stopped })),
    takeUnderlying: assign(({ context, event }) => {
      if (event.type !== "contracts.answered") return {};
      const { symbol, primaryExchange } = context.config;
      const named = event.details.filter(({ contract }) => contract.symbol === symbol && contract.currency === "USD");
      const found = named.find(({ contract }) => contract.primaryExchange === primaryExchange) ?? named[0];
      return found === undefined
        ? { stopped: stopAt("resolve", `no contract ${context.config.symbol}`).stopped }
        : // Orders and quotes go by the configured exchange, whatever IB lists first.
          { underlying: { ...found.contract, exchange: context.config.exchange } };
    }),
    takeVix: assign(({ event }) => (event.type === "contracts.answered" ? { vix: event.details[0]?.contract ?? null } : {})),
    forgetIv: assign({ iv: null }),
    takeIvHistory: assign(({ context, event }) =>
      event.type === "bars.answered"
        ? { iv: { day: newYorkDay(event.now), measured: ivPercentile(event.bars, context.config.filters.ivHistory.minDays) } }
        : {},
    ),
    takeExpiry: assign(({ context, event }) => {
      if (event.type !== "optionParameters.answered") return {};
      const day = newYorkDay(event.now);
      const passedOver = context.passedOver.day === day ? context.passedOver.expiries : [];
      const open = event.parameters.map((row) => ({
        ...row,
        expirations: row.expirations.filter((expiry) => !passedOver.includes(expiry)),
      }));
      const choice = strategyOf(context).expiry(context.config, open, day);
      return choice.found
        ? { listing: { day, expiry: choice.expiry, tradingClass: choice.tradingClass }, chain: null }
        : { listing: null, stopped: choice.stopped, passedOver: { day, expiries: [] } };
    }),
    passOver: assign(({ context, event }) => {
      const { listing, passedOver } = context;
      if (listing === null) return {};
      const day = newYorkDay(event.now);
      const expiries = passedOver.day === day ? passedOver.expiries : [];
      return { listing: null, chain: null, passedOver: { day, expiries: [...expiries, listing.expiry] } };
    }),
    takeChain: assign(({ context, event }) => {
      const { listing } = context;
      if (event.type !== "contracts.answered" || listing === null) return {};
      const chain = chainOf(event.details, listing.expiry, listing.tradingClass);
      return chain === undefined
        ? { stopped: stopAt("resolve", `no options of ${listing.expiry} are listed`).stopped }
        : { chain };
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
      return { quotes, lost: [...context.lost, event.conId] };
    }),
    wantSpot: assign(({ context }) =>
      wanting(
        context,
        [context.underlying, context.vix].filter((contract) => contract !== null),
        2,
      ),
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
    "effect.written": {},
    "effect.refused": {},
    "effect.unconfirmed": {},
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

        /** Contracts, history and listings, one enquiry after the other. */
        resolving: {
          entry: "beginLook",
          initial: "next",
          // An enquiry that did not leave has no answer to wait for.
          on: { "effect.refused": { guard: "ofThisLook", target: "stopped", actions: failed("resolve") } },
          states: {
            next: {
              always: [
                { guard: "stopped", target: "#strategy.looking.stopped" },
                { guard: "underlyingUnknown", target: "underlying" },
                { guard: "vixUnknown", target: "vix" },
                { guard: "ivUnknownToday", target: "ivHistory" },
                { guard: "expiryUnknownToday", target: "expiries" },
                { guard: "chainUnknown", target: "chain" },
                { target: "#strategy.looking.scanning" },
              ],
            },
            underlying: {
              entry: say.askUnderlying,
              after: { patience: { target: "next", actions: failed("resolve") } },
              on: {
                "contracts.answered": { guard: answers("underlying"), target: "next", actions: "takeUnderlying" },
                "request.failed": { guard: answers("underlying"), target: "next", actions: failed("resolve") },
              },
            },
            // VIX and the IV history are for filters, which know what to do without them.
            vix: {
              entry: [say.askVix, { type: "noteAsked", params: { what: "vix" } }],
              after: { patience: "next" },
              on: {
                "contracts.answered": { guard: answers("vix"), target: "next", actions: "takeVix" },
                "request.failed": { guard: answers("vix"), target: "next" },
              },
            },
            ivHistory: {
              entry: ["forgetIv", say.askIvHistory, { type: "noteAsked", params: { what: "ivHistory" } }],
              after: { patience: "next" },
              on: {
                "bars.answered": { guard: answers("ivHistory"), target: "next", actions: "takeIvHistory" },
                "request.failed": { guard: answers("ivHistory"), target: "next" },
              },
            },
            expiries: {
              entry: say.askExpiries,
              after: { patience: { target: "next", actions: failed("resolve") } },
              on: {
                "optionParameters.answered": { guard: answers("expiries"), target: "next", actions: "takeExpiry" },
                "request.failed": { guard: answers("expiries"), target: "next", actions: failed("resolve") },
              },
            },
            chain: {
              entry: say.askChain,
              after: { patience: { target: "next", actions: failed("resolve") } },
              on: {
                "contracts.answered": { guard: answers("chain"), target: "next", actions: "takeChain" },
                "request.failed": { guard: answers("chain"), target: "next", actions: failed("resolve") },
              },
            },
          },
        },

        /** Quotes in two stages, with the filters that need no option legs between them. */
        scanning: {
          initial: "spotting",
          states: {
            spotting: {
              entry: ["wantSpot", say.listenToQuotes],
              always: { guard: "spotFresh", target: "nearMoney" },
              after: { patience: { target: "choosing" } },
            },
            nearMoney: {
              entry: ["wantNearMoney", say.listenToQuotes],
              always: [
                { guard: "stopped", target: "#strategy.looking.stopped" },
                { guard: "heard", target: "vixFilter" },
              ],
              after: { quotesPatience: "vixFilter" },
            },
            vixFilter: {
              always: [
                { guard: "vixStops", target: "#strategy.looking.stopped", actions: "stopByVix" },
                { guard: "vixSkipped", target: "ivFilter", actions: emit(say.vixSkipped) },
                { target: "ivFilter" },
              ],
            },
            ivFilter: {
              always: [
                { guard: "ivStops", target: "#strategy.looking.stopped", actions: "stopByIv" },
                { guard: "ivSkipped", target: "ranging", actions: emit(say.ivSkipped) },
                { target: "ranging" },
              ],
            },
            /** Waits for a spot to reckon with: the look may have lasted longer than a quote is fresh. */
            ranging: {
              always: { guard: "spotFresh", target: "quoting" },
              after: { patience: "quoting" },
            },
            quoting: {
              entry: ["wantLegCandidates", say.listenToQuotes],
              always: [
                { guard: "stopped", target: "#strategy.looking.stopped" },
                { guard: "heardAndFresh", target: "choosing" },
              ],
              after: { quotesPatience: "choosing" },
            },
            choosing: {
              entry: "choose",
              always: [
                { guard: "stopped", target: "#strategy.looking.stopped" },
                { guard: "wantsOpenInterest", target: "#strategy.looking.requesting", actions: emit(say.openInterestSkipped) },
                { target: "#strategy.looking.requesting" },
              ],
            },
          },
        },

        /** The gate answers within the step; silence means that it is quarantined. */
        requesting: {
          entry: [emit(say.found), say.askForSlot],
          on: {
            "slot.granted": { target: "#strategy.entering", actions: ["takeSlot", say.intendEntry] },
            "entry.denied": { target: "cooling", actions: emit(say.denied) },
          },
          after: {
            patience: { target: "stopped", actions: { type: "stop", params: stopAt("gate", "the risk gate is silent").stopped } },
          },
        },

        stopped: {
          entry: emit(say.whyNot),
          always: [{ guard: "listsTooLittle", target: "passing", actions: "passOver" }, { target: "cooling" }],
        },

        /** The expiry does not list what the structure needs: the next best one is looked at, without a pause. */
        passing: { entry: [say.stopListening, say.releaseLines, "noMoreLines"], always: "waiting" },

        cooling: {
          entry: [say.stopListening, say.releaseLines, "noMoreLines"],
          after: { cooldown: "waiting" },
        },
      },
    },

    /** The slot has the candidate. Our lines stay a little, until its own are leased. */
    entering: {
      on: {
        "slot.opened": { guard: "ourSlot", target: "managing" },
        "slot.freed": { guard: "ourSlot", target: "looking.cooling", actions: "forgetSlot" },
      },
      after: { handover: { actions: [say.stopListening, say.releaseLines, "noMoreLines"] } },
    },

    managing: {
      entry: [say.stopListening, say.releaseLines, "noMoreLines"],
      on: { "slot.freed": { guard: "ourSlot", target: "looking.cooling", actions: "forgetSlot" } },
    },
  },
});
