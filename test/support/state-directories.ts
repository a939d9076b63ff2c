/** State directories for tests: temporary, hashed whole, copied as a crash would leave them. */
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { onTestFinished } from "vitest";
import { initialise, type OpenOptions } from "../../src/store/state-directory.ts";

export const ACCOUNT = "DU1234567";

/** Days of 24 hours since the epoch: a trading day of sorts. */
export const dayOf = (nowMs: number): string => `day ${Math.floor(nowMs / 86_400_000)}`;

/** Options under which nothing happens by itself. */
export const QUIET: OpenOptions = { account: ACCOUNT, dayOf, anchorEveryMs: 0, lockPatienceMs: 0, ballastBytes: 1024 };

/** A new path inside a temporary directory that goes away with the test. */
export const newPath = (): string => {
  const parent = mkdtempSync(join(tmpdir(), "caretaker-test-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "state");
};

export const newState = async (): Promise<string> => {
  const path = newPath();
  await initialise(path, { account: ACCOUNT }, { ballastBytes: 1024 });
  return path;
};

export const filesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort();

/** The hash of every file below a directory, by name. Not for one that is open: closing LOCK would unlock it. */
export const fingerprint = (directory: string): Record<string, string> =>
  Object.fromEntries(
    filesOf(directory).map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex"),
    ]),
  );

/** A copy of the directory as it is now, open or not: what a crash at this moment leaves. */
export const crashImage = (directory: string): string => {
  const copy = newPath();
  const left = new Set(["LOCK", "lock", "LOG", "LOG.old"]);
  cpSync(directory, copy, { recursive: true, filter: (from) => !left.has(basename(from)) });
  return copy;
};

export const collect = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
};
