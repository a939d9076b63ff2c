/**
 * IB's market data lines as an operator sees them: how many stream, look or cool, how the queue of the other contracts stands, and
 * which streams are dead though the connection lives.
 */
import type { CaretakerFact } from "../domain/facts.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, inputOf, type Projection, type SpokenFact, timeOf } from "./spoken.ts";

type Counted = Extract<CaretakerFact, { type: "queue.counted" }>;
/** The contracts without a line of their own. `oldestAgeMs` is absent while one was never refreshed. */
export type QueueView = Omit<Counted, "type"> & { readonly at: EpochMs };
export interface DeadFeed {
  readonly conId: number;
  readonly name: string;
  readonly since: EpochMs;
  readonly attempt: number;
}
export interface LinesView {
  readonly leased: number;
  readonly waiting: number;
  /** Undefined until the pool has spoken. */
  readonly limit?: number;
  readonly snapshots?: number;
  readonly cooling?: number;
  /** Absent until something was counted. */
  readonly queue?: QueueView;
  /** Streams that should tick and do not. */
  readonly stalled: readonly DeadFeed[];
  /** What market data lack while the session is ready; empty: nothing. */
  readonly lack: string;
  /** Market time of the newest quote in the journal. */
  readonly lastQuoteAt?: EpochMs;
}

export class Lines implements Projection<LinesView> {
  #counted: Pick<LinesView, "leased" | "waiting" | "limit" | "snapshots" | "cooling"> = { leased: 0, waiting: 0 };
  #queue: QueueView | undefined;
  #lack = "";
  #stalled = new Map<number, DeadFeed>();
  #lastQuoteAt: EpochMs | undefined;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return {
      counted: this.#counted,
      queue: this.#queue,
      lack: this.#lack,
      stalled: this.#stalled,
      lastQuoteAt: this.#lastQuoteAt,
    };
  }
  set folded(kept) {
    ({
      counted: this.#counted,
      queue: this.#queue,
      lack: this.#lack,
      stalled: this.#stalled,
      lastQuoteAt: this.#lastQuoteAt,
    } = kept);
  }

  apply(step: Step): void {
    if (inputOf(step).type === "quote.updated") this.#lastQuoteAt = timeOf(step);
    for (const fact of factsOf(step)) this.#take(fact, timeOf(step));
  }

  #take(fact: SpokenFact, at: EpochMs): void {
    switch (fact.type) {
      case "lines.counted": {
        const { leased, waiting, limit, snapshots, cooling } = fact;
        this.#counted = {
          leased,
          waiting,
          limit,
          ...(snapshots === undefined ? {} : { snapshots }),
          ...(cooling === undefined ? {} : { cooling }),
        };
        return;
      }
      case "queue.counted": {
        const { waiting, refreshing, done, failed, oldestAgeMs } = fact;
        this.#queue = { waiting, refreshing, done, failed, at, ...(oldestAgeMs === undefined ? {} : { oldestAgeMs }) };
        return;
      }
      case "feed.stalled": {
        const { conId, name, attempt } = fact;
        this.#stalled.set(conId, { conId, name, attempt, since: this.#stalled.get(conId)?.since ?? at });
        return;
      }
      case "feed.resumed":
        this.#stalled.delete(fact.conId);
        return;
      case "session.degraded":
        this.#lack = fact.reason;
        return;
      case "session.readied":
      case "session.lost":
        this.#lack = "";
        this.#stalled.clear();
        return;
    }
  }

  get view(): LinesView {
    return {
      ...this.#counted,
      ...(this.#queue === undefined ? {} : { queue: this.#queue }),
      stalled: [...this.#stalled.values()],
      lack: this.#lack,
      ...(this.#lastQuoteAt === undefined ? {} : { lastQuoteAt: this.#lastQuoteAt }),
    };
  }
}
