/**
 * The risk gate: the one door for everything that adds risk, and no obstacle for what reduces it.
 *
 *   closed ◀──mode──▶ normal ◀──mode──▶ reducing         (trading → normal, reducing → reducing, all else → closed)
 *      in every state: slots granted or denied, approvals given or denied, exposures booked, valued and released
 *
 * G1 An approval is for one transmission and expires.
 * G2 Exposure is reserved when a slot is granted and held until the order can no longer fill and the position is gone.
 * G3 Reducing orders are approved in every state, also while breakers are tripped (P5).
 * G4 One grant, one entry: an order that adds risk names a slot that was granted, and no second one is approved for it. A position roll
 *    replaces what the slot holds: one at a time, only once the entry has ended, and the slot counts with the worse of both until it has.
 * G5 The portfolio is measured with every position and every order that may still fill; a limit that is breached is told to the slot that
 *    adds most to it, and told again when it is cured.
 */

import { topic } from "../domain/address.ts";
import type { Tell } from "../domain/speech.ts";
import {
  type Args,
  approvalOf,
  assessApproval,
  assessSlot,
  breachNow,
  freeSlot,
  notMeasured,
  reply,
  slotsOf,
  unmeasured,
} from "./risk-gate.context.ts";
import { riskGateWords } from "./risk-gate.words.ts";

const listenToAnnouncements = {
  type: "listen" as const,
  params: { topics: [topic.mode, topic.session, topic.underlying("SPY")] },
};
const CURED = { limit: null, actual: 0, allowed: 0, unit: "" };
/** To whom it no longer concerns, and to whom it does. */
const tellBreach = (args: Args): readonly Tell[] => {
  const { breached: before } = args.context;
  const now = breachNow(args);
  const tells: Tell[] = [];
  if (before !== null && before.slot !== now?.slot) {
    const missing = now === null ? notMeasured(args) : undefined;
    const cured = { type: "portfolio.breached", ...CURED, since: args.event.now };
    tells.push({ to: before.slot, event: (missing === undefined ? cured : { ...cured, unknown: missing }) as Tell["event"] });
  }
  if (now !== null) {
    const { slot, seenAt: _seenAt, ...breach } = now;
    tells.push({ to: slot, event: { type: "portfolio.breached", ...breach } as Tell["event"] });
  }
  return tells;
};

export const riskGateMachine = riskGateWords.createMachine({
  id: "riskGate",
  context: ({ input }) => ({
    config: input.config,
    mode: "recovering",
    breakers: {},
    netLiquidation: null,
    slots: slotsOf(input.config),
    occupied: {},
    probes: {},
    approvals: 0,
    spySpot: null,
    breached: null,
  }),
  entry: listenToAnnouncements,
  always: [
    { guard: "breachChanged", actions: [{ type: "tell", params: tellBreach }, "noteBreach"] },
    { guard: "breachSeenAgain", actions: "noteBreach" },
  ],
  initial: "closed",
  on: {
    "mode.changed": [
      { guard: "toTrading", target: ".normal", actions: "takeMode" },
      { guard: "toReducing", target: ".reducing", actions: "takeMode" },
      { target: ".closed", actions: "takeMode" },
    ],
    "breaker.changed": { actions: "takeBreaker" },
    "reconciliation.completed": { actions: "takeEquity" },
    "reconciliation.failed": {},
    "session.readied": {},
    "session.unreadied": {},
    // One that an earlier build began listens to what that build knew.
    "run.resumed": { actions: ["takeConfig", listenToAnnouncements] },
    "underlying.told": { actions: "takeSpySpot" },
    "exposure.valued": { actions: "takeValue" },
    "slot.requested": [
      {
        guard: "slotDenied",
        actions: {
          type: "tell",
          params: (args) => reply(args, { type: "entry.denied", denial: assessSlot(args) } as Tell["event"]),
        },
      },
      {
        actions: [
          {
            type: "tell",
            params: (args) => {
              const missing = unmeasured(args);
              const granted = { type: "slot.granted", slot: freeSlot(args.context) };
              return reply(args, (missing === undefined ? granted : { ...granted, unmeasured: missing }) as Tell["event"]);
            },
          },
          "occupy",
        ],
      },
    ],
    "slot.released": { actions: "vacate" },
    "approval.requested": [
      {
        guard: "approvalDenied",
        actions: {
          type: "tell",
          params: (args) => reply(args, { type: "order.denied", denial: assessApproval(args) } as Tell["event"]),
        },
      },
      {
        actions: [
          {
            type: "tell",
            params: (args) => reply(args, { type: "order.approved", approval: approvalOf(args) } as Tell["event"]),
          },
          "countApproval",
        ],
      },
    ],
    "exposure.grown": { actions: "growExposure" },
    "exposure.released": { actions: "settleExposure" },
  },
  states: { closed: {}, normal: {}, reducing: {} },
});
