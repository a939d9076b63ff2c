/**
 * The last look before an entry: were the position opened now, at the worst price that we accept, would a rule close it at
 * once? Such an entry only pays spreads. A position whose loss cannot be watched is not opened either.
 */
import type { RulesConfig } from "../config.ts";
import type { Candidate } from "../events/actors.ts";
import type { UnderlyingTold } from "../events/weather.ts";
import { multiplierOf } from "../payoff.ts";
import { entryOf } from "../pnl.ts";
import type { Regime } from "../regime/regime.ts";
import { evaluateRules, RULES } from "../rules/index.ts";
import { positionFacts } from "../rules/position-facts.ts";
import type { Fact } from "../rules/rule.ts";
import { markOf, type QuoteBook, quoteStructure } from "../structure-quote.ts";
import { type EpochMs, moneyUnits, type Price } from "../units.ts";
import { type Stopped, stopAt } from "./strategy.ts";

/** What is known around the newborn position. */
export interface Cradle {
  readonly quotes: QuoteBook;
  readonly rules: RulesConfig;
  readonly riskFreeRatePct: number;
  readonly spot: Fact<Price>;
  readonly vix: Fact<number>;
  readonly regime: Fact<Regime>;
  readonly underlying?: UnderlyingTold;
  readonly now: EpochMs;
}
/** `unknown`: a protective rule could not be asked, so whether the position would live is not known. */
export type Newborn =
  | { readonly verdict: "lives" }
  | { readonly verdict: "dies"; readonly stopped: Stopped }
  | { readonly verdict: "unknown"; readonly missing: string };

/** Asks all rules about the position that the candidate would become, filled at the worst price that is accepted. */
export const newborn = (candidate: Candidate, cradle: Cradle): Newborn => {
  const { legs } = candidate;
  const { quotes, rules, riskFreeRatePct, spot, vix, regime, underlying, now } = cradle;
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
    units: candidate.quantity,
    reduced: false,
    peakPct: null,
    campaign: candidate.campaign ?? { loss: moneyUnits(0), rolls: 0 },
    ...(candidate.weather === undefined ? {} : { atEntry: candidate.weather }),
    american: candidate.american ?? true,
    ...(candidate.carry === undefined ? {} : { carry: candidate.carry }),
    riskFreeRatePct,
    quotes,
    spot,
    vix,
    regime,
    ...(underlying === undefined ? {} : { underlying }),
    // The gate speaks of the portfolio, and it is asked next.
    breach: { value: { limit: null, actual: 0, allowed: 0, unit: "", minutes: 0 }, source: "newborn", at: now },
    expiryActBy: rules.expiry.actBy,
  });
  const { decision, trace } = evaluateRules(facts, rules);
  const fired = trace.find(({ rule, verdict }) => decision.action !== "hold" && rule === decision.rule && verdict === "fired");
  if (fired !== undefined) {
    const { actual = null, threshold = null, unit = "", clause } = fired;
    const name = clause === undefined ? fired.rule : `${fired.rule}/${clause}`;
    const { stopped } = stopAt("newborn", `${name} would act on it at once`, { actual, limit: threshold, unit });
    return { verdict: "dies", stopped };
  }
  const blind = trace.find(
    ({ rule, verdict }) => verdict === "unknown" && RULES.some(({ name, protective }) => protective && name === rule),
  );
  if (blind === undefined) return { verdict: "lives" };
  const missing = blind.missing ?? blind.clauses?.flatMap((clause) => clause.missing ?? []) ?? [];
  return { verdict: "unknown", missing: `${blind.rule} could not watch it: ${missing.join(", ")}` };
};
