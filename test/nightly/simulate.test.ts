/** Many seeds, each lived through twice: no violation, and every trouble of the list has struck. CARETAKER_SIM_SEEDS sets how many. */
import { expect, it } from "vitest";
import { simulate } from "../../src/cli/simulate.ts";
import { FAULT_NAMES } from "../../src/sim/faults.ts";

const SEEDS = Number(process.env["CARETAKER_SIM_SEEDS"] ?? 200);

it("no seed breaks a law, and no trouble of the list is missing", async () => {
  const report = await simulate({ seeds: SEEDS, from: 10_000, days: 1 });
  expect(report.violations).toEqual([]);
  expect(Object.keys(report.faultsTriggered).sort()).toEqual([...FAULT_NAMES].sort());
});

it("a week without a break, with positions over night", async () => {
  const report = await simulate({ seeds: Math.ceil(SEEDS / 20), from: 20_000, days: 5 });
  expect(report.violations).toEqual([]);
});
