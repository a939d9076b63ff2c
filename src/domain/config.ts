/**
 * The configuration as actors receive it with `run.started`: plain JSON, checked once at the border by the schema in
 * config-schema.ts, units in key names.
 */
import type { DiscrepancyPolicy, Urgency } from "./events/actors.ts";
import type { Regime } from "./regime/regime.ts";
import type { RegimeConfig } from "./regime/thresholds.ts";

/** What a stage of the entry does with what it cannot know. */
export type WhenUnknown = "deny" | "skip";

/** A leg of a custom structure, or of a single-leg position. Exactly one of `delta`, `strike` and `offsetPoints` says where. */
export interface LegConfig {
  readonly right: "C" | "P";
  /** Signed: +1 is one bought per unit, −2 two sold. */
  readonly ratio: number;
  /** |delta| wanted; the nearest listed strike is taken. */
  readonly delta?: number;
  /** In dollars. */
  readonly strike?: number;
  /** From the leg before it, in points; negative is lower. */
  readonly offsetPoints?: number;
}

export interface StrategyConfig {
  readonly name: string;
  readonly kind: "iron-condor" | "bull-put" | "bear-call" | "bull-call" | "bear-put" | "short-strangle" | "single-leg" | "custom";
  readonly symbol: string;
  readonly underlyingSecType: "STK" | "IND";
  readonly exchange: string;
  readonly primaryExchange?: string;
  /** Of the options; absent: the symbol. */
  readonly tradingClass?: string;
  readonly enabled: boolean;
  /** The most units of one entry; sizing may make it fewer. */
  readonly quantity: number;
  /** For `custom` and `single-leg`. */
  readonly legs?: readonly LegConfig[];
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
    /** Of the long leg of a debit vertical. */
    readonly longDelta?: number;
    /** Wings as a share of spot, rounded to a listed strike; `wingWidthPoints` instead, where it is set. */
    readonly wingWidthPct: number;
    readonly wingWidthPoints?: number;
    readonly minCreditPctOfWidth: number;
    /** Of debit structures. */
    readonly maxDebitPctOfWidth?: number;
    readonly maxSpreadPctOfWidth: number;
    readonly minOpenInterest: number;
    /** 0 to 100. */
    readonly minScore?: number;
  };
  readonly sizing?: {
    /** Worst loss of one position, as a share of equity, in a normal regime. */
    readonly maxLossPctOfEquity: number;
    /** Times that, by regime; 0 lets nothing in. */
    readonly regimeFactors: { readonly [R in Regime]: number };
  };
  readonly filters: {
    readonly vix: { readonly maxVix: number; readonly whenUnknown: WhenUnknown };
    readonly ivPercentile: { readonly minIvPercentile: number; readonly whenUnknown: WhenUnknown };
    readonly ivRank?: { readonly minIvRank: number; readonly whenUnknown: WhenUnknown };
    /** No entry in a crash, whatever is listed here. */
    readonly regime?: { readonly allowed: readonly Regime[]; readonly whenUnknown: WhenUnknown };
    readonly openInterest?: { readonly whenUnknown: WhenUnknown };
    readonly skew?: { readonly shiftAbovePct: number; readonly targetFactor: number; readonly maxShiftDelta: number };
    /** What would a rule say of the newborn position, when it cannot be asked? */
    readonly newborn?: { readonly whenUnknown: WhenUnknown };
    /** Greeks of the portfolio with all working orders. */
    readonly portfolio?: { readonly whenUnknown: WhenUnknown };
  };
}

/** The thresholds of the exit rules, each with its unit; the rules themselves are in src/domain/rules. */
export interface RulesConfig {
  readonly catastrophe: { readonly movePct: number; readonly ivJumpPct: number; readonly urgency: Urgency };
  readonly stopLoss: {
    readonly creditMultiplePct: number;
    readonly maxLossPct: number;
    readonly debitPct: number;
    /** Nearer to expiry than this many days, a smaller loss (percent of the base) is enough. */
    readonly acceleratedDays: number;
    readonly acceleratedLossPct: number;
    readonly urgency: Urgency;
  };
  readonly expiry: {
    readonly sessionsBefore: number;
    /** New York wall time `HH:MM` by which it acts (an early close: half an hour before it). */
    readonly actBy: string;
    readonly urgency: Urgency;
  };
  readonly vixExit: {
    readonly maxVix: number;
    readonly risePoints: number;
    readonly risePct: number;
    readonly urgency: Urgency;
  };
  readonly deltaRisk: {
    readonly condorDelta: number;
    readonly verticalDelta: number;
    readonly breachMinutes: number;
    readonly urgency: Urgency;
  };
  readonly gammaRisk: { readonly gamma: number; readonly days: number; readonly urgency: Urgency };
  readonly trailingStop: {
    readonly armPct: number;
    readonly keepPctOfPeak: number;
    /** A new peak counts from so much above the last one, percent of the base. */
    readonly minMovePct: number;
    readonly urgency: Urgency;
  };
  readonly singleLeg: {
    readonly profitPct: number;
    readonly lossPct: number;
    readonly days: number;
    readonly profitUrgency: Urgency;
    readonly lossUrgency: Urgency;
  };
  readonly takeProfit: {
    /** One target for every regime, percent of the base; absent: by regime. */
    readonly targetPct?: number;
    readonly targetsPct: { readonly [R in Regime]: number };
    /** At this share of the target a part is closed, once. */
    readonly partialAtPct: number;
    readonly partialClosePct: number;
    readonly urgency: Urgency;
  };
  readonly ivCrush: { readonly dropPct: number; readonly profitPct: number; readonly urgency: Urgency };
  readonly ivPercentile: {
    readonly below: number;
    readonly atEntry: number;
    readonly profitPct: number;
    readonly urgency: Urgency;
  };
  readonly dteRoll: {
    readonly fromDays: number;
    /** At so many days or fewer it is rolled or closed within the session. */
    readonly forceDays: number;
    readonly targetDays: number;
    readonly maxRolls: number;
    /** A loss beyond this share of the credit is not rolled. */
    readonly maxLossPctOfCredit: number;
    readonly urgency: Urgency;
    readonly forcedUrgency: Urgency;
  };
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
  /** Worst loss in one symbol, and in symbols that move together, percent of equity. */
  readonly maxLossPerSymbolPct?: number;
  readonly maxLossPerGroupPct?: number;
  /** Symbols that are one bet. */
  readonly groups?: readonly (readonly string[])[];
  /** Structures whose loss has no bound are denied unless this is true. */
  readonly allowUndefinedRisk?: boolean;
  /** What the whole portfolio may be, with every working or unknown order as if filled. */
  readonly portfolio?: PortfolioLimits;
}

export interface PortfolioLimits {
  /** Moves of a symbol for one of SPY. */
  readonly betas: { readonly [symbol: string]: number };
  /** Net delta, beta-weighted to SPY: share-equivalents per 100,000 USD of equity, either way. */
  readonly maxDeltaPer100k: number;
  /** Change of that delta for a move of SPY of 1 %, either way. */
  readonly maxGammaPer100k: number;
  readonly maxThetaPctPerDay: number;
  /** Loss of a rise of volatility by 10 points, percent of equity. */
  readonly maxVegaLossPct: number;
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

/** What becomes of alerts that nobody looks at. Times are market time. */
export interface AlertsConfig {
  /** Unacknowledged for so long, an alert becomes one step more severe, once; 0: never. */
  readonly escalateAfterMinutes: { readonly info: number; readonly warning: number };
  /** A resolved one is kept for so long. */
  readonly forgetAfterHours: number;
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
  /** The watchers of underlyings. Absent in configurations of earlier builds: then the defaults hold. */
  readonly volatility?: { readonly surveyMinutes: number; readonly minHistoryDays: number };
  /** How far learnt weights may bend a score. */
  readonly predictions?: { readonly minTrades: number; readonly lowestWeight: number; readonly highestWeight: number };
  readonly reconcileEverySeconds: number;
  /** Absent in configurations of earlier builds: then the defaults hold. */
  readonly reconciliation?: ReconciliationConfig;
  readonly connection?: ConnectionConfig;
  readonly regime?: RegimeConfig;
  readonly alerts?: AlertsConfig;
  readonly riskFreeRatePct: number;
}
