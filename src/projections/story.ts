/**
 * The day as it happens, a sentence a fact: what the terminal prints and the page shows last. No marks, no quotes, no repetition of
 * what has not changed. Here is what it remembers for that; what needs no memory is in sentence.ts.
 */
import { formatNewYork, newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineMode } from "../domain/events/actors.ts";
import { isForeign } from "../domain/reconciliation/policy.ts";
import { type EpochMs, moneyUnits } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { limitOf, saidOfOrder, type ToldOrder } from "./order-sentences.ts";
import { noticed, poisoned, type Sentence, saidByFact, saidByInput, say, type Told, type Tone } from "./sentence.ts";
import { effectsOf, factsOf, inputOf, keepNewest, type SpokenFact, timeOf } from "./spoken.ts";
import { againstLimit, creditOrDebit, durationWords, shortMoney, signedMoney, structureName } from "./words.ts";

const SENTENCES_KEPT = 400;
const ORDERS_KEPT = 1_000;
const MODE_TONE: { readonly [Mode in EngineMode]: Tone } = {
  recovering: "plain",
  reconciling: "plain",
  trading: "good",
  reducing: "bad",
  halted: "alarm",
  draining: "plain",
};

type PositionFact = "slot.opened" | "slot.reduced" | "slot.rolled" | "roll.declined" | "slot.closed" | "decision.made";

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
      saidByInput(inputOf(step)),
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
      case "reconciliation.completed":
        return this.#reconciled(fact);
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
      case "slot.opened":
      case "slot.reduced":
      case "slot.rolled":
      case "roll.declined":
      case "slot.closed":
      case "decision.made":
        return this.#position(fact);
      default:
        return fact.type === "order.intended" || "orderRef" in fact ? this.#order(fact) : saidByFact(fact);
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

  #position(fact: Extract<SpokenFact, { type: PositionFact }>): Told {
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
      case "slot.reduced": {
        this.#forget(slot);
        const name = this.#positions.get(slot) ?? fact.symbol;
        return say("exit", "good", `REDUCED ${name} by ${fact.rule}: ${fact.closed} closed, ${fact.units} left`);
      }
      case "slot.rolled": {
        this.#forget(slot);
        const name = structureName(fact.symbol, fact.legs);
        const before = this.#positions.get(slot) ?? fact.symbol;
        this.#positions.set(slot, name);
        const result = `${creditOrDebit(fact.net)}, the old legs made ${signedMoney(fact.profit)}`;
        return say("entry", "good", `ROLLED ${before} to ${name} for ${result}`);
      }
      case "roll.declined": {
        this.#forget(slot);
        const net = fact.net === null ? "" : `, ${creditOrDebit(fact.net)} after costs`;
        return say("exit", "plain", `NO ROLL of ${this.#positions.get(slot) ?? fact.symbol}: ${fact.reason}${net}`);
      }
      case "slot.closed": {
        const name = this.#positions.get(slot) ?? fact.symbol;
        this.#positions.delete(slot);
        this.#forget(slot);
        const tone = fact.profit > 0 ? "good" : fact.profit < 0 ? "bad" : "plain";
        const result = `${signedMoney(fact.profit)} after ${shortMoney(fact.fees)} of fees`;
        return say("exit", tone, `EXIT ${name} by ${fact.rule}: ${result}, held ${durationWords(fact.heldMs)}`);
      }
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
        const what = action.toUpperCase();
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
    const said = saidOfOrder(fact, order);
    if (fact.type === "order.priced") order.limit = limitOf(fact);
    return said;
  }
}
