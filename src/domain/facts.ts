/**
 * What actors make known (XState `emit`): the closed list of facts that the read side sees. Projections, the terminal's story,
 * `explain` and the dashboard are folds of these and of transitions; nothing else.
 */
import type { Contract, Leg } from "./contract.ts";
import type { Denial } from "./denial.ts";
import type { Approval, OrderTicket } from "./effects.ts";
import type { BreakerState, Candidate, Discrepancy, EngineMode, OrderIntent, OrderOutcome, Urgency } from "./events/actors.ts";
import type { AlertState, Severity } from "./events/alerts.ts";
import type { BrokerOrderStatus, MarginImpact } from "./events/broker.ts";
import type { RegimeInputs, UnderlyingTold } from "./events/weather.ts";
import type { Quote } from "./quote.ts";
import type { Regime } from "./regime/regime.ts";
import type { PositionGreeks } from "./risk/greeks.ts";
import type { EpochMs, Money, Price, TradingDay } from "./units.ts";

/** How one rule saw one position. `distance` is what is left until it fires, in `unit`; absent when unknown. */
export interface RuleTrace {
  readonly rule: string;
  readonly verdict: "fired" | "passed" | "unknown" | "notApplicable";
  /** For unknown: what was missing or stale. */
  readonly missing?: readonly string[];
  readonly actual?: number;
  readonly threshold?: number;
  readonly distance?: number;
  readonly unit?: string;
  /** Which of the rule's thresholds decided, when it has several: the nearest to firing among those that are known. */
  readonly clause?: string;
  /** All of its thresholds, when it has several. */
  readonly clauses?: readonly ClauseTrace[];
}
export type ClauseTrace = Omit<RuleTrace, "rule" | "clauses"> & { readonly clause: string };

export interface Decision {
  readonly action: "hold" | "close" | "reduce" | "roll";
  /** The rule that decided; `none` when all passed. */
  readonly rule: string;
  readonly urgency: Urgency;
  /** Of a reduction: how much of what is held is closed, 0 to 1. */
  readonly share?: number;
  /** Of a roll that is due: what cannot be rolled is closed. */
  readonly orClose?: boolean;
}

/** One stage of an entry: what a candidate showed, what was asked, and how far it was from the limit (0 or less: not passed). */
export interface FunnelStep {
  readonly stage: string;
  readonly verdict: "passed" | "stopped" | "skipped";
  readonly reason?: string;
  readonly actual?: number;
  readonly limit?: number;
  readonly distance?: number;
  readonly unit?: string;
}
/** Contracts of a chain that cannot be used, by name: stub bids, crossed quotes, holes, strikes of an adjusted contract. */
export interface RefusedContracts {
  readonly count: number;
  /** The first few. */
  readonly named: readonly { readonly contract: string; readonly reason: string }[];
}
/** What was expected of a position when it was entered. Shares, not percent; `score` 0 to 100, before and after the learnt weight. */
export interface Prediction {
  /** That it ends with a profit. */
  readonly probability: number;
  /** Profit after costs over the worst loss. */
  readonly expectedReturn: number;
  readonly rewardToRisk: number;
  readonly rawScore: number;
  readonly weight: number;
  readonly score: number;
}
/** Scored at the exit. `returnOnRisk`: profit after costs over the worst loss at entry. */
export interface PredictionOutcome {
  readonly won: boolean;
  readonly returnOnRisk: number;
}

export type EngineFact =
  | { readonly type: "engine.modeChanged"; readonly mode: EngineMode; readonly reason: string }
  | { readonly type: "account.valued"; readonly account: string; readonly netLiquidation?: Money; readonly cash?: Money }
  | { readonly type: "session.readied"; readonly epoch: number; readonly account: string }
  | { readonly type: "session.lost"; readonly epoch: number; readonly reason: string }
  | { readonly type: "account.refused"; readonly accounts: readonly string[]; readonly reason: string }
  /** The account's login may not trade: IB's "Read-Only API" is ticked. */
  | { readonly type: "session.readOnly"; readonly epoch: number; readonly text: string }
  /** `foreign`: how many positions of the account are in contracts that we do not hold; only the first few are among the discrepancies. */
  | {
      readonly type: "reconciliation.completed";
      readonly epoch: number;
      readonly discrepancies: readonly Discrepancy[];
      readonly foreign?: number;
    }
  /** The broker's quantity counts from now on: `quantity` is the signed change of our books. No fill: it has no price. */
  | {
      readonly type: "position.adopted";
      readonly account: string;
      readonly contract: Contract;
      readonly quantity: number;
      readonly ours: number;
      readonly theirs: number;
      readonly kind: Discrepancy["kind"];
      /** `policy`, or who ordered it. */
      readonly by: string;
      readonly reason: string;
    }
  /** On each change and at each close. Null is unknown, and `unknown` says why. `gaps`: sessions that the figures had to do without. */
  | {
      readonly type: "regime.assessed";
      readonly regime: Regime | null;
      readonly since: TradingDay | null;
      readonly raw: Regime | null;
      readonly asOf: TradingDay | null;
      readonly unknown: string;
      readonly inputs: RegimeInputs;
      readonly gaps: readonly string[];
    }
  | { readonly type: "breaker.changed"; readonly scope: string; readonly state: BreakerState; readonly reason: string }
  | {
      readonly type: "future.tracked";
      readonly root: string;
      readonly contract: Contract;
      readonly last: Price;
      readonly bid: Price | null;
      readonly ask: Price | null;
    }
  /** Once a minute while the market is open. Null is unknown; changes are shares of the earlier price of the same contract. */
  | {
      readonly type: "future.sampled";
      readonly root: string;
      readonly contract: Contract;
      readonly phase: string;
      readonly isFront: boolean;
      readonly bid: Price | null;
      readonly ask: Price | null;
      readonly last: Price | null;
      readonly volume: number | null;
      readonly openInterest: number | null;
      readonly impliedVol: number | null;
      readonly change1h: number | null;
      readonly change4h: number | null;
      readonly changeOvernight: number | null;
      readonly changeDay: number | null;
    }
  | {
      readonly type: "lines.counted";
      readonly leased: number;
      readonly waiting: number;
      readonly limit: number;
      /** Lines on which a snapshot is under way, and lines that still cool after a cancel. */
      readonly snapshots?: number;
      readonly cooling?: number;
    }
  /** The contracts outside the lines, at most once in half a minute. `oldestAgeMs`: absent while one was never refreshed. */
  | {
      readonly type: "queue.counted";
      readonly waiting: number;
      readonly refreshing: number;
      readonly done: number;
      readonly failed: number;
      readonly oldestAgeMs?: number;
    }
  /** What the queue learnt, gathered over some seconds. */
  | { readonly type: "contracts.refreshed"; readonly quotes: readonly Quote[] }
  /** A stream that should tick does not, though the socket lives. `attempt` counts what was done about it. */
  | {
      readonly type: "feed.stalled";
      readonly conId: number;
      readonly name: string;
      readonly silentMs: number;
      readonly attempt: number;
    }
  | { readonly type: "feed.resumed"; readonly conId: number; readonly name: string }
  /** The session is ready, orders go out, and some market data are dead; empty: all are well again. */
  | { readonly type: "session.degraded"; readonly epoch: number; readonly reason: string };

/** The why-not funnel: each stage that stopped a candidate says the number that stopped it and what would have passed. */
export type EntryFact =
  | {
      readonly type: "candidate.stopped";
      readonly strategy: string;
      readonly symbol: string;
      readonly stage: string;
      readonly reason: string;
      readonly actual: number | null;
      readonly limit: number | null;
      readonly unit: string;
      /** The stages before it, and what the chain had that cannot be used. */
      readonly passed?: readonly FunnelStep[];
      readonly refused?: RefusedContracts;
    }
  /** A filter that the data could not feed and that this run's config lets pass. */
  | {
      readonly type: "filter.skipped";
      readonly strategy: string;
      readonly symbol: string;
      readonly filter: string;
      readonly missing: string;
    }
  | {
      readonly type: "candidate.found";
      readonly candidate: Candidate;
      readonly passed?: readonly FunnelStep[];
      readonly refused?: RefusedContracts;
    }
  | { readonly type: "entry.denied"; readonly strategy: string; readonly symbol: string; readonly denial: Denial };

export type SlotFact =
  | {
      readonly type: "slot.opened";
      readonly slot: string;
      readonly strategy: string;
      readonly symbol: string;
      readonly legs: readonly Leg[];
      readonly quantity: number;
      /** Net price paid per unit, exact average of the leg fills (credit negative). */
      readonly netPrice: Price;
      readonly unitMaxLoss: Money;
      readonly kind?: string;
      readonly prediction?: Prediction;
      /** The regime at entry; null when it was not known. */
      readonly regime?: Regime | null;
    }
  /** A part was closed. `units` are left. */
  | {
      readonly type: "slot.reduced";
      readonly slot: string;
      readonly symbol: string;
      readonly rule: string;
      readonly closed: number;
      readonly units: number;
    }
  /** The same position later: new legs for the old ones, for `net` a unit (a credit is negative). `campaignLoss`: of all units until now. */
  | {
      readonly type: "slot.rolled";
      readonly slot: string;
      readonly strategy: string;
      readonly symbol: string;
      readonly from: readonly Leg[];
      readonly legs: readonly Leg[];
      readonly quantity: number;
      /** Of the roll itself, and of the new legs alone: what a unit of them was bought for. */
      readonly net: Price;
      readonly netPrice: Price;
      readonly unitMaxLoss: Money;
      /** What the old legs made, fees included. */
      readonly profit: Money;
      readonly campaignLoss: Money;
    }
  /** A roll was due, and why it was not made. */
  | {
      readonly type: "roll.declined";
      readonly slot: string;
      readonly symbol: string;
      readonly reason: string;
      readonly net: Price | null;
    }
  /** At most one a second per slot. `mark` and `profit` are absent when the structure cannot be priced, and `unknown` says why. */
  | {
      readonly type: "slot.marked";
      readonly slot: string;
      readonly symbol: string;
      readonly mark?: Price;
      /** Net of fees paid so far; what closing at the mark would leave, before the closing fees. */
      readonly profit?: Money;
      /** profit / base. */
      readonly profitShare?: number;
      readonly spot?: Price;
      /** Of the whole position; absent when a leg has none. */
      readonly greeks?: PositionGreeks;
      readonly unknown?: string;
    }
  | {
      readonly type: "decision.made";
      readonly slot: string;
      readonly symbol: string;
      readonly decision: Decision;
      readonly trace: readonly RuleTrace[];
    }
  | {
      readonly type: "slot.closed";
      readonly slot: string;
      readonly strategy: string;
      readonly symbol: string;
      readonly rule: string;
      readonly profit: Money;
      readonly fees: Money;
      readonly heldMs: number;
      readonly kind?: string;
      readonly prediction?: Prediction;
      readonly outcome?: PredictionOutcome;
      readonly regime?: Regime | null;
    }
  | { readonly type: "slot.quarantined"; readonly slot: string; readonly reason: string };

/** What the watcher of an underlying learnt: once a survey, and once a day. */
export type UnderlyingFact = { readonly type: "underlying.measured"; readonly told: UnderlyingTold };

/** A prediction met its outcome. Errors are of the return on risk; `weight` is what the pair of kind and regime has from now on. */
export type PredictionFact = {
  readonly type: "prediction.scored";
  readonly slot: string;
  readonly kind: string;
  readonly symbol: string;
  readonly regime: Regime | null;
  readonly prediction: Prediction;
  readonly outcome: PredictionOutcome;
  readonly error: number;
  readonly count: number;
  readonly meanAbsoluteError: number;
  readonly meanSquaredError: number;
  readonly weight: number;
};

export type OrderFact =
  | { readonly type: "order.intended"; readonly intent: OrderIntent }
  | { readonly type: "order.whatIfAnswered"; readonly orderRef: string; readonly impact: MarginImpact }
  | { readonly type: "order.approved"; readonly orderRef: string; readonly approval: Approval }
  | { readonly type: "order.denied"; readonly orderRef: string; readonly denial: Denial }
  /** First transmission or a new price; `mid` and `natural` as they stood. */
  | {
      readonly type: "order.priced";
      readonly orderRef: string;
      readonly ticket: OrderTicket;
      readonly modify: boolean;
      readonly mid?: Price;
      readonly natural?: Price;
    }
  | {
      readonly type: "order.statusChanged";
      readonly orderRef: string;
      readonly status: BrokerOrderStatus;
      readonly permId: number;
    }
  | { readonly type: "order.errored"; readonly orderRef: string; readonly code: number; readonly text: string }
  | { readonly type: "order.doubted"; readonly orderRef: string; readonly reason: string }
  | { readonly type: "order.resolved"; readonly orderRef: string; readonly as: string }
  | {
      readonly type: "fill.booked";
      readonly orderRef: string;
      readonly execId: string;
      readonly contract: Contract;
      /** Signed. */
      readonly quantity: number;
      readonly price: Price;
      readonly at: EpochMs;
    }
  | { readonly type: "commission.booked"; readonly orderRef: string; readonly execId: string; readonly amount: Money }
  | {
      readonly type: "order.ended";
      readonly orderRef: string;
      readonly purpose: OrderIntent["purpose"];
      readonly outcome: OrderOutcome;
      readonly filledUnits: number;
      readonly reason: string;
    };

/** *repeated*: said again while it stands; *reopened*: it had been over; *worsened*: said again, and more severe. */
export type AlertChange =
  | "raised"
  | "repeated"
  | "reopened"
  | "worsened"
  | "escalated"
  | "acknowledged"
  | "resolved"
  | "dismissed";
export interface AlertFact {
  readonly type: "alert.changed";
  /** The alert's address, `alerts/7`. */
  readonly alertId: string;
  readonly change: AlertChange;
  readonly state: AlertState;
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  /** The address of whoever raised it last. */
  readonly source: string;
  readonly rule?: string;
  readonly symbol?: string;
  readonly slot?: string;
  /** When it changed; since when it stands; when it was raised last. */
  readonly at: EpochMs;
  readonly raisedAt: EpochMs;
  readonly lastAt: EpochMs;
  /** How often it was raised in all, and how often after it had been over. */
  readonly times: number;
  readonly reopened: number;
  /** Who acknowledged, resolved or dismissed it and why, or what became of the condition. */
  readonly reason: string;
}

export type ConfigFact = { readonly type: "config.taken"; readonly build: string; readonly day: TradingDay };

export type CaretakerFact =
  | UnderlyingFact
  | PredictionFact
  | EngineFact
  | EntryFact
  | SlotFact
  | OrderFact
  | ConfigFact
  | AlertFact;
