/** The underlyings that are watched: what was last measured of each, and when. What is unknown is said with its reason. */
import type { UnderlyingTold } from "../domain/events/weather.ts";
import { type EpochMs, formatPrice, type Price } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, type Projection, timeOf } from "./spoken.ts";

/** As the newest fact `underlying.measured` says it, of the market time `measuredAt`. */
export interface UnderlyingView extends Omit<UnderlyingTold, "type" | "at"> {
  readonly measuredAt: EpochMs;
}

export class Underlyings implements Projection<readonly UnderlyingView[]> {
  #underlyings = new Map<string, UnderlyingView>();

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { underlyings: this.#underlyings };
  }
  set folded(kept) {
    ({ underlyings: this.#underlyings } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) {
      if (fact.type !== "underlying.measured") continue;
      const { type: _type, at: _at, ...told } = fact.told;
      this.#underlyings.set(told.symbol, { ...told, measuredAt: timeOf(step) });
    }
  }

  /** By symbol. */
  get view(): readonly UnderlyingView[] {
    return [...this.#underlyings.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const money = (value: Price | null): string | undefined => (value === null ? undefined : formatPrice(value));

/** One line for people. `clock` writes the time of the measurement. */
export const underlyingWords = (view: UnderlyingView, clock: (at: EpochMs) => string): string => {
  const { symbol, measuredAt, iv30, ivRank, ivPercentile, term, skew, unknown } = view;
  const or = (said: string | undefined, field: string): string => said ?? `unknown (${unknown[field] ?? "not told"})`;
  const rank = ivRank === null ? undefined : `rank ${ivRank.toFixed(0)}`;
  const percentile = ivPercentile === null ? undefined : `percentile ${ivPercentile.toFixed(0)}`;
  const year =
    rank === undefined && percentile === undefined
      ? `rank and percentile ${or(undefined, "ivRank")}`
      : `${or(rank, "ivRank")}, ${or(percentile, "ivPercentile")}`;
  const kept =
    skew?.yearMedian === null
      ? `no year's median yet, ${skew.daysKept} days kept`
      : `year's median ${skew?.yearMedian.toFixed(2)}`;
  const skewed = skew === null ? undefined : `${skew.ratio.toFixed(2)} (${kept})`;
  const termed =
    term === null ? undefined : `${term.nearDays} days ${percent(term.nearVol)}, ${term.farDays} days ${percent(term.farVol)}`;
  return [
    `${symbol} ${or(money(view.spot), "spot")}`,
    `IV ${or(iv30 === null ? undefined : percent(iv30), "iv30")}, ${year}`,
    `put/call skew ${or(skewed, "skew")}`,
    `term ${or(termed, "term")}`,
    `measured ${clock(measuredAt)}`,
  ].join("; ");
};
