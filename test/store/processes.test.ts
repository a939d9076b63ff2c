import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { lockAddress, takeLock } from "../../src/store/lock.ts";
import { openState } from "../../src/store/state-directory.ts";
import { collect, newState, QUIET } from "../support/state-directories.ts";
import { steps } from "../support/steps.ts";

const WRITER = fileURLToPath(new URL("../support/journal-writer.ts", import.meta.url));

interface Writer {
  readonly process: ChildProcessWithoutNullStreams;
  /** The next line it printed, or undefined when it has ended. */
  next(): Promise<unknown>;
  kill(): Promise<void>;
}

const writer = (directory: string, what: "hold" | "append"): Writer => {
  const child = spawn(process.execPath, [WRITER, directory, what]);
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  return {
    process: child,
    kill,
    next: async () => {
      const line = await lines.next();
      return line.done === true ? undefined : (JSON.parse(line.value) as unknown);
    },
  };
};

describe("two processes", () => {
  test("never have the same state directory open; a killed one leaves nothing to clean up", async () => {
    const path = await newState();
    const holder = writer(path, "hold");
    expect(await holder.next()).toStrictEqual({ open: 0 });
    await expect(openState(path, QUIET)).rejects.toThrow(`in use by process ${holder.process.pid}`);
    await holder.kill();

    const state = await openState(path, QUIET);
    const late = writer(path, "hold");
    expect(await late.next()).toStrictEqual({ refused: "locked" });
    // A refused second open inside the holder makes LevelDB give its lock away (finding 0.5): ours stays.
    await expect(openState(path, QUIET)).rejects.toMatchObject({ code: "locked" });
    expect(await writer(path, "hold").next()).toStrictEqual({ refused: "locked" });
    await state.close();
  });
});

describe("a process killed while it appends", () => {
  test("has lost nothing that it acknowledged, and the chain holds", async () => {
    const path = await newState();
    for (const lines of [3, 11, 40, 90]) {
      const victim = writer(path, "append");
      expect(await victim.next()).toHaveProperty("open");
      let acknowledged = 0;
      for (let line = 0; line < lines; line++) acknowledged = Number(await victim.next());
      await victim.kill();
      for (let line = await victim.next(); line !== undefined; line = await victim.next()) acknowledged = Number(line);

      const state = await openState(path, QUIET);
      expect(state.journal.lastSeq).toBeGreaterThanOrEqual(acknowledged);
      expect(await collect(state.journal.read(1))).toStrictEqual(steps(1, state.journal.lastSeq));
      expect((await state.snapshots.latest())?.seq ?? 0).toBeLessThanOrEqual(state.journal.lastSeq);
      await state.close();
    }
  });
});

describe("where there are no abstract sockets", () => {
  test("a socket file locks, and one that nobody listens on is replaced", async () => {
    const path = await newState();
    const address = await lockAddress(path, "darwin");
    expect(address.startsWith(tmpdir())).toBe(true);
    onTestFinished(() => rmSync(address, { force: true }));
    const first = await takeLock(address, 0);
    expect(statSync(address).isSocket()).toBe(true);
    expect(await takeLock(address, 0)).toBeUndefined();
    await first?.release();

    // What a killed process leaves: the file, and nobody behind it.
    const child = spawn(process.execPath, [
      "-e",
      `require("node:net").createServer().listen(${JSON.stringify(address)}, () => process.kill(process.pid, "SIGKILL"))`,
    ]);
    await once(child, "exit");
    expect(statSync(address).isSocket()).toBe(true);
    const second = await takeLock(address, 0);
    expect(second).toBeDefined();
    await second?.release();
  });

  test("one that waits gets the lock when it is given back", async () => {
    const address = await lockAddress(await newState());
    const first = await takeLock(address, 0);
    const waiting = takeLock(address, 60_000);
    await first?.release();
    const second = await waiting;
    expect(second).toBeDefined();
    await second?.release();
  });
});
