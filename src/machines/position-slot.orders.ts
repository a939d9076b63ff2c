/** The orders of a slot, one at a time: its entry, its exits, how urgent and how often. Pure. */
import { address } from "../domain/address.ts";
import { nextSession, sessionAt } from "../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import { reversed } from "../domain/contract.ts";
import type { Candidate, OrderIntent, Urgency } from "../domain/events/actors.ts";
import type { Decision } from "../domain/facts.ts";
import { intentIdOf, orderAddress, orderRefOf } from "../domain/identity.ts";
import { type EpochMs, moneyUnits } from "../domain/units.ts";
import { units } from "./position-slot.books.ts";
import type { SlotContext, WorkingOrder } from "./position-slot.context.ts";

const RETRY_MS = [1_000, 5_000, 15_000, 30_000] as const;
/** After this many exits without success the operator hears of it. */
export const ALERT_AFTER_ATTEMPTS = 5;

/** The context with one more order at work: an entry of the candidate, or an exit of all that is held. */
export const withOrder = (context: SlotContext, purpose: "entry" | "exit", now: EpochMs): Partial<SlotContext> => {
  const n = context.intents + 1;
  const intentId = intentIdOf(newYorkDay(now), `s${context.n}`, n);
  const orderRef = orderRefOf(context.engine.installation, intentId);
  const quantity = purpose === "entry" ? (context.candidate?.quantity ?? 0) : (units(context) ?? 0);
  const urgency = purpose === "entry" ? "normal" : (context.exit?.decision.urgency ?? "normal");
  return {
    intents: n,
    refs: [...context.refs, orderRef],
    order: { intentId, orderRef, purpose, quantity, urgency, doubted: false },
    ended: null,
  };
};

export const intentOf = (context: SlotContext): OrderIntent => {
  const order = context.order as WorkingOrder;
  const candidate = context.candidate as Candidate;
  const entering = order.purpose === "entry";
  return {
    intentId: order.intentId,
    orderRef: order.orderRef,
    owner: context.path,
    purpose: order.purpose,
    symbol: candidate.symbol,
    legs: entering ? candidate.legs : reversed(candidate.legs),
    quantity: order.quantity,
    urgency: order.urgency,
    reducing: !entering,
    maxLoss: moneyUnits(entering ? candidate.unitMaxLoss * order.quantity : 0),
    tick: candidate.tick,
    width: candidate.width,
    ...(entering && candidate.worstPrice !== undefined ? { worstPrice: candidate.worstPrice } : {}),
  };
};
export const sagaOf = (context: SlotContext): string => orderAddress((context.order as WorkingOrder).intentId);
export const strategyPath = (candidate: Candidate | null): string => address.strategy(candidate?.strategy ?? "");

// ── leaving ──
const URGENCIES: readonly Urgency[] = ["low", "normal", "high", "immediate"];
/** A more severe rule may act than the one that the working exit follows, and it is in a greater hurry. */
export const escalation = ({ sight, order }: SlotContext): Decision | undefined => {
  const acting = sight?.acting;
  if (acting === undefined || acting === null || order === null || order.purpose !== "exit") return undefined;
  return URGENCIES.indexOf(acting.urgency) > URGENCIES.indexOf(order.urgency) ? acting : undefined;
};
export const retryMs = ({ exit }: SlotContext): number =>
  RETRY_MS[Math.min(Math.max(0, (exit?.attempts ?? 1) - 1), RETRY_MS.length - 1)] as number;
export const untilSessionMs = (now: EpochMs): number => (sessionAt(now) === undefined ? nextSession(now).open - now : 0);
