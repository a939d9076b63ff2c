/**
 * Every pending `after` of every actor, by absolute deadline in the journal's time, ordered by (deadline, path, id).
 *
 * *Held* timers were overdue when the process started: they wait until the engine has reconciled, then fire with their `due`.
 * Arming an actor's id again replaces what was there.
 */
import type { TimerRecord } from "../ports/journal.ts";

interface Entry {
  readonly timer: TimerRecord;
  /** Out of the heap, cancelled or taken; left in the array until it surfaces. */
  gone: boolean;
  held: boolean;
}

const before = (a: TimerRecord, b: TimerRecord): boolean =>
  a.deadline !== b.deadline ? a.deadline < b.deadline : a.actor !== b.actor ? a.actor < b.actor : a.id < b.id;

export class TimerHeap {
  /** A binary heap; gone and held entries are dropped when they come to the top. */
  #heap: Entry[] = [];
  readonly #byActor = new Map<string, Map<string, Entry>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  arm(timer: TimerRecord): void {
    this.cancel(timer.actor, timer.id);
    const entry: Entry = { timer, gone: false, held: false };
    let own = this.#byActor.get(timer.actor);
    if (own === undefined) {
      own = new Map();
      this.#byActor.set(timer.actor, own);
    }
    own.set(timer.id, entry);
    this.#size++;
    this.#push(entry);
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#size) this.#rebuild();
  }

  /** Takes a timer out, for firing. Undefined when nothing of that name is armed. */
  take(actor: string, id: string): TimerRecord | undefined {
    const own = this.#byActor.get(actor);
    const entry = own?.get(id);
    if (own === undefined || entry === undefined) return undefined;
    own.delete(id);
    if (own.size === 0) this.#byActor.delete(actor);
    entry.gone = true;
    this.#size--;
    return entry.timer;
  }

  cancel(actor: string, id: string): void {
    this.take(actor, id);
  }

  cancelAll(actor: string): void {
    for (const id of [...(this.#byActor.get(actor)?.keys() ?? [])]) this.take(actor, id);
  }

  /** The first timer to fire by `now`, left where it is. Held ones do not count. */
  due(now: number): TimerRecord | undefined {
    const first = this.first();
    return first !== undefined && first.deadline <= now ? first : undefined;
  }

  /** The earliest timer that is not held. */
  first(): TimerRecord | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (!top.gone && !top.held) return top.timer;
      this.#pop();
    }
    return undefined;
  }

  /** Holds back every timer for which `which` is true. */
  hold(which: (timer: TimerRecord) => boolean): void {
    for (const own of this.#byActor.values()) for (const entry of own.values()) if (which(entry.timer)) entry.held = true;
  }

  /** Lets the held ones take their place again. */
  open(): void {
    for (const own of this.#byActor.values()) for (const entry of own.values()) entry.held = false;
    this.#rebuild();
  }

  /** All timers, held ones too, in firing order. */
  records(): TimerRecord[] {
    const all: TimerRecord[] = [];
    for (const own of this.#byActor.values()) for (const entry of own.values()) all.push(entry.timer);
    return all.sort((a, b) => (before(a, b) ? -1 : 1));
  }

  #rebuild(): void {
    this.#heap = [];
    for (const own of this.#byActor.values()) for (const entry of own.values()) if (!entry.held) this.#push(entry);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(entry.timer, heap[up]!.timer)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && before(heap[down + 1]!.timer, heap[down]!.timer)) down++;
      if (!before(heap[down]!.timer, last.timer)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
  }
}
