/**
 * Small files that are either the old ones or the new ones, whole, whatever happens: written aside, synced, renamed.
 */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** For the owner alone. */
export const FILE_MODE = 0o600;
export const DIRECTORY_MODE = 0o700;

/** Makes the names in a directory durable. Not every platform can; then there is nothing to do. */
export const syncDirectory = async (directory: string): Promise<void> => {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Replaces the file's content. Durable when it resolves. */
export const writeDurably = async (file: string, content: string | Uint8Array): Promise<void> => {
  const aside = `${file}.new`;
  const handle = await open(aside, "w", FILE_MODE);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
  await syncDirectory(dirname(file));
};
