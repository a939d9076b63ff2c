/**
 * The configuration as actors receive it with `run.started`: plain JSON, checked once at the border by the schema in
 * config-schema.ts, units in key names.
 */
import type { DiscrepancyPolicy, Urgency } from "./events/actors.ts";

export interface StrategyConfig {
  readonly name: string;
  readonly kind: "iron-condor";
  readonly symbol: string;
  readonly underlyingSecType: "STK";
  readonly exchange: string;
  readonly primaryExchange?: string;
  readonly enabled: boolean;
  readonly quantity: number;
  readonly entry: {
    /** New York wall time `HH:MM`; entries are sought in [from, to) of a session. */
    readonly from: string;
    readonly to: string;
    /** Wait after an entry, a denial or a stop before looking again. */
    readonly cooldownSeconds: number;
    readonly dteMin: number;
    readonly dteTarget: number;
    readonly dteMax: number;
    readonly shortDelta: number;
    /** Wings as a share of spot, rounded to a listed strike. */
    readonly wingWidthPct: number;
    readonly minCreditPctOfWidth: number;
    readonly maxSpreadPctOfWidth: number;
    readonly minOpenInterest: number;
  };
  readonly filters: {
    readonly vix: { readonly maxVix: number; readonly whenUnknown: "deny" | "skip" };
    readonly ivHistory: { readonly minIvPercentile: number; readonly minDays: number; readonly whenUnknown: "deny" | "skip" };
  };
}

export interface RulesConfig {
  readonly stopLoss: { readonly creditMultiplePct: number; readonly maxLossPct: number; readonly urgency: Urgency };
  readonly expiry: { readonly sessionsBefore: number; readonly urgency: Urgency };
  readonly takeProfit: { readonly targetPct: number; readonly urgency: Urgency };
  /** Closes everything some minutes before the session's end; off unless enabled. */
  readonly sessionEnd: { readonly enabled: boolean; readonly minutesBeforeClose: number; readonly urgency: Urgency };
  /** Thresholds that close need two evaluations at least this far apart. */
  readonly confirmSeconds: number;
  /** None but the catastrophe rule acts in the first minutes of a session. */
  readonly openingQuietMinutes: number;
}

export interface LimitsConfig {
  readonly maxLossPerPositionPct: number;
  readonly maxLossTotalPct: number;
  readonly maxOrderContracts: number;
  readonly maxMarginPct: number;
  readonly slots: number;
}

/** What follows from each named difference with the broker, and how much of one is none. */
export interface ReconciliationConfig {
  readonly missingHere: DiscrepancyPolicy;
  readonly missingThere: DiscrepancyPolicy;
  readonly quantity: DiscrepancyPolicy;
  readonly averageCost: DiscrepancyPolicy;
  readonly assigned: DiscrepancyPolicy;
  readonly expired: DiscrepancyPolicy;
  readonly unknownOrder: DiscrepancyPolicy;
  readonly unknownExecution: DiscrepancyPolicy;
  readonly archivedOrder: DiscrepancyPolicy;
  readonly cash: DiscrepancyPolicy;
  /** IB's average cost has commissions in it. */
  readonly averageCostTolerancePct: number;
  /** For a contract of multiplier 100; less in proportion for smaller ones. */
  readonly averageCostToleranceDollars: number;
  readonly cashToleranceDollars: number;
}

/** Known troubles of the connection. */
export interface ConnectionConfig {
  /** IB Gateway's own nightly restart, New York time `HH:MM`: a loss within it is expected and quiet. */
  readonly restartFrom: string;
  readonly restartMinutes: number;
  /** How often another session may take this one's place within half an hour before we stop trying. */
  readonly takeovers: number;
}

/** IB's market data lines: how many, and who gets them. Times are market time. */
export interface LinesConfig {
  /** Never more at once: streams, snapshots, and lines that still cool. */
  readonly max: number;
  /** Kept free of snapshots, so that a newcomer of better priority need not wait for one to end. */
  readonly reserve: number;
  /** So many position slots stream their legs; those of the others are refreshed from the queue. */
  readonly streamingSlots: number;
  /** A line is kept so long before another of the rest takes its turn. */
  readonly keepSeconds: number;
  /** After a cancel a line counts as used so long, because IB may still count it. */
  readonly coolingSeconds: number;
  /** A stream that should tick and has not for so long is dead; an index, or a future by night, is given longer. */
  readonly stallSeconds: number;
  /** The queue asks for at most so many snapshots a second, */
  readonly snapshotsPerSecond: number;
  /** for each contract at most once in so long, */
  readonly refreshSeconds: number;
  /** and for a held leg that waits for a line. */
  readonly heldRefreshSeconds: number;
}

export interface EngineConfig {
  readonly mode: "simulated" | "paper" | "live";
  /** From the identity record of the state directory: whose account, and which installation's orders these are. */
  readonly account: string;
  readonly installation: string;
  readonly lines: LinesConfig;
  readonly strategies: readonly StrategyConfig[];
  readonly rules: RulesConfig;
  readonly limits: LimitsConfig;
  readonly orders: {
    readonly entryStepSeconds: number;
    readonly entryGiveUpSeconds: number;
    readonly whatIfTimeoutSeconds: number;
    readonly doubtAfterSeconds: number;
    readonly approvalSeconds: number;
  };
  readonly breaker: {
    readonly failures: number;
    readonly windowSeconds: number;
    readonly coolDownSeconds: number;
    readonly probes: number;
  };
  readonly futures: readonly ("ES" | "NQ" | "RTY")[];
  /** IB ticks only on change: how long a quote counts as fresh after its last tick. */
  readonly freshness: { readonly underlyingSeconds: number; readonly vixSeconds: number; readonly legMinutes: number };
  /** How long a look waits for answers and for first quotes, in market time. */
  readonly patience: { readonly answersSeconds: number; readonly quotesSeconds: number };
  readonly reconcileEverySeconds: number;
  /** Absent in configurations of earlier builds: then the defaults hold. */
  readonly reconciliation?: ReconciliationConfig;
  readonly connection?: ConnectionConfig;
  readonly riskFreeRatePct: number;
}
