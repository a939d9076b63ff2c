import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { price } from "../../src/domain/units.ts";
import type { Step } from "../../src/ports/journal.ts";
import { createReadModel } from "../../src/projections/read-model.ts";
import { rowsOf, type TableShape, tableOf } from "../../src/store/arrow/columns.ts";
import { createArrowExport, daysOf, dropTables, readTable, TABLE_NAMES } from "../../src/store/arrow/export.ts";
import { scriptedDay } from "../support/scripted-day.ts";

const directories: string[] = [];
const directory = (): string => {
  const dir = mkdtempSync(join(tmpdir(), "caretaker-arrow-"));
  directories.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of directories.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A scripted day, and the same again a week later under new seqs. */
const TWO_DAYS: readonly Step[] = (() => {
  const first = scriptedDay();
  const later = scriptedDay().map((step) => ({ ...step, seq: step.seq + first.length, now: step.now + 7 * 86_400_000 }));
  return [...first, ...later];
})();

/** Feeds steps as one life of a daemon does: the read model from the beginning, flushes where told, and maybe an end without one. */
const live = async (dir: string, steps: readonly Step[], flushAfter: ReadonlySet<number>, last = true): Promise<void> => {
  const model = createReadModel();
  const tables = createArrowExport(dir, model);
  for (const step of steps) {
    model.apply(step);
    tables.apply(step);
    if (flushAfter.has(step.seq)) await tables.flush();
  }
  if (last) await tables.flush();
};
const bytesOf = (dir: string): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(dir, "arrow"), { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      found[join(entry.parentPath, entry.name).slice(dir.length)] = readFileSync(join(entry.parentPath, entry.name)).toString(
        "base64",
      );
  }
  return found;
};

describe("Arrow tables", () => {
  it("hold each leg fill with exact price and commission, partitioned by New York day", async () => {
    const dir = directory();
    await live(dir, TWO_DAYS, new Set());
    const fills = readTable(dir, "fills");
    expect(daysOf(dir, "fills")).toEqual(["2026-11-20", "2026-11-27"]);
    expect(fills.numRows).toBe(24);
    expect(fills.get(0)?.toJSON()).toMatchObject({
      symbol: "SPY",
      owner: "slot/s1",
      purpose: "entry",
      right: "P",
      quantity: 1,
      price: BigInt(price(1.71)),
      strike: BigInt(price(560)),
      commission: 6_500n,
    });
    expect(fills.schema.fields.find(({ name }) => name === "price")!.metadata.get("scale")).toBe("10000");
    expect(fills.schema.metadata.get("caretaker.moneyScale")).toBe("10000");
    expect(readTable(dir, "fills", { from: "2026-11-21" }).numRows).toBe(12);
    for (const table of TABLE_NAMES) expect(readTable(dir, table).numRows).toBeGreaterThan(0);
  });

  it("hold equity rows that are cash plus value, at most one each ten seconds", async () => {
    const dir = directory();
    await live(dir, scriptedDay(), new Set());
    const equity = readTable(dir, "equity");
    let before = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < equity.numRows; i++) {
      const row = equity.get(i)!.toJSON() as { at: number; equity: bigint; cash: bigint; value: bigint };
      expect(row.equity).toBe(row.cash + row.value);
      expect(row.at - before).toBeGreaterThanOrEqual(10_000);
      before = row.at;
    }
  });

  it("are byte for byte the same however often they were flushed, restarted, killed before a flush, or rebuilt", async () => {
    const rebuilt = directory();
    await live(rebuilt, TWO_DAYS, new Set());
    const wanted = bytesOf(rebuilt);
    const cut = fc.integer({ min: 1, max: TWO_DAYS.length });
    await fc.assert(
      fc.asyncProperty(
        fc.array(cut, { maxLength: 4 }),
        fc.array(cut, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (flushes, lives, clean) => {
          const dir = directory();
          // Each life is fed the journal from its beginning, as far as it had come by then.
          for (const end of lives.toSorted((a, b) => a - b)) await live(dir, TWO_DAYS.slice(0, end), new Set(flushes), clean);
          await live(dir, TWO_DAYS, new Set(flushes));
          expect(bytesOf(dir)).toEqual(wanted);
        },
      ),
      { numRuns: 20 },
    );
    dropTables(rebuilt);
    await live(rebuilt, TWO_DAYS, new Set([100]));
    expect(bytesOf(rebuilt)).toEqual(wanted);
  });

  it("leave no half-written file beside a partition, and make good one that is damaged", async () => {
    const dir = directory();
    await live(dir, scriptedDay(), new Set([50, 100, 200]));
    const names = Object.keys(bytesOf(dir));
    expect(names.every((name) => name.endsWith("part-0.arrow"))).toBe(true);
    const wanted = bytesOf(dir);
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(dir, names[0]!), "not arrow");
    await live(dir, scriptedDay(), new Set());
    expect(bytesOf(dir)).toEqual(wanted);
  });

  it("are empty with their columns when nothing was written", () => {
    const none = readTable(directory(), "fills");
    expect(none.numRows).toBe(0);
    expect(none.schema.names).toContain("commission");
  });

  it("give back the rows they were made of, nulls and large amounts included", () => {
    const shape: TableShape = {
      table: "any",
      version: 1,
      columns: [
        { name: "at", kind: "instant" },
        { name: "n", kind: "integer" },
        { name: "amount", kind: "money", nullable: true },
        { name: "text", kind: "text", nullable: true },
      ],
    };
    const row = fc.tuple(
      fc.integer({ min: 0, max: 4_102_444_800_000 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.option(fc.maxSafeInteger()),
      fc.option(fc.string({ unit: "binary" }).map((text) => text.toWellFormed())),
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        expect(rowsOf(shape, tableOf(shape, rows))).toEqual(rows);
      }),
    );
  });
});
