/**
 * The journal over LevelDB: one record a step, one synced batch an append, dead after the first failure.
 *
 * It forms no batches (the kernel does) and never retries: a rejected append means "maybe written", and the process ends.
 */
import { assert } from "../domain/assert.ts";
import type { Journal, Step } from "../ports/journal.ts";
import { entryPages, KEYS, type Level, type Operation } from "./level.ts";
import { decodeStep, encodeStep } from "./record.ts";
import { JournalDamage } from "./store-error.ts";
import { type Head, lastHead } from "./verify.ts";

export class LevelJournal implements Journal {
  readonly #level: Level;
  readonly #genesis: string;
  readonly #file: string;
  #head: Head;
  #appending = false;
  #dead: unknown;

  private constructor(level: Level, genesis: string, file: string, head: Head) {
    this.#level = level;
    this.#genesis = genesis;
    this.#file = file;
    this.#head = head;
  }

  /** Opens at the last record found. `genesis` is what the first record continues, `file` is named in errors. */
  static async open(level: Level, genesis: string, file: string): Promise<LevelJournal> {
    return new LevelJournal(level, genesis, file, await lastHead(level, genesis, file));
  }

  get lastSeq(): number {
    return this.#head.seq;
  }

  /** Seq and sum of the last durable record. */
  get head(): Head {
    return this.#head;
  }

  /** Whether an append has failed. Then every further one rejects. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** One append at a time, and steps that continue the last: anything else is a broken invariant, and kills the journal too. */
  async append(steps: readonly Step[]): Promise<void> {
    if (this.#dead !== undefined) throw this.#dead;
    try {
      assert(!this.#appending, "one append at a time: two batches under way may reach the disk in either order");
      this.#appending = true;
      let { seq, hash } = this.#head;
      const operations: Operation[] = [];
      for (const step of steps) {
        assert(step.seq === seq + 1, `step ${step.seq} does not continue seq ${seq}`);
        const { text, sum } = encodeStep(step, hash);
        seq = step.seq;
        hash = sum;
        operations.push({ type: "put", key: KEYS.record(seq), value: text });
      }
      if (operations.length > 0) await this.#level.batch(operations, { sync: true });
      this.#head = { seq, hash };
      this.#appending = false;
    } catch (error) {
      this.#dead ??= error;
      throw error;
    }
  }

  read(fromSeq: number): AsyncGenerator<Step, void> {
    return this.range(fromSeq, this.lastSeq);
  }

  /** The verified steps from `fromSeq` to `toSeq`, both included, clipped to what is there. Throws a JournalDamage. */
  async *range(fromSeq: number, toSeq: number): AsyncGenerator<Step, void> {
    const first = Math.max(1, Math.ceil(fromSeq));
    const last = Math.min(this.lastSeq, toSeq);
    if (first > last) return;
    let sum = await this.#hashAt(first - 1);
    let seq = first;
    for await (const page of entryPages(this.#level, { gte: KEYS.record(first), lte: KEYS.record(last) })) {
      for (const [key, text] of page) {
        if (key !== KEYS.record(seq)) throw new JournalDamage("a hole", { file: this.#file, seq });
        const stored = decodeStep(text, seq, sum, this.#file);
        sum = stored.sum;
        seq++;
        yield stored.step;
      }
    }
    if (seq <= last) throw new JournalDamage("a hole", { file: this.#file, seq });
  }

  /** The last `count` verified steps, in order. */
  tail(count: number): AsyncGenerator<Step, void> {
    return this.range(this.lastSeq - count + 1, this.lastSeq);
  }

  async #hashAt(seq: number): Promise<string> {
    if (seq === 0) return this.#genesis;
    const text = await this.#level.get(KEYS.record(seq));
    if (text === undefined) throw new JournalDamage("a hole", { file: this.#file, seq });
    return decodeStep(text, seq, undefined, this.#file).sum;
  }
}
