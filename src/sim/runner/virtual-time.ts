/**
 * Time in a simulated world: one queue of events, and a clock that jumps from each to the next.
 *
 * Two readings of the same instant: real time (pacing, heartbeats, the disk, the network) never jumps; market time runs as fast,
 * and with `skipClosed` passes every closed hour in no time at all, by the very function that the demo's clocks use. Events of one
 * instant run in the order in which they were asked for, so nothing is left to chance.
 */
import { type MarketPace, marketTimeAfter, realMsUntil } from "../../domain/calendar/market-time.ts";
import { type EpochMs, epochMs } from "../../domain/units.ts";
import type { Clock, Scheduler } from "../../ports/clock.ts";

interface Event {
  readonly at: number;
  readonly n: number;
  run: (() => void) | undefined;
}

export interface VirtualTime extends Scheduler {
  /** Market time now. */
  market(): EpochMs;
  /** Calls back at the first instant at which market time has reached `at`. Returns how to take it back. */
  atMarket(at: number, callback: () => void): () => void;
  readonly clock: Clock;
  /** Runs the next event, if it is due by the market time `until`; else nothing, and false. */
  step(until: EpochMs): boolean;
  /** Events run so far. */
  readonly events: number;
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.n < b.n);

export const createVirtualTime = (options: { readonly begins: EpochMs; readonly skipClosed: boolean }): VirtualTime => {
  const pace: MarketPace = { speed: 1, skipClosed: options.skipClosed };
  const heap: Event[] = [];
  let now = 0;
  let asked = 0;
  let ran = 0;
  /** An instant of both times: the newest that was reckoned. */
  let known = { real: 0, market: marketTimeAfter({ ...pace, from: options.begins, elapsedMs: 0 }) };

  const push = (event: Event): void => {
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[i] = heap[parent] as Event;
      i = parent;
    }
    heap[i] = event;
  };
  const pop = (): void => {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, last)) break;
      heap[i] = heap[child] as Event;
      i = child;
    }
    heap[i] = last;
  };
  const at = (real: number, callback: () => void): (() => void) => {
    const event: Event = { at: real, n: ++asked, run: callback };
    push(event);
    return () => {
      event.run = undefined;
    };
  };
  const market = (): EpochMs => {
    if (known.real !== now) {
      known = { real: now, market: marketTimeAfter({ ...pace, from: known.market, elapsedMs: now - known.real }) };
    }
    return known.market;
  };
  const atMarket = (to: number, callback: () => void): (() => void) =>
    at(now + realMsUntil({ ...pace, from: market(), to: epochMs(Math.ceil(to)) }), callback);

  return {
    now: () => now,
    after: (delayMs, callback) => at(now + Math.max(0, Math.ceil(delayMs)), callback),
    market,
    atMarket,
    clock: { now: market, wakeAt: atMarket },
    step: (until) => {
      for (let next = heap[0]; next !== undefined; next = heap[0]) {
        if (next.run === undefined) {
          pop();
          continue;
        }
        if (
          next.at > now &&
          market() + (next.at - now) > until &&
          marketTimeAfter({ ...pace, from: market(), elapsedMs: next.at - now }) > until
        )
          return false;
        pop();
        now = next.at;
        ran++;
        next.run();
        return true;
      }
      return false;
    },
    get events() {
      return ran;
    },
  };
};
