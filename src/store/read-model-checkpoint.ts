/**
 * The read model as it was at one record, so that a start need not read the journal from its beginning. Derived data: it counts only
 * for the very build that wrote it and for the journal that holds that record; anything else, and the model is derived again.
 *
 *   one line of JSON: build, seq and hash of the record, SHA-256 of what follows
 *   the folded model, as V8 writes structured clones
 *
 * When to write it, and that the Arrow tables are on disk before, is the caller's business.
 */
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { canonical } from "../domain/canonical-json.ts";
import { createReadModel, type FoldedReadModel, type ReadModel } from "../projections/read-model.ts";
import { writeDurably } from "./durable-file.ts";
import type { Head } from "./verify.ts";

const CHECKPOINT_VERSION = 1;
const NEWLINE = 0x0a;

export const checkpointFile = (directory: string): string => join(directory, "read-model.checkpoint");

const sumOf = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

/** The bytes of a checkpoint of the model as it stands at `head`, its last record. Copies the model before it returns. */
export const checkpointOf = (model: ReadModel, head: Head, build: string): Uint8Array => {
  const body = serialize(model.folded);
  const { seq, hash: record } = head;
  const line = canonical({ v: CHECKPOINT_VERSION, build, seq, hash: record, sum: sumOf(body) });
  return Buffer.concat([Buffer.from(`${line}\n`), body]);
};

export const writeCheckpoint = (directory: string, bytes: Uint8Array): Promise<void> =>
  writeDurably(checkpointFile(directory), bytes);

/**
 * The read model at the last checkpoint; empty when there is none that fits `build` and `journal`. It goes on with the record after
 * its `seq`.
 */
export const readCheckpoint = async (
  directory: string,
  build: string,
  journal: { readonly lastSeq: number; hashAt(seq: number): Promise<string> },
): Promise<ReadModel> => {
  try {
    const bytes = await readFile(checkpointFile(directory));
    const end = bytes.indexOf(NEWLINE);
    const line = JSON.parse(bytes.toString("utf8", 0, end)) as { readonly [key: string]: unknown };
    const { seq } = line;
    const body = bytes.subarray(end + 1);
    const fits =
      line["v"] === CHECKPOINT_VERSION &&
      line["build"] === build &&
      typeof seq === "number" &&
      seq <= journal.lastSeq &&
      line["sum"] === sumOf(body) &&
      line["hash"] === (await journal.hashAt(seq));
    if (!fits) return createReadModel();
    const model = createReadModel(deserialize(body) as FoldedReadModel);
    return model.seq === seq ? model : createReadModel();
  } catch {
    // Absent, damaged, or of a record that is not kept any more: derived data is derived again. Damage of the journal itself shows then.
    return createReadModel();
  }
};
