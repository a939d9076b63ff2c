/** The exit code and the sentence for what can be wrong with a state directory. */
import { RecordsNotKept, RecoveryDivergence } from "../kernel/recovery.ts";
import { StoreError, type StoreErrorCode } from "../store/store-error.ts";
import { CommandError, EXIT } from "./exit.ts";

const CODES: { readonly [code in StoreErrorCode]: number } = {
  locked: EXIT.tryLater,
  "missing-current": EXIT.badData,
  damaged: EXIT.badData,
  identity: EXIT.denied,
  "not-empty": EXIT.badData,
  "disk-full": EXIT.io,
  io: EXIT.io,
  "head-behind": EXIT.badData,
  "old-format": EXIT.badData,
  "new-format": EXIT.badData,
};

/** Turns what the store or the kernel threw into the end of the verb; anything else is passed on. */
export const asCommandError = (error: unknown): unknown => {
  if (error instanceof StoreError) return new CommandError(CODES[error.code], error.message);
  if (error instanceof RecordsNotKept) return new CommandError(EXIT.badData, `${error.message}.`);
  if (error instanceof RecoveryDivergence) {
    return new CommandError(
      EXIT.badData,
      `${error.message}. The same build must derive what it recorded; nothing was changed. Keep the directory and report the record.`,
    );
  }
  return error;
};
