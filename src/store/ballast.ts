/**
 * A few megabytes of disk in reserve. LevelDB needs room merely to open, so a disk that filled up would keep the engine down
 * even after the space for one more record was found: the reserve is given back when the disk is full.
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./durable-file.ts";

/** Room for the clone of a full log and for LevelDB to write it out twice. */
export const BALLAST_BYTES = 16 << 20;
/** The reserve is only taken when this many times as much is free. */
const SPARE = 4;

const ballastFile = (directory: string): string => join(directory, "ballast");

/** Takes the reserve unless it is there or the disk has little left. Returns whether it is there. */
export const holdBallast = async (directory: string, bytes: number): Promise<boolean> => {
  const file = ballastFile(directory);
  const held = await stat(file).catch(() => undefined);
  if (held !== undefined && held.size >= bytes) return true;
  try {
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < bytes * SPARE) return false;
    // Random, so that no file system compresses it away.
    await writeDurably(file, randomBytes(bytes));
    return true;
  } catch {
    releaseBallast(directory);
    return false;
  }
};

/** Gives the reserve back. Synchronous: the process is about to end. */
export const releaseBallast = (directory: string): void => {
  rmSync(ballastFile(directory), { force: true });
  rmSync(`${ballastFile(directory)}.new`, { force: true });
};
