/** The leading indicators: each futures root's front contract, its newest quote and its way through the day. */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EpochMs, Price, TradingDay } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, keepNewest, type Projection, timeOf } from "./spoken.ts";
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
  /** The first figure of this New York day in the journal; not an official open. */
  readonly dayFirst: Price;
  /** Oldest first. */
  readonly points: readonly { readonly at: EpochMs; readonly last: Price }[];
}

const POINTS_KEPT = 240;

export class Futures implements Projection<readonly FutureView[]> {
  readonly #futures = new Map<
    string,
    FutureView & { readonly day: TradingDay; readonly points: { at: EpochMs; last: Price }[] }
  >();
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  apply(step: Step): void {
    for (const fact of factsOf(step)) {
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
      });
      this.changedAt = step.seq;
    }
  }

  get view(): readonly FutureView[] {
    return [...this.#futures.values()].map(({ day: _, ...future }) => future).sort((a, b) => (a.root < b.root ? -1 : 1));
  }
}
