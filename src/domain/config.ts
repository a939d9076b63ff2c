/**
 * The configuration as actors receive it with `run.started`: plain JSON, checked once at the border by the schema in
 * config-schema.ts, units in key names.
 */
import type { Urgency } from "./events/actors.ts";

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

export interface EngineConfig {
  readonly mode: "simulated" | "paper" | "live";
  /** From the identity record of the state directory: whose account, and which installation's orders these are. */
  readonly account: string;
  readonly installation: string;
  readonly lines: { readonly max: number };
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
  readonly riskFreeRatePct: number;
}
