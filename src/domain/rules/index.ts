/**
 * All exit rules, most severe first: the position in this list is the priority. A new rule is one file and one line here.
 *
 * The first that fires decides; all are asked, so that the trace tells what each saw and how far it is from firing.
 */
import type { RulesConfig } from "../config.ts";
import type { Decision, RuleTrace } from "../facts.ts";
import { expiry } from "./expiry.rule.ts";
import { type PositionFacts, type Rule, traceOf } from "./rule.ts";
import { sessionEnd } from "./session-end.rule.ts";
import { stopLoss } from "./stop-loss.rule.ts";
import { takeProfit } from "./take-profit.rule.ts";

export const RULES: readonly Rule[] = [
  stopLoss, //    the loss is as large as it may become
  expiry, //      the last sessions before assignment
  sessionEnd, //  nothing is held overnight, where so configured
  takeProfit, //  enough is earned
];

export interface Evaluation {
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
  /** Rules that threw: they fail closed, and the caller quarantines. */
  readonly broken: readonly string[];
}

/** The decision that a fired rule stands for. */
export const decisionBy = (rule: Rule, config: RulesConfig): Decision => ({
  action: "close",
  rule: rule.name,
  urgency: rule.urgency(config),
});

export const HOLD: Decision = { action: "hold", rule: "none", urgency: "low" };

/** Asks every rule about a position. */
export const evaluateRules = (facts: PositionFacts, config: RulesConfig, rules: readonly Rule[] = RULES): Evaluation => {
  const asked = rules.map((rule) => ({ rule, ...traceOf(rule, facts, config) }));
  const fired = asked.find(({ trace }) => trace.verdict === "fired");
  return {
    decision: fired === undefined ? HOLD : decisionBy(fired.rule, config),
    trace: asked.map(({ trace }) => trace),
    broken: asked.filter(({ broke }) => broke).map(({ rule }) => rule.name),
  };
};
