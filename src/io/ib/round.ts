/**
 * A question that IB answers without naming the asker (positions, open orders, completed orders) or allows only once at a
 * time (the account summary): one at a time, and whoever asks meanwhile is answered by the next. Nobody joins a question
 * already under way: its rows may be older than the asking.
 */
import type { Scheduler } from "../../ports/clock.ts";
import type { Pacer, Parcel } from "./pacer.ts";
import { EPOCH_OVER } from "./port-words.ts";

/** Someone who waits for an answer. */
export interface Asker {
  readonly replyTo: string;
  readonly request: string;
  /** Whether the question left: called once, by the parcel that carries it. */
  readonly settle: NonNullable<Parcel["settle"]>;
  readonly fail: (code: number, text: string) => void;
}

export interface Round<A extends Asker, Row> {
  ask(asker: A): void;
  /** A row; a later one of the same key replaces the earlier. Without a question under way it is nobody's. */
  row(key: string, row: Row): void;
  /** IB's end marker. */
  end(): void;
  /** IB refused the question under way. */
  fail(code: number, text: string): void;
  /** From now on questions may be asked. */
  release(): void;
  /** The epoch is over. */
  close(): void;
  readonly collecting: boolean;
}

export const createRound = <A extends Asker, Row>(options: {
  readonly name: string;
  readonly pacer: Pacer;
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
  readonly write: () => void;
  readonly answer: (asker: A, rows: readonly Row[]) => void;
  /** Held back until `release`. */
  readonly held?: boolean;
  /** Withdraws a question that got no end marker. Where IB knows no such thing, nobody may ask until the late marker has come:
   *  it could not be told from the next one's. */
  readonly withdraw?: () => void;
}): Round<A, Row> => {
  const { name, pacer, scheduler, timeoutMs, write, answer, withdraw } = options;
  let waiting: A[] = [];
  let flying: { askers: readonly A[]; rows: Map<string, Row>; takeBack: () => void; overdue: boolean } | undefined;
  let queued = false;
  let held = options.held ?? false;
  let over = false;

  const unanswered = `${name}: the last question is still unanswered`;

  const failAll = (code: number, text: string) => {
    const { askers, takeBack } = flying ?? { askers: [], takeBack: () => {} };
    takeBack();
    if (flying) flying = { ...flying, askers: [] };
    for (const asker of askers) asker.fail(code, text);
  };
  const overdue = () => {
    failAll(0, `${name}: no end marker within ${timeoutMs} ms`);
    if (withdraw) {
      flying = undefined;
      withdraw();
      start();
      return;
    }
    if (flying) flying.overdue = true;
    const turnedAway = waiting;
    waiting = [];
    for (const asker of turnedAway) asker.settle(unanswered);
  };
  const start = () => {
    if (flying || queued || held || over || waiting.length === 0) return;
    queued = true;
    let asking: readonly A[] = [];
    pacer.offer({
      lane: "enquiry",
      write: () => {
        // Whoever asked until now is served: the question leaves after they asked.
        asking = waiting;
        waiting = [];
        flying = { askers: asking, rows: new Map(), takeBack: scheduler.after(timeoutMs, overdue), overdue: false };
        write();
      },
      settle: (refusal) => {
        queued = false;
        if (refusal === undefined) {
          for (const asker of asking) asker.settle();
          return;
        }
        const left = [...asking, ...waiting];
        waiting = [];
        flying?.takeBack();
        flying = undefined;
        for (const asker of left) asker.settle(refusal);
      },
    });
  };
  return {
    ask: (asker) => {
      if (flying?.overdue) {
        asker.settle(unanswered);
        return;
      }
      waiting.push(asker);
      start();
    },
    row: (key, row) => void flying?.rows.set(key, row),
    end: () => {
      if (!flying) return;
      const { askers, rows, takeBack } = flying;
      takeBack();
      flying = undefined;
      for (const asker of askers) answer(asker, [...rows.values()]);
      start();
    },
    fail: (code, text) => {
      failAll(code, text);
      flying = undefined;
      start();
    },
    release: () => {
      held = false;
      start();
    },
    close: () => {
      over = true;
      const unasked = queued ? [] : waiting;
      if (!queued) waiting = [];
      failAll(0, "the epoch ended before the answer");
      flying = undefined;
      // Those whose parcel waits in the pacer are settled by it.
      for (const asker of unasked) asker.settle(EPOCH_OVER);
    },
    get collecting() {
      return flying !== undefined;
    },
  };
};
