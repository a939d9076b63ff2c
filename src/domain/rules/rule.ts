/**
 * What a rule is: a name, the facts it needs, and a verdict with the numbers behind it.
 *
 * A fact may be unknown; then every rule that needs it is unknown too, and its trace says what was missing. A rule sees one
 * position at one instant; confirming over time, quiet minutes and orders are the slot's business.
 */
import type { RulesConfig } from "../config.ts";
import type { Urgency } from "../events/actors.ts";
import type { RuleTrace } from "../facts.ts";
import type { EpochMs, Money } from "../units.ts";

/** Something observed, with where it came from and when; or why it is not known. */
export type Fact<Value> = { readonly value: Value; readonly source: string; readonly at: EpochMs } | { readonly unknown: string };

/** What is known of a position when its rules are asked. Money is per unit of the structure. */
export interface PositionFacts {
  /** Made by one unit if closed at the mark, net of its entry fees; a loss is negative. */
  readonly unitProfit: Fact<Money>;
  /** What profits are a share of: the credit received, or what a debit can gain. */
  readonly unitBase: Fact<Money>;
  /** The credit received for one unit; 0 when it was bought for a debit. */
  readonly unitCredit: Fact<Money>;
  readonly unitMaxLoss: Fact<Money>;
  /** Sessions after today's, up to and including the expiry's. */
  readonly sessionsToExpiry: Fact<number>;
  /** Until the session in progress ends. */
  readonly minutesToClose: Fact<number>;
}
export type FactName = keyof PositionFacts;
type Value<Name extends FactName> = PositionFacts[Name] extends Fact<infer V> ? V : never;
export type Known<Name extends FactName> = { readonly [N in Name]: Value<N> };

/** How a rule saw known facts: it fires when nothing is left of `distance` (0 or less), or it does not concern this position. */
export type Verdict =
  | {
      readonly actual: number;
      readonly threshold: number;
      readonly distance: number;
      readonly unit: string;
      /** Which of the rule's thresholds decided, when it has several. */
      readonly clause?: string;
    }
  | "notApplicable";

export interface Rule<Name extends FactName = FactName> {
  readonly name: string;
  readonly needs: readonly Name[];
  /** It follows the clock, not the price: it needs no second look and acts in the opening minutes too. */
  readonly byTheClock: boolean;
  /** It limits losses: that it cannot be evaluated is worth an alert. */
  readonly protective: boolean;
  readonly urgency: (config: RulesConfig) => Urgency;
  readonly evaluate: (facts: Known<Name>, config: RulesConfig) => Verdict;
}

/** Lets the compiler see that a rule asks only for what it says it needs. */
export const defineRule = <Name extends FactName>(rule: Rule<Name>): Rule => rule as unknown as Rule;

/** Fires at or above the threshold. */
export const atLeast = (actual: number, threshold: number, unit: string): Exclude<Verdict, "notApplicable"> => ({
  actual,
  threshold,
  distance: threshold - actual,
  unit,
});

/** Fires at or below the threshold. */
export const atMost = (actual: number, threshold: number, unit: string): Exclude<Verdict, "notApplicable"> => ({
  actual,
  threshold,
  distance: actual - threshold,
  unit,
});

const missingOf = (rule: Rule, facts: PositionFacts): string[] =>
  rule.needs.flatMap((name) => {
    const fact = facts[name];
    return "unknown" in fact ? [`${name}: ${fact.unknown}`] : [];
  });

/** One rule's line in the trace, and whether the rule broke (threw, or gave a number that is none). */
export const traceOf = (rule: Rule, facts: PositionFacts, config: RulesConfig): { trace: RuleTrace; broke: boolean } => {
  const missing = missingOf(rule, facts);
  if (missing.length > 0) return { trace: { rule: rule.name, verdict: "unknown", missing }, broke: false };
  try {
    const known = Object.fromEntries(rule.needs.map((name) => [name, (facts[name] as { value: number }).value]));
    const verdict = rule.evaluate(known as Known<FactName>, config);
    if (verdict === "notApplicable") return { trace: { rule: rule.name, verdict }, broke: false };
    const { actual, threshold, distance } = verdict;
    if (![actual, threshold, distance].every(Number.isFinite)) throw new RangeError(`it compared ${actual} with ${threshold}`);
    return { trace: { rule: rule.name, verdict: distance <= 0 ? "fired" : "passed", ...verdict }, broke: false };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { trace: { rule: rule.name, verdict: "unknown", missing: [`the rule failed: ${reason}`] }, broke: true };
  }
};
