/**
 * What a rule is: a name, and the thresholds that it compares facts with: its clauses.
 *
 * A fact may be unknown; then every clause that needs it is unknown too, and never fires. A rule sees one position at one instant;
 * confirming over time and quiet minutes are in confirmation.ts, orders are the slot's business.
 */
import type { RulesConfig } from "../config.ts";
import type { Urgency } from "../events/actors.ts";
import type { Decision } from "../facts.ts";
import type { Regime } from "../regime/regime.ts";
import type { EpochMs, Money } from "../units.ts";
import type { Reading } from "./reading.ts";

/** Something observed, with where it came from and when; or why it is not known. */
export type Fact<Value> =
  | {
      readonly value: Value;
      readonly source: string;
      readonly at: EpochMs;
      /** Why the true figure may be larger: enough for a threshold to fire, not enough for it to pass. */
      readonly atLeast?: string;
    }
  | { readonly unknown: string };

/** Which way the underlying must move to hurt: read off the payoff, not the name. What is long on both sides fears neither. */
export type Adverse = "fall" | "rise" | "either" | "neither";
/** What a rule may say of all positions of a kind: condors and strangles have two short sides, verticals two legs of one right. */
export type Shape = "condor" | "vertical" | "single" | "other";
/**
 * The American short leg that is nearest to being exercised, whether it pays already or not: `extrinsic` is what its holder would give
 * up, `gain` what he would get. USD a share; `none`: no leg has anything to gain.
 */
export interface AssignmentRisk {
  readonly kind: "none" | "dividend" | "carry";
  readonly leg: string;
  readonly extrinsic: number;
  readonly gain: number;
}
/** A portfolio limit that this position breaches more than any other. Null fields: nothing is breached. */
export interface Breach {
  readonly limit: string | null;
  readonly actual: number;
  readonly allowed: number;
  readonly unit: string;
  readonly minutes: number;
}

/** What is known of a position when its rules are asked. Money is per unit of the structure; percentages are whole numbers. */
export interface PositionFacts {
  readonly shape: Fact<Shape>;
  readonly adverse: Fact<Adverse>;
  /** Units still held, and whether a part was already closed for profit. */
  readonly units: Fact<number>;
  readonly reduced: Fact<boolean>;
  /** Made by one unit if closed at the mark, net of its entry fees; a loss is negative. */
  readonly unitProfit: Fact<Money>;
  /** What profits are a share of: the credit received, or what a debit can gain. */
  readonly unitBase: Fact<Money>;
  /** The credit received for one unit; 0 when it was bought for a debit. And the other way round. */
  readonly unitCredit: Fact<Money>;
  readonly unitDebit: Fact<Money>;
  readonly unitMaxLoss: Fact<Money | "unbounded">;
  /** What earlier positions of the same campaign lost, per unit entered, so that a reduction does not change it; 0 without a roll. */
  readonly campaignLoss: Fact<Money>;
  readonly rolls: Fact<number>;
  /** The greatest profit seen and confirmed, percent of base; null before one was. */
  readonly peakPct: Fact<number | null>;
  /** Sessions after today's, up to and including the expiry's. */
  readonly sessionsToExpiry: Fact<number>;
  /** Calendar days. */
  readonly daysToExpiry: Fact<number>;
  /** Until the session in progress ends; until rule 3 wants to have acted today (negative: past it). */
  readonly minutesToClose: Fact<number>;
  readonly minutesToActBy: Fact<number>;
  readonly assignment: Fact<AssignmentRisk>;
  /** The underlying against the extremes of the last 60 session minutes and, in the first hour, the prior close. Percent, ≥ 0. */
  readonly hourFallPct: Fact<number>;
  readonly hourRisePct: Fact<number>;
  /** 30-day implied volatility against the prior session's close, and against the entry. Percent of it. */
  readonly ivJumpPct: Fact<number>;
  readonly ivSinceEntryPct: Fact<number>;
  /** 0 to 100. */
  readonly ivPercentile: Fact<number>;
  readonly ivPercentileAtEntry: Fact<number>;
  /** Index points. */
  readonly vix: Fact<number>;
  readonly vixAtEntry: Fact<number>;
  readonly regime: Fact<Regime>;
  /** Of one unit, per contract: delta in shares per share, gamma of that per dollar, vega in USD per vol point. */
  readonly unitDelta: Fact<number>;
  readonly unitGamma: Fact<number>;
  readonly unitVega: Fact<number>;
  readonly breach: Fact<Breach>;
}
export type FactName = keyof PositionFacts;
type Value<Name extends FactName> = PositionFacts[Name] extends Fact<infer V> ? V : never;
export type Known<Name extends FactName> = { readonly [N in Name]: Value<N> };

/**
 * One of a rule's thresholds. `Name`: what it compares; `Concern`: what tells whether it concerns this position at all, so that what
 * does not concern it need not be known. Facts reach `when` and `look` only when all that they name are known.
 */
export interface Clause<Name extends FactName = FactName, Concern extends FactName = FactName> {
  /** In the trace and among the firings, where the rule has several. */
  readonly name: string;
  readonly concerns?: {
    readonly needs: readonly Concern[];
    readonly when: (facts: Known<Concern>, config: RulesConfig) => boolean;
  };
  readonly needs: readonly Name[];
  readonly look: (facts: Known<Name | Concern>, config: RulesConfig) => Reading;
  /** Where they differ from the rule's. */
  readonly confirms?: boolean;
  readonly urgency?: (config: RulesConfig) => Urgency;
  /** Absent: close. */
  readonly action?: (config: RulesConfig) => Action;
}
export type Action = Pick<Decision, "action" | "share" | "orClose">;

export interface Rule {
  readonly name: string;
  /** It follows prices, which flicker: it acts on two looks some seconds apart. Without it, at once. */
  readonly confirms: boolean;
  /** It acts in the opening minutes of a session too. */
  readonly actsInOpening: boolean;
  /** It limits losses: that it cannot be evaluated is worth an alert. */
  readonly protective: boolean;
  readonly urgency: (config: RulesConfig) => Urgency;
  /** The first that fires decides. */
  readonly clauses: readonly Clause[];
}

/** Lets the compiler see that a clause asks only for what it says it needs. */
export const clause = <Name extends FactName, Concern extends FactName = never>(one: Clause<Name, Concern>): Clause =>
  one as unknown as Clause;

/** Under which name firings of a clause are kept: the rule's own where it has only one. */
export const keyOf = (rule: Rule, { name }: Clause): string => (rule.clauses.length === 1 ? rule.name : `${rule.name}/${name}`);
