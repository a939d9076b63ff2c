/**
 * How far the journal was known to be durable, kept outside LevelDB: what tells a lost tail from a legal crash.
 *
 * LevelDB drops a damaged tail in silence. A journal that ends before its anchor, or has another record there, is damaged.
 * When to write it is decided by the state directory.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonical } from "../domain/canonical-json.ts";
import { writeDurably } from "./durable-file.ts";
import { JournalDamage, storeErrorFrom } from "./store-error.ts";
import type { Head } from "./verify.ts";

export const anchorFile = (directory: string): string => join(directory, "head.json");

const isHead = (value: unknown): value is Head => {
  const { seq, hash } = (value ?? {}) as Partial<Head>;
  return Number.isSafeInteger(seq) && seq! >= 0 && typeof hash === "string";
};

/** The anchor of a state directory. Throws a StoreError when it is missing or unreadable. */
export const readAnchor = async (directory: string): Promise<Head> => {
  const file = anchorFile(directory);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException): never => {
    if (error.code === "ENOENT") throw new JournalDamage("no head anchor", { file }, error);
    throw storeErrorFrom(error, "reading the head anchor", { file });
  });
  try {
    const value: unknown = JSON.parse(text);
    if (isHead(value)) return { seq: value.seq, hash: value.hash };
  } catch (error) {
    throw new JournalDamage("a head anchor that is not JSON", { file }, error);
  }
  throw new JournalDamage("a head anchor without seq and hash", { file });
};

/** The writer: one write at a time, none when nothing is new, none after the first failure. */
export class HeadAnchor {
  readonly #directory: string;
  #written: Head | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Durable when it resolves. Rejects with a StoreError, and from then on always. */
  write(head: Head): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      if (this.#written !== undefined && head.seq <= this.#written.seq) return;
      const file = anchorFile(this.#directory);
      await writeDurably(file, `${canonical({ seq: head.seq, hash: head.hash })}\n`).catch((error: unknown): never => {
        throw storeErrorFrom(error, "writing the head anchor", { file });
      });
      this.#written = head;
    });
    return this.#writing;
  }
}
