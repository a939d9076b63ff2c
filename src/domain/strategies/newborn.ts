/**
 * The last look before an entry: were the position opened now, at the worst price that we accept, would a rule close it at
 * once? Such an entry only pays spreads. A position whose loss cannot be watched is not opened either.
 */
import type { RulesConfig } from "../config.ts";
import type { Candidate } from "../events/actors.ts";
import { multiplierOf } from "../payoff.ts";
import { entryOf } from "../pnl.ts";
import { evaluateRules, RULES } from "../rules/index.ts";
import { positionFacts } from "../rules/position-facts.ts";
import { markOf, type QuoteBook, quoteStructure } from "../structure-quote.ts";
import { type EpochMs, moneyUnits } from "../units.ts";
import { type Stopped, stopAt } from "./strategy.ts";

/** Why the newborn position would not live, or undefined. */
export const newbornFault = (candidate: Candidate, quotes: QuoteBook, rules: RulesConfig, now: EpochMs): Stopped | undefined => {
  const { legs } = candidate;
  const bought = {
    orderRef: "newborn",
    conId: 0,
    quantity: 1,
    price: candidate.worstPrice ?? candidate.natural,
    multiplier: multiplierOf(legs),
  };
  const facts = positionFacts({
    legs,
    entry: entryOf(legs, 1, [bought]),
    entryFees: moneyUnits(0),
    mark: markOf(legs, quoteStructure(legs, quotes)),
    now,
  });
  const { decision, trace } = evaluateRules(facts, rules);
  const fired = trace.find(({ rule, verdict }) => decision.action !== "hold" && rule === decision.rule && verdict === "fired");
  if (fired !== undefined) {
    const { actual = null, threshold = null, unit = "" } = fired;
    return stopAt("newborn", `${fired.rule} would close it at once`, { actual, limit: threshold, unit }).stopped;
  }
  const blind = trace.find(
    ({ rule, verdict }) => verdict === "unknown" && RULES.some(({ name, protective }) => protective && name === rule),
  );
  return blind && stopAt("newborn", `${blind.rule} could not watch it: ${blind.missing?.join(", ")}`).stopped;
};
