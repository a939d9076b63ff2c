/**
 * A state directory: lock, identity, head anchor, reserve and journal, and the only ways to make and to open one.
 *
 * Nothing is opened for writing that was not read whole from a clone first, so a refused directory stays as it was, byte for
 * byte. Nothing is created but by `initialise`, and only where nothing is. Sealed days are not read whole at each start: their trailers
 * must form one chain with what LevelDB holds, and their bytes match their checksums.
 */
import { chmod, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { BALLAST_BYTES, holdBallast, releaseBallast } from "./ballast.ts";
import { journalDirectory, kindOf, OURS, UNFINISHED } from "./directory-kind.ts";
import { DIRECTORY_MODE, FILE_MODE, syncDirectory, writeDurably } from "./durable-file.ts";
import { HeadAnchor } from "./head-anchor.ts";
import { type Identity, type NewIdentity, newIdentity, writeIdentity } from "./identity.ts";
import { LOCK_PATIENCE_MS, type Lock, lockAddress, takeLock } from "./lock.ts";
import type { Kept } from "./retention.ts";
import { Sealing, type SealingStage } from "./sealing.ts";
import type { SegmentName } from "./segment-format.ts";
import { openStore, type Store } from "./store.ts";
import { JournalDamage, StoreError, storeErrorFrom, WAY_OUT } from "./store-error.ts";
import { openLevel, readClone } from "./verified-clone.ts";
import type { Verified } from "./verify.ts";

export interface InitialiseOptions {
  readonly ballastBytes?: number;
}

export interface CloneOptions {
  /** The trading day of an instant in epoch ms. */
  readonly dayOf: (nowMs: number) => string;
  readonly lockPatienceMs?: number;
  /** Reads every sealed record, not only the segments' trailers and checksums. */
  readonly thorough?: boolean;
}

export interface OpenOptions extends CloneOptions {
  /** The account that the directory must belong to. */
  readonly account: string;
  /** Called once, when the journal, a snapshot or the head anchor could not be written. The caller ends the process (K6). */
  readonly onDead?: (error: StoreError) => void;
  /** Default 1000; 0: only with snapshots and at the end. */
  readonly anchorEveryMs?: number;
  readonly ballastBytes?: number;
  /** What sealed days keep, and for how long. Default: everything, for ever. */
  readonly kept?: Kept;
  /** Called when a snapshot is durable: days may have become ready to be sealed. */
  readonly onSnapshot?: () => void;
  readonly onSealingStage?: (stage: SealingStage, segment: SegmentName) => void;
  /** A day could not be sealed; the engine goes on without. */
  readonly onSealingTrouble?: (error: StoreError) => void;
}

/** An open state directory, or the clone of one. */
export interface OpenState extends Store {
  readonly directory: string;
  readonly identity: Identity;
  /** What the reading of the whole journal found. */
  readonly verified: Verified;
}

export interface DaemonState extends OpenState {
  /** Whether the reserve against a full disk is in place. */
  readonly ballast: boolean;
  /** Seals past days when it is asked to. */
  readonly sealing: Sealing;
  /** Notes the last durable record outside LevelDB. */
  anchor(): Promise<void>;
  /** A clean stop: anchors, closes, unlocks. The journal's owner has made its last snapshot before. */
  close(): Promise<void>;
}

const FOR_EVER: Kept = { quotesDays: Number.POSITIVE_INFINITY, years: Number.POSITIVE_INFINITY };

const holderFile = (directory: string): string => join(directory, "lock");

const lock = async (directory: string, patienceMs = LOCK_PATIENCE_MS): Promise<Lock> => {
  const taken = await takeLock(await lockAddress(directory), patienceMs);
  if (taken !== undefined) return taken;
  const holder = await readFile(holderFile(directory), "utf8").catch(() => "");
  throw new StoreError(
    "locked",
    `the state directory is in use${holder && ` by ${holder.trim()}`}`,
    { file: directory },
    WAY_OUT.locked,
  );
};

/**
 * Makes a state directory for an account where there is none. Throws a StoreError "not-empty" when there is anything, "locked"
 * when another process is at it.
 */
export const initialise = async (path: string, identity: NewIdentity, options: InitialiseOptions = {}): Promise<Identity> => {
  const refuse = async (): Promise<void> => {
    const kind = await kindOf(path);
    if (kind === "state" || kind === "foreign") {
      throw new StoreError("not-empty", "there is something already", { file: path }, WAY_OUT["not-empty"]);
    }
  };
  await refuse();
  try {
    await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    const held = await lock(path);
    try {
      await refuse();
      for (const name of OURS.toReversed()) await rm(join(path, name), { recursive: true, force: true });
      await chmod(path, DIRECTORY_MODE);
      await writeDurably(join(path, UNFINISHED), "");
      const made = newIdentity(identity);
      await mkdir(journalDirectory(path), { mode: DIRECTORY_MODE });
      const level = new ClassicLevel<string, string>(journalDirectory(path), { createIfMissing: true, errorIfExists: true });
      await level.open();
      await level.close();
      await new HeadAnchor(path).write({ seq: 0, hash: made.genesis });
      await writeIdentity(path, made);
      await holdBallast(path, options.ballastBytes ?? BALLAST_BYTES);
      await syncDirectory(journalDirectory(path));
      await rm(join(path, UNFINISHED));
      await syncDirectory(path);
      return made;
    } finally {
      await held.release();
    }
  } catch (error) {
    throw storeErrorFrom(error, "initialising the state directory", { file: path });
  }
};

const lockState = async (path: string, patienceMs?: number): Promise<{ readonly directory: string; readonly held: Lock }> => {
  const kind = await kindOf(path);
  if (kind !== "state") {
    const what = kind === "foreign" ? "no journal in a directory that is not empty" : "no state directory";
    const wayOut =
      kind === "foreign"
        ? WAY_OUT["missing-current"]
        : "Make it with 'caretaker init' (paper) or by starting 'caretaker demo', or name another one with --state.";
    throw new StoreError("missing-current", what, { file: path }, wayOut);
  }
  const directory = await realpath(path);
  return { directory, held: await lock(directory, patienceMs) };
};

/** Runs what may fail for want of space; then the reserve is given back, for the next start. */
const withReserve = async <Result>(directory: string, run: () => Promise<Result>): Promise<Result> => {
  try {
    return await run();
  } catch (error) {
    const known = storeErrorFrom(error, "opening the state directory", { file: directory });
    if (known.code === "disk-full") releaseBallast(directory);
    throw known;
  }
};

/**
 * Opens a state directory for the daemon, after reading all of it from a clone. Throws a StoreError; then nothing in the
 * directory has changed (but for the reserve, when the disk is full).
 */
export const openState = async (path: string, options: OpenOptions): Promise<DaemonState> => {
  const { directory, held } = await lockState(path, options.lockPatienceMs);
  try {
    return await withReserve(directory, () => openLocked(directory, held, options));
  } catch (error) {
    await held.release();
    throw error;
  }
};

const openLocked = async (directory: string, held: Lock, options: OpenOptions): Promise<DaemonState> => {
  const { dayOf, account, thorough = false, onDead, anchorEveryMs = 1000, ballastBytes = BALLAST_BYTES } = options;
  const { identity, segments, clone, level: copy, verified } = await readClone(directory, { account, thorough });
  await copy.close();
  await clone.remove();

  let dead = false;
  const die = (error: StoreError): void => {
    if (dead) return;
    dead = true;
    if (error.code === "disk-full") releaseBallast(directory);
    onDead?.(error);
  };
  const headAnchor = new HeadAnchor(directory);
  const file = journalDirectory(directory);
  const level = await openLevel(file, file);
  try {
    let store: Store | undefined;
    const anchor = async (): Promise<void> => {
      if (dead) return;
      await headAnchor.write(store?.journal.head ?? verified.head).catch((error: unknown): never => {
        const known = storeErrorFrom(error, "writing the head anchor", { file: directory });
        die(known);
        throw known;
      });
    };
    const onSaved = async (): Promise<void> => {
      await anchor();
      options.onSnapshot?.();
    };
    const opened = await openStore(level, { genesis: identity.genesis, dayOf, file, onDead: die, onSaved, segments });
    store = opened;
    const { onSealingStage, onSealingTrouble, kept = FOR_EVER } = options;
    const sealing = new Sealing({
      ...opened,
      dayOf,
      kept,
      moveBase: (base) => writeIdentity(directory, { ...identity, base }),
      ...(onSealingStage === undefined ? {} : { onStage: onSealingStage }),
      ...(onSealingTrouble === undefined ? {} : { onTrouble: onSealingTrouble }),
    });
    const { head } = opened.journal;
    if (head.seq !== verified.head.seq || head.hash !== verified.head.hash) {
      throw new JournalDamage("the journal opened is not the one that was verified", { file, seq: head.seq });
    }
    await anchor();
    const ballast = await holdBallast(directory, ballastBytes);
    const holder = `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}\n`;
    await writeFile(holderFile(directory), holder, { mode: FILE_MODE });

    const timer = anchorEveryMs > 0 ? setInterval(() => void anchor().catch(() => {}), anchorEveryMs).unref() : undefined;
    const close = async (): Promise<void> => {
      clearInterval(timer);
      await sealing.stop();
      try {
        if (!dead && !opened.journal.dead) await anchor();
      } finally {
        await level.close();
        await rm(holderFile(directory), { force: true });
        await held.release();
      }
    };
    return { ...opened, directory, identity, verified, ballast, sealing, anchor, close };
  } catch (error) {
    await level.close();
    throw error;
  }
};

/**
 * Opens a verified clone for reading while no daemon runs: "locked" when one does. What is written to it is lost at `close`,
 * which removes the clone. The lock is held only until the clone is made, so that a reader does not keep the daemon down.
 */
export const openClone = async (path: string, options: CloneOptions): Promise<OpenState> => {
  const { directory, held } = await lockState(path, options.lockPatienceMs);
  try {
    const { thorough = false, dayOf } = options;
    const cloned = await readClone(directory, { thorough, unlock: () => held.release() });
    const { identity, segments, clone, level, verified } = cloned;
    const store = await openStore(level, { genesis: identity.genesis, dayOf, file: journalDirectory(directory), segments });
    const close = async (): Promise<void> => {
      await level.close();
      await clone.remove();
    };
    return { ...store, directory, identity, verified, close };
  } catch (error) {
    throw storeErrorFrom(error, "opening a copy of the state directory", { file: directory });
  } finally {
    await held.release();
  }
};
