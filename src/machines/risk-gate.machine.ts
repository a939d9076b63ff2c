/**
 * The risk gate: the one door for everything that adds risk, and no obstacle for what reduces it.
 *
 *   closed ◀──mode──▶ normal ◀──mode──▶ reducing         (trading → normal, reducing → reducing, all else → closed)
 *      in every state: slots granted or denied, approvals given or denied, exposures booked and released
 *
 * G1 An approval is for one transmission and expires.
 * G2 Exposure is reserved when a slot is granted and held until the order can no longer fill and the position is gone.
 * G3 Reducing orders are approved in every state, also while breakers are tripped (P5).
 * G4 One grant, one entry: an order that adds risk names a slot that was granted, and no second one is approved for it.
 */

import { assign, setup } from "xstate";
import { topic } from "../domain/address.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Denial } from "../domain/denial.ts";
import type {
  BreakerEvent,
  BreakerState,
  EngineMode,
  GateEvent,
  ModeAnnouncement,
  ReconciliationEvent,
} from "../domain/events/actors.ts";
import { checkMargin, checkSize, checkStanding, type RiskView } from "../domain/risk/entry-checks.ts";
import { speech, type Tell } from "../domain/speech.ts";
import { type EpochMs, epochMs, type Money, moneyUnits } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface RiskGateInput {
  readonly config: EngineConfig;
}
interface Occupation {
  readonly strategy: string;
  readonly symbol: string;
  /** Reserved, then approved, then held. */
  readonly maxLoss: Money;
  /** The entry order that was approved for this grant. */
  readonly entry: string | null;
}
interface RiskGateContext {
  readonly config: EngineConfig;
  readonly mode: EngineMode;
  readonly breakers: { readonly [scope: string]: BreakerState };
  readonly netLiquidation: Money | null;
  readonly slots: readonly string[];
  readonly occupied: { readonly [slot: string]: Occupation };
  /** Entry orders that went out while the breaker was probing: orderRef → true. */
  readonly probes: { readonly [orderRef: string]: true };
  readonly approvals: number;
}
type RiskGateEvent = Heard<
  | GateEvent
  | BreakerEvent
  | ModeAnnouncement
  | ReconciliationEvent
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
  | { readonly type: "session.readied" | "session.unreadied" }
>;
type Args = { readonly context: RiskGateContext; readonly event: RiskGateEvent };
type Of<T extends RiskGateEvent["type"]> = Extract<RiskGateEvent, { type: T }>;

/** The worst state of any breaker decides. */
const breakerOf = (context: RiskGateContext): BreakerState => {
  const states = Object.values(context.breakers);
  return states.includes("tripped") ? "tripped" : states.includes("probing") ? "probing" : "armed";
};
const viewOf = (context: RiskGateContext): RiskView => ({
  mode: context.mode,
  limits: context.config.limits,
  breaker: breakerOf(context),
  probes: Object.keys(context.probes).length,
  ...(context.netLiquidation === null ? {} : { netLiquidation: context.netLiquidation }),
  exposures: Object.fromEntries(Object.entries(context.occupied).map(([slot, { maxLoss }]) => [slot, maxLoss])),
});
const freeSlot = (context: RiskGateContext): string | undefined =>
  context.slots.find((slot) => context.occupied[slot] === undefined);

const assessSlot = ({ context, event }: Args): Denial | undefined => {
  const request = event as Of<"slot.requested">;
  const held = Object.values(context.occupied).length;
  return (
    checkStanding(viewOf(context), request) ??
    (Object.values(context.occupied).some(({ strategy }) => strategy === request.strategy)
      ? { reason: "duplicateIntent", actual: 1, limit: 0, unit: "positions of this strategy" }
      : undefined) ??
    (held >= context.slots.length || freeSlot(context) === undefined
      ? { reason: "noFreeSlot", actual: held + 1, limit: context.slots.length, unit: "slots" }
      : undefined) ??
    checkSize(viewOf(context), request)
  );
};
const assessApproval = ({ context, event }: Args): Denial | undefined => {
  const request = event as Of<"approval.requested">;
  if (request.reducing) return undefined;
  const granted = context.occupied[request.slot];
  if (granted === undefined) return { reason: "noFreeSlot", actual: 0, limit: 1, unit: "grants of this slot" };
  if (granted.entry !== null && granted.entry !== request.orderRef) {
    return { reason: "duplicateIntent", actual: 2, limit: 1, unit: "entries of this slot" };
  }
  // A modification of an entry that this breaker let through as its probe is the same probe.
  const view = context.probes[request.orderRef] ? { ...viewOf(context), probes: 0 } : viewOf(context);
  return checkStanding(view, request) ?? checkSize(view, request) ?? checkMargin(view, request.initialMarginAfter);
};
const approvalOf = ({ context, event }: Args) => ({
  id: `a${context.approvals + 1}`,
  approvedAt: event.now,
  expiresAt: epochMs(event.now + context.config.orders.approvalSeconds * 1_000) as EpochMs,
  reducing: (event as Of<"approval.requested">).reducing,
});
const reply = (args: Args, event: Tell["event"]): Tell => ({
  to: (args.event as Of<"slot.requested"> | Of<"approval.requested">).replyTo,
  event,
});

export const riskGateMachine = setup({
  types: { input: {} as RiskGateInput, context: {} as RiskGateContext, events: {} as RiskGateEvent },
  guards: {
    slotDenied: (args) => assessSlot(args) !== undefined,
    approvalDenied: (args) => assessApproval(args) !== undefined,
    toTrading: ({ event }) => event.type === "mode.changed" && event.mode === "trading",
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
      const { strategy, symbol, maxLoss } = event;
      return { occupied: { ...context.occupied, [slot]: { strategy, symbol, maxLoss, entry: null } } };
    }),
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
      const occupied =
        held !== undefined && held.entry === event.orderRef && event.heldMaxLoss > 0
          ? { ...context.occupied, [event.slot]: { ...held, maxLoss: event.heldMaxLoss } }
          : context.occupied;
      return { probes, occupied };
    }),
    /** Twins at the broker: until they are gone, the slot holds what all of them may fill. */
    growExposure: assign(({ context, event }) => {
      if (event.type !== "exposure.grown") return {};
      const held = context.occupied[event.slot];
      if (held === undefined || held.entry !== event.orderRef) return {};
      const maxLoss = moneyUnits(Math.max(held.maxLoss, event.maxLoss));
      return { occupied: { ...context.occupied, [event.slot]: { ...held, maxLoss } } };
    }),
    countApproval: assign(({ context, event }) => {
      if (event.type !== "approval.requested") return {};
      const approvals = context.approvals + 1;
      const granted = context.occupied[event.slot];
      if (event.reducing || granted === undefined) return { approvals };
      const { slot, orderRef, maxLoss } = event;
      const occupied = {
        ...context.occupied,
        [slot]: { ...granted, entry: orderRef, maxLoss: moneyUnits(Math.max(maxLoss, granted.maxLoss)) },
      };
      const probes = breakerOf(context) === "probing" ? { ...context.probes, [orderRef]: true as const } : context.probes;
      return { approvals, occupied, probes };
    }),
  },
}).createMachine({
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
  }),
  entry: { type: "listen", params: { topics: [topic.mode, topic.session] } },
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
    "run.resumed": { actions: "takeConfig" },
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
            params: (args) => reply(args, { type: "slot.granted", slot: freeSlot(args.context) } as Tell["event"]),
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

function slotsOf(config: EngineConfig): readonly string[] {
  return Array.from({ length: config.limits.slots }, (_, n) => `slot/s${n + 1}`);
}
