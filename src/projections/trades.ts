/** Positions that are over: by which rule, with what profit after fees, and how long they were held. */

import type { Prediction, PredictionOutcome } from "../domain/facts.ts";
import type { Regime } from "../domain/regime/regime.ts";
import { type EpochMs, type Money, moneyUnits, type Price } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, keepNewest, type Projection, type SpokenFact, timeOf } from "./spoken.ts";
import { structureName } from "./words.ts";

export interface Trade {
  readonly seq: number;
  readonly closedAt: EpochMs;
  readonly slot: string;
  readonly strategy: string;
  readonly symbol: string;
  /** The structure's name; only the symbol when its opening is not in this journal. */
  readonly name: string;
  readonly openedAt?: EpochMs;
  readonly quantity?: number;
  readonly netPrice?: Price;
  readonly rule: string;
  readonly profit: Money;
  readonly fees: Money;
  readonly heldMs: number;
  readonly kind?: string;
  /** At entry; null when it was not known. */
  readonly regime?: Regime | null;
  readonly prediction?: Prediction;
  readonly outcome?: PredictionOutcome;
  /** How often a part was closed, and how often it was rolled. */
  readonly reductions: number;
  readonly rolls: number;
}
export interface TradesView {
  readonly count: number;
  readonly winners: number;
  readonly profit: Money;
  readonly fees: Money;
  /** Newest first, the last 500. */
  readonly trades: readonly Trade[];
}

const TRADES_KEPT = 500;

type Opened = Extract<SpokenFact, { type: "slot.opened" }> & {
  readonly at: EpochMs;
  readonly reductions: number;
  readonly rolls: number;
};

export class Trades implements Projection<TradesView> {
  #opened = new Map<string, Opened>();
  #trades: Trade[] = [];
  #count = 0;
  #winners = 0;
  #profit = moneyUnits(0);
  #fees = moneyUnits(0);
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return {
      opened: this.#opened,
      trades: this.#trades,
      count: this.#count,
      winners: this.#winners,
      profit: this.#profit,
      fees: this.#fees,
      changedAt: this.changedAt,
    };
  }
  set folded(kept) {
    ({
      opened: this.#opened,
      trades: this.#trades,
      count: this.#count,
      winners: this.#winners,
      profit: this.#profit,
      fees: this.#fees,
      changedAt: this.changedAt,
    } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) {
      if (fact.type === "slot.opened") this.#opened.set(fact.actor, { ...fact, at: timeOf(step), reductions: 0, rolls: 0 });
      else if (fact.type === "slot.reduced") this.#change(fact.actor, ({ reductions }) => ({ reductions: reductions + 1 }));
      else if (fact.type === "slot.rolled") this.#change(fact.actor, ({ rolls }) => ({ rolls: rolls + 1, legs: fact.legs }));
      else if (fact.type === "slot.closed") this.#close(fact, step);
    }
  }

  #change(slot: string, change: (opened: Opened) => Partial<Opened>): void {
    const opened = this.#opened.get(slot);
    if (opened !== undefined) this.#opened.set(slot, { ...opened, ...change(opened) });
  }

  #close(fact: Extract<SpokenFact, { type: "slot.closed" }>, step: Step): void {
    const { actor: slot, strategy, symbol, rule, profit, fees, heldMs, kind, prediction, outcome, regime } = fact;
    const judged = {
      ...(kind === undefined ? {} : { kind }),
      ...(regime === undefined ? {} : { regime }),
      ...(prediction === undefined ? {} : { prediction }),
      ...(outcome === undefined ? {} : { outcome }),
    };
    const opened = this.#opened.get(slot);
    this.#opened.delete(slot);
    const entry = opened && { openedAt: opened.at, quantity: opened.quantity, netPrice: opened.netPrice };
    const name = opened === undefined ? symbol : structureName(symbol, opened.legs);
    const { reductions = 0, rolls = 0 } = opened ?? {};
    const told = { slot, strategy, symbol, name, ...entry, rule, profit, fees, heldMs, ...judged, reductions, rolls };
    keepNewest(this.#trades, { seq: step.seq, closedAt: timeOf(step), ...told }, TRADES_KEPT);
    this.#count++;
    if (profit > 0) this.#winners++;
    this.#profit = moneyUnits(this.#profit + profit);
    this.#fees = moneyUnits(this.#fees + fees);
    this.changedAt = step.seq;
  }

  get count(): number {
    return this.#count;
  }

  get view(): TradesView {
    return {
      count: this.#count,
      winners: this.#winners,
      profit: this.#profit,
      fees: this.#fees,
      trades: this.#trades.toReversed(),
    };
  }
}
