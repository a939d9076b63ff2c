/** How many of IB's market data lines are leased, how many wait, and when market data was last heard. */
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, inputOf, type Projection, timeOf } from "./spoken.ts";

export interface LinesView {
  readonly leased: number;
  readonly waiting: number;
  /** Undefined until the pool has spoken. */
  readonly limit?: number;
  /** Market time of the newest quote in the journal. */
  readonly lastQuoteAt?: EpochMs;
}

export class Lines implements Projection<LinesView> {
  #counted: { readonly leased: number; readonly waiting: number; readonly limit?: number } = { leased: 0, waiting: 0 };
  #lastQuoteAt: EpochMs | undefined;

  apply(step: Step): void {
    if (inputOf(step).type === "quote.updated") this.#lastQuoteAt = timeOf(step);
    for (const fact of factsOf(step)) {
      if (fact.type === "lines.counted") this.#counted = { leased: fact.leased, waiting: fact.waiting, limit: fact.limit };
    }
  }

  get view(): LinesView {
    return { ...this.#counted, ...(this.#lastQuoteAt === undefined ? {} : { lastQuoteAt: this.#lastQuoteAt }) };
  }
}
