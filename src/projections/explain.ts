/**
 * Why: an order's life, a decision, or an entry that did not happen, as lines for a terminal and as one document. Everything said
 * here is in the journal; nothing is reckoned anew.
 */
import { formatNewYork, newYorkDay } from "../domain/calendar/new-york.ts";
import type { FunnelStep, RuleTrace } from "../domain/facts.ts";
import { RULES } from "../domain/rules/index.ts";
import { type EpochMs, formatMoney, formatPrice } from "../domain/units.ts";
import type { DecisionEntry, Decisions, Look } from "./decisions.ts";
import type { Moment, OrderTimeline } from "./order-life.ts";
import type { ModeChange, Session } from "./session.ts";
import { againstLimit, creditOrDebit, figure, outcomeWords } from "./words.ts";

export interface Explanation<Document> {
  readonly lines: readonly string[];
  readonly document: Document;
}

const stamp = (at: EpochMs): string => `${newYorkDay(at)} ${formatNewYork(at)}`;

/** Each comparison with the broker brings the day's commissions again: a line for all of them. The document has every one. */
const isRepeated = (one: Moment, other: Moment): boolean =>
  one.source === "commission.reported" && other.source === one.source && one.text === other.text;

export const explainOrder = (order: OrderTimeline): Explanation<OrderTimeline> => {
  const money = [
    order.decisionMid === undefined
      ? "mid at decision unknown"
      : `mid at decision: ${creditOrDebit(order.decisionMid.mid)} (${order.decisionMid.from === "candidate" ? "of the candidate" : "at the first pricing"})`,
    order.filledPrice === undefined ? "nothing filled in whole units" : `filled for ${creditOrDebit(order.filledPrice)}`,
    ...(order.slippage === undefined ? [] : [`slippage ${formatPrice(order.slippage)} a unit`]),
    `${order.fills} executions, commissions ${formatMoney(order.commissions)}`,
  ];
  return {
    lines: [
      `${order.intentId}: ${order.purpose} of ${order.quantity} × ${order.name}, ${order.outcome === undefined ? "open" : outcomeWords(order.outcome)}${order.reason ? ` (${order.reason})` : ""}`,
      money.join(", "),
      ...order.moments.flatMap((moment, n) => {
        const { at, seq, kind, text } = moment;
        const again = order.moments.filter((one) => isRepeated(one, moment)).length;
        if (again > 1 && order.moments.findIndex((one) => isRepeated(one, moment)) < n) return [];
        const times = again > 1 ? ` (${again} times in all)` : "";
        return [`${formatNewYork(at)}  #${String(seq).padEnd(7)} ${kind.padEnd(6)} ${text}${times}`];
      }),
    ],
    document: order,
  };
};

const numbersOf = ({ verdict, missing, actual, threshold, distance, unit }: Omit<RuleTrace, "rule">): string => {
  if (verdict === "unknown") return `unknown: ${(missing ?? []).join(", ")}`;
  if (verdict === "notApplicable") return "does not apply";
  const numbers =
    actual === undefined || threshold === undefined
      ? ""
      : `: ${figure(actual)} against ${figure(threshold)} ${unit ?? ""}`.trimEnd();
  const left = distance === undefined || verdict === "fired" ? "" : `, ${figure(distance)} left`;
  return `${verdict}${numbers}${left}`;
};

/** One rule's lines of a trace: the threshold that decides, then all of them where there are several. */
export const traceLines = (trace: RuleTrace): readonly string[] => {
  const { rule, clause, clauses = [] } = trace;
  const name = `${rule}${clause === undefined ? "" : `/${clause}`}`;
  const said = numbersOf(trace);
  const ofClause = (one: (typeof clauses)[number]): string => {
    const own = numbersOf(one);
    return own === said && one.verdict === "unknown" ? "unknown as above" : own;
  };
  return [`${name} ${said}`, ...clauses.map((one) => `      ${one.clause} ${ofClause(one)}`)];
};

/** A close in the trace is not an exit yet: see rules/confirmation.ts. */
const CONFIRMATION =
  "this rule follows the price: it acts only when it goes on firing for rules.confirmSeconds, not in the opening minutes";

export const explainDecision = (entry: DecisionEntry): Explanation<DecisionEntry> => {
  const { decision, slot, symbol, at, lastAt, seq, lastSeq, times, trace } = entry;
  const what =
    decision.action === "hold" ? "hold: no rule fired" : `${decision.action} by ${decision.rule}, ${decision.urgency} urgency`;
  const waits =
    decision.action !== "hold" &&
    RULES.some(({ name, clauses }) => name === decision.rule && clauses.some(({ confirms }) => confirms));
  const span =
    times === 1
      ? `${stamp(at)}, #${seq}`
      : `${stamp(at)} to ${formatNewYork(lastAt)}, #${seq} to #${lastSeq}, ${times} times the same`;
  return {
    lines: [
      `${symbol} in ${slot}: ${what}`,
      span,
      ...(waits ? [CONFIRMATION] : []),
      ...trace.flatMap((one, index) => {
        const [first = "", ...rest] = traceLines(one);
        return [`${String(index + 1).padStart(2)}  ${first}`, ...rest];
      }),
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
  /** Of strategies without one: how their first look of that day ended, later. */
  readonly later: readonly Look[];
  /** How often each stage stopped a look that day, until then. */
  readonly counts: readonly { readonly strategy: string; readonly stage: string; readonly count: number }[];
}

/** How far a number was from passing; nothing where the reason is a state. */
const missedBy = ({ actual, limit, unit }: Look): string =>
  actual === null || limit === null
    ? ""
    : `, ${figure(Math.abs(actual - limit))} ${unit} ${actual > limit ? "too much" : "short"}`;

const stepLine = ({ stage, verdict, reason, actual, limit, distance, unit }: FunnelStep): string => {
  const numbers = actual === undefined ? "" : `: ${againstLimit(actual, limit ?? null, unit ?? "")}`;
  const left = distance === undefined || verdict !== "passed" ? "" : `, ${figure(distance)} to spare`;
  return `      ${stage} ${verdict}${numbers}${left}${reason === undefined ? "" : ` (${reason})`}`;
};

const lookLines = (look: Look): readonly string[] => {
  const numbers = againstLimit(look.actual, look.limit, look.unit);
  const said = `${look.reason}${numbers === "" ? "" : ` (${numbers}${missedBy(look)})`}`;
  const ended = look.stage === "" ? `${look.ended} ${said}` : `${look.ended} at ${look.stage}: ${said}`;
  const { refused } = look;
  return [
    `${formatNewYork(look.at)}  ${look.strategy} ${ended}`,
    ...look.passed.map(stepLine),
    ...(refused === null
      ? []
      : [
          `      ${refused.count} contracts refused${refused.named.length === 0 ? "" : `: ${refused.named.map(({ contract, reason }) => `${contract} ${reason}`).join("; ")}`}`,
        ]),
  ];
};

/** Why nothing was entered in a symbol at an instant, from what is kept of the looks. */
export const explainWhyNot = (decisions: Decisions, session: Session, symbol: string, at: EpochMs): Explanation<WhyNot> => {
  const day = newYorkDay(at);
  const looks = decisions.looksBefore(symbol, at).filter((look) => newYorkDay(look.at) === day);
  const last = new Map<string, Look>();
  const counts = new Map<string, { strategy: string; stage: string; count: number }>();
  for (const look of looks) {
    if (!last.has(look.strategy)) last.set(look.strategy, look);
    if (look.stage === "") continue;
    const key = `${look.strategy} ${look.stage}`;
    const counted = counts.get(key) ?? { strategy: look.strategy, stage: look.stage, count: 0 };
    counts.set(key, { ...counted, count: counted.count + 1 });
  }
  const later = new Map<string, Look>();
  for (const look of decisions.looksAfter(symbol, at))
    if (newYorkDay(look.at) === day && !last.has(look.strategy) && !later.has(look.strategy)) later.set(look.strategy, look);
  const mode = session.modeAt(at) ?? null;
  const sorted = [...counts.values()].sort((a, b) => b.count - a.count || (a.stage < b.stage ? -1 : 1));
  const lines = [
    `Why no entry in ${symbol} at ${stamp(at)}`,
    mode === null
      ? "the mode at that time is not known here"
      : `mode ${mode.mode}${mode.reason === "" ? "" : `: ${mode.reason}`} since ${stamp(mode.at)}`,
    ...(last.size === 0
      ? [`no strategy had ended a look at ${symbol} on ${day} by then`]
      : [...last.values()].flatMap(lookLines)),
    ...(later.size === 0 ? [] : ["the first look of that day ended later:", ...[...later.values()].flatMap(lookLines)]),
    ...(sorted.length === 0
      ? []
      : [`that day until then: ${sorted.map(({ strategy, stage, count }) => `${strategy} ${stage} ${count}×`).join(", ")}`]),
  ];
  return { lines, document: { symbol, at, mode, looks: [...last.values()], later: [...later.values()], counts: sorted } };
};
