/**
 * One order's life as one timeline: what was wanted, denied or approved, journaled, sent, what the broker said, and what was filled.
 * The words and figures of a single life; which steps belong to it is the business of orders.ts.
 */
import type { Leg } from "../domain/contract.ts";
import type { OrderIntent, OrderOutcome } from "../domain/events/actors.ts";
import type { BrokerOrderStatus } from "../domain/events/broker.ts";
import type { JsonObject } from "../domain/json.ts";
import { type EpochMs, type Money, moneyUnits, notional, type Price, priceUnits, roundHalfAway } from "../domain/units.ts";
import { isTakenBack } from "./lot.ts";
import { contractName, structureName } from "./words.ts";

/** What a moment is about: our own decisions and gate, the journal and the wire, the broker, executions, the end. */
export type MomentKind = "intent" | "gate" | "price" | "wire" | "broker" | "fill" | "fee" | "doubt" | "end";
export interface Moment {
  readonly seq: number;
  readonly at: EpochMs;
  readonly kind: MomentKind;
  /** The fact, input or effect it comes from. */
  readonly source: string;
  readonly text: string;
  readonly detail: JsonObject;
}
export interface OrderFill {
  readonly seq: number;
  readonly at: EpochMs;
  readonly execId: string;
  readonly conId: number;
  readonly name: string;
  readonly quantity: number;
  readonly price: Price;
  readonly multiplier: number;
}

/** The mid that the order was decided at, and where it comes from. */
export interface DecisionMid {
  readonly mid: Price;
  readonly from: "candidate" | "firstPricing";
}

/** Everything of an order but its moments: a row of a list. */
export interface OrderSummary {
  readonly intentId: string;
  readonly orderRef: string;
  readonly owner: string;
  readonly purpose: OrderIntent["purpose"];
  readonly symbol: string;
  readonly name: string;
  readonly quantity: number;
  readonly urgency: OrderIntent["urgency"];
  readonly reducing: boolean;
  readonly maxLoss: Money;
  readonly intendedAt: EpochMs;
  readonly intendedSeq: number;
  readonly lastAt: EpochMs;
  readonly lastSeq: number;
  readonly orderId?: number;
  readonly permId?: number;
  readonly status?: BrokerOrderStatus;
  /** The net limit price at the broker or on its way there. */
  readonly limit?: Price;
  readonly decisionMid?: DecisionMid;
  /** When the first placement left, and in which epoch. */
  readonly sentAt?: EpochMs;
  readonly doubted: boolean;
  readonly fills: number;
  readonly commissions: Money;
  /** Average net price of a unit as traded; absent while nothing is filled or the legs are out of ratio. */
  readonly filledPrice?: Price;
  /** filledPrice − mid at decision: positive was paid, per unit. */
  readonly slippage?: Price;
  readonly outcome?: OrderOutcome;
  readonly filledUnits?: number;
  readonly reason?: string;
}
export interface OrderTimeline extends OrderSummary {
  readonly legs: readonly { readonly name: string; readonly ratio: number }[];
  readonly executions: readonly OrderFill[];
  readonly moments: readonly Moment[];
}

/** A bound on one life's moments: an exit may be repriced for hours. The newest of the middle are dropped, said once. */
const MOMENTS_KEPT = 1_000;

export type FoldedLife = OrderLife["folded"];

export class OrderLife {
  readonly intent: OrderIntent;
  readonly intendedAt: EpochMs;
  readonly intendedSeq: number;
  #moments: Moment[] = [];
  #fills: OrderFill[] = [];
  #fees = new Map<string, Money>();
  orderId: number | undefined;
  permId: number | undefined;
  status: BrokerOrderStatus | undefined;
  limit: Price | undefined;
  decisionMid: DecisionMid | undefined;
  sentAt: EpochMs | undefined;
  doubted = false;
  ended: { readonly outcome: OrderOutcome; readonly filledUnits: number; readonly reason: string } | undefined;
  #dropped = 0;

  constructor(intent: OrderIntent, at: EpochMs, seq: number) {
    this.intent = intent;
    this.intendedAt = at;
    this.intendedSeq = seq;
  }

  /** The life that was folded. */
  static unfolded(kept: FoldedLife): OrderLife {
    const life = new OrderLife(kept.intent, kept.intendedAt, kept.intendedSeq);
    life.#take(kept);
    return life;
  }

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return {
      intent: this.intent,
      intendedAt: this.intendedAt,
      intendedSeq: this.intendedSeq,
      moments: this.#moments,
      fills: this.#fills,
      fees: this.#fees,
      dropped: this.#dropped,
      orderId: this.orderId,
      permId: this.permId,
      status: this.status,
      limit: this.limit,
      decisionMid: this.decisionMid,
      sentAt: this.sentAt,
      doubted: this.doubted,
      ended: this.ended,
    };
  }

  #take(kept: FoldedLife): void {
    ({
      moments: this.#moments,
      fills: this.#fills,
      fees: this.#fees,
      dropped: this.#dropped,
      orderId: this.orderId,
      permId: this.permId,
      status: this.status,
      limit: this.limit,
      decisionMid: this.decisionMid,
      sentAt: this.sentAt,
      doubted: this.doubted,
      ended: this.ended,
    } = kept);
  }

  tell(moment: Moment): void {
    if (this.#moments.length >= MOMENTS_KEPT) {
      this.#moments.splice(MOMENTS_KEPT - 200, 1);
      this.#dropped++;
    }
    this.#moments.push(moment);
  }

  fill(fill: OrderFill): void {
    this.#fills.push(fill);
  }

  charge(execId: string, amount: Money): void {
    this.#fees.set(execId, amount);
  }

  get fills(): readonly OrderFill[] {
    return this.#fills;
  }

  get #commissions(): Money {
    let total = 0;
    for (const amount of this.#fees.values()) total += amount;
    return moneyUnits(total);
  }

  get summary(): OrderSummary {
    const { intent } = this;
    const last = this.#moments.at(-1);
    const filledPrice = averageNetPrice(intent.legs, this.#fills);
    const slippage =
      filledPrice === undefined || this.decisionMid === undefined ? undefined : priceUnits(filledPrice - this.decisionMid.mid);
    return {
      intentId: intent.intentId,
      orderRef: intent.orderRef,
      owner: intent.owner,
      purpose: intent.purpose,
      symbol: intent.symbol,
      name: structureName(intent.symbol, intent.legs),
      quantity: intent.quantity,
      urgency: intent.urgency,
      reducing: intent.reducing,
      maxLoss: intent.maxLoss,
      intendedAt: this.intendedAt,
      intendedSeq: this.intendedSeq,
      lastAt: last?.at ?? this.intendedAt,
      lastSeq: last?.seq ?? this.intendedSeq,
      doubted: this.doubted,
      fills: this.#fills.reduce((count, { execId }) => count + (isTakenBack(execId) ? -1 : 1), 0),
      commissions: this.#commissions,
      ...(this.orderId === undefined ? {} : { orderId: this.orderId }),
      ...(this.permId === undefined ? {} : { permId: this.permId }),
      ...(this.status === undefined ? {} : { status: this.status }),
      ...(this.limit === undefined ? {} : { limit: this.limit }),
      ...(this.decisionMid === undefined ? {} : { decisionMid: this.decisionMid }),
      ...(this.sentAt === undefined ? {} : { sentAt: this.sentAt }),
      ...(filledPrice === undefined ? {} : { filledPrice }),
      ...(slippage === undefined ? {} : { slippage }),
      ...(this.ended ?? {}),
    };
  }

  get timeline(): OrderTimeline {
    const legs = this.intent.legs.map(({ contract, ratio }) => ({ name: contractName(contract), ratio }));
    return { ...this.summary, legs, executions: [...this.#fills], moments: this.#told() };
  }

  #told(): readonly Moment[] {
    const first = this.#moments[MOMENTS_KEPT - 201];
    if (this.#dropped === 0 || first === undefined) return [...this.#moments];
    const gap: Moment = { ...first, source: "", text: `… ${this.#dropped} moments are only in the journal …`, detail: {} };
    return this.#moments.toSpliced(MOMENTS_KEPT - 200, 0, gap);
  }
}

/** Σ quantity × price over all fills, per whole unit of the structure; undefined when legs are out of ratio or nothing is filled. */
const averageNetPrice = (legs: readonly Leg[], fills: readonly OrderFill[]): Price | undefined => {
  const quantities = new Map<number, number>();
  let paid = moneyUnits(0);
  let multiplier = 1;
  for (const fill of fills) {
    quantities.set(fill.conId, (quantities.get(fill.conId) ?? 0) + fill.quantity);
    paid = moneyUnits(paid + notional(fill.price, fill.multiplier, fill.quantity));
    multiplier = fill.multiplier;
  }
  const each = legs.map(({ contract, ratio }) => (quantities.get(contract.conId) ?? 0) / ratio);
  const units = each[0] ?? 0;
  if (units === 0 || !each.every((n) => n === units)) return undefined;
  return priceUnits(roundHalfAway(paid / (units * multiplier)));
};
