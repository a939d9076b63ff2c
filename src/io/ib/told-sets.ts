/**
 * The sets that are asked for again and again (positions, orders, executions), told whole once and then by their changes: what the asker
 * says it knows is a digest of the whole set by its content, so that a quiet minute costs the journal nothing and a restart nothing more.
 *
 * Belongs to one epoch. The digest outlives it: the same set in another epoch, or for another process, has the same one.
 */
import { createHash } from "node:crypto";
import type { SetTold } from "../../domain/events/broker.ts";

export interface ToldSet<Row> {
  /** The answer for an asker that knows the set of this digest, or none. The set is then the one it will know. */
  tell(rows: readonly Row[], known: string | undefined): SetTold & { readonly rows: readonly Row[] };
  /** A row was told by itself since: it is part of the next answer, whether it has changed from the last one or not. */
  toldAlone(row: Row): void;
}

export const createToldSet = <Row>(keyOf: (row: Row) => string): ToldSet<Row> => {
  let last: { readonly digest: string; readonly texts: ReadonlyMap<string, string> } | undefined;
  const alone = new Set<string>();

  return {
    tell: (rows, known) => {
      const texts = new Map<string, string>();
      const byKey = new Map<string, Row>();
      for (const row of rows) {
        const key = keyOf(row);
        texts.set(key, JSON.stringify(row));
        byKey.set(key, row);
      }
      const hash = createHash("sha256");
      for (const key of [...texts.keys()].sort()) hash.update(`${key}\n${texts.get(key)}\n`);
      const digest = hash.digest("base64url").slice(0, 22);
      const before = last;
      last = { digest, texts };
      const mentioned = [...alone];
      alone.clear();
      if (known === undefined || (known !== digest && known !== before?.digest)) return { digest, rows: [...byKey.values()] };
      const again = mentioned.flatMap((key) => byKey.get(key) ?? []);
      if (known === digest) return { digest, base: digest, rows: again };
      const changed = [...byKey].filter(([key]) => texts.get(key) !== before?.texts.get(key)).map(([, row]) => row);
      const gone = [...(before?.texts.keys() ?? [])].filter((key) => !texts.has(key));
      const changedOrMentioned = [...new Set([...changed, ...again])];
      return { digest, base: known, rows: changedOrMentioned, ...(gone.length === 0 ? {} : { gone }) };
    },
    toldAlone: (row) => void alone.add(keyOf(row)),
  };
};
