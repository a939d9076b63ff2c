/**
 * The world of a simulated gateway on disk: its account outlives the process, as one at a real broker outlives the client's and
 * the gateway's restarts. Written whole and synchronously, so that nothing is told before it is safe; one gateway at a time.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { EpochMs } from "../domain/units.ts";
import { misfitOf, type SavedBroker } from "./broker/saved.ts";

/** What tells one market from another, whose contracts and prices would not fit the account. */
export interface WorldIdentity {
  /** The market's label. */
  readonly market: string;
  readonly begins: EpochMs;
  /** What it began with, in words, where the label does not say it: `VIX 17.00`. */
  readonly opening: string;
  readonly seed: number;
  readonly account: string;
}

export interface World {
  readonly v: 1;
  readonly identity: WorldIdentity;
  readonly broker: SavedBroker;
}

/** A world that cannot be used or kept: the message names the file, the reason and the way out. */
export class WorldFileError extends Error {
  override name = "WorldFileError";
}

/** Beside a state directory, not in it: that has to be empty to be initialised. */
export const worldFile = (stateDirectory: string): string => `${resolve(stateDirectory)}-gateway.json`;

const WAY_OUT =
  "Start with the settings that it was made with, or move it away to begin with a new account (together with the engine's state directory, whose orders it knows).";

/** The world in a file, or undefined when there is no such file. Throws WorldFileError for anything but a world. */
export const readWorld = (file: string): World | undefined => {
  if (!existsSync(file)) return undefined;
  const refuse = (reason: string): never => {
    throw new WorldFileError(
      `${file} is not the world of a simulated gateway: ${reason}. Name another file, or move this one away.`,
    );
  };
  let world: Partial<World> | null;
  try {
    world = JSON.parse(readFileSync(file, "utf8")) as Partial<World> | null;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (typeof world !== "object" || world === null || world.identity === undefined || world.broker === undefined) {
    return refuse("it names no market and no broker");
  }
  if (world.v !== 1) return refuse(`its version is ${String(world.v)}, and this program reads version 1`);
  return world as World;
};

/** Throws WorldFileError unless the world is of this market, seed and account. */
export const assertFits = (file: string, { identity, broker }: World, wanted: WorldIdentity): void => {
  const differs = (what: "begins" | "opening", verb: string): string | undefined =>
    identity[what] === wanted[what] ? undefined : `its market ${verb} ${identity[what]}, this one ${wanted[what]}`;
  const misfit =
    misfitOf(broker, wanted.market, wanted.seed, [wanted.account]) ??
    differs("begins", "begins at") ??
    differs("opening", "opened at");
  if (misfit !== undefined) throw new WorldFileError(`the saved world ${file} does not fit: ${misfit}. ${WAY_OUT}`);
};

/** A saved world whose broker could not be brought back. */
export const unusable = (file: string, error: unknown): WorldFileError =>
  new WorldFileError(
    `the saved world ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}. ${WAY_OUT}`,
  );

const syncDirectory = (directory: string): void => {
  // Windows cannot open a directory; its rename is as durable as it gets.
  if (process.platform === "win32") return;
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** Replaces the file: whoever reads it, and whenever the machine dies, finds the old world or the new one. Throws on I/O errors. */
export const writeWorld = (file: string, world: World): void => {
  const fresh = `${file}.new`;
  const handle = openSync(fresh, "w");
  try {
    writeFileSync(handle, `${JSON.stringify(world)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
  syncDirectory(dirname(file));
};

/** How long to wait for a gateway that is just ending, in real milliseconds. */
const PATIENCE_MS = 500;
const RETRY_MS = 25;

const listen = (address: string): Promise<Server | undefined> =>
  new Promise((done, failed) => {
    const server = createServer((visitor) => visitor.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? done(undefined) : failed(error)));
    server.listen(address, () => done(server.unref()));
  });

const isAbandoned = (address: string): Promise<boolean> =>
  new Promise((done) => {
    const visit = connect(address, () => {
      visit.destroy();
      done(false);
    });
    visit.once("error", () => done(true));
  });

/**
 * Keeps a second gateway away from the file, by a listening socket named after it: the kernel frees it with the process, however
 * that dies. Makes the directory if need be. Returns how to let go; throws WorldFileError when another one holds it.
 */
export const holdWorld = async (file: string): Promise<() => Promise<void>> => {
  mkdirSync(dirname(file), { recursive: true });
  const path = join(realpathSync(dirname(file)), basename(file));
  const name = `caretaker-world-${createHash("sha256").update(path).digest("hex").slice(0, 24)}`;
  const { platform } = process;
  const socketFile = platform === "linux" || platform === "win32" ? undefined : join(tmpdir(), `${name}.sock`);
  const address = socketFile ?? (platform === "linux" ? `\0${name}` : `\\\\.\\pipe\\${name}`);
  for (let waitedMs = 0; waitedMs <= PATIENCE_MS; waitedMs += RETRY_MS) {
    const server = await listen(address);
    if (server !== undefined) return () => new Promise((done) => server.close(() => done()));
    if (socketFile !== undefined && (await isAbandoned(socketFile))) await rm(socketFile, { force: true });
    else await new Promise((done) => setTimeout(done, RETRY_MS));
  }
  throw new WorldFileError(`another simulated gateway is running on the world ${file}: end it first, or name another file.`);
};
