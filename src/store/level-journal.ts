/**
 * The journal over LevelDB: one record a step, one synced batch an append, dead after the first failure. Sealed days are read
 * from their segments, the rest from LevelDB, as one sequence.
 *
 * It forms no batches (the kernel does) and never retries: a rejected append means "maybe written", and the process ends.
 */
import { assert } from "../domain/assert.ts";
import type { Journal, Step } from "../ports/journal.ts";
import { allKeys, entryPages, KEYS, type Level, type Operation } from "./level.ts";
import { decodeStep, encodeStep } from "./record.ts";
import { asSealed, type SealedStep } from "./sealed-record.ts";
import { Segments } from "./segments.ts";
import { JournalDamage } from "./store-error.ts";
import { type Head, lastHead, seqOfKey } from "./verify.ts";

/** Records removed at once: one synced write, behind which an append may have to wait. */
const FORGET_SLICE = 1_000;

export class LevelJournal implements Journal {
  readonly #level: Level;
  readonly #segments: Segments;
  readonly #file: string;
  #head: Head;
  #appending = false;
  #dead: unknown;

  private constructor(level: Level, segments: Segments, file: string, head: Head) {
    this.#level = level;
    this.#segments = segments;
    this.#file = file;
    this.#head = head;
  }

  /** Opens at the last record found. `genesis` is what the first record continues, `file` is named in errors. */
  static async open(level: Level, genesis: string, file: string, segments = Segments.none(genesis)): Promise<LevelJournal> {
    return new LevelJournal(level, segments, file, await lastHead(level, segments.end, file));
  }

  /** The first record that is kept: 1 until the oldest days are let go. */
  get firstSeq(): number {
    return this.#segments.base.seq + 1;
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
    const last = Math.min(this.lastSeq, toSeq);
    let seq = Math.max(this.firstSeq, Math.ceil(fromSeq));
    // Looked at again after each segment: days may be sealed, and leave LevelDB, while somebody reads.
    for (let segment = this.#segments.holding(seq); seq <= last && segment !== undefined; segment = this.#segments.holding(seq)) {
      for await (const step of segment.steps(seq, last)) {
        yield step;
        seq++;
      }
    }
    if (seq <= last) for await (const { step } of this.unsealed(seq, last)) yield step;
  }

  /** The last `count` verified steps, in order. */
  tail(count: number): AsyncGenerator<Step, void> {
    return this.range(this.lastSeq - count + 1, this.lastSeq);
  }

  /** The hash of a record, or of the base. Throws a JournalDamage when there is no such record. */
  async hashAt(seq: number): Promise<string> {
    if (seq <= this.#segments.end.seq) return this.#segments.hashAt(seq);
    for await (const { record } of this.unsealed(seq, seq, 1)) return record.sum;
    throw new JournalDamage("a hole", { file: this.#file, seq });
  }

  /**
   * Verified records that LevelDB holds, with their texts: all of `first` to `last`, fetched `fetch` at a time. What LevelDB forgets
   * meanwhile is still read.
   */
  async *unsealed(first: number, last: number, fetch?: number): AsyncGenerator<SealedStep, void> {
    const { end } = this.#segments;
    let seq = first;
    let sum = first - 1 === end.seq ? end.hash : undefined;
    const from = sum === undefined ? first - 1 : first;
    for await (const page of entryPages(this.#level, { gte: KEYS.record(from), lte: KEYS.record(last) }, fetch)) {
      for (const [key, text] of page) {
        if (sum === undefined && key === KEYS.record(first - 1)) {
          sum = decodeStep(text, first - 1, undefined, this.#file).sum;
          continue;
        }
        if (sum === undefined) throw new JournalDamage("a hole", { file: this.#file, seq: first - 1 });
        if (key !== KEYS.record(seq)) throw new JournalDamage("a hole", { file: this.#file, seq });
        const stored = decodeStep(text, seq, sum, this.#file);
        sum = stored.sum;
        seq++;
        yield asSealed(text, stored);
      }
    }
    if (seq <= last) throw new JournalDamage("a hole", { file: this.#file, seq });
  }

  /** The first record that is sealed and still in LevelDB, because its removal was cut off; undefined when there is none. */
  async firstSealed(): Promise<number | undefined> {
    const [key] = await allKeys(this.#level, { ...this.#sealedKeys(), limit: 1 });
    return key === undefined ? undefined : seqOfKey(key);
  }

  /**
   * Removes from LevelDB what is sealed, oldest first and each slice synced, so that a crash leaves an unbroken rest. `turn` is
   * awaited between slices. A removal that fails kills the journal, as a failed append does.
   */
  async forgetSealed(turn: () => Promise<void>): Promise<void> {
    const keys = await allKeys(this.#level, this.#sealedKeys());
    for (let from = 0; from < keys.length; from += FORGET_SLICE) {
      const doomed = keys.slice(from, from + FORGET_SLICE).map((key): Operation => ({ type: "del", key }));
      await this.#level.batch(doomed, { sync: true });
      await turn();
    }
    const [first, last] = [keys[0], keys.at(-1)];
    if (first !== undefined && last !== undefined) await this.#level.compactRange?.(first, last);
  }

  #sealedKeys(): { readonly gte: string; readonly lte: string } {
    return { gte: KEYS.records.gte, lte: KEYS.record(this.#segments.end.seq) };
  }
}
