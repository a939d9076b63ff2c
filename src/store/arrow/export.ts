/**
 * Arrow IPC tables for analysis, derived from the journal and never on its commit path:
 *
 *   DIR/arrow/<table>/date=YYYY-MM-DD/part-0.arrow        days of New York, one record batch each, rewritten whole by rename
 *
 * A partition is a function of its rows, and rows are a function of the steps: a rebuild into an empty directory gives the same
 * bytes. A row's seq tells what a partition holds already, so that feeding steps again changes nothing.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Table as ArrowTable, Table, tableFromIPC, tableToIPC } from "apache-arrow";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import type { TradingDay } from "../../domain/units.ts";
import type { Step } from "../../ports/journal.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { factsOf, timeOf } from "../../projections/spoken.ts";
import { writeDurably } from "../durable-file.ts";
import { type Row, rowsOf, schemaOf, type TableShape, tableOf } from "./columns.ts";
import { AT, COMMISSION, EXEC_ID, rowsIn, SEQ, TABLES, type TableName } from "./tables.ts";

export interface ArrowExport {
  /** Takes a step that `readModel` has just taken. Cheap; reads a partition from disk once a day and after a restart. */
  apply(step: Step): void;
  /** Writes what changed since the last flush, each partition whole and atomically. One flush at a time: a second waits. */
  flush(): Promise<void>;
}

interface Partition {
  readonly rows: Row[];
  /** Rows of steps up to this are on disk already. */
  readonly through: number;
  dirty: boolean;
}

const PART = "part-0.arrow";
const NAMES = Object.keys(TABLES) as TableName[];
const partitionDirectory = (dir: string, table: TableName, day: string): string => join(dir, "arrow", table, `date=${day}`);

const readPartition = (dir: string, table: TableName, day: string): ArrowTable | undefined => {
  try {
    const read = tableFromIPC(readFileSync(join(partitionDirectory(dir, table, day), PART)));
    const shape: TableShape = TABLES[table];
    return read.schema.metadata.get("caretaker.version") === String(shape.version) ? read : undefined;
  } catch {
    // Absent, or not whole: derived data is derived again.
    return undefined;
  }
};

/** `readModel` must have been given the journal from its beginning, and each step before `apply` is. */
export const createArrowExport = (dir: string, readModel: ReadModel): ArrowExport => {
  const partitions = new Map<string, Partition>();
  let flushing: Promise<void> = Promise.resolve();

  const partitionOf = (table: TableName, day: TradingDay): Partition => {
    const key = `${table}/${day}`;
    let partition = partitions.get(key);
    if (partition === undefined) {
      const read = readPartition(dir, table, day);
      const rows = read === undefined ? [] : rowsOf(TABLES[table], read);
      partition = { rows, through: Number(rows.at(-1)?.[SEQ] ?? 0), dirty: false };
      partitions.set(key, partition);
    }
    return partition;
  };

  const charge = (day: TradingDay, execId: string, amount: number): void => {
    const fills = partitionOf("fills", day);
    const index = fills.rows.findLastIndex((row) => row[EXEC_ID] === execId);
    const row = fills.rows[index];
    if (row === undefined || row[COMMISSION] === amount) return;
    fills.rows[index] = row.with(COMMISSION, amount);
    fills.dirty = true;
  };

  const apply = (step: Step): void => {
    const speaks = step.facts.length > 0;
    if (!speaks) return;
    const day = newYorkDay(timeOf(step));
    const lastEquityAt = partitionOf("equity", day).rows.at(-1)?.[AT];
    for (const [table, row] of rowsIn(step, readModel, lastEquityAt === undefined ? undefined : Number(lastEquityAt))) {
      const partition = partitionOf(table, day);
      if (step.seq <= partition.through) continue;
      partition.rows.push(row);
      partition.dirty = true;
    }
    for (const fact of factsOf(step)) if (fact.type === "commission.booked") charge(day, fact.execId, fact.amount);
  };

  const write = async (): Promise<void> => {
    const days = [...partitions.keys()].map((key) => key.slice(key.indexOf("/") + 1));
    const newest = days.sort().at(-1);
    for (const [key, partition] of partitions) {
      const cut = key.indexOf("/");
      const [table, day] = [key.slice(0, cut) as TableName, key.slice(cut + 1)];
      if (partition.dirty) {
        // What arrives while the file is written makes it dirty again.
        partition.dirty = false;
        const bytes = tableToIPC(tableOf(TABLES[table], partition.rows), "file");
        mkdirSync(partitionDirectory(dir, table, day), { recursive: true, mode: 0o700 });
        try {
          await writeDurably(join(partitionDirectory(dir, table, day), PART), bytes);
        } catch (error) {
          partition.dirty = true;
          throw error;
        }
      }
      if (day !== newest && !partition.dirty) partitions.delete(key);
    }
  };

  return {
    apply,
    flush: () => {
      const next = flushing.then(write);
      flushing = next.catch(() => {});
      return next;
    },
  };
};

/** Removes all tables, for a rebuild. */
export const dropTables = (dir: string): void => rmSync(join(dir, "arrow"), { recursive: true, force: true });

/** The days that a table has, ascending. */
export const daysOf = (dir: string, table: TableName): readonly string[] => {
  try {
    const names = readdirSync(join(dir, "arrow", table));
    return names.flatMap((name) => (name.startsWith("date=") ? [name.slice("date=".length)] : [])).sort();
  } catch {
    return [];
  }
};

/** A whole table, days ascending; `from` and `to` (both included) narrow the days. Empty, with its schema, when there is none. */
export const readTable = (
  dir: string,
  table: TableName,
  { from = "", to = "9999" }: { readonly from?: string; readonly to?: string } = {},
): ArrowTable => {
  const read = daysOf(dir, table)
    .filter((day) => from <= day && day <= to)
    .flatMap((day) => readPartition(dir, table, day) ?? []);
  const schema = schemaOf(TABLES[table]);
  return read.length === 0 ? new Table(schema) : new Table(read.flatMap(({ batches }) => batches));
};

export { NAMES as TABLE_NAMES, type TableName };
