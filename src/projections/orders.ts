/**
 * Orders by their intents: from each step, what belongs to which order's life.
 *
 * A broker's message is matched as the router does it: by orderRef where IB sends one, else by permId, else by order id within our
 * own client id. Facts that only repeat the broker's message of the same step are not told twice.
 */
import type { Contract } from "../domain/contract.ts";
import type { Effects } from "../domain/effects.ts";
import type { Candidate, OrderIntent } from "../domain/events/actors.ts";
import type { JsonObject } from "../domain/json.ts";
import { formatMoney, formatPrice, type Price } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { type FoldedLife, type Moment, type MomentKind, OrderLife, type OrderSummary, type OrderTimeline } from "./order-life.ts";
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
import { contractName, creditOrDebit, denialWords, shortMoney, structureName } from "./words.ts";

export interface OrdersView {
  /** Newest first. */
  readonly orders: readonly OrderSummary[];
  readonly open: number;
}

/** Lives kept; older ended ones are only in the journal. */
const LIVES_KEPT = 1_000;
const CANDIDATES_KEPT = 32;

const PURPOSE = { entry: "Entry", exit: "Exit", reduce: "Reduction" } as const;
const EFFECT_WORDS: { readonly [type: string]: string } = {
  "order.whatIf": "what-if",
  "order.place": "order",
  "order.cancel": "cancel",
};
const legsKey = (symbol: string, legs: Candidate["legs"]): string =>
  `${symbol} ${legs.map(({ contract, ratio }) => `${ratio}x${contract.conId}`).join(" ")}`;
const sideWords = (contract: Contract, quantity: number, price: Price): string =>
  `${quantity > 0 ? "bought" : "sold"} ${Math.abs(quantity)} ${contractName(contract)} at ${formatPrice(price)}`;
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
  #lives = new Map<string, OrderLife>();
  #byIntent = new Map<string, OrderLife>();
  #byOrderId = new Map<number, OrderLife>();
  #byPermId = new Map<number, OrderLife>();
  #byExecution = new Map<string, OrderLife>();
  #effects = new Map<string, { readonly life: OrderLife; readonly type: string }>();
  #candidates = new Map<string, Candidate>();
  #clientId: number | undefined;
  #open = 0;
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. A life that several maps name stays one. */
  get folded() {
    const known = new Map<OrderLife, FoldedLife>();
    const fold = (life: OrderLife): FoldedLife => remembered(known, life, () => life.folded);
    return {
      lives: mapped(this.#lives, fold),
      byIntent: mapped(this.#byIntent, fold),
      byOrderId: mapped(this.#byOrderId, fold),
      byPermId: mapped(this.#byPermId, fold),
      byExecution: mapped(this.#byExecution, fold),
      effects: mapped(this.#effects, ({ life, type }) => ({ life: fold(life), type })),
      candidates: this.#candidates,
      clientId: this.#clientId,
      open: this.#open,
      changedAt: this.changedAt,
    };
  }
  set folded(kept) {
    const known = new Map<FoldedLife, OrderLife>();
    const unfold = (life: FoldedLife): OrderLife => remembered(known, life, () => OrderLife.unfolded(life));
    this.#lives = mapped(kept.lives, unfold);
    this.#byIntent = mapped(kept.byIntent, unfold);
    this.#byOrderId = mapped(kept.byOrderId, unfold);
    this.#byPermId = mapped(kept.byPermId, unfold);
    this.#byExecution = mapped(kept.byExecution, unfold);
    this.#effects = mapped(kept.effects, ({ life, type }) => ({ life: unfold(life), type }));
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

  #tell(life: OrderLife, step: Step, kind: MomentKind, source: string, text: string, detail: object = {}): void {
    const moment: Moment = { seq: step.seq, at: timeOf(step), kind, source, text, detail: detail as JsonObject };
    life.tell(moment);
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
      case "order.reported": {
        const { order } = input;
        const life = this.#lives.get(order.orderRef) ?? this.#byPermId.get(order.permId);
        if (life === undefined) return;
        this.#identify(life, order.permId);
        life.status = order.status;
        this.#tell(life, step, "broker", input.type, `The broker describes it as ${order.status}`, order);
        return;
      }
      case "order.statusReported": {
        const life =
          this.#byPermId.get(input.permId) ??
          (input.clientId === (this.#clientId ?? input.clientId) ? this.#byOrderId.get(input.orderId) : undefined);
        if (life === undefined) return;
        this.#identify(life, input.permId);
        life.status = input.status;
        const { status, filled, remaining, permId } = input;
        this.#tell(life, step, "broker", input.type, `The broker says ${status}: ${filled} filled, ${remaining} remaining`, {
          status,
          filled,
          remaining,
          permId,
        });
        return;
      }
      case "order.errored": {
        const life = this.#byOrderId.get(input.orderId);
        if (life === undefined) return;
        this.#tell(life, step, "broker", input.type, `The broker says ${input.code}: ${input.text}`, {
          code: input.code,
          text: input.text,
        });
        return;
      }
      case "order.whatIfAnswered": {
        const life = this.#lives.get(input.orderRef) ?? this.#byOrderId.get(input.orderId);
        if (life === undefined) return;
        const after = input.impact.initialMarginAfter;
        const said = after === undefined ? "leaves the margin unknown" : `initial margin afterwards ${formatMoney(after)}`;
        this.#tell(life, step, "broker", input.type, `What-if: ${said}`, input.impact);
        return;
      }
      case "execution.reported": {
        const { execution } = input;
        const life = this.#lives.get(execution.orderRef) ?? this.#byPermId.get(execution.permId);
        const booked = factsOf(step).some((fact) => fact.type === "fill.booked" && fact.execId === execution.execId);
        if (life === undefined || booked) return;
        const why = execution.contract.secType === "BAG" ? "the combo's summary, no fill of its own" : "counted already";
        const said = sideWords(
          execution.contract,
          execution.side === "BOT" ? execution.shares : -execution.shares,
          execution.price,
        );
        this.#tell(life, step, "broker", input.type, `Execution ${execution.execId}: ${said} (${why})`, {
          execId: execution.execId,
        });
        return;
      }
      case "commission.reported": {
        const life = this.#byExecution.get(input.execId);
        const booked = factsOf(step).some((fact) => fact.type === "commission.booked" && fact.execId === input.execId);
        if (life === undefined || booked) return;
        this.#tell(life, step, "broker", input.type, `Commission of ${input.execId} again: ${formatMoney(input.amount)}`, {
          execId: input.execId,
        });
        return;
      }
    }
  }

  #answer(input: Extract<SpokenInput, { type: "effect.written" | "effect.refused" | "effect.unconfirmed" }>, step: Step): void {
    const asked = this.#effects.get(input.effect);
    if (asked === undefined) return;
    this.#effects.delete(input.effect);
    const { life, type } = asked;
    const what = EFFECT_WORDS[type] ?? type;
    const detail = { effect: input.effect, type };
    if (input.type === "effect.written") {
      if (type === "order.place") life.sentAt ??= timeOf(step);
      this.#tell(life, step, "wire", input.type, `The ${what} left on connection ${input.epoch}`, {
        ...detail,
        epoch: input.epoch,
      });
    } else if (input.type === "effect.refused") {
      this.#tell(life, step, "wire", input.type, `The ${what} did not leave: ${input.reason}`, {
        ...detail,
        reason: input.reason,
      });
    } else {
      this.#tell(life, step, "wire", input.type, `Nobody knows whether the ${what} left`, detail);
    }
  }

  #identify(life: OrderLife, permId: number): void {
    if (permId <= 0) return;
    life.permId = permId;
    this.#byPermId.set(permId, life);
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
      this.#begin(fact, step);
      return;
    }
    if (!("orderRef" in fact)) return;
    const life = this.#lives.get(fact.orderRef);
    if (life === undefined) return;
    const tell = (kind: MomentKind, text: string, detail: object): void => this.#tell(life, step, kind, fact.type, text, detail);
    const input = inputOf(step);
    switch (fact.type) {
      case "order.whatIfAnswered":
        if (input.type !== "order.whatIfAnswered") tell("broker", "What-if answered", fact.impact);
        return;
      case "order.approved": {
        const { id, expiresAt, reducing } = fact.approval;
        tell(
          "gate",
          `Approved as ${id}${reducing ? ", reducing" : ""}, for ${Math.round((expiresAt - step.now) / 1000)} s`,
          fact.approval,
        );
        return;
      }
      case "order.denied":
        tell("gate", `Denied: ${denialWords(fact.denial)}`, fact.denial);
        return;
      case "order.priced": {
        const net = fact.ticket.action === "SELL" ? -fact.ticket.limitPrice : fact.ticket.limitPrice;
        const before = life.limit;
        life.limit = net as Price;
        life.orderId = fact.ticket.orderId;
        this.#byOrderId.set(fact.ticket.orderId, life);
        if (life.decisionMid === undefined && fact.mid !== undefined) life.decisionMid = { mid: fact.mid, from: "firstPricing" };
        const around = [
          fact.mid === undefined ? "mid unknown" : `mid ${formatPrice(fact.mid)}`,
          fact.natural === undefined ? "natural unknown" : `natural ${formatPrice(fact.natural)}`,
        ].join(", ");
        const price = before === undefined ? creditOrDebit(life.limit) : `${formatPrice(before)} → ${formatPrice(life.limit)}`;
        tell("price", `${fact.modify ? "Repriced" : "Priced"} at ${price} (${around})`, {
          limit: life.limit,
          ...(fact.mid === undefined ? {} : { mid: fact.mid }),
          ...(fact.natural === undefined ? {} : { natural: fact.natural }),
        });
        return;
      }
      case "order.statusChanged":
        this.#identify(life, fact.permId);
        if (input.type !== "order.statusReported" && input.type !== "order.reported")
          tell("broker", `The broker says ${fact.status}`, { status: fact.status });
        return;
      case "order.errored":
        if (input.type !== "order.errored")
          tell("broker", `The broker says ${fact.code}: ${fact.text}`, { code: fact.code, text: fact.text });
        return;
      case "order.doubted":
        life.doubted = true;
        tell("doubt", `Unknown: ${fact.reason}. Asking the broker`, { reason: fact.reason });
        return;
      case "order.resolved":
        life.doubted = false;
        tell("doubt", `Settled by the broker's records: ${fact.as}`, { as: fact.as });
        return;
      case "fill.booked": {
        const { execId, contract, quantity, price, at } = fact;
        life.fill({
          seq: step.seq,
          at,
          execId,
          conId: contract.conId,
          name: contractName(contract),
          quantity,
          price,
          multiplier: contract.multiplier,
        });
        this.#byExecution.set(execId, life);
        tell("fill", `Filled: ${sideWords(contract, quantity, price)}`, {
          execId,
          conId: contract.conId,
          quantity,
          price,
          at,
        });
        return;
      }
      case "commission.booked":
        life.charge(fact.execId, fact.amount);
        tell("fee", `Commission ${formatMoney(fact.amount)}`, { execId: fact.execId, amount: fact.amount });
        return;
      case "order.ended": {
        if (life.ended === undefined) this.#open--;
        const { outcome, filledUnits, reason } = fact;
        life.ended = { outcome, filledUnits, reason };
        life.doubted = false;
        const because = reason === "" ? "" : `: ${reason}`;
        tell("end", `Ended ${outcome}, ${filledUnits} of ${life.intent.quantity} units${because}`, {
          outcome,
          filledUnits,
          reason,
        });
        return;
      }
    }
  }

  #begin({ intent }: Extract<SpokenFact, { type: "order.intended" }>, step: Step): void {
    const known = this.#lives.get(intent.orderRef);
    if (known !== undefined) {
      this.#tell(known, step, "intent", "order.intended", "Intended again", {});
      return;
    }
    const life = new OrderLife(intent, timeOf(step), step.seq);
    const candidate = intent.purpose === "entry" ? this.#candidates.get(legsKey(intent.symbol, intent.legs)) : undefined;
    if (candidate !== undefined) life.decisionMid = { mid: candidate.mid, from: "candidate" };
    this.#lives.set(intent.orderRef, life);
    this.#byIntent.set(intent.intentId, life);
    this.#open++;
    const units = `${intent.quantity} × ${structureName(intent.symbol, intent.legs)}`;
    const risk = intent.maxLoss > 0 ? `, max loss ${shortMoney(intent.maxLoss)}` : "";
    this.#tell(
      life,
      step,
      "intent",
      "order.intended",
      `${PURPOSE[intent.purpose]} wanted by ${intent.owner}: ${units}, ${intent.urgency}${risk}`,
      {
        quantity: intent.quantity,
        urgency: intent.urgency,
        maxLoss: intent.maxLoss,
        reducing: intent.reducing,
      },
    );
    this.#forget();
  }

  /** The oldest ended lives go first. */
  #forget(): void {
    if (this.#lives.size <= LIVES_KEPT) return;
    for (const [orderRef, life] of this.#lives) {
      if (life.ended === undefined) continue;
      this.#lives.delete(orderRef);
      this.#byIntent.delete(life.intent.intentId);
      if (life.orderId !== undefined && this.#byOrderId.get(life.orderId) === life) this.#byOrderId.delete(life.orderId);
      if (life.permId !== undefined) this.#byPermId.delete(life.permId);
      for (const { execId } of life.fills) this.#byExecution.delete(execId);
      return;
    }
  }

  // ── what is on disk and waits for the border ──
  #journal(effect: SpokenEffect, step: Step): void {
    const orderRef = orderRefIn(effect);
    const life = orderRef === undefined ? undefined : this.#lives.get(orderRef);
    if (life === undefined) return;
    this.#effects.set(effect.id, { life, type: effect.type });
    const what = EFFECT_WORDS[effect.type] ?? effect.type;
    if (effect.type === "order.whatIf" || effect.type === "order.place") this.#byOrderId.set(effect.params.ticket.orderId, life);
    this.#tell(life, step, "wire", effect.type, `The ${what} is in the journal as effect ${effect.id}`, journaled(effect));
  }

  /** One order's whole timeline, by its intent id. */
  timeline(intentId: string): OrderTimeline | undefined {
    return this.#byIntent.get(intentId)?.timeline;
  }

  intent(intentId: string): OrderIntent | undefined {
    return this.#byIntent.get(intentId)?.intent;
  }

  /** The newest `limit` orders, newest first. */
  newest(limit: number): readonly OrderSummary[] {
    return [...this.#lives.values()]
      .slice(-limit)
      .reverse()
      .map(({ summary }) => summary);
  }

  get open(): number {
    return this.#open;
  }

  get view(): OrdersView {
    return { orders: this.newest(LIVES_KEPT), open: this.#open };
  }
}

const mapped = <Key, From, To>(map: ReadonlyMap<Key, From>, to: (from: From) => To): Map<Key, To> =>
  new Map([...map].map(([key, from]) => [key, to(from)]));

const remembered = <From, To>(known: Map<From, To>, from: From, make: () => To): To => {
  const made = known.get(from) ?? make();
  known.set(from, made);
  return made;
};

const journaled = (effect: SpokenEffect): JsonObject => {
  const { epoch } = effect.params as { readonly epoch: number };
  if (effect.type === "order.cancel") return { effect: effect.id, epoch, orderId: effect.params.orderId };
  const { ticket } = effect.params as Effects["order.place"];
  return { effect: effect.id, epoch, orderId: ticket.orderId, limit: ticket.limitPrice };
};
