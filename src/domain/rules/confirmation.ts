/**
 * When a rule that fires may act. A price can flicker, so a rule that follows the price acts only after it has fired in two
 * evaluations some seconds apart, with none in between that passed, and never in the opening minutes of a session; rules of
 * the clock act at once. Which rule acts is still a matter of priority: the most severe of those that may.
 */
import type { RulesConfig } from "../config.ts";
import type { Decision, RuleTrace } from "../facts.ts";
import type { EpochMs } from "../units.ts";
import { decisionBy, RULES } from "./index.ts";
import type { Rule } from "./rule.ts";

/** Since when a rule has been firing, and when it last was seen to. */
export interface Firing {
  readonly since: EpochMs;
  readonly last: EpochMs;
}
export type Firings = { readonly [rule: string]: Firing };

/** An evaluation that could not be made neither confirms nor clears, but after this long the rule begins anew. */
export const FORGET_AFTER_MS = 60_000;

/** The firings after one more evaluation. `quiet`: the opening minutes, in which nothing is confirmed but by the clock. */
export const noteFirings = (
  before: Firings,
  trace: readonly RuleTrace[],
  now: EpochMs,
  quiet: boolean,
  rules: readonly Rule[] = RULES,
): Firings => {
  const after: Record<string, Firing> = {};
  for (const { rule, verdict } of trace) {
    if (quiet && rules.find(({ name }) => name === rule)?.byTheClock !== true) continue;
    const known = before[rule];
    const current = known !== undefined && now - known.last <= FORGET_AFTER_MS ? known : undefined;
    if (verdict === "fired") after[rule] = { since: current?.since ?? now, last: now };
    else if (verdict === "unknown" && current !== undefined) after[rule] = current;
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
  const acting = rules.find((rule) => {
    const firing = firings[rule.name];
    if (firing === undefined || firing.last !== now) return false;
    return rule.byTheClock || now - firing.since >= config.confirmSeconds * 1_000;
  });
  return acting === undefined ? undefined : decisionBy(acting, config);
};
