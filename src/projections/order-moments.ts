/** The words of the moments in an order's life, by the fact, the broker's message or the effect that each comes from. */
import type { Contract } from "../domain/contract.ts";
import type { Effects } from "../domain/effects.ts";
import type { OrderIntent } from "../domain/events/actors.ts";
import { formatMoney, formatPrice, type Price } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import type { MomentKind, OrderLife } from "./order-life.ts";
import { factsOf, inputOf, type SpokenEffect, type SpokenFact, type SpokenInput } from "./spoken.ts";
import { contractName, creditOrDebit, denialWords, shortMoney, structureName } from "./words.ts";

/** What a moment says, before it has its place in time. */
export interface Said {
  readonly kind: MomentKind;
  readonly source: string;
  readonly text: string;
  readonly detail: object;
}
export type EffectAnswered = Extract<SpokenInput, { type: "effect.written" | "effect.refused" | "effect.unconfirmed" }>;

const PURPOSE = { entry: "Entry", exit: "Exit", reduce: "Reduction", roll: "Roll" } as const;
const EFFECT_WORDS: { readonly [type: string]: string } = {
  "order.whatIf": "what-if",
  "order.place": "order",
  "order.cancel": "cancel",
};
const sideWords = (contract: Contract, quantity: number, price: Price): string =>
  `${quantity > 0 ? "bought" : "sold"} ${Math.abs(quantity)} ${contractName(contract)} at ${formatPrice(price)}`;

// ── what the broker and the border said ──
const fromBroker = (source: string, text: string, detail: object): Said => ({ kind: "broker", source, text, detail });

/** What the broker said, unless a fact of the same step says the same. */
export const saidByBroker = (input: SpokenInput, step: Step): Said | undefined => {
  switch (input.type) {
    case "order.reported":
      return fromBroker(input.type, `The broker describes it as ${input.order.status}`, input.order);
    case "order.statusReported": {
      const { status, filled, remaining, permId } = input;
      const detail = { status, filled, remaining, permId };
      return fromBroker(input.type, `The broker says ${status}: ${filled} filled, ${remaining} remaining`, detail);
    }
    case "order.errored":
      return fromBroker(input.type, `The broker says ${input.code}: ${input.text}`, { code: input.code, text: input.text });
    case "order.whatIfAnswered": {
      const after = input.impact.initialMarginAfter;
      const said = after === undefined ? "leaves the margin unknown" : `initial margin afterwards ${formatMoney(after)}`;
      return fromBroker(input.type, `What-if: ${said}`, input.impact);
    }
    case "execution.reported": {
      const { contract, execId, price, shares, side } = input.execution;
      if (factsOf(step).some((fact) => fact.type === "fill.booked" && fact.execId === execId)) return undefined;
      const why = contract.secType === "BAG" ? "the combo's summary, no fill of its own" : "counted already";
      const said = sideWords(contract, side === "BOT" ? shares : -shares, price);
      return fromBroker(input.type, `Execution ${execId}: ${said} (${why})`, { execId });
    }
    case "commission.reported": {
      const { execId, amount } = input;
      if (factsOf(step).some((fact) => fact.type === "commission.booked" && fact.execId === execId)) return undefined;
      return fromBroker(input.type, `Commission of ${execId} again: ${formatMoney(amount)}`, { execId });
    }
    default:
      return undefined;
  }
};

/** What became of an effect of this type. */
export const saidOfAnswer = (input: EffectAnswered, type: string): Said => {
  const what = EFFECT_WORDS[type] ?? type;
  const wire = (text: string, more: object): Said => ({
    kind: "wire",
    source: input.type,
    text,
    detail: { effect: input.effect, type, ...more },
  });
  switch (input.type) {
    case "effect.written":
      return wire(`The ${what} left on connection ${input.epoch}`, { epoch: input.epoch });
    case "effect.refused":
      return wire(`The ${what} did not leave: ${input.reason}`, { reason: input.reason });
    case "effect.unconfirmed":
      return wire(`Nobody knows whether the ${what} left`, {});
  }
};

/** An effect that is on disk and waits for the border. */
export const saidOfEffect = (effect: SpokenEffect): Said => {
  const what = EFFECT_WORDS[effect.type] ?? effect.type;
  const { epoch } = effect.params as { readonly epoch: number };
  const of = { effect: effect.id, epoch };
  const { ticket } = effect.params as Effects["order.place"];
  return {
    kind: "wire",
    source: effect.type,
    text: `The ${what} is in the journal as effect ${effect.id}`,
    detail:
      effect.type === "order.cancel"
        ? { ...of, orderId: effect.params.orderId }
        : { ...of, orderId: ticket.orderId, limit: ticket.limitPrice },
  };
};

// ── what we decided ──
export const INTENDED_AGAIN: Said = { kind: "intent", source: "order.intended", text: "Intended again", detail: {} };
export const saidOfIntent = (intent: OrderIntent): Said => {
  const { quantity, urgency, maxLoss, reducing } = intent;
  const units = `${quantity} × ${structureName(intent.symbol, intent.legs)}`;
  const risk = maxLoss > 0 ? `, max loss ${shortMoney(maxLoss)}` : "";
  return {
    kind: "intent",
    source: "order.intended",
    text: `${PURPOSE[intent.purpose]} wanted by ${intent.owner}: ${units}, ${urgency}${risk}`,
    detail: { quantity, urgency, maxLoss, reducing },
  };
};

export type OrderFact = Extract<SpokenFact, { readonly orderRef: string }>;

/** A fact of a life that has taken it; `limitBefore` is the limit that it had before. Not what repeats the broker's message of the step. */
export const saidOfFact = (fact: OrderFact, life: OrderLife, step: Step, limitBefore: Price | undefined): Said | undefined => {
  const said = (kind: MomentKind, text: string, detail: object): Said => ({ kind, source: fact.type, text, detail });
  const heard = inputOf(step).type;
  switch (fact.type) {
    case "order.whatIfAnswered":
      return heard === "order.whatIfAnswered" ? undefined : said("broker", "What-if answered", fact.impact);
    case "order.approved": {
      const { id, expiresAt, reducing } = fact.approval;
      const seconds = Math.round((expiresAt - step.now) / 1000);
      return said("gate", `Approved as ${id}${reducing ? ", reducing" : ""}, for ${seconds} s`, fact.approval);
    }
    case "order.denied":
      return said("gate", `Denied: ${denialWords(fact.denial)}`, fact.denial);
    case "order.priced": {
      const { mid, natural } = fact;
      const limit = life.limit as Price;
      const around = [
        mid === undefined ? "mid unknown" : `mid ${formatPrice(mid)}`,
        natural === undefined ? "natural unknown" : `natural ${formatPrice(natural)}`,
      ].join(", ");
      const price = limitBefore === undefined ? creditOrDebit(limit) : `${formatPrice(limitBefore)} → ${formatPrice(limit)}`;
      return said("price", `${fact.modify ? "Repriced" : "Priced"} at ${price} (${around})`, {
        limit,
        ...(mid === undefined ? {} : { mid }),
        ...(natural === undefined ? {} : { natural }),
      });
    }
    case "order.statusChanged":
      if (heard === "order.statusReported" || heard === "order.reported") return undefined;
      return said("broker", `The broker says ${fact.status}`, { status: fact.status });
    case "order.errored":
      if (heard === "order.errored") return undefined;
      return said("broker", `The broker says ${fact.code}: ${fact.text}`, { code: fact.code, text: fact.text });
    case "order.doubted":
      return said("doubt", `Unknown: ${fact.reason}. Asking the broker`, { reason: fact.reason });
    case "order.resolved":
      return said("doubt", `Settled by the broker's records: ${fact.as}`, { as: fact.as });
    case "fill.booked": {
      const { execId, contract, quantity, price, at } = fact;
      const detail = { execId, conId: contract.conId, quantity, price, at };
      return said("fill", `Filled: ${sideWords(contract, quantity, price)}`, detail);
    }
    case "commission.booked":
      return said("fee", `Commission ${formatMoney(fact.amount)}`, { execId: fact.execId, amount: fact.amount });
    case "order.ended": {
      const { outcome, filledUnits, reason } = fact;
      const because = reason === "" ? "" : `: ${reason}`;
      return said("end", `Ended ${outcome}, ${filledUnits} of ${life.intent.quantity} units${because}`, {
        outcome,
        filledUnits,
        reason,
      });
    }
    default:
      return undefined;
  }
};
