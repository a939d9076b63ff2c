/**
 * Why: an order's life, a decision, or an entry that did not happen, as lines for a terminal and as one document. Everything said
 * here is in the journal; nothing is reckoned anew.
 */
import { formatNewYork, newYorkDay } from "../domain/calendar/new-york.ts";
import type { RuleTrace } from "../domain/facts.ts";
import { RULES } from "../domain/rules/index.ts";
import { type EpochMs, formatMoney, formatPrice } from "../domain/units.ts";
import type { DecisionEntry, Decisions, Look } from "./decisions.ts";
import type { OrderTimeline } from "./order-life.ts";
import type { ModeChange, Session } from "./session.ts";
import { againstLimit, creditOrDebit, figure, outcomeWords } from "./words.ts";

export interface Explanation<Document> {
  readonly lines: readonly string[];
  readonly document: Document;
}

const stamp = (at: EpochMs): string => `${newYorkDay(at)} ${formatNewYork(at)}`;

export const explainOrder = (order: OrderTimeline): Explanation<OrderTimeline> => {
  const money = [
    order.decisionMid === undefined
      ? "mid at decision unknown"
      : `mid at decision ${formatPrice(order.decisionMid.mid)} (${order.decisionMid.from === "candidate" ? "of the candidate" : "at the first pricing"})`,
    order.filledPrice === undefined ? "nothing filled in whole units" : `filled for ${creditOrDebit(order.filledPrice)}`,
    ...(order.slippage === undefined ? [] : [`slippage ${formatPrice(order.slippage)} a unit`]),
    `${order.fills} executions, commissions ${formatMoney(order.commissions)}`,
  ];
  return {
    lines: [
      `${order.intentId}: ${order.purpose} of ${order.quantity} × ${order.name}, ${order.outcome === undefined ? "open" : outcomeWords(order.outcome)}${order.reason ? ` (${order.reason})` : ""}`,
      money.join(", "),
      ...order.moments.map(
        ({ at, seq, kind, text }) => `${formatNewYork(at)}  #${String(seq).padEnd(7)} ${kind.padEnd(6)} ${text}`,
      ),
    ],
    document: order,
  };
};

/** One rule's line of a trace. */
export const traceLine = ({ rule, verdict, missing, actual, threshold, distance, unit, clause }: RuleTrace): string => {
  const name = `${rule}${clause === undefined ? "" : `/${clause}`}`;
  if (verdict === "unknown") return `${name} unknown: ${(missing ?? []).join(", ")}`;
  if (verdict === "notApplicable") return `${name} does not apply`;
  const numbers =
    actual === undefined || threshold === undefined
      ? ""
      : ` ${figure(actual)} against ${figure(threshold)} ${unit ?? ""}`.trimEnd();
  const left = distance === undefined || verdict === "fired" ? "" : `, ${figure(distance)} left`;
  return `${name} ${verdict}${numbers === "" ? "" : `:${numbers}`}${left}`;
};

/** A close in the trace is not an exit yet: see rules/confirmation.ts. */
const CONFIRMATION =
  "this rule follows the price: it acts only when it goes on firing for rules.confirmSeconds, not in the opening minutes";

export const explainDecision = (entry: DecisionEntry): Explanation<DecisionEntry> => {
  const { decision, slot, symbol, at, lastAt, seq, lastSeq, times, trace } = entry;
  const what =
    decision.action === "hold" ? "hold: no rule fired" : `${decision.action} by ${decision.rule}, ${decision.urgency} urgency`;
  const waits = decision.action !== "hold" && RULES.some(({ name, byTheClock }) => name === decision.rule && !byTheClock);
  const span =
    times === 1
      ? `${stamp(at)}, #${seq}`
      : `${stamp(at)} to ${formatNewYork(lastAt)}, #${seq} to #${lastSeq}, ${times} times the same`;
  return {
    lines: [
      `${symbol} in ${slot}: ${what}`,
      span,
      ...(waits ? [CONFIRMATION] : []),
      ...trace.map((line, index) => `${String(index + 1).padStart(2)}  ${traceLine(line)}`),
    ],
    document: entry,
  };
};

export interface WhyNot {
  readonly symbol: string;
  readonly at: EpochMs;
  readonly mode: ModeChange | null;
  /** How the last look before that instant ended, in each strategy. */
  readonly looks: readonly Look[];
  /** How often each stage stopped a look that day, until then. */
  readonly counts: readonly { readonly strategy: string; readonly stage: string; readonly count: number }[];
}

const lookLine = (look: Look): string => {
  const numbers = againstLimit(look.actual, look.limit, look.unit);
  const said = `${look.reason}${numbers === "" ? "" : ` (${numbers})`}`;
  if (look.ended === "found") return `${formatNewYork(look.at)}  ${look.strategy} found ${said}`;
  return `${formatNewYork(look.at)}  ${look.strategy} ${look.ended} at ${look.stage}: ${said}`;
};

/** Why nothing was entered in a symbol at an instant, from what is kept of the looks. */
export const explainWhyNot = (decisions: Decisions, session: Session, symbol: string, at: EpochMs): Explanation<WhyNot> => {
  const day = newYorkDay(at);
  const looks = decisions.looksBefore(symbol, at).filter((look) => newYorkDay(look.at) === day);
  const last = new Map<string, Look>();
  const counts = new Map<string, { strategy: string; stage: string; count: number }>();
  for (const look of looks) {
    if (!last.has(look.strategy)) last.set(look.strategy, look);
    if (look.ended === "found") continue;
    const key = `${look.strategy} ${look.stage}`;
    const counted = counts.get(key) ?? { strategy: look.strategy, stage: look.stage, count: 0 };
    counts.set(key, { ...counted, count: counted.count + 1 });
  }
  const mode = session.modeAt(at) ?? null;
  const sorted = [...counts.values()].sort((a, b) => b.count - a.count || (a.stage < b.stage ? -1 : 1));
  const lines = [
    `Why no entry in ${symbol} at ${stamp(at)}`,
    mode === null
      ? "the mode at that time is not known here"
      : `mode ${mode.mode}${mode.reason === "" ? "" : `: ${mode.reason}`} since ${stamp(mode.at)}`,
    ...(last.size === 0 ? [`no strategy had ended a look at ${symbol} on ${day} by then`] : [...last.values()].map(lookLine)),
    ...(sorted.length === 0
      ? []
      : [`that day until then: ${sorted.map(({ strategy, stage, count }) => `${strategy} ${stage} ${count}×`).join(", ")}`]),
  ];
  return { lines, document: { symbol, at, mode, looks: [...last.values()], counts: sorted } };
};
