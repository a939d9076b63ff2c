/**
 * The whole journal, read once: contiguous, chained, checked, and not shorter than its anchor.
 *
 * It judges what is in the database; whose database it is and what to do about damage is decided by the callers.
 */
import { entryPages, KEYS, type Level } from "./level.ts";
import { decodeStep } from "./record.ts";
import { JournalDamage, reasonOf, StoreError, storeErrorFrom, WAY_OUT } from "./store-error.ts";

/** A point of the chain that is known to have been durable: the last record's seq and sum at some time. Seq 0 is genesis. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export interface Verified {
  /** How many records were read. */
  readonly records: number;
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
}

const seqOfKey = (key: string): number => Number(key.slice(2));

/** Reads every record. Throws a JournalDamage at the first bad one, and a StoreError "head-behind" when the end is missing. */
export const verifyJournal = async (level: Level, { genesis, anchor, file }: ToVerify): Promise<Verified> => {
  let seq = 0;
  let sum = genesis;
  let hashAtAnchor = anchor?.seq === 0 ? genesis : undefined;
  try {
    for await (const page of entryPages(level, KEYS.records)) {
      for (const [key, text] of page) {
        if (key !== KEYS.record(seq + 1)) {
          throw new JournalDamage(`a hole: the next record found is ${seqOfKey(key)}`, { file, seq: seq + 1 });
        }
        sum = decodeStep(text, seq + 1, sum, file).sum;
        seq++;
        if (seq === anchor?.seq) hashAtAnchor = sum;
      }
    }
  } catch (error) {
    const known = storeErrorFrom(error, "reading", { file });
    if (known.code !== "damaged" || known.place.seq !== undefined) throw known;
    throw new JournalDamage(`a part that cannot be read (${reasonOf(error)})`, { file, seq: seq + 1 }, error);
  }
  if (anchor !== undefined && seq < anchor.seq) {
    const what = `the journal ends at ${seq}, but ${anchor.seq} was durable: ${anchor.seq - seq} records are lost`;
    throw new StoreError("head-behind", what, { file, seq }, WAY_OUT["head-behind"]);
  }
  if (anchor !== undefined && hashAtAnchor !== anchor.hash) {
    throw new JournalDamage("the record is not the one that the head anchor knows", { file, seq: anchor.seq });
  }
  return { records: seq, head: { seq, hash: sum }, anchor };
};

/** The newest record's seq and sum, read from the end; genesis when there is none. Throws a JournalDamage. */
export const lastHead = async (level: Level, genesis: string, file: string): Promise<Head> => {
  const entries = level.iterator({ ...KEYS.records, reverse: true, limit: 1 });
  try {
    const [last] = await entries.nextv(1);
    if (last === undefined) return { seq: 0, hash: genesis };
    const seq = seqOfKey(last[0]);
    return { seq, hash: decodeStep(last[1], seq, undefined, file).sum };
  } finally {
    await entries.close();
  }
};
