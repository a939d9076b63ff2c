/**
 * The stored form of a step: canonical JSON, chained to its predecessor and checked on every read.
 *
 * LevelDB may return holes and altered values without an error (measured), so each record carries `prev`, the sum of the record
 * before it, and `sum`, the SHA-256 of its own text without the sum. The first record's `prev` is the journal's genesis hash.
 * Versioned: a record of an older version passes through the upcasters before anyone sees it.
 */
import { canonical, checkPlain, NotPlainError } from "../domain/canonical-json.ts";
import type { Step } from "../ports/journal.ts";
import { type SealedFields, seal, unseal } from "./seal.ts";
import { JournalDamage, StoreError, type StorePlace, WAY_OUT } from "./store-error.ts";

/** The version that this build writes. */
export const RECORD_VERSION = 1;

/** A record as it was read and verified. `sum` is what the next record calls `prev`. */
export interface StoredStep {
  readonly step: Step;
  readonly prev: string;
  readonly sum: string;
}

/** Turns a record of one version into the next version's form. */
export type Upcaster = (old: SealedFields) => SealedFields;

/** By the version they start from. Empty: there is only version 1 so far. */
const UPCASTERS: ReadonlyMap<number, Upcaster> = new Map();

/** The text of a step and its sum. Throws a NotPlainError when the step is not plain JSON. */
export const encodeStep = (step: Step, prev: string): { readonly text: string; readonly sum: string } => {
  const { seq, now, input, transitions, facts, effects, incidents } = step;
  try {
    // Written out in key order, so that the sum can be set in its place without writing everything twice.
    const before =
      `{"effects":${canonical(effects)},"facts":${canonical(facts)},"incidents":${canonical(incidents)}` +
      `,"input":${canonical(input)},"now":${canonical(now)},"prev":"${prev}","seq":${canonical(seq)},`;
    return seal(before, `"transitions":${canonical(transitions)},"v":${RECORD_VERSION}}`);
  } catch (error) {
    // Said again with the path from the step's own root.
    if (error instanceof NotPlainError) checkPlain({ seq, now, input, transitions, facts, effects, incidents });
    throw error;
  }
};

/** A record of any known version in the form of this build. Throws a StoreError when there is no way there. */
export const upcast = (
  record: SealedFields,
  place: StorePlace,
  upcasters: ReadonlyMap<number, Upcaster> = UPCASTERS,
  current: number = RECORD_VERSION,
): SealedFields => {
  let latest = record;
  for (;;) {
    const version = latest["v"];
    if (version === current) return latest;
    if (typeof version !== "number") throw new JournalDamage("a record without a version", place);
    const code = version > current ? "new-format" : "old-format";
    const next = code === "old-format" ? upcasters.get(version) : undefined;
    if (next === undefined) {
      throw new StoreError(code, `records of version ${version}, this build reads up to ${current}`, place, WAY_OUT[code]);
    }
    latest = next(latest);
  }
};

/**
 * Reads one record that should be `seq` and continue `prev` (undefined: whatever comes before it). Throws a JournalDamage when
 * it is not exactly what was written.
 */
export const decodeStep = (text: string, seq: number, prev: string | undefined, file: string): StoredStep => {
  const place = { file, seq };
  const { fields: record, sum } = unseal(text, "a record", place);
  if (record["seq"] !== seq) throw new JournalDamage(`a record with the seq ${String(record["seq"])}`, place);
  if (prev !== undefined && record["prev"] !== prev) {
    throw new JournalDamage("a record that does not continue the one before it", place);
  }
  const { now, input, transitions, facts, effects, incidents } = upcast(record, place);
  const step = { seq, now, input, transitions, facts, effects, incidents } as Step;
  return { step, prev: record["prev"] as string, sum };
};
