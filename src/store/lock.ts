/**
 * One process per state directory. LevelDB's own lock does not do: a second open in the process that holds it, or merely
 * closing a copy of its LOCK file there, gives it away (measured).
 *
 * The lock is a listening socket named after the directory's device and inode: the kernel frees it with the process, however
 * it dies, so there is nothing to clean up. On Linux the name is abstract; elsewhere it is a pipe or a socket file, which is
 * replaced when nobody answers on it. It holds on one machine (on Linux: in one network namespace); LevelDB's lock still
 * stands behind it.
 */
import { realpath, rm, stat } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Lock {
  release(): Promise<void>;
}

/** How long to try again: a reading verb holds the lock for the moment of making its copy. */
export const LOCK_PATIENCE_MS = 500;
const RETRY_MS = 25;

/** The socket that stands for a directory, whatever path leads to it. */
export const lockAddress = async (directory: string, platform: NodeJS.Platform = process.platform): Promise<string> => {
  const { dev, ino } = await stat(await realpath(directory), { bigint: true });
  const name = `caretaker-${dev}-${ino}`;
  if (platform === "linux") return `\0${name}`;
  return platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
};

const listen = (address: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((visitor) => visitor.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(address, () => resolve(server.unref()));
  });

/** Whether nobody listens behind a socket file: its process is gone. */
const isAbandoned = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const visit = connect(address);
    visit.once("connect", () => {
      visit.destroy();
      resolve(false);
    });
    visit.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED" || error.code === "ENOENT"));
  });

const isSocketFile = (address: string): boolean => !address.startsWith("\0") && !address.startsWith("\\\\");

/** Takes the lock at an address, or undefined when somebody else keeps holding it. */
export const takeLock = async (address: string, patienceMs: number): Promise<Lock | undefined> => {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    let server = await listen(address);
    if (server === undefined && isSocketFile(address) && (await isAbandoned(address))) {
      await rm(address, { force: true });
      server = await listen(address);
    }
    if (server !== undefined) {
      const held = server;
      return { release: () => new Promise((resolve) => held.close(() => resolve())) };
    }
    if (waitedMs >= patienceMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
};
