/** What all rules are asked about at once: the facts, their values alone, and which of them are of no use. Pure. */
import type { Fact, FactName, PositionFacts } from "./rule.ts";

/** The values alone; undefined: unknown. One object for all rules: what a clause may see of it is the compiler's business. */
type Values = { readonly [Name in FactName]: unknown };
/** What all rules are asked about. `lacking`: facts that are unknown, and (`faulty`) numbers that are none; undefined: nothing is. */
export interface Question {
  readonly facts: PositionFacts;
  readonly values: Values;
  readonly lacking: ReadonlySet<FactName> | undefined;
  readonly faulty: ReadonlySet<FactName> | undefined;
  /** Facts that are known only from below; undefined: none is. */
  readonly bounded: ReadonlySet<FactName> | undefined;
}

const plain = (fact: Fact<unknown> | undefined): unknown => (fact as { readonly value?: unknown } | undefined)?.value;
/** Named one by one: a loop over names would cost more than all twelve rules. */
const valuesOf = (facts: PositionFacts): Values => ({
  shape: plain(facts.shape),
  adverse: plain(facts.adverse),
  units: plain(facts.units),
  reduced: plain(facts.reduced),
  unitProfit: plain(facts.unitProfit),
  unitBase: plain(facts.unitBase),
  unitCredit: plain(facts.unitCredit),
  unitDebit: plain(facts.unitDebit),
  unitMaxLoss: plain(facts.unitMaxLoss),
  campaignLoss: plain(facts.campaignLoss),
  rolls: plain(facts.rolls),
  peakPct: plain(facts.peakPct),
  sessionsToExpiry: plain(facts.sessionsToExpiry),
  daysToExpiry: plain(facts.daysToExpiry),
  minutesToClose: plain(facts.minutesToClose),
  minutesToActBy: plain(facts.minutesToActBy),
  assignment: plain(facts.assignment),
  hourFallPct: plain(facts.hourFallPct),
  hourRisePct: plain(facts.hourRisePct),
  ivJumpPct: plain(facts.ivJumpPct),
  ivSinceEntryPct: plain(facts.ivSinceEntryPct),
  ivPercentile: plain(facts.ivPercentile),
  ivPercentileAtEntry: plain(facts.ivPercentileAtEntry),
  vix: plain(facts.vix),
  vixAtEntry: plain(facts.vixAtEntry),
  regime: plain(facts.regime),
  unitDelta: plain(facts.unitDelta),
  unitGamma: plain(facts.unitGamma),
  unitVega: plain(facts.unitVega),
  breach: plain(facts.breach),
});
const isUsable = (value: unknown): boolean => (typeof value === "number" ? Number.isFinite(value) : value !== undefined);
const allUsable = (values: Values): boolean =>
  isUsable(values.shape) &&
  isUsable(values.adverse) &&
  isUsable(values.units) &&
  isUsable(values.reduced) &&
  isUsable(values.unitProfit) &&
  isUsable(values.unitBase) &&
  isUsable(values.unitCredit) &&
  isUsable(values.unitDebit) &&
  isUsable(values.unitMaxLoss) &&
  isUsable(values.campaignLoss) &&
  isUsable(values.rolls) &&
  isUsable(values.peakPct) &&
  isUsable(values.sessionsToExpiry) &&
  isUsable(values.daysToExpiry) &&
  isUsable(values.minutesToClose) &&
  isUsable(values.minutesToActBy) &&
  isUsable(values.assignment) &&
  isUsable(values.hourFallPct) &&
  isUsable(values.hourRisePct) &&
  isUsable(values.ivJumpPct) &&
  isUsable(values.ivSinceEntryPct) &&
  isUsable(values.ivPercentile) &&
  isUsable(values.ivPercentileAtEntry) &&
  isUsable(values.vix) &&
  isUsable(values.vixAtEntry) &&
  isUsable(values.regime) &&
  isUsable(values.unitDelta) &&
  isUsable(values.unitGamma) &&
  isUsable(values.unitVega) &&
  isUsable(values.breach);

/** What of a position may be seen in part: the moves of an hour. */
const boundedOf = ({ hourFallPct, hourRisePct }: PositionFacts): ReadonlySet<FactName> | undefined => {
  const isBounded = (fact: Fact<unknown>): boolean => (fact as { readonly atLeast?: string } | undefined)?.atLeast !== undefined;
  if (!isBounded(hourFallPct) && !isBounded(hourRisePct)) return undefined;
  return new Set([
    ...(isBounded(hourFallPct) ? (["hourFallPct"] as const) : []),
    ...(isBounded(hourRisePct) ? (["hourRisePct"] as const) : []),
  ]);
};

export const questionOf = (facts: PositionFacts): Question => {
  const values = valuesOf(facts);
  const bounded = boundedOf(facts);
  if (allUsable(values)) return { facts, values, lacking: undefined, faulty: undefined, bounded };
  const names = Object.keys(values) as FactName[];
  const lacking = new Set(names.filter((name) => values[name] === undefined));
  const faulty = new Set(names.filter((name) => values[name] !== undefined && !isUsable(values[name])));
  return { facts, values, lacking, faulty: faulty.size > 0 ? faulty : undefined, bounded };
};
