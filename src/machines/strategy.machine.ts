/**
 * One strategy on one underlying: when to look, what to look at, and one position at a time.
 *
 *   paused ──ready and trading──▶ looking ──slot granted──▶ entering ──slot.opened──▶ managing
 *     ▲                             │  ▲                        │                      │   │
 *     └── session or mode gone ─────┘  └───── cooling ◀─────────┴────── slot.freed ────┘   │
 *                                   ▲                                                      │
 *                                   └── roll.requested: a look for an offer, and back ─────┘
 *
 *   looking:  waiting ─window─▶ resolving ─▶ scanning ─candidate─▶ requesting
 *                ▲                  │            │                     │
 *                ├──── cooling ◀────┴─ stopped ◀─┴──────── denied ─────┘
 *                └──── passing ◀──────────┘   an expiry that lists too few strikes is passed over for the day
 *   resolving:  next ⇄ underlying | expiries | chain      what is known already is not asked again
 *   scanning:   spotting ─▶ filtering ─▶ nearMoney ─▶ ranging ─▶ quoting ─▶ choosing
 *
 * Y1 At most one candidate, slot or position at a time.
 * Y2 An answer counts only in the epoch and the look that asked for it.
 * Y3 Every look ends in a candidate or in one `candidate.stopped` with the number that stopped it; an ended session or mode
 *    breaks it off.
 * Y4 Regime, state of the underlying and learnt weights are asked for at the beginning of each look; who does not answer is unknown.
 * Y5 A slot that asks for a roll is answered once, with an offer or a reason; a condor that was closed to be rolled is entered anew at
 *    the next moment of the window, in the roll's expiry, and is given up when that look finds nothing.
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
  always: [
    { guard: "linesWanted", actions: [say.requestNextLine, "nextLine"] },
    { guard: "skipUntold", actions: [emit(say.skipped), "skipTold"] },
  ],
  on: {
    "session.readied": { actions: "takeEpoch" },
    "session.unreadied": { actions: "dropEpoch" },
    "mode.changed": { actions: "takeMode" },
    // One that an earlier build began listens to what that build knew.
    "run.resumed": { actions: ["takeConfig", say.listenToAnnouncements] },
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
    "reconciliation.completed": { actions: "takeEquity" },
    "regime.told": { actions: "hearRegime" },
    "underlying.told": { actions: "hearUnderlying" },
    "weights.told": { actions: "hearWeights" },
    "roll.requested": { actions: say.decline(() => "the strategy cannot look now") },
    "campaign.continued": {},
    "roll.offered": {},
    "roll.declined": {},
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
      always: [
        { guard: "offerBroken", target: "managing", actions: [say.decline(() => "the engine does not trade"), "dropCampaign"] },
        { guard: "mayNotLook", target: "paused" },
      ],
      on: {
        // Another epoch: everything asked for in the old one is void.
        "session.readied": [
          {
            guard: "forOffer",
            target: "managing",
            actions: ["takeEpoch", say.decline(() => "the connection was lost meanwhile"), "dropCampaign"],
          },
          { target: "paused", actions: "takeEpoch" },
        ],
        "slot.freed": {
          guard: "ourSlot",
          target: ".cooling",
          actions: ["forgetSlot", "dropCampaign"],
        },
        "quote.updated": { actions: "takeQuote" },
        "line.lost": { actions: "dropLine" },
      },
      states: {
        /** Outside the entry window, or in a pause that a lost connection has interrupted. */
        waiting: {
          always: { guard: "windowOpen", target: "resolving" },
          after: { untilWindow: { target: "waiting", reenter: true } },
        },

        /** Contracts, history and listings, one enquiry after the other. */
        resolving: {
          entry: ["beginLook", say.askRegime, say.askUnderlyingState, say.askWeights],
          initial: "next",
          // An enquiry that did not leave has no answer to wait for.
          on: { "effect.refused": { guard: "ofThisLook", target: "stopped", actions: failed("resolve") } },
          states: {
            next: {
              always: [
                { guard: "stopped", target: "#strategy.looking.stopped" },
                { guard: "underlyingUnknown", target: "underlying" },
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
              always: { guard: "heardAndFresh", target: "filtering" },
              after: { patience: "filtering" },
            },
            filtering: {
              entry: "filter",
              always: [{ guard: "stopped", target: "#strategy.looking.stopped" }, { target: "nearMoney" }],
            },
            nearMoney: {
              entry: ["wantNearMoney", say.listenToQuotes],
              always: [
                { guard: "stopped", target: "#strategy.looking.stopped" },
                { guard: "heard", target: "ranging" },
              ],
              after: { quotesPatience: "ranging" },
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
                { guard: "forOffer", target: "#strategy.managing", actions: [emit(say.found), say.offer, "dropCampaign"] },
                { target: "#strategy.looking.requesting" },
              ],
            },
          },
        },

        /** The gate answers within the step; silence means that it is quarantined. */
        requesting: {
          entry: [emit(say.found), say.askForSlot],
          on: {
            "slot.granted": [
              {
                guard: "unmeasured",
                target: "#strategy.entering",
                actions: ["takeSlot", emit(say.portfolioSkipped), say.intendEntry, "dropCampaign"],
              },
              { target: "#strategy.entering", actions: ["takeSlot", say.intendEntry, "dropCampaign"] },
            ],
            "entry.denied": { target: "cooling", actions: [emit(say.denied), "dropCampaign"] },
          },
          after: {
            patience: { target: "stopped", actions: { type: "stop", params: stopAt("gate", "the risk gate is silent").stopped } },
          },
        },

        stopped: {
          entry: emit(say.whyNot),
          always: [
            { guard: "listsTooLittle", target: "passing", actions: "passOver" },
            { guard: "forOffer", target: "#strategy.managing", actions: [say.decline(say.stoppedWords), "dropCampaign"] },
            { target: "cooling", actions: "dropCampaign" },
          ],
        },

        /** The expiry does not list what the structure needs: the next best one is looked at, without a pause. */
        passing: {
          entry: [say.stopListening, say.releaseLines, "noMoreLines"],
          always: [{ guard: "forOffer", target: "resolving" }, { target: "waiting" }],
        },

        cooling: {
          entry: [say.stopListening, say.releaseLines, "noMoreLines", "beginPause"],
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
      on: {
        "roll.requested": [
          { guard: "mayOffer", target: "looking.resolving", actions: "takeOffer" },
          { actions: say.decline(() => "the strategy cannot look now") },
        ],
        "campaign.continued": { guard: "ourSlot", actions: "takeCampaign" },
        "slot.freed": [
          { guard: "goesOn", target: "looking.waiting", actions: "forgetHeldSlot" },
          { guard: "ourSlot", target: "looking.cooling", actions: "forgetSlot" },
        ],
      },
    },
  },
});
