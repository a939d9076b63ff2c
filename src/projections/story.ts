/**
 * The day as it happens, a sentence a fact: what the terminal prints and the page shows last. No marks, no quotes, no repetition of
 * what has not changed.
 */

import { formatNewYork, newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineMode } from "../domain/events/actors.ts";
import { isForeign } from "../domain/reconciliation/policy.ts";
import { type EpochMs, formatPrice, moneyUnits, type Price, priceUnits } from "../domain/units.ts";
import type { Incident, Step } from "../ports/journal.ts";
import {
  effectsOf,
  factsOf,
  inputOf,
  keepNewest,
  type SpokenEffect,
  type SpokenFact,
  type SpokenInput,
  timeOf,
} from "./spoken.ts";
import {
  againstLimit,
  contractName,
  creditOrDebit,
  denialWords,
  durationWords,
  outcomeWords,
  shortMoney,
  signedMoney,
  structureName,
} from "./words.ts";

/** Colours and filters go by tone; the text says everything without it. */
export type Tone = "plain" | "good" | "bad" | "alarm";
export interface Sentence {
  readonly seq: number;
  readonly at: EpochMs;
  /** New York, `HH:MM:SS`. */
  readonly clock: string;
  readonly about: "run" | "mode" | "session" | "entry" | "order" | "fill" | "exit" | "breaker" | "doubt" | "operator" | "notice";
  readonly tone: Tone;
  readonly text: string;
}

interface ToldOrder {
  readonly intentId: string;
  readonly name: string;
  readonly purpose: "entry" | "exit" | "reduce";
  limit?: Price;
}

const SENTENCES_KEPT = 400;
const ORDERS_KEPT = 1_000;
/** Other sentences tell these already. */
const TOLD_ELSEWHERE = /^(breaker|poisoned|halted|reconciliation)\/|\/quarantined\//;
const MODE_TONE: { readonly [Mode in EngineMode]: Tone } = {
  recovering: "plain",
  reconciling: "plain",
  trading: "good",
  reducing: "bad",
  halted: "alarm",
  draining: "plain",
};
const PURPOSE = { entry: "entry", exit: "exit", reduce: "reduction" } as const;

/** What a fact amounts to: one sentence, or none. */
type Told = Pick<Sentence, "about" | "tone" | "text"> | undefined;
const say = (about: Sentence["about"], tone: Tone, text: string): Told => ({ about, tone, text });

export class Story {
  #sentences: Sentence[] = [];
  #orders = new Map<string, ToldOrder>();
  #positions = new Map<string, string>();
  /** Per strategy: the stages told since its last candidate, today. */
  #stopped = new Map<string, { readonly day: string; readonly stages: Set<string> }>();
  #skipped = new Set<string>();
  /** What a slot would do, by its newest decision; and the slots that have begun to do it. */
  #wishes = new Map<string, string>();
  #leaving = new Set<string>();
  /** The differences told last, as one text. */
  #differences = "";
  #reconciledEpoch = 0;
  #mode = "";
  #lost = "";
  /** The seq of the last step that said something. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return {
      sentences: this.#sentences,
      orders: this.#orders,
      positions: this.#positions,
      stopped: this.#stopped,
      skipped: this.#skipped,
      wishes: this.#wishes,
      leaving: this.#leaving,
      differences: this.#differences,
      reconciledEpoch: this.#reconciledEpoch,
      mode: this.#mode,
      lost: this.#lost,
      changedAt: this.changedAt,
    };
  }
  set folded(kept) {
    ({
      sentences: this.#sentences,
      orders: this.#orders,
      positions: this.#positions,
      stopped: this.#stopped,
      skipped: this.#skipped,
      wishes: this.#wishes,
      leaving: this.#leaving,
      differences: this.#differences,
      reconciledEpoch: this.#reconciledEpoch,
      mode: this.#mode,
      lost: this.#lost,
      changedAt: this.changedAt,
    } = kept);
  }

  /** The sentences of one step, to be printed at once; the newest are kept too. */
  apply(step: Step): readonly Sentence[] {
    const at = timeOf(step);
    const facts = factsOf(step);
    const ended = new Set(facts.flatMap((fact) => (fact.type === "order.ended" ? [fact.orderRef] : [])));
    const told = [
      this.#hear(inputOf(step)),
      // The end of an order repeats the error that ended it.
      ...facts.map((fact) => (fact.type === "order.errored" && ended.has(fact.orderRef) ? undefined : this.#take(fact, at))),
      ...effectsOf(step).map(noticed),
      ...step.incidents.map(poisoned),
    ];
    const said = told.flatMap((one) => (one === undefined ? [] : [{ seq: step.seq, at, clock: formatNewYork(at), ...one }]));
    for (const sentence of said) keepNewest(this.#sentences, sentence, SENTENCES_KEPT);
    if (said.length > 0) this.changedAt = step.seq;
    return said;
  }

  /** Oldest first. */
  get view(): readonly Sentence[] {
    return this.#sentences;
  }

  #hear(input: SpokenInput): Told {
    switch (input.type) {
      case "run.started":
        return say("run", "plain", `STARTED with ${input.config.mode} money, build ${input.build.slice(0, 12)}`);
      case "run.stopped":
        return say("run", "plain", "STOPPED cleanly");
      case "clock.stepped":
        return say("run", "bad", `CLOCK stepped by ${durationWords(Math.abs(input.byMs))} ${input.byMs < 0 ? "back" : "ahead"}`);
      case "operator.pause":
      case "operator.resume":
      case "operator.halt":
      case "operator.rearm": {
        const what = input.type.slice("operator.".length);
        const scope = input.type === "operator.rearm" ? ` of ${input.scope}` : "";
        return say("operator", "plain", `OPERATOR ${what}${scope} by ${input.by} (${input.from}): ${input.reason}`);
      }
    }
  }

  #take(fact: SpokenFact, at: EpochMs): Told {
    switch (fact.type) {
      case "engine.modeChanged": {
        const told = `${fact.mode}${fact.reason === "" ? "" : `: ${fact.reason}`}`;
        if (told === this.#mode) return;
        this.#mode = told;
        return say("mode", MODE_TONE[fact.mode], `MODE ${told}`);
      }
      case "session.readied":
        this.#lost = "";
        return say("session", "good", `GATEWAY ready, connection ${fact.epoch}, account ${fact.account}`);
      case "session.lost":
        if (this.#lost === fact.reason) return;
        this.#lost = fact.reason;
        return say("session", "bad", `GATEWAY lost, connection ${fact.epoch}: ${fact.reason}`);
      case "account.refused":
        return say("session", "alarm", `ACCOUNT refused: ${fact.reason}`);
      case "reconciliation.completed":
        return this.#reconciled(fact);
      case "position.adopted":
        return say(
          "session",
          "bad",
          `ADOPTED ${contractName(fact.contract)}: the broker's ${fact.theirs} counts, not our ${fact.ours} (${fact.by}: ${fact.reason})`,
        );
      case "session.readOnly":
        return say("session", "alarm", `READ-ONLY: the gateway refuses orders: ${fact.text}`);
      case "breaker.changed": {
        if (fact.state === "tripped") return say("breaker", "alarm", `BREAKER ${fact.scope} tripped: ${fact.reason}`);
        if (fact.state === "probing") return say("breaker", "plain", `BREAKER ${fact.scope} probing: one entry at a time`);
        return say("breaker", "good", `BREAKER ${fact.scope} armed again: recovered`);
      }
      case "candidate.stopped": {
        const day = newYorkDay(at);
        const told = this.#stopped.get(fact.strategy);
        if (told?.day === day && told.stages.has(fact.stage)) return;
        if (told?.day === day) told.stages.add(fact.stage);
        else this.#stopped.set(fact.strategy, { day, stages: new Set([fact.stage]) });
        const numbers = againstLimit(fact.actual, fact.limit, fact.unit);
        return say(
          "entry",
          "plain",
          `NO ENTRY ${fact.symbol} (${fact.stage}): ${fact.reason}${numbers === "" ? "" : `, ${numbers}`}`,
        );
      }
      case "filter.skipped": {
        const key = `${newYorkDay(at)} ${fact.strategy} ${fact.filter}`;
        if (this.#skipped.has(key)) return;
        this.#skipped.add(key);
        return say("entry", "bad", `FILTER ${fact.filter} skipped for ${fact.symbol}, as configured: ${fact.missing}`);
      }
      case "candidate.found": {
        const { symbol, legs, mid } = fact.candidate;
        this.#stopped.delete(fact.candidate.strategy);
        return say("entry", "plain", `FOUND ${structureName(symbol, legs)}, mid ${creditOrDebit(mid)}`);
      }
      case "entry.denied":
        return say("entry", "bad", `DENIED ${fact.symbol} entry: ${denialWords(fact.denial)}`);
      case "slot.opened":
      case "slot.closed":
      case "slot.quarantined":
      case "decision.made":
        return this.#position(fact);
      default:
        return fact.type === "order.intended" || "orderRef" in fact ? this.#order(fact) : undefined;
    }
  }

  #reconciled({ discrepancies: all, epoch }: Extract<SpokenFact, { type: "reconciliation.completed" }>): Told {
    // What others hold in the account is theirs.
    const discrepancies = all.filter((one) => !isForeign(one));
    const before = this.#differences;
    this.#differences = discrepancies.map(({ kind, subject, ours, theirs }) => `${subject} ${kind} ${ours} ${theirs}`).join("; ");
    const first = discrepancies[0];
    if (first !== undefined) {
      if (this.#differences === before) return;
      const more = discrepancies.length === 1 ? "" : ` and ${discrepancies.length - 1} more`;
      const kind = first.kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
      const numbers = `ours ${first.ours ?? "none"}, the broker's ${first.theirs ?? "none"}`;
      return say("session", "alarm", `DIFFERENCE with the broker: ${first.subject} ${kind}, ${numbers}${more}`);
    }
    if (before !== "") return say("session", "good", "RECONCILED: our records and the broker's agree again");
    if (this.#reconciledEpoch === epoch) return;
    this.#reconciledEpoch = epoch;
    return say("session", "good", "RECONCILED: our records and the broker's agree");
  }

  #position(fact: Extract<SpokenFact, { type: "slot.opened" | "slot.closed" | "slot.quarantined" | "decision.made" }>): Told {
    const { actor: slot } = fact;
    switch (fact.type) {
      case "slot.opened": {
        const name = structureName(fact.symbol, fact.legs);
        this.#positions.set(slot, name);
        this.#forget(slot);
        const units = fact.quantity === 1 ? "" : `${fact.quantity} × `;
        const maxLoss = shortMoney(moneyUnits(fact.unitMaxLoss * fact.quantity));
        return say("entry", "good", `ENTER ${units}${name} for ${creditOrDebit(fact.netPrice)}, max loss ${maxLoss}`);
      }
      case "slot.closed": {
        const name = this.#positions.get(slot) ?? fact.symbol;
        this.#positions.delete(slot);
        this.#forget(slot);
        const tone = fact.profit > 0 ? "good" : fact.profit < 0 ? "bad" : "plain";
        const result = `${signedMoney(fact.profit)} after ${shortMoney(fact.fees)} of fees`;
        return say("exit", tone, `EXIT ${name} by ${fact.rule}: ${result}, held ${durationWords(fact.heldMs)}`);
      }
      case "slot.quarantined":
        return say("notice", "alarm", `QUARANTINED ${slot}: ${fact.reason}`);
      case "decision.made": {
        // What a rule concludes may need confirming: it is told when the slot acts on it.
        const { action, rule } = fact.decision;
        if (action === "hold") {
          this.#wishes.delete(slot);
          return;
        }
        const fired = fact.trace.find((trace) => trace.rule === rule);
        const numbers =
          fired?.actual === undefined ? "" : `, ${againstLimit(fired.actual, fired.threshold ?? null, fired.unit ?? "")}`;
        const what = action === "close" ? "CLOSE" : "REDUCE";
        const name = this.#positions.get(slot) ?? fact.symbol;
        this.#wishes.set(slot, `${what} ${name} by ${rule}, ${fact.decision.urgency} urgency${numbers}`);
        return;
      }
    }
  }

  #forget(slot: string): void {
    this.#wishes.delete(slot);
    this.#leaving.delete(slot);
  }

  /** The first exit of a position says why. */
  #leaves(slot: string): Told {
    const wish = this.#wishes.get(slot);
    if (wish === undefined || this.#leaving.has(slot)) return;
    this.#leaving.add(slot);
    return say("exit", "plain", wish);
  }

  #order(fact: SpokenFact): Told {
    if (fact.type === "order.intended") {
      const { intentId, orderRef, symbol, legs, purpose } = fact.intent;
      this.#orders.set(orderRef, { intentId, name: structureName(symbol, legs), purpose });
      if (this.#orders.size > ORDERS_KEPT) this.#orders.delete(this.#orders.keys().next().value as string);
      return purpose === "entry" ? undefined : this.#leaves(fact.intent.owner);
    }
    if (!("orderRef" in fact)) return;
    const order = this.#orders.get(fact.orderRef) ?? { intentId: fact.orderRef, name: "", purpose: "entry" };
    const what = `${order.intentId} (${order.name === "" ? "" : `${order.name} `}${PURPOSE[order.purpose]})`;
    switch (fact.type) {
      case "order.denied":
        return say("order", "bad", `DENIED ${what}: ${denialWords(fact.denial)}`);
      case "order.priced": {
        const limit = priceUnits(fact.ticket.action === "SELL" ? -fact.ticket.limitPrice : fact.ticket.limitPrice);
        const { limit: before } = order;
        order.limit = limit;
        if (before === limit) return;
        return say(
          "order",
          "plain",
          `OFFER ${order.name === "" ? order.intentId : order.name} ${PURPOSE[order.purpose]}: ${offered(before, limit)}`,
        );
      }
      case "order.errored":
        return say("order", "bad", `BROKER on ${what}: ${fact.code} ${fact.text}`);
      case "order.doubted":
        return say("doubt", "alarm", `UNKNOWN ${what}: ${fact.reason}; asking the broker, sending nothing`);
      case "order.resolved":
        return say("doubt", "good", `SETTLED ${what}: by the broker's records ${fact.as}`);
      case "fill.booked": {
        if (fact.execId.endsWith("/corrected"))
          return say("fill", "bad", `CORRECTION takes back ${fact.execId.replace("/corrected", "")}`);
        const side = fact.quantity > 0 ? "bought" : "sold";
        return say(
          "fill",
          "plain",
          `FILL ${side} ${Math.abs(fact.quantity)} ${contractName(fact.contract)} at ${formatPrice(fact.price)}`,
        );
      }
      case "order.ended": {
        if (fact.outcome === "filled" && order.purpose !== "reduce") return;
        const because = fact.reason === "" ? "" : `: ${fact.reason}`;
        const tone =
          fact.outcome === "filled" ? "good" : fact.outcome === "rejected" || fact.outcome === "notAtBroker" ? "bad" : "plain";
        return say("order", tone, `ENDED ${what} ${outcomeWords(fact.outcome)}${because}`);
      }
    }
  }
}

const noticed = (effect: SpokenEffect): Told => {
  if (effect.type !== "operator.notify" || TOLD_ELSEWHERE.test(effect.params.key)) return;
  return say("notice", effect.params.severity === "critical" ? "alarm" : "plain", `NOTICE ${effect.params.text}`);
};
const poisoned = ({ kind, actor, event, detail }: Incident): Told =>
  kind === "poisoned" ? say("notice", "alarm", `POISONED ${actor} by ${event}: ${detail}`) : undefined;

/** `a credit of 1.30`, then `1.30 → 1.28` within the same sign. */
const offered = (before: Price | undefined, limit: Price): string => {
  if (before === undefined) return creditOrDebit(limit);
  if (before < 0 && limit < 0) return `credit ${formatPrice(priceUnits(-before))} → ${formatPrice(priceUnits(-limit))}`;
  if (before > 0 && limit > 0) return `debit ${formatPrice(before)} → ${formatPrice(limit)}`;
  return `${creditOrDebit(before)} → ${creditOrDebit(limit)}`;
};
