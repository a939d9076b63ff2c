/**
 * The whole journal, read once: contiguous, chained, checked, and not shorter than its anchor.
 *
 * It judges what is in the database; whose database it is and what to do about damage is decided by the callers.
 */
import { entryPages, KEYS, type Level } from "./level.ts";
import { decodeStep } from "./record.ts";
import { Segments } from "./segments.ts";
import { JournalDamage, reasonOf, StoreError, storeErrorFrom, WAY_OUT } from "./store-error.ts";

/** A point of the chain that is known to have been durable: the last record's seq and sum at some time. Seq 0 is genesis. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export interface Verified {
  /** How many records the journal holds: sealed ones, whose segments were held against each other, and those read here. */
  readonly records: number;
  /** How many of them are sealed. */
  readonly sealed: number;
  /** The last record: where the journal goes on. */
  readonly head: Head;
  /** The anchor it was held against, if one was known. */
  readonly anchor: Head | undefined;
}

export interface ToVerify {
  /** The hash that the first record continues. */
  readonly genesis: string;
  readonly anchor?: Head;
  /** Named in errors. */
  readonly file: string;
  /** The sealed days that the database goes on from. */
  readonly segments?: Segments;
}

/** The seq in a record's key. */
export const seqOfKey = (key: string): number => Number(key.slice(2));

/**
 * Reads every record in the database. Throws a JournalDamage at the first bad one, and a StoreError "head-behind" when the end is
 * missing. Records that are sealed and still there, because the process ended while they were removed, must be the sealed ones.
 */
export const verifyJournal = async (level: Level, { genesis, anchor, file, segments }: ToVerify): Promise<Verified> => {
  const { base, end } = segments ?? Segments.none(genesis);
  let { seq, hash: sum }: { seq: number; hash: string | undefined } = end;
  const anchored = anchor !== undefined && anchor.seq <= end.seq && anchor.seq >= base.seq;
  let hashAtAnchor = anchored ? await (segments ?? Segments.none(genesis)).hashAt(anchor.seq) : undefined;
  try {
    for await (const page of entryPages(level, KEYS.records)) {
      for (const [key, text] of page) {
        const found = seqOfKey(key);
        if (seq === end.seq && sum === end.hash && found > base.seq && found <= end.seq) {
          // The first of those that are still to be removed: whatever it continues, at the end they must meet.
          seq = found - 1;
          sum = undefined;
        }
        if (key !== KEYS.record(seq + 1)) {
          throw new JournalDamage(`a hole: the next record found is ${found}`, { file, seq: seq + 1 });
        }
        sum = decodeStep(text, seq + 1, sum, file).sum;
        seq++;
        if (seq === end.seq && sum !== end.hash) {
          throw new JournalDamage("a record that is not the sealed one", { file, seq });
        }
        if (seq === anchor?.seq) hashAtAnchor = sum;
      }
    }
  } catch (error) {
    const known = storeErrorFrom(error, "reading", { file });
    if (known.code !== "damaged" || known.place.seq !== undefined) throw known;
    throw new JournalDamage(`a part that cannot be read (${reasonOf(error)})`, { file, seq: seq + 1 }, error);
  }
  if (seq < end.seq) throw new JournalDamage("a hole: the sealed records are there only in part", { file, seq: seq + 1 });
  if (anchor !== undefined && seq < anchor.seq) {
    const what = `the journal ends at ${seq}, but ${anchor.seq} was durable: ${anchor.seq - seq} records are lost`;
    throw new StoreError("head-behind", what, { file, seq }, WAY_OUT["head-behind"]);
  }
  if (anchor !== undefined && anchor.seq >= base.seq && hashAtAnchor !== anchor.hash) {
    throw new JournalDamage("the record is not the one that the head anchor knows", { file, seq: anchor.seq });
  }
  return { records: seq - base.seq, sealed: end.seq - base.seq, head: { seq, hash: sum ?? end.hash }, anchor };
};

/** The newest record's seq and sum, read from the end; the end of the sealed days when there is none. Throws a JournalDamage. */
export const lastHead = async (level: Level, sealedEnd: Head, file: string): Promise<Head> => {
  const entries = level.iterator({ ...KEYS.records, reverse: true, limit: 1 });
  try {
    const [last] = await entries.nextv(1);
    if (last === undefined) return sealedEnd;
    const seq = seqOfKey(last[0]);
    if (seq < sealedEnd.seq) return sealedEnd;
    return { seq, hash: decodeStep(last[1], seq, undefined, file).sum };
  } finally {
    await entries.close();
  }
};
