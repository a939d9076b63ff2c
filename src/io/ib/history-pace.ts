/**
 * IB's rules for historical data, kept before it keeps them for us (162 is a pacing violation there): never the same question twice within
 * 15 s, never six about one contract within 2 s, at most 60 in 10 minutes. Who is too early waits here. Real time.
 */
import type { Effects } from "../../domain/effects.ts";
import type { Scheduler } from "../../ports/clock.ts";
import { EPOCH_OVER } from "./port-words.ts";
import type { Asker } from "./round.ts";

const SAME_AGAIN_MS = 15_000;
const BURST_MS = 2_000;
const BURST_LIMIT = 5;
const WINDOW_MS = 600_000;
const WINDOW_LIMIT = 60;
/** Later than the rule says, so that the two clocks need not agree. */
const MARGIN_MS = 100;

interface BarsAsker extends Asker {
  readonly params: Effects["bars.request"];
}
interface Asked {
  readonly at: number;
  readonly conId: number;
  readonly question: string;
}

export interface HistoryPace {
  /** Passes the question on at once, or when its turn has come. */
  ask<A extends BarsAsker>(asker: A, ask: (asker: A) => void): void;
  /** The epoch is over: those who wait are refused. */
  close(): void;
}

const questionOf = ({ contract, days, show, size = "day", regularHours = true }: Effects["bars.request"]): string =>
  `${contract.conId} ${days} ${show} ${size} ${regularHours}`;

export const createHistoryPace = (scheduler: Scheduler): HistoryPace => {
  let asked: Asked[] = [];
  let waiting: { readonly asker: BarsAsker; readonly go: () => void }[] = [];
  let takeBack: (() => void) | undefined;

  /** Milliseconds until a question may be asked; 0: now. */
  const waitFor = ({ params }: BarsAsker, now: number): number => {
    const question = questionOf(params);
    const same = asked.findLast((one) => one.question === question);
    const ofContract = asked.filter((one) => one.conId === params.contract.conId && now - one.at < BURST_MS + MARGIN_MS);
    const waits = [0];
    if (same !== undefined) waits.push(same.at + SAME_AGAIN_MS + MARGIN_MS - now);
    if (ofContract.length >= BURST_LIMIT) waits.push((ofContract.at(-BURST_LIMIT) as Asked).at + BURST_MS + MARGIN_MS - now);
    if (asked.length >= WINDOW_LIMIT) waits.push((asked.at(-WINDOW_LIMIT) as Asked).at + WINDOW_MS + MARGIN_MS - now);
    return Math.max(...waits);
  };
  /** Whoever may ask asks; a question that must wait does not hold up the ones behind it. */
  const drain = (): void => {
    takeBack?.();
    takeBack = undefined;
    const now = scheduler.now();
    asked = asked.filter(({ at }) => now - at < WINDOW_MS + MARGIN_MS);
    let soonest = Number.POSITIVE_INFINITY;
    const left: typeof waiting = [];
    for (const one of waiting) {
      const wait = waitFor(one.asker, now);
      if (wait > 0) {
        soonest = Math.min(soonest, wait);
        left.push(one);
        continue;
      }
      const { params } = one.asker;
      asked.push({ at: now, conId: params.contract.conId, question: questionOf(params) });
      one.go();
    }
    waiting = left;
    if (waiting.length > 0) takeBack = scheduler.after(soonest, drain);
  };

  return {
    ask: (asker, ask) => {
      waiting.push({ asker, go: () => ask(asker) });
      drain();
    },
    close: () => {
      takeBack?.();
      const left = waiting;
      waiting = [];
      for (const { asker } of left) asker.settle(EPOCH_OVER);
    },
  };
};
