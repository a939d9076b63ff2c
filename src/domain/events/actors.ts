/**
 * What actors tell each other. Facts come down in the past tense, wishes go up to whoever decides; the kernel adds `now`
 * (market time) to every event on delivery.
 */
import type { StrategyConfig } from "../config.ts";
import type { Contract, Leg } from "../contract.ts";
import type { Denial } from "../denial.ts";
import type { Approval } from "../effects.ts";
import type { Prediction, PredictionOutcome } from "../facts.ts";
import type { JsonObject } from "../json.ts";
import type { Quote } from "../quote.ts";
import type { Regime } from "../regime/regime.ts";
import type { PositionGreeks } from "../risk/greeks.ts";
import type { EpochMs, Money, Price } from "../units.ts";
import type { BrokerOrder } from "./broker.ts";

/** Every delivered event carries the market time of its step. */
export interface Timed {
  readonly now: EpochMs;
}

// ── the gateway session ────────────────────────────────────────────────────────────────────────────────────────────────
export type SessionAnnouncement =
  /** Announced on topic.session: reconciled, orders may go out. */
  | { readonly type: "session.readied"; readonly epoch: number; readonly account: string; readonly clientId: number }
  /** Announced on topic.session: the epoch is over or in doubt; nothing that adds risk may be sent. */
  | { readonly type: "session.unreadied"; readonly epoch: number; readonly reason: string };

export type OrderIdEvent =
  | { readonly type: "orderId.requested"; readonly replyTo: string; readonly orderRef: string }
  /** Two fresh ids: IB consumes the id of a what-if, so the order itself has another. */
  | {
      readonly type: "orderId.assigned";
      readonly orderId: number;
      readonly whatIfId: number;
      readonly epoch: number;
      readonly account: string;
      /** Order ids belong to clients: another client's order may have the same. */
      readonly clientId: number;
    }
  | { readonly type: "orderId.refused"; readonly reason: string };

/** From the kernel to the actor that spoke an effect: its id, its name and its params. */
interface Answered {
  readonly effect: string;
  readonly name: string;
  readonly params: JsonObject;
}
export type EffectAnswer =
  | (Answered & { readonly type: "effect.written"; readonly epoch: number })
  /** It certainly did not leave. */
  | (Answered & { readonly type: "effect.refused"; readonly reason: string })
  /** An order that may or may not have left before a crash or a lost epoch. */
  | (Answered & { readonly type: "effect.unconfirmed" });

// ── reconciliation ─────────────────────────────────────────────────────────────────────────────────────────────────────
/** The names of differences. `missingHere`: a position that only the broker knows, and so somebody else's. */
export type DiscrepancyKind =
  | "missingHere"
  | "missingThere"
  | "quantity"
  | "averageCost"
  | "assigned"
  | "expired"
  | "unknownOrder"
  | "unknownExecution"
  | "archivedOrder"
  | "cash";
/**
 * What follows from a difference: *adopt* takes the broker's quantity into our books, as an adoption and never as a fill; *quarantine* stops
 * the slots that hold the contract, the engine goes on; *halt* latches; *reduce* lets nothing add risk while it stands; *report* is said.
 */
export type DiscrepancyPolicy = "adopt" | "quarantine" | "halt" | "reduce" | "report";
/** A difference between the broker's truth and ours, by name. The default policy never invents a fill. */
export interface Discrepancy {
  readonly kind: DiscrepancyKind;
  /** The contract, the orderRef or the execId. */
  readonly subject: string;
  /** Contracts; dollars for `averageCost` and `cash`. Null: one side has no such figure. */
  readonly ours: number | null;
  readonly theirs: number | null;
  readonly conId?: number;
  /** The slots that hold the contract, by address. */
  readonly slots?: readonly string[];
  readonly policy?: DiscrepancyPolicy;
}
export type ReconciliationEvent =
  /** From the session: a connection stands whose truth is not known yet. */
  | { readonly type: "reconciliation.requested"; readonly epoch: number; readonly account: string; readonly reason: string }
  /** From a saga that lost sight of its order. Without a session nothing is asked; the next one begins with a reconciliation. */
  | { readonly type: "reconciliation.wanted"; readonly reason: string }
  /**
   * Announced on topic.session when every answer of one epoch has ended: the broker's orders of ours, open and completed.
   * `startedAt` tells whether the asking began after an order went out of sight.
   */
  | {
      readonly type: "reconciliation.completed";
      readonly epoch: number;
      readonly startedAt: EpochMs;
      readonly orders: readonly BrokerOrder[];
      readonly discrepancies: readonly Discrepancy[];
      readonly netLiquidation?: Money;
      readonly cash?: Money;
    }
  | { readonly type: "reconciliation.failed"; readonly epoch: number; readonly reason: string };

/** From the reconciler to a slot: the broker's records contradict what it believes to hold. */
export type SlotDispute = { readonly type: "position.disputed"; readonly reason: string };

// ── orders ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export type Urgency = "immediate" | "high" | "normal" | "low";

/** What an actor wants done: one structure, a number of units, and how fast. The saga does the rest. */
export interface OrderIntent {
  readonly intentId: string;
  readonly orderRef: string;
  /** The address of the slot it works for. */
  readonly owner: string;
  /** A *roll* closes the old legs and opens the new ones in one combo: it adds risk like an entry, and gives up like one. */
  readonly purpose: "entry" | "exit" | "reduce" | "roll";
  readonly symbol: string;
  /** Legs as they are to be traded: an exit has the reversed legs of the position. */
  readonly legs: readonly Leg[];
  readonly quantity: number;
  readonly urgency: Urgency;
  /** Only reduces risk: exempt from breakers and the entry gate. */
  readonly reducing: boolean;
  /** Worst loss of the whole order as an opening trade, multiplier included; zero for exits. */
  readonly maxLoss: Money;
  /** Tick of the net price. */
  readonly tick: Price;
  /** Width of the structure: no exit pays more than this, no entry credit exceeds it. */
  readonly width: Price;
  /** Rolls: what is held when all of it is filled, for the gate's portfolio; absent is unknown. */
  readonly greeks?: PositionGreeks;
  /** Entries: the worst net price that is still acceptable (a credit is negative: no fill above this). */
  readonly worstPrice?: Price;
}

export type OrderOutcome = "filled" | "cancelled" | "rejected" | "denied" | "expired" | "notAtBroker";

/** From the saga to its owner and to the reconciler's ledger. `quantity` is signed: what the account gained of the contract. */
export type OrderProgress =
  | {
      readonly type: "leg.filled";
      readonly orderRef: string;
      readonly execId: string;
      readonly contract: Contract;
      readonly quantity: number;
      readonly price: Price;
      readonly at: EpochMs;
    }
  /** A correction replaces an earlier execution of the same family: the difference is told as its own fill. */
  | { readonly type: "commission.charged"; readonly orderRef: string; readonly execId: string; readonly amount: Money }
  | {
      readonly type: "order.ended";
      readonly orderRef: string;
      readonly purpose: OrderIntent["purpose"];
      readonly outcome: OrderOutcome;
      /** Whole units of the structure that were filled. */
      readonly filledUnits: number;
      readonly reason: string;
    }
  /** The saga lost sight of its order and asks the broker; nothing else may be sent for the same purpose meanwhile. */
  | { readonly type: "order.doubted"; readonly orderRef: string; readonly reason: string };

/** From the owner to its saga. */
export type OrderWish =
  | { readonly type: "order.abandon"; readonly reason: string }
  | { readonly type: "order.escalate"; readonly urgency: Urgency };

/** From each saga to the engine, which archives a day's sagas when all of them have ended (K9). */
export type SagaEvent =
  | { readonly type: "saga.began"; readonly path: string }
  | { readonly type: "saga.ended"; readonly path: string };

// ── the risk gate and the breakers ─────────────────────────────────────────────────────────────────────────────────────
export type GateEvent =
  | {
      readonly type: "slot.requested";
      readonly replyTo: string;
      readonly strategy: string;
      readonly symbol: string;
      readonly maxLoss: Money;
      readonly quantity: number;
      /** Its loss has no bound: `maxLoss` is a stress loss. */
      readonly undefinedRisk?: boolean;
      /** Of the whole order as it would stand when filled; absent is unknown. */
      readonly greeks?: PositionGreeks;
      readonly spot?: Price;
      readonly portfolioWhenUnknown?: "deny" | "skip";
    }
  /** `unmeasured`: what of the portfolio was not known, and let pass as the strategy's configuration says. */
  | { readonly type: "slot.granted"; readonly slot: string; readonly unmeasured?: string }
  | { readonly type: "entry.denied"; readonly denial: Denial }
  | { readonly type: "slot.released"; readonly slot: string }
  | {
      readonly type: "approval.requested";
      readonly replyTo: string;
      readonly orderRef: string;
      readonly slot: string;
      readonly reducing: boolean;
      readonly purpose?: OrderIntent["purpose"];
      /** Of a roll: what the slot comes to hold; absent is unknown. */
      readonly greeks?: PositionGreeks;
      readonly maxLoss: Money;
      readonly quantity: number;
      /** From the what-if; absent is unknown, and unknown is denied for orders that add risk. */
      readonly initialMarginAfter?: Money;
    }
  | { readonly type: "order.approved"; readonly approval: Approval }
  | { readonly type: "order.denied"; readonly denial: Denial }
  /** The broker keeps more than one order of it: this much may be lost when all of them fill. */
  | { readonly type: "exposure.grown"; readonly orderRef: string; readonly slot: string; readonly maxLoss: Money }
  /** From a slot, at most once in ten seconds: what it holds now is worth in Greeks; null is unknown. */
  | {
      readonly type: "exposure.valued";
      readonly slot: string;
      readonly symbol: string;
      readonly greeks: PositionGreeks | null;
      readonly spot: Price | null;
    }
  /** To the slot that adds most to a breached limit of the portfolio; `limit` null: it is cured. */
  | {
      readonly type: "portfolio.breached";
      readonly limit: string | null;
      readonly actual: number;
      readonly allowed: number;
      readonly unit: string;
      readonly since: EpochMs;
      /** Neither breached nor cured: the portfolio cannot be measured any more, and why. */
      readonly unknown?: string;
    }
  /** The order can no longer fill: whatever exposure was reserved for its unfilled part is free. */
  | { readonly type: "exposure.released"; readonly orderRef: string; readonly slot: string; readonly heldMaxLoss: Money };

export type BreakerState = "armed" | "tripped" | "probing";
export type BreakerEvent =
  | { readonly type: "failure.observed"; readonly kind: string; readonly orderRef: string; readonly detail: string }
  | { readonly type: "success.observed"; readonly orderRef: string }
  | { readonly type: "breaker.changed"; readonly scope: string; readonly state: BreakerState; readonly reason: string };

// ── the engine ─────────────────────────────────────────────────────────────────────────────────────────────────────────
export type EngineMode = "recovering" | "reconciling" | "trading" | "reducing" | "halted" | "draining";
export type ModeAnnouncement = { readonly type: "mode.changed"; readonly mode: EngineMode; readonly reason: string };

// ── market data lines ──────────────────────────────────────────────────────────────────────────────────────────────────
/** Lower comes first: held legs, then underlyings and futures, then entry candidates, then the rest. */
export type LinePriority = 1 | 2 | 3 | 4;
export type LineEvent =
  | { readonly type: "line.requested"; readonly holder: string; readonly contract: Contract; readonly priority: LinePriority }
  | { readonly type: "line.released"; readonly holder: string; readonly conId: number }
  /** All lines of one holder at once. */
  | { readonly type: "lines.released"; readonly holder: string }
  /** To each holder: the line will not come, and why. */
  | { readonly type: "line.lost"; readonly conId: number; readonly reason: string };

/** Between the pool of lines, which alone spends the budget, and the queue of contracts that have no line of their own. */
export type SnapshotEvent =
  /** To the queue: so many snapshots may be under way at once, and these held legs have no line. Told when it changes. */
  | { readonly type: "lines.spared"; readonly spare: number; readonly heldWaiting: readonly Contract[] }
  /** To the pool. */
  | { readonly type: "snapshot.requested"; readonly contract: Contract }
  /** To the queue: it streams, so nothing needs to be asked. */
  | { readonly type: "snapshot.spared"; readonly conId: number }
  /** To the queue: its line was needed, or there is none. */
  | { readonly type: "snapshot.evicted"; readonly conId: number }
  /** To the pool: this one was given up, whatever comes. */
  | { readonly type: "snapshot.abandoned"; readonly conId: number };

/** Between the queue and its shelves. */
export type ShelfEvent =
  /** To a shelf: every contract that it is to hold from now on. */
  | { readonly type: "shelf.filled"; readonly contracts: readonly Contract[] }
  /** To a shelf: one more, or one less. */
  | { readonly type: "shelf.changed"; readonly contract: Contract; readonly held: boolean }
  /** To a shelf: ask for at most so many of those that are due. */
  | { readonly type: "turn.given"; readonly count: number }
  /** To the queue: which were asked for, whether the shelf's end was reached, and when the next is due (null: none is). */
  | {
      readonly type: "turn.taken";
      readonly shelf: number;
      readonly conIds: readonly number[];
      readonly ended: boolean;
      readonly dueAt: EpochMs | null;
    }
  /** To a shelf. `retryAt`: when it may be asked again; `dead`: it counts as failed until then. */
  | { readonly type: "entry.refreshed"; readonly conId: number }
  | { readonly type: "entry.failed"; readonly conId: number; readonly retryAt: EpochMs; readonly dead: boolean }
  | { readonly type: "entry.returned"; readonly conId: number }
  /** To a shelf: ask for this one now, whoever's turn it is. */
  | { readonly type: "entry.recalled"; readonly conId: number }
  /** To a shelf: nothing is under way any more; and a wish to be told how many are in which state. */
  | { readonly type: "shelf.calmed" }
  | { readonly type: "shelf.asked" }
  | ({ readonly type: "shelf.told"; readonly shelf: number } & Tally);

/** How a number of queue entries stand. `oldestAt`: the oldest refresh among those that are not failed; null when one never was. */
export interface Tally {
  readonly waiting: number;
  readonly refreshing: number;
  readonly done: number;
  readonly failed: number;
  readonly oldestAt: EpochMs | null;
}

/** From the pool to the session: the streams that are dead though the connection lives, by name. Told when it changes. */
export type FeedEvent = { readonly type: "feeds.told"; readonly epoch: number; readonly stalled: readonly string[] };

// ── entries ────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A structure found on real quotes, ready to be sent. */
export interface Candidate {
  readonly strategy: string;
  readonly symbol: string;
  readonly underlying: Contract;
  readonly legs: readonly Leg[];
  readonly quantity: number;
  /** Net mid at the decision (credit negative) and the natural price. */
  readonly mid: Price;
  readonly natural: Price;
  readonly width: Price;
  /** Worst loss of one unit, multiplier included. */
  readonly unitMaxLoss: Money;
  readonly tick: Price;
  readonly shortDeltas: { readonly put?: number; readonly call?: number };
  readonly daysToExpiry: number;
  readonly atmVol?: number;
  readonly spot: Price;
  /** The worst net price that is still acceptable: natural, or the least credit wanted. `unitMaxLoss` is reckoned with it. */
  readonly worstPrice?: Price;
  // Absent in candidates of earlier builds:
  readonly kind?: StrategyConfig["kind"];
  /** Its loss has no bound: `unitMaxLoss` is what the tail shocks would cost, `width` the price of the underlying. */
  readonly undefinedRisk?: boolean;
  /** ln(forward / spot) a year, from the parity of its expiry: how later forwards are told from later spots. */
  readonly carry?: number;
  /** Of one unit. */
  readonly greeks?: PositionGreeks;
  readonly prediction?: Prediction;
  /** What the market was like when it was chosen. */
  readonly weather?: EntryWeather;
  /** The VIX index, whose quotes its slot follows. */
  readonly vix?: Contract;
  /** Its options may be exercised before expiry, and settle in shares. */
  readonly american?: boolean;
  /** It goes on with what a closed position of this strategy began. */
  readonly campaign?: Campaign;
}
/** Null is unknown. */
export interface EntryWeather {
  readonly regime: Regime | null;
  /** Index points. */
  readonly vix: number | null;
  readonly iv30: number | null;
  readonly ivPercentile: number | null;
  readonly ivRank: number | null;
}
/** Positions that follow each other by rolls: what the earlier ones lost in all (a gain counts as none), and how many rolls there were. */
export interface Campaign {
  readonly loss: Money;
  readonly rolls: number;
}
export type EntryEvent =
  /** `quotes`: the newest of the legs, so that the slot need not wait for its own lines. */
  | { readonly type: "entry.intended"; readonly candidate: Candidate; readonly quotes?: readonly Quote[] }
  /** From the slot to its strategy: the entry came to nothing, or the position is gone. */
  | { readonly type: "slot.freed"; readonly slot: string; readonly reason: string }
  | { readonly type: "slot.opened"; readonly slot: string }
  /** From a slot to its strategy: what would the same structure be at the roll's expiry? One answer follows, in the same look's manner. */
  | { readonly type: "roll.requested"; readonly slot: string; readonly legs: readonly Leg[]; readonly quantity: number }
  | { readonly type: "roll.offered"; readonly slot: string; readonly candidate: Candidate; readonly quotes: readonly Quote[] }
  | { readonly type: "roll.declined"; readonly slot: string; readonly reason: string }
  /** From a slot to its strategy, with `slot.freed`: enter again at once, in the roll's expiry, if it is worth it. */
  | { readonly type: "campaign.continued"; readonly slot: string; readonly campaign: Campaign };

// ── predictions ────────────────────────────────────────────────────────────────────────────────────────────────────────
/** How the scores of one kind of strategy in one regime are weighted, and what they were learnt from. */
export interface LearntWeight {
  readonly kind: string;
  readonly regime: Regime;
  readonly weight: number;
  readonly count: number;
}
export type PredictionEvent =
  /** From a slot that is flat. */
  | {
      readonly type: "prediction.settled";
      readonly slot: string;
      readonly kind: string;
      readonly symbol: string;
      readonly regime: Regime | null;
      readonly prediction: Prediction;
      readonly outcome: PredictionOutcome;
    }
  | { readonly type: "weights.asked"; readonly replyTo: string }
  | { readonly type: "weights.told"; readonly weights: readonly LearntWeight[] };

// ── operator ───────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Commands enter by the inbox. `by` is who gave it, `from` the channel (cli, api, file, signal). */
interface Commanded {
  readonly by: string;
  readonly from: "cli" | "api" | "file" | "signal";
  readonly reason: string;
}
export type OperatorEvent =
  | (Commanded & { readonly type: "operator.pause" })
  | (Commanded & { readonly type: "operator.resume" })
  | (Commanded & { readonly type: "operator.halt" })
  | (Commanded & { readonly type: "operator.rearm"; readonly scope: string })
  /** The broker's quantity of a contract counts from now on; `subject` as the difference names it. */
  | (Commanded & { readonly type: "operator.adopt"; readonly subject: string })
  /** On one alert, by its id (`alerts/7`): somebody has seen it; it is over; it is of no interest until it has been over. */
  | (Commanded & {
      readonly type: "operator.acknowledge" | "operator.resolve" | "operator.dismiss";
      readonly alertId: string;
    });
