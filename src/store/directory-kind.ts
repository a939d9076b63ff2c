/**
 * What is at the path of a state directory, told by names alone: nothing is opened, nothing is touched.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { storeErrorFrom } from "./store-error.ts";

/** Nothing, an empty directory, a state directory (sound or not), or something else that is left alone. */
export type StateDirectoryKind = "absent" | "empty" | "state" | "foreign";

/** A file written first and removed last when a directory is made: until then it is nobody's. */
export const UNFINISHED = "initialising";
/** All names that making a state directory may leave behind when it is cut off. */
export const OURS: readonly string[] = [
  UNFINISHED,
  `${UNFINISHED}.new`,
  "journal",
  "identity.json",
  "identity.json.new",
  "head.json",
  "head.json.new",
  "ballast",
  "ballast.new",
];

export const journalDirectory = (directory: string): string => join(directory, "journal");

/** What `directory` is. Throws a StoreError only when it cannot be looked at. */
export const kindOf = async (directory: string): Promise<StateDirectoryKind> => {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return "absent";
    if (code === "ENOTDIR") return "foreign";
    throw storeErrorFrom(error, "looking at the state directory", { file: directory });
  }
  if (names.length === 0) return "empty";
  // An initialisation that was cut off has never been used: it counts as empty.
  if (names.includes(UNFINISHED)) return names.every((name) => OURS.includes(name)) ? "empty" : "foreign";
  // Cut off even before its first file had its name.
  if (names.every((name) => name === `${UNFINISHED}.new`)) return "empty";
  const hasJournal = await stat(join(journalDirectory(directory), "CURRENT")).then(
    () => true,
    () => false,
  );
  return hasJournal ? "state" : "foreign";
};
