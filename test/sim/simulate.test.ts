/** `simulate`: a few seeds of a whole day each, with everything that can go wrong. test/nightly has many more. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../src/cli/simulate.ts";
import { CHECKS } from "../../src/sim/auditor/auditor.ts";

/** CARETAKER_SIM_SEEDS sets how many. */
const SEEDS = Number(process.env["CARETAKER_SIM_SEEDS"] ?? 1);

describe("simulate", () => {
  it("reports days in which positions were opened and closed among troubles, and no violation", async () => {
    const seen: number[] = [];
    const report = await simulate({
      seeds: SEEDS,
      from: 105,
      days: 1,
      twice: false,
      stepMs: { busy: 1_000, idle: 120_000 },
      onSeed: ({ seed }) => void seen.push(seed),
    });
    expect(report.violations).toEqual([]);
    expect(report).toMatchObject({ seeds: SEEDS, sessions: SEEDS, days: SEEDS, aborted: false });
    expect(seen).toEqual(Array.from({ length: SEEDS }, (_, n) => 105 + n));
    expect(Object.keys(report.traceHashes)).toHaveLength(SEEDS);
    expect(report.entries).toBeGreaterThan(0);
    // Four legs in and four legs out.
    expect(report.fills).toBe(4 * (report.entries + report.trades));
    expect(report.crashes).toBeGreaterThan(0);
    for (const { name } of CHECKS)
      if (name !== "S18") expect({ name, looked: (report.checks[name] ?? 0) > 0 }).toEqual({ name, looked: true });
  }, 300_000);

  it("ends between two seeds when it is told to, and says so", async () => {
    const controller = new AbortController();
    controller.abort();
    const report = await simulate({ seeds: 3, from: 1, days: 1, signal: controller.signal });
    expect(report).toMatchObject({ seeds: 0, aborted: true, violations: [] });
  });
});
