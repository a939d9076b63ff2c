/** The orders of a slot, one at a time: its entry, reductions, rolls and exits, how urgent and how often. Pure. */
import { address } from "../domain/address.ts";
import { nextSession, sessionAt } from "../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import { type Leg, reversed } from "../domain/contract.ts";
import type { Candidate, OrderIntent, Urgency } from "../domain/events/actors.ts";
import type { Decision } from "../domain/facts.ts";
import { intentIdOf, orderAddress, orderRefOf } from "../domain/identity.ts";
import { timesGreeks } from "../domain/risk/greeks.ts";
import { RULES } from "../domain/rules/index.ts";
import { type EpochMs, epochMs, type Money, moneyUnits, priceUnits } from "../domain/units.ts";
import { restOf, units } from "./position-slot.books.ts";
import { legsOf, type Next, type Rest, type SlotContext, type WorkingOrder } from "./position-slot.context.ts";

const RETRY_MS = [1_000, 5_000, 15_000, 30_000] as const;
/** After this many exits without success the operator hears of it. */
export const ALERT_AFTER_ATTEMPTS = 5;
/** After this many reductions without success it waits for the next session. */
export const REDUCTIONS_A_SESSION = 5;
/** A roll that came to nothing is not sought again before: the market has to have moved. */
const SEEK_AGAIN_MS = 30 * 60_000;
const DEFAULT_SHARE = 0.5;

// ── what may be done ──
/** Units that a reduction closes: its share of what is held, at least one and never all; 0 when there is only one. */
export const unitsToClose = (context: SlotContext, { share = DEFAULT_SHARE }: Decision): number => {
  const held = units(context) ?? 0;
  return Math.max(0, Math.min(held - 1, Math.max(1, Math.floor(held * share))));
};
const isResting = (rest: Rest | null, now: EpochMs): boolean => rest !== null && now < rest.until;
/** Whether the slot can do now what was decided: a part is closed once, and what came to nothing rests for a while. */
export const mayDo = (context: SlotContext, decision: Decision, now: EpochMs): boolean => {
  switch (decision.action) {
    case "close":
      return true;
    case "reduce":
      return context.reducedUnits === 0 && unitsToClose(context, decision) > 0 && !isResting(context.reduceRest, now);
    case "roll":
      return decision.orClose === true || (context.mode === "trading" && !isResting(context.rollRest, now));
    case "hold":
      return false;
  }
};
/** A reduction ended without a fill: back off, and in the end leave it for the next session. */
export const reduceRestAfter = ({ reduceRest }: SlotContext, now: EpochMs): Rest => {
  const attempts = (reduceRest?.attempts ?? 0) % REDUCTIONS_A_SESSION;
  const over = attempts + 1 === REDUCTIONS_A_SESSION;
  return {
    attempts: attempts + 1,
    until: over ? nextSession(now).open : epochMs(now + (RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)] as number)),
  };
};
export const rollRestAfter = ({ rollRest }: SlotContext, now: EpochMs): Rest => ({
  attempts: (rollRest?.attempts ?? 0) + 1,
  until: epochMs(now + SEEK_AGAIN_MS),
});

// ── one more order ──
interface Plan {
  readonly legs: readonly Leg[];
  readonly quantity: number;
  readonly urgency: Urgency;
}
const planOf = (context: SlotContext, purpose: OrderIntent["purpose"]): Plan => {
  const { candidate, exit, adjusting, next } = context;
  const held = units(context) ?? 0;
  const decided = adjusting ?? { action: "reduce", rule: "", urgency: "normal" };
  switch (purpose) {
    case "entry":
      return { legs: legsOf(context), quantity: candidate?.quantity ?? 0, urgency: "normal" };
    case "exit": {
      // What a roll has left goes first: it is what nobody wants any more.
      const rest = restOf(context);
      const closed = rest === undefined ? legsOf(context) : rest.former.candidate.legs;
      return { legs: reversed(closed), quantity: rest?.units ?? held, urgency: exit?.decision.urgency ?? "normal" };
    }
    case "reduce":
      return { legs: reversed(legsOf(context)), quantity: unitsToClose(context, decided), urgency: decided.urgency };
    case "roll":
      return {
        legs: [...reversed(legsOf(context)), ...(next as Next).candidate.legs],
        quantity: held,
        urgency: decided.urgency,
      };
  }
};
const nextWith = (next: Next, orderRef: string): Next => ({ ...next, orderRefs: [...next.orderRefs, orderRef] });
/** The context with one more order at work. */
export const withOrder = (context: SlotContext, purpose: OrderIntent["purpose"], now: EpochMs): Partial<SlotContext> => {
  const n = context.intents + 1;
  const intentId = intentIdOf(newYorkDay(now), `s${context.n}`, n);
  const orderRef = orderRefOf(context.engine.installation, intentId);
  return {
    intents: n,
    refs: [...context.refs, orderRef],
    order: { intentId, orderRef, purpose, ...planOf(context, purpose), doubted: false },
    ended: null,
    ...(purpose === "entry" ? { entryRefs: [orderRef] } : {}),
    ...(purpose === "reduce" ? { reductions: [...context.reductions, orderRef] } : {}),
    ...(purpose === "roll" ? { next: nextWith(context.next as Next, orderRef) } : {}),
  };
};

/** What tells the worth of an order's legs: of an exit, the structure that it closes; of a roll, the one that it opens. */
const subjectOf = (context: SlotContext, purpose: OrderIntent["purpose"]): Candidate => {
  const own = context.candidate as Candidate;
  if (purpose === "roll") return (context.next as Next).candidate;
  return purpose === "exit" ? (restOf(context)?.former.candidate ?? own) : own;
};
const maxLossOf = ({ purpose, quantity }: WorkingOrder, subject: Candidate): Money =>
  moneyUnits(purpose === "entry" || purpose === "roll" ? subject.unitMaxLoss * quantity : 0);
export const intentOf = (context: SlotContext): OrderIntent => {
  const order = context.order as WorkingOrder;
  const { intentId, orderRef, purpose, legs, quantity, urgency } = order;
  const subject = subjectOf(context, purpose);
  const worstPrice = purpose === "entry" ? subject.worstPrice : purpose === "roll" ? context.next?.worst : undefined;
  return {
    intentId,
    orderRef,
    owner: context.path,
    purpose,
    symbol: subject.symbol,
    legs,
    quantity,
    urgency,
    reducing: purpose === "exit" || purpose === "reduce",
    maxLoss: maxLossOf(order, subject),
    tick: purpose === "roll" ? priceUnits(Math.max(subject.tick, context.candidate?.tick ?? 0)) : subject.tick,
    width: subject.width,
    ...(purpose === "roll" && subject.greeks !== undefined ? { greeks: timesGreeks(subject.greeks, quantity) } : {}),
    ...(worstPrice === undefined ? {} : { worstPrice }),
  };
};
export const sagaOf = (context: SlotContext): string => orderAddress((context.order as WorkingOrder).intentId);
export const strategyPath = (candidate: Candidate | null): string => address.strategy(candidate?.strategy ?? "");

// ── leaving ──
const URGENCIES: readonly Urgency[] = ["low", "normal", "high", "immediate"];
/** A more severe rule may act than the one that the working exit follows, and it is in a greater hurry. */
export const escalation = ({ sight, order }: SlotContext): Decision | undefined => {
  const acting = sight?.acting;
  if (acting?.action !== "close" || order?.purpose !== "exit") return undefined;
  return URGENCIES.indexOf(acting.urgency) > URGENCIES.indexOf(order.urgency) ? acting : undefined;
};
/** While the order that is in the way of an exit is withdrawn: a rule in a greater hurry than the one that wants it. */
export const worsening = ({ sight, exit }: SlotContext): Decision | undefined => {
  const acting = sight?.acting;
  if (acting?.action !== "close" || exit === null) return undefined;
  return URGENCIES.indexOf(acting.urgency) > URGENCIES.indexOf(exit.decision.urgency) ? acting : undefined;
};
/** An exit that has slept goes out again when its rule may act, and not before the morning has been quoted. */
export const isPastOpening = ({ engine: { rules }, exit }: SlotContext, now: EpochMs): boolean => {
  const session = sessionAt(now);
  const early = RULES.some(({ name, actsInOpening }) => actsInOpening && name === exit?.decision.rule);
  const quietMs = early ? rules.confirmSeconds * 1_000 : rules.openingQuietMinutes * 60_000;
  return session === undefined || now - session.open >= quietMs;
};
export const retryMs = ({ exit }: SlotContext): number =>
  RETRY_MS[Math.min(Math.max(0, (exit?.attempts ?? 1) - 1), RETRY_MS.length - 1)] as number;
export const untilSessionMs = (now: EpochMs): number => (sessionAt(now) === undefined ? nextSession(now).open - now : 0);
