/**
 * A record inside a segment: the text that stood in LevelDB, or what is left of it when its quote has been thinned out.
 *
 * A thinned record keeps seq, time, input type, transitions, facts, effects and incidents, the hash it continues and, as `was`,
 * its own: the chain stays as it was. The quote itself is gone, and says so. What is left is guarded by its segment's checksums, as
 * all of a segment is: another hash in each record would cost more than the quote did.
 */
import { canonical } from "../domain/canonical-json.ts";
import type { Step } from "../ports/journal.ts";
import { decodeStep, type StoredStep, upcast } from "./record.ts";
import type { SealedFields } from "./seal.ts";
import { JournalDamage, StoreError, type StorePlace, WAY_OUT } from "./store-error.ts";

export interface SealedStep {
  readonly step: Step;
  readonly record: {
    readonly text: string;
    readonly seq: number;
    readonly now: number;
    /** The hash that the next record continues. */
    readonly sum: string;
    readonly thinned: boolean;
  };
}

const MARK = '{"thinned":';
/** The version of thinned records that this build writes and reads. */
const THINNED_VERSION = 1;

export const asSealed = (text: string, { step, sum }: StoredStep): SealedStep => ({
  step,
  record: { text, seq: step.seq, now: step.now, sum, thinned: false },
});

/** What is left of a record once its input's body is gone. */
export const thinned = ({ step, record }: SealedStep, prev: string): SealedStep => {
  const { seq, now, input, transitions, facts, effects, incidents } = step;
  const rest = canonical({ seq, now, input: { type: input.type }, transitions, facts, effects, incidents });
  const text = `${MARK}${rest},"prev":"${prev}","was":"${record.sum}","v":${THINNED_VERSION}}`;
  return { step: { ...step, input: { type: input.type }, thinned: true }, record: { ...record, text, thinned: true } };
};

interface Thinned {
  readonly thinned: Step;
  readonly prev: unknown;
  readonly was: unknown;
  readonly v: unknown;
}

const parsed = (text: string, place: StorePlace): SealedFields => {
  try {
    return JSON.parse(text) as SealedFields;
  } catch (error) {
    throw new JournalDamage("a record that is not JSON", place, error);
  }
};

const left = (fields: SealedFields, seq: number, place: StorePlace): Thinned => {
  const record = fields as unknown as Thinned;
  if (record.v !== THINNED_VERSION) {
    const newer = typeof record.v === "number" && record.v > THINNED_VERSION;
    const code = newer ? "new-format" : "old-format";
    throw new StoreError(code, `a thinned record of version ${String(record.v)}`, place, WAY_OUT[code]);
  }
  if (record.thinned.seq !== seq || typeof record.was !== "string") {
    throw new JournalDamage("a thinned record that is not the one it should be", place);
  }
  return record;
};

/** Reads the record that should be `seq` and continue `prev`. Throws a JournalDamage unless it is what was written or what was left. */
export const decodeSealed = (text: string, seq: number, prev: string, file: string): SealedStep => {
  if (!text.startsWith(MARK)) return asSealed(text, decodeStep(text, seq, prev, file));
  const place = { file, seq };
  const record = left(parsed(text, place), seq, place);
  if (record.prev !== prev) throw new JournalDamage("a record that does not continue the one before it", place);
  const { now } = record.thinned;
  return { step: { ...record.thinned, thinned: true }, record: { text, seq, now, sum: String(record.was), thinned: true } };
};

/** The step of a record whose bytes are known to be what was written. Throws a StoreError when it is another one. */
export const sealedStep = (text: string, seq: number, file: string): Step => {
  const place = { file, seq };
  const fields = parsed(text, place);
  if (text.startsWith(MARK)) return { ...left(fields, seq, place).thinned, thinned: true };
  if (fields["seq"] !== seq) throw new JournalDamage(`a record with the seq ${String(fields["seq"])}`, place);
  const { now, input, transitions, facts, effects, incidents } = upcast(fields, place);
  return { seq, now, input, transitions, facts, effects, incidents } as Step;
};
