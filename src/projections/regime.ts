/** The market's regime: which one, since when, by which figures, and how it changed. Unknown is said with its reason. */
import type { RegimeInputs } from "../domain/events/weather.ts";
import type { Regime } from "../domain/regime/regime.ts";
import type { EpochMs, TradingDay } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, keepNewest, type Projection, timeOf } from "./spoken.ts";

/** From one regime to another; null is unknown, and so is what was before the first. */
export interface RegimeChange {
  readonly seq: number;
  readonly at: EpochMs;
  readonly from: Regime | null;
  readonly to: Regime | null;
  readonly unknown: string;
}
/** As it was last assessed, at the market time `at`. The names are those of the fact `regime.assessed`. */
export interface RegimeNow {
  readonly at: EpochMs;
  readonly regime: Regime | null;
  readonly since: TradingDay | null;
  readonly raw: Regime | null;
  readonly asOf: TradingDay | null;
  readonly unknown: string;
  readonly inputs: RegimeInputs;
  readonly gaps: readonly string[];
}
export interface RegimeView {
  /** Absent: nothing was assessed yet. */
  readonly now?: RegimeNow;
  /** Newest first, the last 200. */
  readonly changes: readonly RegimeChange[];
}

export class MarketRegime implements Projection<RegimeView> {
  #now: RegimeNow | undefined;
  #changes: RegimeChange[] = [];

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { now: this.#now, changes: this.#changes };
  }
  set folded(kept) {
    ({ now: this.#now, changes: this.#changes } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) {
      if (fact.type !== "regime.assessed") continue;
      const { regime, since, raw, asOf, unknown, inputs, gaps } = fact;
      const at = timeOf(step);
      const from = this.#now?.regime ?? null;
      if (regime !== from) keepNewest(this.#changes, { seq: step.seq, at, from, to: regime, unknown }, 200);
      this.#now = { at, regime, since, raw, asOf, unknown, inputs, gaps };
    }
  }

  get newest(): RegimeNow | undefined {
    return this.#now;
  }
  get view(): RegimeView {
    const changes = this.#changes.toReversed();
    return this.#now === undefined ? { changes } : { now: this.#now, changes };
  }
}

const points = (value: number | null): string => (value === null ? "unknown" : value.toFixed(1));
const percent = (share: number | null): string =>
  share === null ? "unknown" : `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)} %`;

/** One line for people. */
export const regimeWords = (now: RegimeNow | undefined): string => {
  if (now === undefined) return "regime unknown: not assessed yet";
  const { regime, since, raw, asOf, unknown, inputs, gaps } = now;
  if (regime === null) return `regime unknown: ${unknown}`;
  const figures = `VIX ${points(inputs.vix)}, ADX ${points(inputs.adx)}, five days ${percent(inputs.return5d)}`;
  const alone = raw === regime || raw === null ? "" : `; ${raw} by that close alone`;
  return `regime ${regime} since ${since}, by the close of ${asOf}: ${figures}${alone}${gaps.length === 0 ? "" : `; ${gaps.join(", ")}`}`;
};
