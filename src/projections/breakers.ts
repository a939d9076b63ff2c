/** The circuit breakers by scope: armed, tripped or probing, since when and why. */
import type { BreakerState } from "../domain/events/actors.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, inputOf, keepNewest, type Projection, timeOf } from "./spoken.ts";

export interface BreakerChange {
  readonly seq: number;
  readonly at: EpochMs;
  readonly scope: string;
  readonly state: BreakerState;
  readonly reason: string;
}
export interface BreakerView extends BreakerChange {
  readonly trips: number;
  /** When a tripped breaker begins to probe; absent when it is not tripped. */
  readonly probesAt?: EpochMs;
}
export interface BreakersView {
  readonly breakers: readonly BreakerView[];
  /** The worst state of all: it decides. Armed when no breaker has spoken: they speak only of changes. */
  readonly worst: BreakerState;
  /** Newest first, the last 100. */
  readonly changes: readonly BreakerChange[];
}

export class Breakers implements Projection<BreakersView> {
  #breakers = new Map<string, BreakerView>();
  #changes: BreakerChange[] = [];
  #coolDownMs: number | undefined;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { breakers: this.#breakers, changes: this.#changes, coolDownMs: this.#coolDownMs };
  }
  set folded(kept) {
    ({ breakers: this.#breakers, changes: this.#changes, coolDownMs: this.#coolDownMs } = kept);
  }

  apply(step: Step): void {
    const input = inputOf(step);
    if (input.type === "run.started") this.#coolDownMs = input.config.breaker.coolDownSeconds * 1_000;
    for (const fact of factsOf(step)) {
      if (fact.type !== "breaker.changed") continue;
      const { scope, state, reason } = fact;
      const change = { seq: step.seq, at: timeOf(step), scope, state, reason };
      const trips = (this.#breakers.get(scope)?.trips ?? 0) + (state === "tripped" ? 1 : 0);
      const probesAt =
        state === "tripped" && this.#coolDownMs !== undefined ? ((step.now + this.#coolDownMs) as EpochMs) : undefined;
      this.#breakers.set(scope, { ...change, trips, ...(probesAt === undefined ? {} : { probesAt }) });
      keepNewest(this.#changes, change, 100);
    }
  }

  get view(): BreakersView {
    const breakers = [...this.#breakers.values()].sort((a, b) => (a.scope < b.scope ? -1 : 1));
    const states = breakers.map(({ state }) => state);
    const worst = states.includes("tripped") ? "tripped" : states.includes("probing") ? "probing" : "armed";
    return { breakers, worst, changes: this.#changes.toReversed() };
  }
}
