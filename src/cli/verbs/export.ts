/** `caretaker export`: the Arrow tables, derived again from the whole journal. */
import type { Command } from "commander";
import { createReadModel } from "../../projections/read-model.ts";
import { createArrowExport, daysOf, dropTables, readTable, TABLE_NAMES } from "../../store/arrow/export.ts";
import { withClone } from "../reading.ts";
import { stateDirectory } from "../state-path.ts";

export const exportVerb = (program: Command): void => {
  program
    .command("export")
    .description("Write fills, equity and futures as Arrow tables, partitioned by day, derived again from the journal.")
    .option("--state <dir>", "state directory; its daemon must not be running; by default demo in ~/.local/state/caretaker")
    .option("--out <dir>", "where to write (under arrow/); the state directory by default")
    .option("--json", "one document on standard output")
    .action(async (flags: { state?: string; out?: string; json?: boolean }) => {
      const directory = stateDirectory(flags.state, "demo");
      const out = flags.out ?? directory;
      await withClone(directory, async ({ journal }) => {
        const readModel = createReadModel();
        dropTables(out);
        const tables = createArrowExport(out, readModel);
        for await (const step of journal.read(1)) {
          readModel.apply(step);
          tables.apply(step);
        }
        await tables.flush();
      });
      const written = TABLE_NAMES.map((table) => ({
        table,
        days: daysOf(out, table),
        rows: daysOf(out, table).length === 0 ? 0 : readTable(out, table).numRows,
      }));
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ directory: out, tables: written })}\n`
          : `${written.map(({ table, days, rows }) => `${table}: ${rows} rows, ${days.length} days`).join("\n")}\n`,
      );
    });
};
