/**
 * A copy of a journal's LevelDB that may be opened, and so changed, in place of the original.
 *
 * Merely opening a LevelDB rewrites it, and opening a damaged one may delete what could have been saved. Tables are
 * hard-linked where that is safe, the rest is copied. Who may make a clone holds the directory's lock while it is made.
 */
import { constants } from "node:fs";
import { copyFile, link, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

export interface Clone {
  readonly path: string;
  remove(): Promise<void>;
}

const CLONE_NAME = /^clone-(\d+)-/;
const TABLE = /^(\d+)\.(ldb|sst)$/;
/** Never opened: closing any descriptor of LOCK in the process that holds LevelDB's lock would release it. */
const LEFT_OUT = new Set(["LOCK", "LOG", "LOG.old"]);

/**
 * Tables numbered below this are never written again. LevelDB may reuse a higher number (after a crash in a compaction, or with
 * a cut manifest), and would then truncate the file that the link shares with the original.
 */
const firstReusableNumber = async (journal: string): Promise<number> => {
  const current = await readFile(join(journal, "CURRENT"), "utf8");
  return Number(/^MANIFEST-(\d+)\n$/.exec(current)?.[1] ?? 0);
};

/** Clones the LevelDB in `journal` into a new directory inside `parent`, on the same file system. */
export const cloneJournal = async (journal: string, parent: string): Promise<Clone> => {
  const path = await mkdtemp(join(parent, `clone-${process.pid}-`));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  try {
    const reusable = await firstReusableNumber(journal);
    for (const entry of await readdir(journal, { withFileTypes: true })) {
      const { name } = entry;
      if (LEFT_OUT.has(name) || !entry.isFile()) continue;
      const from = join(journal, name);
      const to = join(path, name);
      const number = TABLE.exec(name)?.[1];
      const linked =
        number !== undefined &&
        Number(number) < reusable &&
        (await link(from, to).then(
          () => true,
          () => false,
        ));
      if (!linked) await copyFile(from, to, constants.COPYFILE_FICLONE);
    }
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Removes the clones that killed processes have left behind. */
export const removeAbandonedClones = async (parent: string): Promise<void> => {
  for (const name of await readdir(parent)) {
    const pid = Number(CLONE_NAME.exec(name)?.[1] ?? Number.NaN);
    if (pid === process.pid || Number.isNaN(pid) || isAlive(pid)) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
};
