/**
 * Killed at every hook, on a disk that keeps or loses what was under way, with inputs told again or lost: the kernel keeps its
 * promises. And a kernel broken on purpose does not, or this fuzz would be worth nothing.
 *
 * CARETAKER_FUZZ_SEEDS sets the number of seeds (memory; a tenth of it on LevelDB).
 */
import { describe, expect, test } from "vitest";
import type { Logic } from "../../src/kernel/logic.ts";
import { ForgetfulSnapshots, LevelDisk, MemoryDisk, NoSnapshots } from "../support/kernel-disks.ts";
import { type Disk, fuzz } from "../support/kernel-fuzz.ts";
import { zoo } from "../support/kernel-zoo.ts";

const SEEDS = Number(process.env["CARETAKER_FUZZ_SEEDS"] ?? 60);
const CONTROL_SEEDS = 60;
const PATIENCE_MS = 60_000 + 1_000 * SEEDS;

interface RunOptions {
  readonly seeds: number;
  readonly disk: () => Disk;
  readonly logic?: Logic;
  readonly crashChance?: number;
  /** Stop at the first violation that matches. */
  readonly until?: RegExp;
}

const run = async ({ seeds, disk, logic = zoo, crashChance = 0.03, until }: RunOptions) => {
  const violations: string[] = [];
  const crashes: { [point: string]: number } = {};
  let placed = 0;
  let timersFired = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const report = await fuzz({ seed, disk: disk(), logic, crashChance });
    violations.push(...report.violations.map((violation) => `seed ${seed}: ${violation}`));
    for (const [point, count] of Object.entries(report.crashes)) crashes[point] = (crashes[point] ?? 0) + count;
    placed += report.placed;
    timersFired += report.timersFired;
    if (until !== undefined && violations.some((violation) => until.test(violation))) break;
  }
  return { violations, crashes, placed, timersFired };
};

/** That a broken kernel shows this violation within the seeds of a control. */
const isFoundOut = async (until: RegExp, broken: Omit<RunOptions, "seeds" | "until">): Promise<void> => {
  const { violations } = await run({ seeds: CONTROL_SEEDS, until, ...broken });
  expect(violations.join("\n")).toMatch(until);
};

describe("on a disk in memory", () => {
  test("nothing is orphaned, doubled, forgotten or late, and every hook has killed", { timeout: PATIENCE_MS }, async () => {
    const { violations, crashes, placed, timersFired } = await run({ seeds: SEEDS, disk: () => new MemoryDisk() });
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
  test("the same promises hold", { timeout: PATIENCE_MS }, async () => {
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
    await isFoundOut(/before it was on disk/, { disk: () => new MemoryDisk({ lies: true }) });
    await isFoundOut(/orphan/, { disk: () => new MemoryDisk({ lies: true, snapshots: new NoSnapshots() }) });
    await isFoundOut(/the journal lost its tail/, { disk: () => new MemoryDisk({ lies: true }) });
  });

  test("orders released again after a crash", async () => {
    const blind: Logic = { ...zoo, effectClass: (type) => (type === "placeOrder" ? "enquiry" : zoo.effectClass(type)) };
    await isFoundOut(/live orders for intent/, { disk: () => new MemoryDisk(), logic: blind });
  });

  test("cancels and notices not released again", async () => {
    const forgetful: Logic = { ...zoo, stillWanted: () => false };
    await isFoundOut(/notice .* never left/, { disk: () => new MemoryDisk(), logic: forgetful });
    await isFoundOut(/cancel .* was dropped though wanted/, { disk: () => new MemoryDisk(), logic: forgetful });
  });

  test("timers missing from the snapshot", async () => {
    await isFoundOut(/differs from full replay/, { disk: () => new MemoryDisk({ snapshots: new ForgetfulSnapshots("timers") }) });
  });

  test("unacknowledged effects missing from the snapshot", async () => {
    const disk = () => new MemoryDisk({ snapshots: new ForgetfulSnapshots("unacknowledged") });
    await isFoundOut(/never left/, { disk });
  });
});
