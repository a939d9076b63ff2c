/** What a position slot remembers, and the readings of it that its guards and its speech share. Pure. */
import { address } from "../domain/address.ts";
import { nextSession, sessionAt } from "../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import { type Contract, type Leg, reversed } from "../domain/contract.ts";
import type {
  Candidate,
  EffectAnswer,
  EngineMode,
  EntryEvent,
  LineEvent,
  ModeAnnouncement,
  OrderIntent,
  OrderProgress,
  ReconciliationEvent,
  SessionAnnouncement,
  SlotDispute,
  Timed,
  Urgency,
} from "../domain/events/actors.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { Decision, RuleTrace, SlotFact } from "../domain/facts.ts";
import { sourceFault, staleness } from "../domain/freshness.ts";
import { intentIdOf, orderAddress, orderRefOf } from "../domain/identity.ts";
import { multiplierOf } from "../domain/payoff.ts";
import {
  bookFee,
  bookFill,
  EMPTY_LEDGER,
  type Entry,
  entryOf,
  type Fill,
  feesOf,
  holdingOf,
  type Ledger,
  profitAtMark,
  realisedProfit,
  unitsHeld,
} from "../domain/pnl.ts";
import { spotOf } from "../domain/quote.ts";
import { actingDecision, type Firings, noteFirings } from "../domain/rules/confirmation.ts";
import { evaluateRules, RULES } from "../domain/rules/index.ts";
import { positionFacts } from "../domain/rules/position-facts.ts";
import { type Mark, markOf, type QuoteBook, quoteStructure } from "../domain/structure-quote.ts";
import { type EpochMs, type Money, moneyUnits, priceUnits, roundHalfAway } from "../domain/units.ts";

export interface SlotInput {
  readonly path: string;
  readonly n: number;
  readonly engine: EngineConfig;
}

/** The order that works for this slot: there is never a second one. */
export interface WorkingOrder {
  readonly intentId: string;
  readonly orderRef: string;
  readonly purpose: "entry" | "exit";
  readonly quantity: number;
  readonly urgency: Urgency;
  /** The saga lost sight of it; it still counts as working until it has ended. */
  readonly doubted: boolean;
}
type Marked = Extract<SlotFact, { type: "slot.marked" }>;
/** The newest evaluation of the rules. */
export interface Sight {
  readonly marked: Marked;
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
  /** What may be done now, confirmed and in its time; null: nothing. */
  readonly acting: Decision | null;
  readonly broken: readonly string[];
}
/** An execution of an earlier position, so that its late commission finds it and a repetition is known. */
interface PastExecution {
  readonly execId: string;
  readonly fee: Money | null;
}

export interface SlotContext {
  readonly path: string;
  readonly n: number;
  readonly engine: EngineConfig;
  readonly mode: EngineMode | null;
  readonly epoch: number;
  /** Running number of this slot's intents; never reused. */
  readonly intents: number;
  readonly candidate: Candidate | null;
  readonly quotes: QuoteBook;
  readonly toRequest: readonly Contract[];
  readonly ledger: Ledger;
  /** The orders of this position, the entry first. */
  readonly refs: readonly string[];
  readonly order: WorkingOrder | null;
  /** How the last order ended. */
  readonly ended: { readonly orderRef: string; readonly filledUnits: number; readonly reason: string } | null;
  readonly openedAt: EpochMs | null;
  readonly sight: Sight | null;
  readonly evaluatedAt: EpochMs;
  readonly firings: Firings;
  readonly told: { readonly decision: Decision; readonly at: EpochMs } | null;
  /** Since when a protective rule cannot be evaluated, and whether the operator knows. */
  readonly blind: { readonly since: EpochMs; readonly told: boolean } | null;
  readonly exit: { readonly decision: Decision; readonly attempts: number } | null;
  readonly quarantine: string | null;
  readonly past: readonly PastExecution[];
  /** Over the slot's whole life; commissions that arrive after a position was closed are counted here alone. */
  readonly totals: { readonly positions: number; readonly profit: Money; readonly fees: Money };
}

type Heard<E> = E extends unknown ? E & Timed : never;
export type SlotEvent = Heard<
  | Extract<EntryEvent, { type: "entry.intended" }>
  | OrderProgress
  | SlotDispute
  | MarketEvent
  | LineEvent
  | ModeAnnouncement
  | SessionAnnouncement
  | ReconciliationEvent
  | EffectAnswer
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;

const NOTHING_HELD = {
  candidate: null,
  quotes: {},
  toRequest: [],
  ledger: EMPTY_LEDGER,
  refs: [],
  order: null,
  ended: null,
  openedAt: null,
  sight: null,
  evaluatedAt: 0 as EpochMs,
  firings: {},
  told: null,
  blind: null,
  exit: null,
  quarantine: null,
} as const;

export const newSlotContext = ({ path, n, engine }: SlotInput): SlotContext => ({
  path,
  n,
  engine,
  mode: null,
  epoch: 0,
  intents: 0,
  ...NOTHING_HELD,
  past: [],
  totals: { positions: 0, profit: moneyUnits(0), fees: moneyUnits(0) },
});

const EVALUATE_AT_MOST_MS = 1_000;
const TELL_AT_LEAST_MS = 60_000;
const BLIND_ALERT_MS = 60_000;
const PAST_KEPT = 200;
const RETRY_MS = [1_000, 5_000, 15_000, 30_000] as const;
/** After this many exits without success the operator hears of it. */
export const ALERT_AFTER_ATTEMPTS = 5;

// ── the position ──
export const legsOf = (context: SlotContext): readonly Leg[] => context.candidate?.legs ?? [];
const fillsOf = (context: SlotContext, wanted: (fill: Fill) => boolean): Fill[] =>
  Object.values(context.ledger.fills).filter(wanted);
const unitsOf = (context: SlotContext, wanted: (fill: Fill) => boolean): number | undefined => {
  const fills = fillsOf(context, wanted).map((fill, i) => [String(i), fill] as const);
  return unitsHeld(legsOf(context), holdingOf({ fills: Object.fromEntries(fills), fees: {} }));
};
/** Whole units held; undefined while the legs are out of ratio. */
export const units = (context: SlotContext): number | undefined => unitsOf(context, () => true);
export const isFlat = (context: SlotContext): boolean => Object.keys(holdingOf(context.ledger)).length === 0;

/** The ledger says no less than the ended order said, and its legs are in ratio: the position is what it seems. */
export const isCounted = (context: SlotContext): boolean => {
  const { ended } = context;
  const held = units(context);
  if (held === undefined || held < 0) return false;
  const filled = ended === null ? 0 : unitsOf(context, (fill) => fill.orderRef === ended.orderRef);
  return filled !== undefined && Math.abs(filled) >= (ended?.filledUnits ?? 0);
};

/** The entry's price and base; undefined while its legs are out of ratio. */
export const entryOfSlot = (context: SlotContext): Entry | undefined => {
  const isEntry = (fill: Fill): boolean => fill.orderRef === context.refs[0];
  const bought = unitsOf(context, isEntry);
  return bought !== undefined && bought > 0 ? entryOf(legsOf(context), bought, fillsOf(context, isEntry)) : undefined;
};
const entryFees = ({ ledger, refs }: SlotContext): Money => {
  const fees = Object.entries(ledger.fees).filter(([execId]) => ledger.fills[execId]?.orderRef === refs[0]);
  return feesOf({ fills: {}, fees: Object.fromEntries(fees) });
};

/** An older order filled late, so that the working exit would close more than there is. */
export const wouldOverClose = (context: SlotContext, event: SlotEvent): boolean => {
  const { order } = context;
  if (order === null || order.purpose !== "exit" || event.type !== "leg.filled" || event.orderRef === order.orderRef)
    return false;
  const after: SlotContext = { ...context, ledger: ledgerAfter(context, event) };
  const others = unitsOf(after, (fill) => fill.orderRef !== order.orderRef);
  return others === undefined || others < order.quantity;
};

// ── booking ──
export const isBooked = (context: SlotContext, event: SlotEvent): boolean =>
  event.type === "leg.filled" &&
  (context.ledger.fills[event.execId] !== undefined || context.past.some(({ execId }) => execId === event.execId));
export const isOurs = (context: SlotContext, event: SlotEvent): boolean =>
  event.type === "leg.filled" &&
  context.refs.includes(event.orderRef) &&
  legsOf(context).some(({ contract }) => contract.conId === event.contract.conId);

export const ledgerAfter = (context: SlotContext, event: SlotEvent): Ledger => {
  if (event.type !== "leg.filled" || isBooked(context, event)) return context.ledger;
  const { orderRef, execId, contract, quantity, price } = event;
  // Executions are not always told with their contract's multiplier; the leg has it from the contract's details.
  const known = legsOf(context).find((leg) => leg.contract.conId === contract.conId)?.contract ?? contract;
  return bookFill(context.ledger, execId, { orderRef, conId: known.conId, quantity, price, multiplier: known.multiplier });
};

/** A commission goes to the position it belongs to; of an earlier one only the totals change. */
export const afterCommission = (context: SlotContext, event: SlotEvent): Partial<SlotContext> => {
  if (event.type !== "commission.charged") return {};
  const { execId, amount, orderRef } = event;
  if (context.refs.includes(orderRef)) return { ledger: bookFee(context.ledger, execId, amount) };
  const before = context.past.find((known) => known.execId === execId)?.fee ?? 0;
  const { positions, profit, fees } = context.totals;
  return {
    past: [...context.past.filter((known) => known.execId !== execId), { execId, fee: amount }].slice(-PAST_KEPT),
    totals: { positions, profit: moneyUnits(profit - (amount - before)), fees: moneyUnits(fees + amount - before) },
  };
};

/** The slot empty again, its executions remembered. */
export const afterPosition = (context: SlotContext): Partial<SlotContext> => {
  const { ledger, totals } = context;
  const gone = Object.keys(ledger.fills).map((execId) => ({ execId, fee: ledger.fees[execId] ?? null }));
  return {
    ...NOTHING_HELD,
    past: [...context.past, ...gone].slice(-PAST_KEPT),
    totals: {
      positions: totals.positions + (gone.length > 0 ? 1 : 0),
      profit: moneyUnits(totals.profit + realisedProfit(ledger)),
      fees: moneyUnits(totals.fees + feesOf(ledger)),
    },
  };
};

// ── looking ──
export const evaluationDue = (context: SlotContext, now: EpochMs): boolean =>
  now - context.evaluatedAt >= EVALUATE_AT_MOST_MS && sessionAt(now) !== undefined && entryOfSlot(context) !== undefined;

/**
 * What one unit is worth. An unchanged leg stays valid for long because its line would have told of a change: only as long as the
 * feed of the underlying is live, which shows that the others are.
 */
const markNow = ({ candidate, engine, quotes }: SlotContext, now: EpochMs): Mark => {
  const { legs, underlying, symbol } = candidate as Candidate;
  const spot = quotes[underlying.conId];
  const fault = spot === undefined ? undefined : sourceFault(spot);
  return fault !== undefined
    ? { known: false, missing: [`${symbol} ${fault}`] }
    : markOf(
        legs,
        quoteStructure(legs, quotes, (quote) => staleness(quote, "leg", now, engine.freshness)),
      );
};

/** Marks the position and asks all rules about it. */
export const evaluated = (context: SlotContext, now: EpochMs): Partial<SlotContext> => {
  const entry = entryOfSlot(context);
  const { candidate, engine, ledger, quotes } = context;
  if (entry === undefined || candidate === null) return {};
  const legs = candidate.legs;
  const mark = markNow(context, now);
  const facts = positionFacts({ legs, entry, entryFees: entryFees(context), mark, now });
  const { decision, trace, broken } = evaluateRules(facts, engine.rules);
  const session = sessionAt(now);
  const quiet = session === undefined || now - session.open < engine.rules.openingQuietMinutes * 60_000;
  const firings = noteFirings(context.firings, trace, now, quiet);
  const acting = actingDecision(firings, now, engine.rules) ?? null;
  const spot = spotOf(quotes[candidate.underlying.conId]);
  const share = "value" in facts.unitProfit && entry.unitBase > 0 ? facts.unitProfit.value / entry.unitBase : undefined;
  const held = units(context);
  const marked: Marked = {
    type: "slot.marked",
    slot: context.path,
    symbol: candidate.symbol,
    ...(mark.known ? { mark: mark.mark } : { unknown: mark.missing.join(", ") }),
    ...(mark.known && held !== undefined ? { profit: profitAtMark(ledger, held, mark.mark, multiplierOf(legs)) } : {}),
    ...(mark.known && held === undefined ? { unknown: "its legs are being filled" } : {}),
    ...(share === undefined ? {} : { profitShare: share + 0 }),
    ...(spot === undefined ? {} : { spot: priceUnits(roundHalfAway(spot)) }),
  };
  const isBlind = trace.some(({ rule, verdict }) => verdict === "unknown" && RULES.some((r) => r.name === rule && r.protective));
  return {
    evaluatedAt: now,
    firings,
    blind: isBlind ? (context.blind ?? { since: now, told: false }) : null,
    sight: { marked, decision, trace, acting, broken },
  };
};

const same = (a: Decision, b: Decision): boolean => a.action === b.action && a.rule === b.rule && a.urgency === b.urgency;
/** A decision is told when it changes, and at least once a minute. */
export const decisionUntold = ({ sight, told, evaluatedAt }: SlotContext): boolean =>
  sight !== null && (told === null || !same(sight.decision, told.decision) || evaluatedAt - told.at >= TELL_AT_LEAST_MS);
export const blindTooLong = ({ blind, evaluatedAt }: SlotContext): boolean =>
  blind !== null && !blind.told && evaluatedAt - blind.since >= BLIND_ALERT_MS;

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

// ── orders ──
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
