/** The words in which the chart of the risk gate is written. */
import { assign, setup } from "xstate";
import { speech } from "../domain/speech.ts";
import { moneyUnits } from "../domain/units.ts";
import {
  afterApproval,
  afterEnd,
  assessApproval,
  assessSlot,
  breachChanged,
  breachNow,
  breachSeenAgain,
  breakerOf,
  freeSlot,
  isReducing,
  type Occupation,
  type RiskGateContext,
  type RiskGateEvent,
  type RiskGateInput,
  slotsOf,
  unmeasured,
} from "./risk-gate.context.ts";

export const riskGateWords = setup({
  types: { input: {} as RiskGateInput, context: {} as RiskGateContext, events: {} as RiskGateEvent },
  guards: {
    slotDenied: (args) => assessSlot(args) !== undefined,
    approvalDenied: (args) => assessApproval(args) !== undefined,
    toTrading: ({ event }) => event.type === "mode.changed" && event.mode === "trading",
    breachChanged,
    breachSeenAgain,
    unmeasured: (args) => unmeasured(args) !== undefined,
    toReducing: ({ event }) => event.type === "mode.changed" && event.mode === "reducing",
  },
  actions: {
    ...speech,
    takeMode: assign(({ event }) => (event.type === "mode.changed" ? { mode: event.mode } : {})),
    takeBreaker: assign(({ context, event }) =>
      event.type === "breaker.changed" ? { breakers: { ...context.breakers, [event.scope]: event.state } } : {},
    ),
    /** An answer without the figure makes it unknown again. */
    takeEquity: assign(({ event }) =>
      event.type === "reconciliation.completed" ? { netLiquidation: event.netLiquidation ?? null } : {},
    ),
    takeConfig: assign(({ event }) =>
      event.type === "run.resumed" ? { config: event.config, slots: slotsOf(event.config) } : {},
    ),
    occupy: assign(({ context, event }) => {
      const slot = freeSlot(context);
      if (event.type !== "slot.requested" || slot === undefined) return {};
      const { strategy, symbol, maxLoss, greeks = null, spot = null, portfolioWhenUnknown: whenUnknown = "deny" } = event;
      const granted: Occupation = { strategy, symbol, maxLoss, entry: null, greeks, spot, whenUnknown };
      return { occupied: { ...context.occupied, [slot]: granted } };
    }),
    takeValue: assign(({ context, event }) => {
      if (event.type !== "exposure.valued") return {};
      const held = context.occupied[event.slot];
      if (held === undefined) return {};
      const { greeks, spot } = event;
      return { occupied: { ...context.occupied, [event.slot]: { ...held, greeks, spot } } };
    }),
    takeSpySpot: assign(({ event }) => (event.type === "underlying.told" ? { spySpot: event.spot } : {})),
    noteBreach: assign((args) => ({ breached: breachNow(args) })),
    vacate: assign(({ context, event }) => {
      if (event.type !== "slot.released") return {};
      const { [event.slot]: _gone, ...occupied } = context.occupied;
      return { occupied };
    }),
    /** An ended entry holds what it filled, and more when a fill comes late; an ended exit changes nothing until the slot says that it is flat. */
    settleExposure: assign(({ context, event }) => {
      if (event.type !== "exposure.released") return {};
      const { [event.orderRef]: _ended, ...probes } = context.probes;
      const held = context.occupied[event.slot];
      const occupied = held === undefined ? context.occupied : { ...context.occupied, [event.slot]: afterEnd(held, event) };
      return { probes, occupied };
    }),
    /** Twins at the broker: until they are gone, the slot holds what all of them may fill. */
    growExposure: assign(({ context, event }) => {
      if (event.type !== "exposure.grown") return {};
      const held = context.occupied[event.slot];
      if (held === undefined || ![held.entry, held.roll?.orderRef].includes(event.orderRef)) return {};
      const maxLoss = moneyUnits(Math.max(held.maxLoss, event.maxLoss));
      return { occupied: { ...context.occupied, [event.slot]: { ...held, maxLoss } } };
    }),
    countApproval: assign(({ context, event }) => {
      if (event.type !== "approval.requested") return {};
      const approvals = context.approvals + 1;
      const granted = context.occupied[event.slot];
      if (isReducing(event) || granted === undefined) return { approvals };
      const { slot, orderRef } = event;
      const occupied = { ...context.occupied, [slot]: afterApproval(granted, event) };
      const probes = breakerOf(context) === "probing" ? { ...context.probes, [orderRef]: true as const } : context.probes;
      return { approvals, occupied, probes };
    }),
  },
});
