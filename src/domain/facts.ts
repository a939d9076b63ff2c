/**
 * What actors make known (XState `emit`): the closed list of facts that the read side sees. Projections, the terminal's story,
 * `explain` and the dashboard are folds of these and of transitions; nothing else.
 */
import type { Contract, Leg } from "./contract.ts";
import type { Denial } from "./denial.ts";
import type { Approval, OrderTicket } from "./effects.ts";
import type { BreakerState, Candidate, Discrepancy, EngineMode, OrderIntent, OrderOutcome, Urgency } from "./events/actors.ts";
import type { BrokerOrderStatus, MarginImpact } from "./events/broker.ts";
import type { Quote } from "./quote.ts";
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
  /** Which of the rule's thresholds decided, when it has several. */
  readonly clause?: string;
}

export interface Decision {
  readonly action: "hold" | "close" | "reduce";
  /** The rule that decided; `none` when all passed. */
  readonly rule: string;
  readonly urgency: Urgency;
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
    }
  /** A filter that the data could not feed and that this run's config lets pass. */
  | {
      readonly type: "filter.skipped";
      readonly strategy: string;
      readonly symbol: string;
      readonly filter: string;
      readonly missing: string;
    }
  | { readonly type: "candidate.found"; readonly candidate: Candidate }
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
    }
  | { readonly type: "slot.quarantined"; readonly slot: string; readonly reason: string };

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

export type ConfigFact = { readonly type: "config.taken"; readonly build: string; readonly day: TradingDay };

export type CaretakerFact = EngineFact | EntryFact | SlotFact | OrderFact | ConfigFact;
