/**
 * Orders by their intents: from each step, what belongs to which order's life. The words are those of order-moments.ts.
 *
 * A broker's message is matched as the router does it: by orderRef where IB sends one, else by permId, else by order id within our
 * own client id. Facts that only repeat the broker's message of the same step are not told twice.
 */
import type { Candidate, OrderIntent } from "../domain/events/actors.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Price } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { OrderLife, type OrderSummary, type OrderTimeline } from "./order-life.ts";
import { LIVES_KEPT, OrderLives } from "./order-lives.ts";
import {
  type EffectAnswered,
  INTENDED_AGAIN,
  type OrderFact,
  type Said,
  saidByBroker,
  saidOfAnswer,
  saidOfEffect,
  saidOfFact,
  saidOfIntent,
} from "./order-moments.ts";
import {
  effectsOf,
  factsOf,
  inputOf,
  type Projection,
  type SpokenEffect,
  type SpokenFact,
  type SpokenInput,
  timeOf,
} from "./spoken.ts";
import { contractName } from "./words.ts";

export interface OrdersView {
  /** Newest first. */
  readonly orders: readonly OrderSummary[];
  readonly open: number;
}

const CANDIDATES_KEPT = 32;

const legsKey = (symbol: string, legs: Candidate["legs"]): string =>
  `${symbol} ${legs.map(({ contract, ratio }) => `${ratio}x${contract.conId}`).join(" ")}`;
const orderRefIn = (effect: SpokenEffect): string | undefined => {
  switch (effect.type) {
    case "order.place":
    case "order.whatIf":
      return effect.params.ticket.orderRef;
    case "order.cancel":
      return effect.params.orderRef;
    default:
      return undefined;
  }
};

export class Orders implements Projection<OrdersView> {
  readonly #lives = new OrderLives();
  #candidates = new Map<string, Candidate>();
  #clientId: number | undefined;
  #open = 0;
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return {
      ...this.#lives.folded,
      candidates: this.#candidates,
      clientId: this.#clientId,
      open: this.#open,
      changedAt: this.changedAt,
    };
  }
  set folded(kept) {
    this.#lives.folded = kept;
    this.#candidates = kept.candidates;
    this.#clientId = kept.clientId;
    this.#open = kept.open;
    this.changedAt = kept.changedAt;
  }

  apply(step: Step): void {
    this.#hear(inputOf(step), step);
    for (const fact of factsOf(step)) this.#take(fact, step);
    for (const effect of effectsOf(step)) this.#journal(effect, step);
  }

  #tell(life: OrderLife, step: Step, said: Said | undefined): void {
    if (said === undefined) return;
    const { kind, source, text, detail } = said;
    life.tell({ seq: step.seq, at: timeOf(step), kind, source, text, detail: detail as JsonObject });
    this.changedAt = step.seq;
  }

  // ── what the broker and the border said ──
  #hear(input: SpokenInput, step: Step): void {
    switch (input.type) {
      case "gateway.identified":
        this.#clientId = input.clientId;
        return;
      case "effect.written":
      case "effect.refused":
      case "effect.unconfirmed":
        this.#answer(input, step);
        return;
    }
    const life = this.#lifeOf(input);
    if (life === undefined) return;
    if (input.type === "order.reported") {
      this.#lives.namePermId(life, input.order.permId);
      life.status = input.order.status;
    } else if (input.type === "order.statusReported") {
      this.#lives.namePermId(life, input.permId);
      life.status = input.status;
    }
    this.#tell(life, step, saidByBroker(input, step));
  }

  /** Whose life the broker's message is about. */
  #lifeOf(input: SpokenInput): OrderLife | undefined {
    const lives = this.#lives;
    switch (input.type) {
      case "order.reported":
        return lives.byOrderRef(input.order.orderRef) ?? lives.byPermId(input.order.permId);
      case "order.statusReported":
        return (
          lives.byPermId(input.permId) ??
          (input.clientId === (this.#clientId ?? input.clientId) ? lives.byOrderId(input.orderId) : undefined)
        );
      case "order.errored":
        return lives.byOrderId(input.orderId);
      case "order.whatIfAnswered":
        return lives.byOrderRef(input.orderRef) ?? lives.byOrderId(input.orderId);
      case "execution.reported":
        return lives.byOrderRef(input.execution.orderRef) ?? lives.byPermId(input.execution.permId);
      case "commission.reported":
        return lives.byExecution(input.execId);
      default:
        return undefined;
    }
  }

  #answer(input: EffectAnswered, step: Step): void {
    const asked = this.#lives.answered(input.effect);
    if (asked === undefined) return;
    const { life, type } = asked;
    if (input.type === "effect.written" && type === "order.place") life.sentAt ??= timeOf(step);
    this.#tell(life, step, saidOfAnswer(input, type));
  }

  // ── what we decided ──
  #take(fact: SpokenFact, step: Step): void {
    if (fact.type === "candidate.found") {
      const { candidate } = fact;
      this.#candidates.set(legsKey(candidate.symbol, candidate.legs), candidate);
      if (this.#candidates.size > CANDIDATES_KEPT) this.#candidates.delete(this.#candidates.keys().next().value as string);
      return;
    }
    if (fact.type === "order.intended") {
      this.#begin(fact.intent, step);
      return;
    }
    if (!("orderRef" in fact)) return;
    const life = this.#lives.byOrderRef(fact.orderRef);
    if (life === undefined) return;
    const before = life.limit;
    this.#note(life, fact, step);
    this.#tell(life, step, saidOfFact(fact, life, step, before));
  }

  /** What the life keeps of a fact. */
  #note(life: OrderLife, fact: OrderFact, step: Step): void {
    switch (fact.type) {
      case "order.priced": {
        const { orderId, action, limitPrice } = fact.ticket;
        life.limit = (action === "SELL" ? -limitPrice : limitPrice) as Price;
        life.orderId = orderId;
        this.#lives.nameOrderId(life, orderId);
        if (life.decisionMid === undefined && fact.mid !== undefined) life.decisionMid = { mid: fact.mid, from: "firstPricing" };
        return;
      }
      case "order.statusChanged":
        this.#lives.namePermId(life, fact.permId);
        return;
      case "order.doubted":
        life.doubted = true;
        return;
      case "order.resolved":
        life.doubted = false;
        return;
      case "fill.booked": {
        const { execId, contract, quantity, price, at } = fact;
        const { conId, multiplier } = contract;
        life.fill({ seq: step.seq, at, execId, conId, name: contractName(contract), quantity, price, multiplier });
        this.#lives.nameExecution(life, execId);
        return;
      }
      case "commission.booked":
        life.charge(fact.execId, fact.amount);
        return;
      case "order.ended": {
        if (life.ended === undefined) this.#open--;
        const { outcome, filledUnits, reason } = fact;
        life.ended = { outcome, filledUnits, reason };
        life.doubted = false;
        return;
      }
    }
  }

  #begin(intent: OrderIntent, step: Step): void {
    const known = this.#lives.byOrderRef(intent.orderRef);
    if (known !== undefined) {
      this.#tell(known, step, INTENDED_AGAIN);
      return;
    }
    const life = new OrderLife(intent, timeOf(step), step.seq);
    const candidate = intent.purpose === "entry" ? this.#candidates.get(legsKey(intent.symbol, intent.legs)) : undefined;
    if (candidate !== undefined) life.decisionMid = { mid: candidate.mid, from: "candidate" };
    this.#lives.begin(life);
    this.#open++;
    this.#tell(life, step, saidOfIntent(intent));
    this.#lives.forget();
  }

  // ── what is on disk and waits for the border ──
  #journal(effect: SpokenEffect, step: Step): void {
    const orderRef = orderRefIn(effect);
    const life = orderRef === undefined ? undefined : this.#lives.byOrderRef(orderRef);
    if (life === undefined) return;
    this.#lives.await(effect.id, life, effect.type);
    if (effect.type === "order.whatIf" || effect.type === "order.place")
      this.#lives.nameOrderId(life, effect.params.ticket.orderId);
    this.#tell(life, step, saidOfEffect(effect));
  }

  /** One order's whole timeline, by its intent id. */
  timeline(intentId: string): OrderTimeline | undefined {
    return this.#lives.byIntent(intentId)?.timeline;
  }

  intent(intentId: string): OrderIntent | undefined {
    return this.#lives.byIntent(intentId)?.intent;
  }

  /** The newest `limit` orders, newest first. */
  newest(limit: number): readonly OrderSummary[] {
    return this.#lives.newest(limit).map(({ summary }) => summary);
  }

  get open(): number {
    return this.#open;
  }

  get view(): OrdersView {
    return { orders: this.newest(LIVES_KEPT), open: this.#open };
  }
}
