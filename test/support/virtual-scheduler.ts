/** Real time that a test turns by hand: callbacks fire in order of their due time, then of their asking. */
import type { Scheduler } from "../../src/ports/clock.ts";

export class VirtualScheduler implements Scheduler {
  #now = 0;
  #asked = 0;
  #due: { readonly at: number; readonly n: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, delayMs), n: ++this.#asked, callback };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  get pending(): number {
    return this.#due.length;
  }

  /** Lets so many milliseconds pass, firing what comes due on the way. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.n - b.n)[0];
      if (!next) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }

  /** Lets time pass as in a process that slept: what came due fires only now, all of it late. */
  sleep(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}
