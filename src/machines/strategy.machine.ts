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

import { emit } from "xstate";
import { type Stopped, stopAt } from "../domain/strategies/strategy.ts";
import { newStrategyContext, type StrategyEvent } from "./strategy.context.ts";
import * as say from "./strategy.speech.ts";
import { strategyWords } from "./strategy.words.ts";

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

export const strategyMachine = strategyWords.createMachine({
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
