/**
 * When a rule that fires may act. A price can flicker, so what follows prices acts only after it has fired in two evaluations some
 * seconds apart, with none in between that passed; what follows the clock acts at once. In the opening minutes of a session only rules
 * act that say so. Each clause is confirmed by itself: that a lesser one has long been firing says nothing for a greater one that
 * fires now. Which rule acts is still a matter of priority: the most severe of those that may.
 */
import type { RulesConfig } from "../config.ts";
import type { Decision, RuleTrace } from "../facts.ts";
import type { EpochMs } from "../units.ts";
import { decisionBy, RULES } from "./index.ts";
import { keyOf, type Rule } from "./rule.ts";

/** Since when a clause has been firing, and when it last was seen to. */
export interface Firing {
  readonly since: EpochMs;
  readonly last: EpochMs;
}
/** By rule, or `rule/clause` where a rule has several. */
export type Firings = { readonly [rule: string]: Firing };

/** An evaluation that could not be made neither confirms nor clears, but after this long the rule begins anew. */
export const FORGET_AFTER_MS = 60_000;

/** The firings after one more evaluation. `quiet`: the opening minutes. */
export const noteFirings = (
  before: Firings,
  trace: readonly RuleTrace[],
  now: EpochMs,
  quiet: boolean,
  rules: readonly Rule[] = RULES,
): Firings => {
  const after: Record<string, Firing> = {};
  const note = (key: string, verdict: RuleTrace["verdict"]): void => {
    const known = before[key];
    const current = known !== undefined && now - known.last <= FORGET_AFTER_MS ? known : undefined;
    if (verdict === "fired") after[key] = { since: current?.since ?? now, last: now };
    else if (verdict === "unknown" && current !== undefined) after[key] = current;
  };
  for (const { rule, verdict, clauses } of trace) {
    if (quiet && rules.find(({ name }) => name === rule)?.actsInOpening !== true) continue;
    if (clauses === undefined) note(rule, verdict);
    else for (const one of clauses) note(`${rule}/${one.clause}`, one.verdict);
  }
  return after;
};

/** What is to be done now, or undefined: the most severe rule that fires and may act. */
export const actingDecision = (
  firings: Firings,
  now: EpochMs,
  config: RulesConfig,
  rules: readonly Rule[] = RULES,
): Decision | undefined => {
  for (const rule of rules) {
    for (const clause of rule.clauses) {
      const firing = firings[keyOf(rule, clause)];
      if (firing === undefined || firing.last !== now) continue;
      const waitMs = (clause.confirms ?? rule.confirms) ? config.confirmSeconds * 1_000 : 0;
      if (now - firing.since >= waitMs) return decisionBy(rule, clause, config);
    }
  }
  return undefined;
};
