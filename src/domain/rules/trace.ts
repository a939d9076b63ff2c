/**
 * How a rule's clauses become one line of the trace. The rule fires when any of them does, also when another is unknown; none fired, it
 * is unknown when one is that concerns the position; else it passed, and its line shows the clause that was nearest to firing.
 *
 * A fact that is known only from below lets a clause fire, and keeps it from passing.
 *
 * A clause that throws, or that is given or compares with a number that is none, broke: it is unknown, and the caller quarantines.
 */
import type { RulesConfig } from "../config.ts";
import type { ClauseTrace, RuleTrace } from "../facts.ts";
import type { Question } from "./question.ts";
import { remoteness } from "./reading.ts";
import type { Clause, Fact, FactName, Known, PositionFacts, Rule } from "./rule.ts";

const assertReckonable = (actual: unknown, threshold: unknown, distance: unknown): void => {
  if (![actual, threshold, distance].every(Number.isFinite)) throw new RangeError(`it compared ${actual} with ${threshold}`);
};

/** Whether all are known. Throws when one is a number that is none: nothing may be read from it. */
const allKnown = (needs: readonly FactName[], { values, lacking, faulty }: Question): boolean => {
  if (lacking === undefined) return true;
  let known = true;
  for (let n = 0; n < needs.length; n++) {
    const name = needs[n] as FactName;
    if (lacking.has(name)) known = false;
    else if (faulty?.has(name) === true) throw new RangeError(`${name} is ${values[name]}`);
  }
  return known;
};

const missingOf = (needs: readonly FactName[], facts: PositionFacts): string[] =>
  needs.flatMap((name) => {
    const fact = facts[name] as Fact<unknown> | undefined;
    if (fact === undefined) return [`${name}: not told`];
    return "unknown" in fact ? [`${name}: ${fact.unknown}`] : [];
  });

const boundsOf = (needs: readonly FactName[], { facts, bounded }: Question): string[] =>
  needs.flatMap((name) => {
    const fact = facts[name] as { readonly atLeast?: string };
    return bounded?.has(name) === true ? [`${name}: ${fact.atLeast}`] : [];
  });

const unknown = (clause: string, missing: readonly string[]): ClauseTrace => ({ clause, verdict: "unknown", missing });

const lookedAt = (clause: Clause, question: Question, config: RulesConfig): ClauseTrace => {
  const { name, concerns, needs } = clause;
  const { values, facts } = question;
  if (concerns !== undefined) {
    if (!allKnown(concerns.needs, question)) return unknown(name, missingOf([...concerns.needs, ...needs], facts));
    if (!concerns.when(values as Known<FactName>, config)) return { clause: name, verdict: "notApplicable" };
  }
  if (!allKnown(needs, question)) return unknown(name, missingOf(needs, facts));
  const { actual, threshold, distance, unit } = clause.look(values as Known<FactName>, config);
  if (!Number.isFinite(actual + threshold + distance)) assertReckonable(actual, threshold, distance);
  // A figure that may be larger is enough to fire and not enough to pass.
  if (distance > 0 && question.bounded !== undefined) {
    const bounds = boundsOf(needs, question);
    if (bounds.length > 0) return unknown(name, bounds);
  }
  return { clause: name, verdict: distance <= 0 ? "fired" : "passed", actual, threshold, distance, unit };
};

export interface Asked {
  readonly trace: RuleTrace;
  /** The clause that fired. */
  readonly fired: Clause | undefined;
  readonly broke: boolean;
}

const asRead = (trace: ClauseTrace) => trace as Required<ClauseTrace>;
const nearest = (traces: readonly ClauseTrace[]): ClauseTrace | undefined => {
  let found: ClauseTrace | undefined;
  for (const trace of traces) {
    if (trace.verdict === "passed" && (found === undefined || remoteness(asRead(trace)) < remoteness(asRead(found))))
      found = trace;
  }
  return found;
};

const allMissing = (traces: readonly ClauseTrace[]): readonly string[] => [
  ...new Set(traces.flatMap(({ missing }) => missing ?? [])),
];

/** One rule's line in the trace, which of its clauses fired, and whether one broke. */
export const asked = (rule: Rule, question: Question, config: RulesConfig): Asked => {
  const clauses: ClauseTrace[] = [];
  let fired: Clause | undefined;
  let deciding: ClauseTrace | undefined;
  let isUnknown = false;
  let broke = false;
  for (const clause of rule.clauses) {
    let trace: ClauseTrace;
    try {
      trace = lookedAt(clause, question, config);
    } catch (error) {
      broke = true;
      trace = unknown(clause.name, [`the rule failed: ${error instanceof Error ? error.message : String(error)}`]);
    }
    clauses.push(trace);
    if (trace.verdict === "unknown") isUnknown = true;
    else if (trace.verdict === "fired" && fired === undefined) {
      fired = clause;
      deciding = trace;
    }
  }
  deciding ??= isUnknown ? undefined : nearest(clauses);
  return { trace: lineOf(rule.name, clauses, deciding, isUnknown), fired, broke };
};

const lineOf = (
  rule: string,
  clauses: readonly ClauseTrace[],
  deciding: ClauseTrace | undefined,
  isUnknown: boolean,
): RuleTrace => {
  const several = clauses.length > 1;
  if (deciding !== undefined) {
    const { clause, verdict, actual, threshold, distance, unit } = asRead(deciding);
    return several
      ? { rule, verdict, actual, threshold, distance, unit, clause, clauses }
      : { rule, verdict, actual, threshold, distance, unit };
  }
  if (isUnknown) {
    const missing = allMissing(clauses);
    return several ? { rule, verdict: "unknown", missing, clauses } : { rule, verdict: "unknown", missing };
  }
  return several ? { rule, verdict: "notApplicable", clauses } : { rule, verdict: "notApplicable" };
};
