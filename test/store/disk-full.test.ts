import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { initialise, openState } from "../../src/store/state-directory.ts";
import { ACCOUNT, collect, fingerprint, QUIET } from "../support/state-directories.ts";
import { steps } from "../support/steps.ts";

const MEBIBYTE = 1 << 20;

/** A small file system of our own, where the machine lets us mount one. */
const mountPoint = mkdtempSync(join(tmpdir(), "caretaker-disk-"));
const isMounted = (() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "caretaker-test", mountPoint], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
afterAll(() => {
  if (isMounted) execFileSync("umount", ["-l", mountPoint]);
  rmSync(mountPoint, { recursive: true, force: true });
});

/** Without a mount, the faulty level in the journal's own tests stands for the full disk. */
describe.runIf(isMounted)("a disk that fills up", () => {
  test("kills the journal, gives the reserve back, and the next start finds all that was acknowledged", async () => {
    const path = join(mountPoint, "state");
    const options = { ...QUIET, ballastBytes: 6 * MEBIBYTE };
    await initialise(path, { account: ACCOUNT }, options);
    const deaths: string[] = [];
    const state = await openState(path, { ...options, onDead: ({ code }) => deaths.push(code) });
    expect(state.ballast).toBe(true);

    const { bavail, bsize } = statfsSync(mountPoint);
    writeFileSync(join(mountPoint, "filler"), Buffer.alloc(bavail * bsize - MEBIBYTE));
    let acknowledged = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        await state.journal.append(steps(acknowledged + 1, acknowledged + 200));
        acknowledged += 200;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: "disk-full" });
    expect([state.journal.dead, deaths]).toStrictEqual([true, ["disk-full"]]);
    expect(existsSync(join(path, "ballast"))).toBe(false);
    expect(acknowledged).toBeGreaterThan(0);

    // Space alone does not bring it back: LevelDB would acknowledge and lose what is written now.
    rmSync(join(mountPoint, "filler"));
    await expect(state.journal.append(steps(acknowledged + 1, acknowledged + 1))).rejects.toMatchObject({ code: "disk-full" });
    writeFileSync(join(mountPoint, "filler"), Buffer.alloc(bavail * bsize - MEBIBYTE));
    await state.close();

    const again = await openState(path, options);
    expect(again.ballast).toBe(false);
    expect(again.journal.lastSeq).toBeGreaterThanOrEqual(acknowledged);
    expect(await collect(again.journal.read(1))).toStrictEqual(steps(1, again.journal.lastSeq));
    await again.close();
    rmSync(join(mountPoint, "filler"));
    const relaxed = await openState(path, { ...options, ballastBytes: MEBIBYTE });
    expect(relaxed.ballast).toBe(true);
    await relaxed.close();
    rmSync(path, { recursive: true });
  });

  test("before the start refuses it, with the reserve given back, and then the start succeeds", async () => {
    const path = join(mountPoint, "state");
    const options = { ...QUIET, ballastBytes: 6 * MEBIBYTE };
    await initialise(path, { account: ACCOUNT }, options);
    const state = await openState(path, options);
    for (let from = 1; from <= 4000; from += 500) await state.journal.append(steps(from, from + 499));
    await state.close();
    const before = fingerprint(path);
    const { bavail, bsize } = statfsSync(mountPoint);
    writeFileSync(join(mountPoint, "filler"), Buffer.alloc(bavail * bsize));

    await expect(openState(path, options)).rejects.toMatchObject({ code: "disk-full" });
    const { ballast, ...rest } = before;
    expect(ballast).toBeDefined();
    expect(fingerprint(path)).toStrictEqual(rest);
    const again = await openState(path, options);
    expect(again.journal.lastSeq).toBe(4000);
    await again.close();
    rmSync(join(mountPoint, "filler"));
    rmSync(path, { recursive: true });
  });
});
