/**
 * Killed at every hook, on a disk that keeps or loses what was under way, with inputs told again or lost: the kernel keeps its
 * promises. And a kernel broken on purpose does not, or this fuzz would be worth nothing.
 *
 * CARETAKER_FUZZ_SEEDS sets the number of seeds (memory; a tenth of it on LevelDB).
 */
import { describe, expect, test } from "vitest";
import type { Logic } from "../../src/kernel/logic.ts";
import { ForgetfulSnapshots, LevelDisk, MemoryDisk } from "../support/kernel-disks.ts";
import { type Disk, fuzz } from "../support/kernel-fuzz.ts";
import { zoo } from "../support/kernel-zoo.ts";

const SEEDS = Number(process.env["CARETAKER_FUZZ_SEEDS"] ?? 60);
const CONTROL_SEEDS = 25;

const run = async (seeds: number, disk: (seed: number) => Disk | Promise<Disk>, logic: Logic = zoo) => {
  const violations: string[] = [];
  const crashes: { [point: string]: number } = {};
  let placed = 0;
  let timersFired = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const report = await fuzz({ seed, disk: await disk(seed), logic });
    violations.push(...report.violations.map((violation) => `seed ${seed}: ${violation}`));
    for (const [point, count] of Object.entries(report.crashes)) crashes[point] = (crashes[point] ?? 0) + count;
    placed += report.placed;
    timersFired += report.timersFired;
  }
  return { violations, crashes, placed, timersFired };
};

describe("on a disk in memory", () => {
  test("nothing is orphaned, doubled, forgotten or late, and every hook has killed", async () => {
    const { violations, crashes, placed, timersFired } = await run(SEEDS, () => new MemoryDisk());
    expect(violations).toEqual([]);
    expect(Object.keys(crashes).sort()).toEqual([
      "append.after",
      "append.before",
      "apply.after",
      "apply.before",
      "recover.done",
      "recover.restored",
      "recover.step",
      "release.after",
      "release.before",
      "snapshot.after",
      "snapshot.before",
      "written",
    ]);
    expect(placed).toBeGreaterThan(5 * SEEDS);
    expect(timersFired).toBeGreaterThan(5 * SEEDS);
  });
});

describe("on a real LevelDB whose log is cut at every crash", () => {
  test("the same promises hold", async () => {
    let torn = 0;
    const violations: string[] = [];
    for (let seed = 1; seed <= Math.ceil(SEEDS / 10); seed++) {
      const disk = await LevelDisk.create();
      violations.push(...(await fuzz({ seed: 10_000 + seed, disk })).violations.map((violation) => `seed ${seed}: ${violation}`));
      torn += disk.torn;
      await disk.remove();
    }
    expect(violations).toEqual([]);
    expect(torn).toBeGreaterThan(0);
  });
});

describe("a kernel broken on purpose is found out", () => {
  test("effects that leave before they are on disk", async () => {
    const { violations } = await run(CONTROL_SEEDS, () => new MemoryDisk({ lies: true }));
    expect(violations.join("\n")).toMatch(/orphan|before it was on disk/);
  });

  test("orders released again after a crash", async () => {
    const blind: Logic = { ...zoo, effectClass: (type) => (type === "placeOrder" ? "enquiry" : zoo.effectClass(type)) };
    const { violations } = await run(CONTROL_SEEDS, () => new MemoryDisk(), blind);
    expect(violations.join("\n")).toMatch(/live orders for intent|released twice/);
  });

  test("cancels and notices not released again", async () => {
    const forgetful: Logic = { ...zoo, stillWanted: () => false };
    const { violations } = await run(CONTROL_SEEDS, () => new MemoryDisk(), forgetful);
    expect(violations.join("\n")).toMatch(/notice .* never left/);
    expect(violations.join("\n")).toMatch(/is still cancelling/);
  });

  test("timers missing from the snapshot", async () => {
    const { violations } = await run(CONTROL_SEEDS, () => new MemoryDisk({ snapshots: new ForgetfulSnapshots("timers") }));
    expect(violations.length).toBeGreaterThan(0);
  });

  test("unacknowledged effects missing from the snapshot", async () => {
    const { violations } = await run(CONTROL_SEEDS, () => new MemoryDisk({ snapshots: new ForgetfulSnapshots("unacknowledged") }));
    expect(violations.length).toBeGreaterThan(0);
  });
});
