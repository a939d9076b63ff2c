/**
 * What can be wrong with a state directory or its journal: one error with a code, a place and a way out.
 *
 * It also says what a LevelDB or file-system error means. It decides nothing: who catches it chooses the exit code.
 */

export type StoreErrorCode =
  /** Another process (or this one) holds the state directory. */
  | "locked"
  /** Something is there, but not a journal: a lost CURRENT, another program's directory, an unfinished initialisation. */
  | "missing-current"
  /** Bytes are not what was written: a hole, a broken chain, a wrong checksum. */
  | "damaged"
  /** A sound directory of another account. */
  | "identity"
  /** Only an absent or empty directory can be initialised. */
  | "not-empty"
  | "disk-full"
  | "io"
  /** The journal ends before the head anchor: durable records are lost. */
  | "head-behind"
  /** Written by an older or a newer Caretaker that this build cannot read. */
  | "old-format"
  | "new-format";

/** Where: a file or directory, and the seq of the record if one is meant. */
export interface StorePlace {
  readonly file?: string;
  readonly seq?: number;
}

export class StoreError extends Error {
  override name = "StoreError";
  readonly code: StoreErrorCode;
  readonly place: StorePlace;
  /** What the operator can do now. */
  readonly wayOut: string;

  constructor(code: StoreErrorCode, what: string, place: StorePlace, wayOut: string, cause?: unknown) {
    super(`${what}${describePlace(place)}. ${wayOut}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.place = place;
    this.wayOut = wayOut;
  }
}

/** A record or snapshot that is not what was written. `code` is "damaged". */
export class JournalDamage extends StoreError {
  override name = "JournalDamage";
  constructor(what: string, place: StorePlace, cause?: unknown) {
    super("damaged", what, place, WAY_OUT.damaged, cause);
  }
}

export const WAY_OUT: { readonly [code in StoreErrorCode]: string } = {
  locked: "Stop the other process, or ask it instead: reading verbs do so by themselves.",
  "missing-current": "Check that this is the right directory; if it is, restore it from a backup. Nothing in it was changed.",
  damaged:
    "Keep a copy of the directory, restore the latest backup and let the start reconcile with the broker. Nothing was changed.",
  identity: "Name the state directory of this account, or initialise another one.",
  "not-empty": "Name a directory that does not exist or is empty.",
  "disk-full": "Free some space and start again; the reserve was released so that the start has room.",
  io: "Check the disk, its mount and its permissions, then start again.",
  "head-behind":
    "The disk lost records that were durable. Restore the latest backup and let the start reconcile with the broker.",
  "old-format": "Open it with the release that wrote it.",
  "new-format": "Open it with the release that wrote it or a newer one.",
};

const describePlace = ({ file, seq }: StorePlace): string =>
  (file === undefined ? "" : ` in ${file}`) + (seq === undefined ? "" : ` at seq ${seq}`);

interface SystemError extends Error {
  readonly code?: unknown;
}

/** The error and its causes, outermost first. abstract-level wraps the reason of a failed open in its cause. */
function* causes(error: unknown): Generator<SystemError> {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) yield each;
}

const FULL_CODES = new Set(["ENOSPC", "EDQUOT"]);
const FULL_WORDS = /No space left on device|Disk quota exceeded/;
const IO_WORDS = /Input\/output error|Too many open files|Permission denied|Read-only file system|Cannot allocate memory/;
const IO_CODES = new Set(["EIO", "EMFILE", "ENFILE", "EACCES", "EPERM", "EROFS", "ENOMEM"]);

/** The innermost reason of an error, as text. */
export const reasonOf = (error: unknown): string => [...causes(error)].at(-1)?.message ?? String(error);

/** What an error of the file system or of LevelDB means. A StoreError is returned as it is. */
export const storeErrorFrom = (error: unknown, doing: string, place: StorePlace): StoreError => {
  if (error instanceof StoreError) return error;
  let code: StoreErrorCode = "io";
  for (const each of causes(error)) {
    if (FULL_CODES.has(String(each.code)) || FULL_WORDS.test(each.message)) code = "disk-full";
    else if (each.code === "LEVEL_LOCKED") code = "locked";
    else if (each.code === "LEVEL_CORRUPTION") code = "damaged";
    else continue;
    break;
  }
  return new StoreError(code, `${doing} failed: ${reasonOf(error)}`, place, WAY_OUT[code], error);
};

/** Whether the machine, not the data, kept a database from opening: no space, no descriptors, no permission. */
export const isMachineTrouble = (error: unknown): boolean =>
  [...causes(error)].some(
    ({ code, message }) =>
      FULL_CODES.has(String(code)) || FULL_WORDS.test(message) || IO_CODES.has(String(code)) || IO_WORDS.test(message),
  );
