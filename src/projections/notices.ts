/** What the engine wanted its operator to know: one notice a key, the newest last said first. */
import type { Effects } from "../domain/effects.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { effectsOf, type Projection, timeOf } from "./spoken.ts";

export type Notice = Effects["operator.notify"] & { readonly seq: number; readonly at: EpochMs; readonly times: number };

const NOTICES_KEPT = 200;

export class Notices implements Projection<readonly Notice[]> {
  #notices = new Map<string, Notice>();
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { notices: this.#notices, changedAt: this.changedAt };
  }
  set folded(kept) {
    ({ notices: this.#notices, changedAt: this.changedAt } = kept);
  }

  apply(step: Step): void {
    for (const effect of effectsOf(step)) {
      if (effect.type !== "operator.notify") continue;
      const { key } = effect.params;
      const times = (this.#notices.get(key)?.times ?? 0) + 1;
      this.#notices.delete(key);
      this.#notices.set(key, { ...effect.params, seq: step.seq, at: timeOf(step), times });
      if (this.#notices.size > NOTICES_KEPT) this.#notices.delete(this.#notices.keys().next().value as string);
      this.changedAt = step.seq;
    }
  }

  /** Newest first. */
  get view(): readonly Notice[] {
    return [...this.#notices.values()].reverse();
  }
}
