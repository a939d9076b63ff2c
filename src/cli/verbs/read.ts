/** `caretaker status|positions|orders`: what is; from the daemon when it runs, else from the journal. */
import type { Command } from "commander";
import type { ReadModel } from "../../projections/read-model.ts";
import { askDaemon, daemonOf, readModelOf } from "../reading.ts";
import { stateDirectory } from "../state-path.ts";

interface Reading {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly of: (model: ReadModel) => unknown;
}
const READINGS: readonly Reading[] = [
  { name: "status", description: "Mode, account, equity, slots, breakers: one look.", path: "/api/v1/status", of: (model) => model.status },
  { name: "positions", description: "Open positions with legs, mark, profit and last decision.", path: "/api/v1/positions", of: (model) => model.positions },
  { name: "orders", description: "Every order with its timeline.", path: "/api/v1/orders", of: (model) => model.orders },
];

export const readingVerbs = (program: Command): void => {
  for (const { name, description, path, of } of READINGS) {
    program
      .command(name)
      .description(description)
      .option("--state <dir>", "state directory")
      .option("--json", "one document on standard output")
      .action(async (flags: { state?: string; json?: boolean }) => {
        const directory = stateDirectory(flags.state, "demo");
        const daemon = await daemonOf(directory);
        const document = daemon === undefined ? of(await readModelOf(directory)) : await askDaemon(daemon, path);
        process.stdout.write(flags.json ? `${JSON.stringify(document)}\n` : `${inWords(document)}\n`);
      });
  }
};

/** A document as indented lines: names, then values; lists one item after another. */
const inWords = (value: unknown, indent = ""): string => {
  if (Array.isArray(value)) return value.length === 0 ? `${indent}none` : value.map((item) => inWords(item, indent)).join(`\n${indent}--\n`);
  if (typeof value !== "object" || value === null) return `${indent}${String(value)}`;
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => (typeof inner === "object" && inner !== null ? `${indent}${key}:\n${inWords(inner, `${indent}  `)}` : `${indent}${key}: ${String(inner)}`))
    .join("\n");
};
