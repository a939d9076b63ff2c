/**
 * What waits to be stepped, in order of arrival. A keyed input (a quote) keeps its place and takes the newest value.
 *
 * It holds no policy: the kernel decides when to step, when to press back, and what an overflow means.
 */
import type { Input } from "../ports/journal.ts";

/** One input waiting. `ticket` is what its offerer waits for, if anything. */
export interface Waiting<Ticket> {
  input: Input;
  readonly key: string | undefined;
  readonly ticket: Ticket | undefined;
}

export class Inbox<Ticket> {
  #queue: Waiting<Ticket>[] = [];
  #head = 0;
  readonly #keyed = new Map<string, Waiting<Ticket>>();

  get size(): number {
    return this.#queue.length - this.#head;
  }

  put(input: Input, key?: string, ticket?: Ticket): void {
    const waiting = key === undefined ? undefined : this.#keyed.get(key);
    if (waiting !== undefined) {
      waiting.input = input;
      return;
    }
    const place: Waiting<Ticket> = { input, key, ticket };
    if (key !== undefined) this.#keyed.set(key, place);
    this.#queue.push(place);
  }

  /** Puts inputs before everything that waits, in the given order. */
  putFirst(inputs: readonly Input[]): void {
    const first = inputs.map((input) => ({ input, key: undefined, ticket: undefined }));
    this.#queue = [...first, ...this.#queue.slice(this.#head)];
    this.#head = 0;
  }

  take(): Waiting<Ticket> | undefined {
    const first = this.#queue[this.#head];
    if (first === undefined) return undefined;
    if (first.key !== undefined) this.#keyed.delete(first.key);
    this.#head++;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 4096) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
