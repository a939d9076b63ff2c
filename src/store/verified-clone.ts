/**
 * The journal of a locked directory, cloned and read: nothing is opened for writing before. Sealed days are not read record by record
 * unless it is asked for: their trailers must form one chain with what LevelDB holds, and their bytes match their checksums.
 */
import { ClassicLevel } from "classic-level";
import { type Clone, cloneJournal, removeAbandonedClones } from "./clone.ts";
import { journalDirectory } from "./directory-kind.ts";
import { readAnchor } from "./head-anchor.ts";
import { baseOf, type Identity, readIdentity } from "./identity.ts";
import { failStop, type Level } from "./level.ts";
import { linkSegments, Segments, type SegmentsOptions, segmentsDirectory } from "./segments.ts";
import { isMachineTrouble, JournalDamage, reasonOf, StoreError, storeErrorFrom, WAY_OUT } from "./store-error.ts";
import { type Verified, verifyJournal } from "./verify.ts";

/** Compressed bytes that a start holds against their checksums, newest days first: under half a second. */
const START_CHECK_BYTES = 256 << 20;

/** Opens the LevelDB at `path`, named `file` in errors. Throws a StoreError: damage, unless the machine is to blame. */
export const openLevel = async (path: string, file: string): Promise<Level> => {
  const level = new ClassicLevel<string, string>(path, { createIfMissing: false });
  try {
    await level.open({ createIfMissing: false });
    return level;
  } catch (error) {
    await level.close().catch(() => {});
    const known = storeErrorFrom(error, "opening the journal", { file });
    if (known.code !== "io" || isMachineTrouble(error)) throw known;
    throw new JournalDamage(`a database that cannot be opened (${reasonOf(error)})`, { file }, error);
  }
};

const openSegments = (identity: Identity, where: Pick<SegmentsOptions, "directory" | "named" | "thorough" | "checkBytes">) => {
  const { genesis, installation } = identity;
  return Segments.open({ ...where, genesis, installation, base: baseOf(identity) });
};

export interface VerifiedClone {
  readonly directory: string;
  readonly identity: Identity;
  readonly segments: Segments;
  readonly clone: Clone;
  readonly level: Level;
  readonly verified: Verified;
}

export interface CloneReading {
  readonly account?: string;
  readonly thorough?: boolean;
  /** Called once the clone stands on its own. */
  readonly unlock?: () => Promise<void>;
}

/** Clones the journal of a locked directory, reads all of it and looks at its segments. */
export const readClone = async (
  directory: string,
  { account, thorough = false, unlock }: CloneReading,
): Promise<VerifiedClone> => {
  const file = journalDirectory(directory);
  const identity = await readIdentity(directory);
  if (account !== undefined && identity.account !== account) {
    const what = `the state directory belongs to account ${identity.account}, not to ${account}`;
    throw new StoreError("identity", what, { file: directory }, WAY_OUT.identity);
  }
  const anchor = await readAnchor(directory);
  await removeAbandonedClones(directory);
  const clone = await cloneJournal(file, directory);
  let level: Level | undefined;
  try {
    const named = segmentsDirectory(directory);
    const own = segmentsDirectory(clone.path);
    if (unlock !== undefined) await linkSegments(named, own);
    await unlock?.();
    const checkBytes = thorough ? Number.POSITIVE_INFINITY : START_CHECK_BYTES;
    const segments = await openSegments(identity, {
      directory: unlock === undefined ? named : own,
      named,
      thorough,
      checkBytes,
    });
    level = failStop(await openLevel(clone.path, file), file);
    const verified = await verifyJournal(level, { genesis: identity.genesis, anchor, file, segments });
    return { directory, identity, segments, clone, level, verified };
  } catch (error) {
    await level?.close();
    await clone.remove();
    throw error;
  }
};
