/** A day of real GOOG quotes through the whole engine: entered, marked, closed before the early close, and every cent accounted for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { caretaker, ROOT, scratch } from "../support/process-caretaker.ts";
import { cashAfter, holdings, stepsOf, tell } from "../support/process-journal.ts";

const DATA = join(ROOT, "..", "shared", "data");
const CHAIN = join(DATA, "chain-goog-2015-12-24-minute.csv.gz");
const BARS = join(DATA, "goog-minute-lean.csv.gz");
/** 13:00 in New York on Christmas Eve 2015. */
const EARLY_CLOSE = Date.UTC(2015, 11, 24, 18, 0);

describe.runIf(existsSync(CHAIN) && existsSync(BARS))("with the recorded day at hand", () => {
  test("a GOOG condor is opened from real quotes, marked, and closed by session-end; the cash is exact", async () => {
    const state = join(scratch(), "state");
    const args = [
      "demo",
      "--market",
      "recorded",
      "--chain",
      CHAIN,
      "--underlying",
      BARS,
      "--headless",
      "--json",
      "--state",
      state,
      "--http-port",
      "0",
    ];
    const { code, stdout, stderr } = await caretaker(args);
    expect(code, stderr).toBe(0);
    const closing = JSON.parse(stdout) as {
      readonly cash: number;
      readonly startingCash: number;
      readonly openPositions: number;
      readonly trades: readonly { readonly symbol: string; readonly rule: string; readonly closedAt: number }[];
      readonly skippedFilters: readonly { readonly filter: string }[];
      readonly violations: readonly string[];
    };
    const steps = await stepsOf(state);
    const journal = tell(steps);
    expect(closing.violations).toStrictEqual([]);
    expect(closing.openPositions).toBe(0);
    expect(closing.trades.length).toBeGreaterThanOrEqual(1);
    const last = closing.trades.toSorted((a, b) => b.closedAt - a.closedAt)[0];
    expect(last).toMatchObject({ symbol: "GOOG", rule: "session-end" });
    expect(last?.closedAt).toBeLessThan(EARLY_CLOSE);
    expect(
      steps.flatMap(({ facts }) => facts).filter(({ type, mark }) => type === "slot.marked" && mark !== undefined).length,
    ).toBeGreaterThan(10);
    expect(holdings(journal.fills)).toStrictEqual({});
    expect(journal.fills.length).toBeGreaterThanOrEqual(8);
    expect(journal.fees.size).toBe(journal.fills.length);
    expect(cashAfter(closing.startingCash, journal)).toBe(Math.round(closing.cash * 10_000));
    expect(new Set(closing.skippedFilters.map(({ filter }) => filter))).toStrictEqual(new Set(["vix", "ivHistory"]));
    console.info(
      `recorded: ${journal.fills.length} fills, cash ${closing.startingCash} → ${closing.cash}, ${closing.trades.length} trades, ${journal.records} records`,
    );
  }, 240_000);
});
