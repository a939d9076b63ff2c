/**
 * All exit rules, most severe first: the position in this list is the priority. A new rule is one file, one line here and one test.
 *
 * The first that fires decides; all are asked, so that the trace tells what each saw and how far it is from firing.
 */
import type { RulesConfig } from "../config.ts";
import type { Decision, RuleTrace } from "../facts.ts";
import { catastrophe } from "./catastrophe.rule.ts";
import { deltaRisk } from "./delta-risk.rule.ts";
import { dteRoll } from "./dte-roll.rule.ts";
import { expiry } from "./expiry.rule.ts";
import { gammaRisk } from "./gamma-risk.rule.ts";
import { ivCrush } from "./iv-crush.rule.ts";
import { ivPercentile } from "./iv-percentile.rule.ts";
import { questionOf } from "./question.ts";
import type { Clause, PositionFacts, Rule } from "./rule.ts";
import { sessionEnd } from "./session-end.rule.ts";
import { singleLeg } from "./single-leg.rule.ts";
import { stopLoss } from "./stop-loss.rule.ts";
import { takeProfit } from "./take-profit.rule.ts";
import { asked } from "./trace.ts";
import { trailingStop } from "./trailing-stop.rule.ts";
import { vixExit } from "./vix-exit.rule.ts";

export const RULES: readonly Rule[] = [
  catastrophe, //   the market breaks
  stopLoss, //      the loss is as large as it may become
  expiry, //        the last sessions before assignment
  sessionEnd, //    nothing is held overnight, where so configured; not one of the twelve
  vixExit, //       fear has risen since the entry
  deltaRisk, //     it has become a bet on a direction
  gammaRisk, //     it becomes one at the next move
  trailingStop, //  most of a profit is gone again
  singleLeg, //     a leg without a hedge
  takeProfit, //    enough is earned
  ivCrush, //       what was sold has become cheap
  ivPercentile, //  and so has everything
  dteRoll, //       the time in which it earns is over
];

export interface Evaluation {
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
  /** Rules that broke: they fail closed, and the caller quarantines. */
  readonly broken: readonly string[];
}

/** The decision that a fired clause stands for. */
export const decisionBy = (rule: Rule, clause: Clause, config: RulesConfig): Decision => {
  const urgency = (clause.urgency ?? rule.urgency)(config);
  const { action, share, orClose } = clause.action?.(config) ?? { action: "close" as const };
  return {
    action,
    rule: rule.name,
    urgency,
    ...(share === undefined ? {} : { share }),
    ...(orClose === undefined ? {} : { orClose }),
  };
};

export const HOLD: Decision = { action: "hold", rule: "none", urgency: "low" };

/** Asks every rule about a position. */
export const evaluateRules = (facts: PositionFacts, config: RulesConfig, rules: readonly Rule[] = RULES): Evaluation => {
  const question = questionOf(facts);
  const trace: RuleTrace[] = [];
  const broken: string[] = [];
  let decision: Decision | undefined;
  for (const rule of rules) {
    const answer = asked(rule, question, config);
    trace.push(answer.trace);
    if (answer.broke) broken.push(rule.name);
    if (answer.fired !== undefined) decision ??= decisionBy(rule, answer.fired, config);
  }
  return { decision: decision ?? HOLD, trace, broken };
};
