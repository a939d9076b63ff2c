/** `caretaker config check|show|schema`. */
import type { Command } from "commander";
import { warnings } from "../../domain/config-schema.ts";
import { formatWarning } from "../../domain/rules/thresholds.ts";
import { configJsonSchema, formatProblem, loadConfig } from "../../io/config/config-file.ts";
import { CommandError, EXIT } from "../exit.ts";
import { configOrEnd } from "./run.ts";

export const configVerb = (program: Command): void => {
  const config = program.command("config").description("Check and show configuration files.");
  config
    .command("check <file>")
    .description("Say whether the file is right; every problem with file:line:column and the way out.")
    .option("--json", "one document on standard output")
    .action((file: string, flags: { json?: boolean }) => {
      const result = loadConfig(file);
      const warned = result.ok ? warnings(result.config).map(formatWarning) : [];
      if (flags.json) process.stdout.write(`${JSON.stringify(result.ok ? { ok: true, warnings: warned } : result)}\n`);
      else for (const warning of warned) process.stderr.write(`${file}: warning: ${warning}\n`);
      if (!result.ok) throw new CommandError(EXIT.badConfig, flags.json ? "" : result.problems.map(formatProblem).join("\n"));
      if (!flags.json) process.stdout.write(`${file}: ok\n`);
    });
  config
    .command("show <file>")
    .description("Print the configuration with every default filled in.")
    .option("--origin", "say for each value whether the file or the default gave it")
    .option("--json", "one document on standard output")
    .action((file: string, flags: { origin?: boolean; json?: boolean }) => {
      const complete = configOrEnd(file);
      if (flags.json && !flags.origin) return void process.stdout.write(`${JSON.stringify(complete)}\n`);
      const result = loadConfig(file);
      const rows = leaves(complete, result.ok ? result.given : {});
      if (flags.json) return void process.stdout.write(`${JSON.stringify(rows)}\n`);
      const longest = Math.max(...rows.map(({ key }) => key.length));
      for (const { key, value, origin } of rows) {
        process.stdout.write(
          `${key.padEnd(longest)}  ${JSON.stringify(value)}${flags.origin ? `  (${origin === "file" ? file : origin})` : ""}\n`,
        );
      }
    });
  config
    .command("schema")
    .description(
      "Print the JSON schema, for editors: '# yaml-language-server: $schema=schema.json' as the first line of the file.",
    )
    .action(() => void process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`));
};

export interface Leaf {
  readonly key: string;
  readonly value: unknown;
  readonly origin: "file" | "default";
}
/** Every value of a configuration with its dotted key, and whether the file or the default gave it. */
export const leaves = (value: unknown, given: unknown, key = ""): Leaf[] => {
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([name, inner]) =>
      leaves(inner, (given as Record<string, unknown> | undefined)?.[name], key === "" ? name : `${key}.${name}`),
    );
  }
  return [{ key, value, origin: given === undefined ? "default" : "file" }];
};
