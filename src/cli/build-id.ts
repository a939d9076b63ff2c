/**
 * Which code this is: the version and a hash of every source that decides what follows from an input (domain, machines, actors,
 * kernel, the pinned XState, the Node version). Two runs of one build must derive the same from the same inputs.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");
const DECIDING = ["domain", "machines", "actors", "kernel"];
const READING = ["projections", join("store", "arrow")];

interface Package {
  readonly version: string;
  readonly dependencies: { readonly [name: string]: string };
}

export const packageJson = (): Package => JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Package;

const sources = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));

/** For example `0.1.0+3f2a9c11d04e`. */
export const buildId = (): string => idOf(DECIDING);

/** The same for what decides what the read side says: a checkpoint of it is good for one of these only. */
export const readSideId = (): string => idOf([...DECIDING, ...READING]);

const idOf = (floors: readonly string[]): string => {
  const { version, dependencies } = packageJson();
  const hash = createHash("sha256").update(`xstate ${dependencies["xstate"]} node ${process.versions.node}\n`);
  for (const floor of floors) {
    for (const file of sources(join(ROOT, "src", floor)).sort()) {
      hash.update(`${file.slice(ROOT.length)}\n`).update(readFileSync(file));
    }
  }
  return `${version}+${hash.digest("hex").slice(0, 12)}`;
};
