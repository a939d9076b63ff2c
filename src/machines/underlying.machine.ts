/**
 * The watcher of one underlying: its price, the extremes of the last hour, where its implied volatility stands in its year, and from
 * surveys of its options the term structure and the skew. Strategies and slots ask here, or listen.
 *
 *   unresolved ──session──▶ resolving ⇄ unavailable                      one contract, stock or index
 *      ▲  unwanted              │
 *      └──session lost──── watching, three things at once:
 *          spot:    unknown ⇄ known                                      announced when it changes
 *          clock:   ticking ⟲                                            each minute: announced; the history once a trading day, and minutes not watched
 *          survey:  resting ─due─▶ surveying:  spotting ─▶ choosing ─▶ reported ─▶ resting
 *                                               choosing ⇄ listing | chain         asked once a day
 *                                               choosing ─▶ nearMoney ─▶ measuring ⇄ wings, ─▶ choosing      for each expiry
 *
 * U1 A figure that is not known is null and has a reason; nothing that was true of another moment stands in for it.
 * U2 Whoever asks is answered within the step, in every state.
 * U3 It holds one line (priority 2), and while it surveys at most twelve more (priority 4), which it lets go whatever ends the survey.
 * U4 An answer counts only in the epoch and the survey that asked for it.
 *
 * Nothing here trades. Times are market time.
 */
import { emit } from "xstate";
import { newUnderlyingContext } from "./underlying.context.ts";
import * as say from "./underlying.speech.ts";
import { underlyingWords } from "./underlying.words.ts";

export type { UnderlyingInput } from "./underlying.context.ts";

const announce = [say.announce, "noteTold" as const] as const;
const askBars = [say.askBars, "noteBarsAsked" as const, say.askMinutes, "noteMinutesAsked" as const] as const;

export const underlyingMachine = underlyingWords.createMachine({
  id: "underlying",
  context: ({ input }) => newUnderlyingContext(input),
  entry: say.listenToSession,
  initial: "unresolved",
  on: {
    "session.readied": [
      { guard: "wanted", target: ".resolving", actions: "takeEpoch" },
      { target: ".unwanted", actions: "takeEpoch" },
    ],
    "session.unreadied": { target: ".unresolved", actions: ["dropEpoch", ...announce] },
    "run.resumed": [
      { guard: "anotherNow", target: ".unresolved", actions: [...say.letGo, "takeConfig", ...announce] },
      { target: ".unresolved", actions: ["takeConfig", ...announce] },
    ],
    "underlying.asked": { actions: say.answer },
    // Late news of what is over; the kernel wants every event accepted somewhere.
    "underlying.told": {},
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "contracts.answered": {},
    "optionParameters.answered": {},
    "bars.answered": {},
    "request.failed": {},
    "quote.updated": {},
    "line.lost": {},
    "line.typed": {},
    "line.failed": {},
    "effect.refused": {},
  },
  states: {
    unresolved: {},
    /** No strategy of this run is about it. */
    unwanted: {},
    resolving: {
      always: { guard: "resolved", target: "watching" },
      entry: say.askContract,
      after: { patience: { target: "unavailable", actions: "noteTrouble" } },
      on: {
        "contracts.answered": [
          { guard: "contractFound", target: "watching", actions: "takeContract" },
          { guard: "ofContract", target: "unavailable", actions: "noteTrouble" },
          {},
        ],
        "request.failed": [{ guard: "ofContract", target: "unavailable", actions: "noteTrouble" }, {}],
        "effect.refused": [{ guard: "ofContract", target: "unavailable", actions: "noteTrouble" }, {}],
      },
    },
    /** The broker lists no such thing, or did not say: unknown, and said so. */
    unavailable: { after: { again: "resolving" } },

    watching: {
      type: "parallel",
      entry: say.openLine,
      states: {
        spot: {
          initial: "unknown",
          on: { "line.lost": [{ guard: "ours", target: ".unknown", actions: ["noteTrouble", ...announce] }, {}] },
          states: {
            unknown: {
              on: {
                "quote.updated": [
                  { guard: "oursAndFresh", target: "known", actions: ["takeQuote", ...announce] },
                  { guard: "ours", actions: "takeQuote" },
                ],
              },
            },
            known: {
              after: {
                untilSilent: [
                  { guard: "heardLately", target: "known", reenter: true },
                  { target: "unknown", actions: announce },
                ],
              },
              on: {
                "quote.updated": [
                  { guard: "oursAndNews", actions: ["takeQuote", ...announce] },
                  { guard: "oursAndFresh", actions: "takeQuote" },
                  { guard: "ours", target: "unknown", actions: ["takeQuote", ...announce] },
                ],
              },
            },
          },
        },

        clock: {
          initial: "ticking",
          states: {
            ticking: {
              entry: askBars,
              after: { tick: { target: "ticking", reenter: true, actions: [say.openLineAgain, "noteLineAsked", ...announce] } },
              on: {
                // The day's first answer is news of the day.
                "bars.answered": [
                  { guard: "ofBars", actions: ["takeBars", emit(say.measured)] },
                  { guard: "ofMinutes", actions: "takeMinutes" },
                ],
                "request.failed": { guard: "ofBars", actions: "takeBars" },
              },
            },
          },
        },

        survey: {
          initial: "resting",
          states: {
            resting: {
              after: {
                untilSurvey: [
                  { guard: "surveyDue", target: "surveying" },
                  { target: "resting", reenter: true },
                ],
              },
            },
            surveying: {
              initial: "spotting",
              entry: "beginSurvey",
              exit: [...say.leaveOptions, "endSurvey"],
              on: {
                "quote.updated": { actions: "takeOptionQuote" },
                "line.lost": { actions: "noteOptionLost" },
              },
              states: {
                spotting: {
                  always: { guard: "spotKnown", target: "choosing" },
                  after: { patience: { target: "reported", actions: "noSpot" } },
                },
                choosing: {
                  always: [
                    { guard: "cannotGoOn", target: "reported" },
                    { guard: "listingUnknown", target: "listing" },
                    { guard: "allSurveyed", target: "reported" },
                    { guard: "chainUnknown", target: "chain" },
                    { target: "nearMoney" },
                  ],
                },
                listing: {
                  entry: say.askExpiries,
                  after: { patience: { target: "choosing", actions: "noteFault" } },
                  on: {
                    "optionParameters.answered": { guard: "ofExpiries", target: "choosing", actions: "takeListing" },
                    "request.failed": { guard: "ofExpiries", target: "choosing", actions: "noteFault" },
                    "effect.refused": { guard: "ofExpiries", target: "choosing", actions: "noteFault" },
                  },
                },
                chain: {
                  entry: say.askChain,
                  after: { patience: { target: "choosing", actions: "passExpiry" } },
                  on: {
                    "contracts.answered": { guard: "ofChain", target: "choosing", actions: "takeChain" },
                    "request.failed": { guard: "ofChain", target: "choosing", actions: "passExpiry" },
                    "effect.refused": { guard: "ofChain", target: "choosing", actions: "passExpiry" },
                  },
                },
                nearMoney: {
                  entry: ["wantNear", ...say.openNear],
                  always: { guard: "heardAndFresh", target: "measuring" },
                  after: { quotesPatience: "measuring" },
                },
                /** The lines around the money stay: what lies further out is measured against the forward of the same moment. */
                wings: {
                  entry: [...say.leaveWings, "wantWings", ...say.openWings],
                  always: { guard: "heardAndFresh", target: "measuring" },
                  after: { quotesPatience: "measuring" },
                },
                measuring: {
                  always: [
                    { guard: "wingsWanted", target: "wings" },
                    { target: "choosing", actions: [...say.leaveOptions, "takeVols"] },
                  ],
                },
                reported: {
                  entry: ["takeResults", emit(say.measured)],
                  always: "#underlying.watching.survey.resting",
                },
              },
            },
          },
        },
      },
    },
  },
});
