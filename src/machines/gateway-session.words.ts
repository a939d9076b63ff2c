/** The words in which the session's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { backOffMs, jittered, takenMs } from "../domain/connection.ts";
import { effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import { speech } from "../domain/speech.ts";
import {
  blamed,
  farmsAfter,
  type GatewaySessionContext,
  type GatewaySessionEvent,
  type GatewaySessionInput,
  isCompeting,
  isContested,
  isIdTaken,
  isNewCompetition,
  isNotice,
  isOfEpoch,
  isRefusedAccount,
  isRefusedConnect,
  isTakeover,
  lack,
  OUTAGE_TOLD_AFTER_MS,
  outageDue,
  readOnlyWords,
  recentTakeovers,
  restartLeft,
} from "./gateway-session.context.ts";

const CONNECTIVITY_LOST = [1100, 2110];
const CONNECTIVITY_RESTORED = [1101, 1102];
/** Connectivity is back, but every market data line is gone: all is opened and compared anew. */
const DATA_LOST = [1101];

export const gatewaySessionWords = setup({
  types: {
    input: {} as GatewaySessionInput,
    context: {} as GatewaySessionContext,
    events: {} as GatewaySessionEvent,
    emitted: {} as EngineFact,
  },
  delays: {
    backOff: ({ context }) =>
      context.taken > 0
        ? takenMs(context.taken)
        : jittered(backOffMs(context.attempts), context.config.installation, context.epoch),
    restartRetry: ({ context }) => jittered(30_000, context.config.installation, context.epoch),
    /** Not before the nightly window is over. */
    outagePatience: (args) => {
      const left = restartLeft(args);
      return left === 0 ? OUTAGE_TOLD_AFTER_MS : left + OUTAGE_TOLD_AFTER_MS;
    },
    steady: 60_000,
    connectTimeout: 120_000,
    reconcileTimeout: 300_000,
    again: 5_000,
  },
  guards: {
    thisEpoch: isOfEpoch,
    accountRefused: isRefusedAccount,
    connectRefused: isRefusedConnect,
    connectivityLost: (args) => isNotice(args, CONNECTIVITY_LOST),
    connectivityRestored: (args) => isNotice(args, CONNECTIVITY_RESTORED),
    dataLost: (args) => isNotice(args, DATA_LOST),
    idTaken: isIdTaken,
    competing: isCompeting,
    competitionUntold: isNewCompetition,
    contested: isContested,
    restartWindow: (args) => restartLeft(args) > 0,
    readOnlySaid: (args) => args.context.readOnly === "" && readOnlyWords(args) !== undefined,
    readOnly: ({ context }) => context.readOnly !== "",
    lacking: ({ context }) => lack(context) !== "",
    complete: ({ context }) => lack(context) === "",
  },
  actions: {
    ...speech,
    ...effects,
    nextEpoch: assign(({ context }) => ({
      epoch: context.epoch + 1,
      attempts: context.attempts + 1,
      reason: "",
      brokenFarms: [],
      stalled: [],
    })),
    noteFarm: assign(farmsAfter),
    noteFeeds: assign(({ context, event }) =>
      event.type === "feeds.told" && event.epoch === context.epoch ? { stalled: event.stalled } : {},
    ),
    identify: assign(({ context, event }) =>
      event.type === "gateway.identified"
        ? {
            account: context.config.account,
            clientId: event.clientId,
            nextOrderId: Math.max(context.nextOrderId, event.nextOrderId),
            taken: 0,
            readOnly: "",
          }
        : {},
    ),
    spendIds: assign(({ context }) => ({ nextOrderId: context.nextOrderId + 2 })),
    noteRefused: assign(({ event }) => (event.type === "gateway.identified" ? { refused: event.accounts } : {})),
    noteReady: assign(({ context }) => ({ reason: "", readyEpoch: context.epoch })),
    /** It was not for a moment only. */
    calm: assign({ attempts: 0, outage: null }),
    noteTaken: assign((args) => ({
      taken: args.context.taken + 1,
      ...(isTakeover(args) ? { takeovers: [...recentTakeovers(args), args.event.now] } : {}),
    })),
    noteCompetition: assign(({ event }) => ({ competingAt: event.now })),
    /** Before `blame`: whether it is one depends on what stands. */
    noteTakeover: assign((args) =>
      isTakeover(args) ? { takeovers: [...recentTakeovers(args), args.event.now], readyEpoch: 0 } : {},
    ),
    forgetTakeovers: assign({ takeovers: [], competingAt: null, taken: 0 }),
    noteOutage: assign(({ context, event }) => ({ outage: context.outage ?? { since: event.now, told: false } })),
    noteOutageTold: assign((args) =>
      args.context.outage !== null && outageDue(args) ? { outage: { ...args.context.outage, told: true } } : {},
    ),
    noteReadOnly: assign((args) => ({ readOnly: readOnlyWords(args) ?? args.context.readOnly })),
    blame: assign(blamed),
    blameSilence: assign({ reason: "the gateway did not answer in time" }),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config } : {})),
  },
});
