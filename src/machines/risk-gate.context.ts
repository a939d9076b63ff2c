/** What the risk gate knows: who holds what, what it is worth in Greeks, and its readings of a request. Pure. */
import { address } from "../domain/address.ts";
import type { EngineConfig, WhenUnknown } from "../domain/config.ts";
import type { Denial } from "../domain/denial.ts";
import type {
  BreakerEvent,
  BreakerState,
  EngineMode,
  GateEvent,
  ModeAnnouncement,
  ReconciliationEvent,
} from "../domain/events/actors.ts";
import type { UnderlyingTold } from "../domain/events/weather.ts";
import {
  checkMargin,
  checkPortfolio,
  checkSize,
  checkStanding,
  portfolioFault,
  type RiskView,
} from "../domain/risk/entry-checks.ts";
import type { PositionGreeks } from "../domain/risk/greeks.ts";
import { breachOf, MEASURE_UNITS, portfolioOf } from "../domain/risk/portfolio.ts";
import type { Tell } from "../domain/speech.ts";
import { type EpochMs, epochMs, type Money, moneyUnits, type Price } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface RiskGateInput {
  readonly config: EngineConfig;
}
export interface Occupation {
  readonly strategy: string;
  readonly symbol: string;
  /** Reserved, then approved, then held. */
  readonly maxLoss: Money;
  /** The entry order that was approved for this grant. */
  readonly entry: string | null;
  /** Of all that it holds or may come to hold; null is unknown. */
  readonly greeks: PositionGreeks | null;
  readonly spot: Price | null;
  /** What its strategy's configuration says of a portfolio that cannot be measured. */
  readonly whenUnknown: WhenUnknown;
  /** It may still fill. Absent in what earlier builds kept. */
  readonly entering?: true;
  readonly roll?: Replacement;
}
/** An order that puts another structure in the place of what the slot holds. */
interface Replacement {
  readonly orderRef: string;
  /** What the slot held before, and what it holds when all of it is filled. */
  readonly before: Money;
  readonly after: Money;
  /** It may still fill. */
  readonly live: boolean;
}
export interface RiskGateContext {
  readonly config: EngineConfig;
  readonly mode: EngineMode;
  readonly breakers: { readonly [scope: string]: BreakerState };
  readonly netLiquidation: Money | null;
  readonly slots: readonly string[];
  readonly occupied: { readonly [slot: string]: Occupation };
  /** Entry orders that went out while the breaker was probing: orderRef → true. */
  readonly probes: { readonly [orderRef: string]: true };
  readonly approvals: number;
  /** What the portfolio is measured by; null while it is not known. */
  readonly spySpot: Price | null;
  /** The limit that is breached, whose slot adds most to it, and since when. */
  readonly breached: Breached | null;
}
export interface Breached {
  readonly slot: string;
  readonly limit: string;
  readonly actual: number;
  readonly allowed: number;
  readonly unit: string;
  /** Since when this limit has been breached, whoever added most. */
  readonly since: EpochMs;
  /** When it was last measured. */
  readonly seenAt: EpochMs;
}
export type RiskGateEvent = Heard<
  | GateEvent
  | BreakerEvent
  | ModeAnnouncement
  | ReconciliationEvent
  | UnderlyingTold
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
  | { readonly type: "session.readied" | "session.unreadied" }
>;
export type Args = { readonly context: RiskGateContext; readonly event: RiskGateEvent };
export type Of<T extends RiskGateEvent["type"]> = Extract<RiskGateEvent, { type: T }>;

/** The worst state of any breaker decides. */
export const breakerOf = (context: RiskGateContext): BreakerState => {
  const states = Object.values(context.breakers);
  return states.includes("tripped") ? "tripped" : states.includes("probing") ? "probing" : "armed";
};
export const viewOf = (context: RiskGateContext): RiskView => ({
  mode: context.mode,
  limits: context.config.limits,
  breaker: breakerOf(context),
  probes: Object.keys(context.probes).length,
  ...(context.netLiquidation === null ? {} : { netLiquidation: context.netLiquidation }),
  exposures: context.occupied,
  ...(context.spySpot === null ? {} : { spySpot: context.spySpot }),
});
export const freeSlot = (context: RiskGateContext): string | undefined =>
  context.slots.find((slot) => context.occupied[slot] === undefined);

export const assessSlot = ({ context, event }: Args): Denial | undefined => {
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
    checkSize(viewOf(context), request) ??
    checkPortfolio(viewOf(context), request, request.portfolioWhenUnknown)
  );
};
/** What of the portfolio could not be measured when a slot was granted all the same. */
export const unmeasured = ({ context, event }: Args): string | undefined =>
  portfolioFault(viewOf(context), event as Of<"slot.requested">);
/** Its word that it only reduces is not taken of an order that is there to add. */
export const isReducing = ({ reducing, purpose }: Of<"approval.requested">): boolean =>
  reducing && purpose !== "entry" && purpose !== "roll";
export const assessApproval = ({ context, event }: Args): Denial | undefined => {
  const request = event as Of<"approval.requested">;
  if (isReducing(request)) return undefined;
  const granted = context.occupied[request.slot];
  if (granted === undefined) return { reason: "noFreeSlot", actual: 0, limit: 1, unit: "grants of this slot" };
  if (request.purpose === "roll") {
    const another = granted.roll?.live === true && granted.roll.orderRef !== request.orderRef;
    if (granted.entry === null || granted.entering === true || another)
      return { reason: "duplicateIntent", actual: 2, limit: 1, unit: "orders of this slot that add risk" };
  } else if (granted.entry !== null && granted.entry !== request.orderRef) {
    return { reason: "duplicateIntent", actual: 2, limit: 1, unit: "entries of this slot" };
  }
  // A modification of an entry that this breaker let through as its probe is the same probe.
  const view = context.probes[request.orderRef] ? { ...viewOf(context), probes: 0 } : viewOf(context);
  const { symbol, greeks, spot, whenUnknown } = granted;
  // What an entry comes to was told when its slot was asked for; what a roll comes to, with it.
  const becomes = request.purpose === "roll" ? (request.greeks ?? null) : greeks;
  const asked = { ...request, symbol, ...(spot === null ? {} : { spot }) };
  const { greeks: _told, ...withoutGreeks } = asked;
  const measured = becomes === null ? withoutGreeks : { ...withoutGreeks, greeks: becomes };
  return (
    checkStanding(view, measured) ??
    checkSize(view, measured) ??
    checkMargin(view, request.initialMarginAfter) ??
    checkPortfolio(view, measured, whenUnknown)
  );
};
export const approvalOf = ({ context, event }: Args) => ({
  id: `a${context.approvals + 1}`,
  approvedAt: event.now,
  expiresAt: epochMs(event.now + context.config.orders.approvalSeconds * 1_000) as EpochMs,
  reducing: isReducing(event as Of<"approval.requested">),
});
export const reply = (args: Args, event: Tell["event"]): Tell => ({
  to: (args.event as Of<"slot.requested"> | Of<"approval.requested">).replyTo,
  event,
});

/** Until it has ended, an order counts in full, and a replacement together with what it replaces: some of each may be held. */
export const afterApproval = (held: Occupation, { orderRef, purpose, maxLoss }: Of<"approval.requested">): Occupation => {
  const most = moneyUnits(Math.max(maxLoss, held.maxLoss));
  if (purpose !== "roll") return { ...held, entry: orderRef, entering: true, maxLoss: most };
  const before = held.roll?.orderRef === orderRef ? held.roll.before : held.maxLoss;
  return { ...held, maxLoss: most, roll: { orderRef, before, after: maxLoss, live: true } };
};
/** A roll that filled in part leaves some of both structures: the worse of them stays, until another end says more or the slot is flat. */
export const afterEnd = (held: Occupation, { orderRef, heldMaxLoss }: Of<"exposure.released">): Occupation => {
  if (held.roll?.orderRef === orderRef) {
    const { before, after } = held.roll;
    const maxLoss = heldMaxLoss <= 0 ? before : heldMaxLoss >= after ? heldMaxLoss : moneyUnits(Math.max(before, after));
    return { ...held, maxLoss, roll: { ...held.roll, live: false } };
  }
  if (held.entry !== orderRef) return held;
  const { entering: _over, ...ended } = held;
  if (heldMaxLoss <= 0) return ended;
  return { ...ended, maxLoss: held.roll === undefined ? heldMaxLoss : moneyUnits(Math.max(held.maxLoss, heldMaxLoss)) };
};

export const slotsOf = (config: EngineConfig): readonly string[] =>
  Array.from({ length: config.limits.slots }, (_, n) => address.slot(n + 1));

// ── the portfolio as it stands ──
/** A portfolio that cannot be measured cures nothing; but after so long nothing is known of a breach any more. */
const UNSEEN_MS = 60_000;
/** The breach that holds now; its beginning is kept while the same limit is breached. */
export const breachNow = ({ context, event }: Args): Breached | null => {
  const { config, netLiquidation, occupied, spySpot, breached } = context;
  const limits = config.limits.portfolio;
  if (limits === undefined) return null;
  const last = breached === null ? undefined : { measure: breached.limit, key: breached.slot };
  const isMeasured = netLiquidation !== null && netLiquidation > 0;
  const found = isMeasured ? breachOf(occupied, { equity: netLiquidation, spySpot, limits }, last) : "unknown";
  if (found === "unknown")
    return breached !== null && occupied[breached.slot] !== undefined && event.now - breached.seenAt <= UNSEEN_MS
      ? breached
      : null;
  if (found === undefined) return null;
  const { key: slot, measure, actual, limit: allowed } = found;
  const since = breached?.limit === measure ? breached.since : event.now;
  return { slot, limit: measure, actual, allowed, unit: MEASURE_UNITS[measure], since, seenAt: event.now };
};
/** What of the portfolio is not known now, in words; undefined when all of it is. */
export const notMeasured = ({ context: { config, netLiquidation, occupied, spySpot } }: Args): string | undefined => {
  const limits = config.limits.portfolio;
  if (limits === undefined) return undefined;
  if (netLiquidation === null || netLiquidation <= 0) return "the equity is not known";
  const summed = portfolioOf(Object.values(occupied), { equity: netLiquidation, spySpot, limits });
  return summed.known ? undefined : summed.missing;
};
/** Another limit, another slot, or none any more. A figure that only moves is not told. */
export const breachChanged = (args: Args): boolean => {
  const [before, now] = [args.context.breached, breachNow(args)];
  return before?.slot !== now?.slot || before?.limit !== now?.limit;
};
/** The same, measured anew. */
export const breachSeenAgain = (args: Args): boolean => breachNow(args)?.seenAt !== args.context.breached?.seenAt;
