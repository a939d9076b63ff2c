/** The leading indicators: each futures root's front contract, its newest quote and its way through the day. */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EpochMs, Price, TradingDay } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, keepNewest, type Projection, type SpokenFact, timeOf } from "./spoken.ts";
import { contractName } from "./words.ts";

export interface FutureView {
  readonly root: string;
  readonly name: string;
  readonly localSymbol?: string;
  readonly expiry?: string;
  readonly multiplier: number;
  readonly last: Price;
  readonly bid: Price | null;
  readonly ask: Price | null;
  readonly at: EpochMs;
  /** Of the newest full minute; null is unknown, absent: no minute yet. Changes are shares of the contract's own earlier price. */
  readonly sample?: Pick<
    Extract<SpokenFact, { type: "future.sampled" }>,
    "phase" | "last" | "volume" | "openInterest" | "impliedVol" | "change1h" | "change4h" | "changeOvernight" | "changeDay"
  > & { readonly at: EpochMs };
  /** The first figure of this New York day in the journal; not an official open. */
  readonly dayFirst: Price;
  /** Oldest first. */
  readonly points: readonly { readonly at: EpochMs; readonly last: Price }[];
}

const POINTS_KEPT = 240;

export class Futures implements Projection<readonly FutureView[]> {
  #futures = new Map<string, FutureView & { readonly day: TradingDay; readonly points: { at: EpochMs; last: Price }[] }>();
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { futures: this.#futures, changedAt: this.changedAt };
  }
  set folded(kept) {
    ({ futures: this.#futures, changedAt: this.changedAt } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) {
      if (fact.type === "future.sampled") this.#sample(fact, step);
      if (fact.type !== "future.tracked") continue;
      const at = timeOf(step);
      const day = newYorkDay(at);
      const before = this.#futures.get(fact.root);
      const same = before !== undefined && before.name === contractName(fact.contract) && before.day === day;
      const points = same ? before.points : [];
      keepNewest(points, { at, last: fact.last }, POINTS_KEPT);
      const { contract, root, last, bid, ask } = fact;
      this.#futures.set(root, {
        root,
        name: contractName(contract),
        ...(contract.localSymbol === undefined ? {} : { localSymbol: contract.localSymbol }),
        ...(contract.expiry === undefined ? {} : { expiry: contract.expiry }),
        multiplier: contract.multiplier,
        last,
        bid,
        ask,
        at,
        dayFirst: same ? before.dayFirst : last,
        points,
        day,
        ...(same && before.sample !== undefined ? { sample: before.sample } : {}),
      });
      this.changedAt = step.seq;
    }
  }

  #sample(fact: Extract<SpokenFact, { type: "future.sampled" }>, step: Step): void {
    const future = this.#futures.get(fact.root);
    if (!fact.isFront || future === undefined || future.name !== contractName(fact.contract)) return;
    const { phase, last, volume, openInterest, impliedVol, change1h, change4h, changeOvernight, changeDay } = fact;
    const sample = {
      phase,
      last,
      volume,
      openInterest,
      impliedVol,
      change1h,
      change4h,
      changeOvernight,
      changeDay,
      at: timeOf(step),
    };
    this.#futures.set(fact.root, { ...future, sample });
    this.changedAt = step.seq;
  }

  get view(): readonly FutureView[] {
    return [...this.#futures.values()].map(({ day: _, ...future }) => future).sort((a, b) => (a.root < b.root ? -1 : 1));
  }
}
