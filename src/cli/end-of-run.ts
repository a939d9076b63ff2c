/** How a run ends: by a signal, by its time, or by the death of the kernel. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Input } from "../ports/journal.ts";
import { CommandError, EXIT } from "./exit.ts";
import { asCommandError } from "./store-exit.ts";

/** What the kernel died of. */
export interface Death {
  readonly error: unknown;
  /** The input that was being applied. */
  readonly inHand: Input | undefined;
}

export interface Until {
  /** Real milliseconds. */
  readonly forMs?: number | undefined;
  readonly signal: AbortSignal;
}

export const untilOver = (options: Until, dead: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = options.forMs === undefined ? undefined : setTimeout(resolve, options.forMs);
    for (const signal of [options.signal, dead]) {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    }
    options.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });

/** The kernel died: the input in hand is written aside, and the exit code says which kind of death it was. */
export const deathOf = async ({ error, inHand }: Death, directory: string): Promise<unknown> => {
  if (inHand !== undefined) {
    await writeFile(join(directory, "in-hand.json"), `${JSON.stringify(inHand)}\n`, { mode: 0o600 }).catch(() => {});
  }
  const known = asCommandError(error);
  return known instanceof CommandError
    ? known
    : new CommandError(
        EXIT.internal,
        `the engine stopped on an inner error: ${error instanceof Error ? error.stack : String(error)}`,
      );
};
