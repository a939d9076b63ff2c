/**
 * `npm run pains`: runs every test whose title names a pain, and lists each pain with its scenarios and how they ended. Exit code 1 when
 * a pain that is ours has no scenario, or one that fails. `-- --list` says what is there without running it.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { OURS, PAINS } from "./pains.ts";

interface Scenario {
  readonly title: string;
  readonly file: string;
  readonly state: string;
}

const root = join(import.meta.dirname, "../..");
const NAMED = /\(pains? ([\db, ]+)\)/;
const idsIn = (title: string): string[] => NAMED.exec(title)?.[1]?.split(/[, ]+/).filter(Boolean) ?? [];

const files = globSync("test/**/*.test.ts", { cwd: root })
  .filter((file) => !file.startsWith("test/nightly/") && NAMED.test(readFileSync(join(root, file), "utf8")))
  .sort();

const run = (): readonly Scenario[] => {
  const folder = mkdtempSync(join(tmpdir(), "caretaker-pains-"));
  try {
    const out = join(folder, "report.json");
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const done = spawnSync(
      process.execPath,
      [
        vitest,
        "run",
        "--config",
        "vitest.pains.config.ts",
        "-t",
        "\\(pains? \\d",
        "--reporter=json",
        `--outputFile=${out}`,
        ...files,
      ],
      { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
    );
    if (done.error !== undefined) throw done.error;
    const report = JSON.parse(readFileSync(out, "utf8")) as {
      testResults: { name: string; assertionResults: { fullName: string; status: string; failureMessages?: string[] }[] }[];
    };
    return report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ fullName, status }) => NAMED.test(fullName) && status !== "pending" && status !== "skipped")
        .map(({ fullName, status, failureMessages }) => {
          for (const message of failureMessages ?? []) process.stderr.write(`${fullName}\n${message}\n\n`);
          return { title: fullName, file: relative(root, name), state: status };
        }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
const list = (): readonly Scenario[] =>
  files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/["'`]([^"'`\n]*\(pains? [\db, ]+\)[^"'`\n]*)["'`]/g)].map(
      ([, title]) => ({
        title: title as string,
        file,
        state: "not run",
      }),
    ),
  );

const scenarios = process.argv.includes("--list") ? list() : run();
const ours = new Set(OURS.map(({ id }) => id));
let missing = 0;
for (const { id, what, concern } of PAINS) {
  const named = scenarios.filter(({ title }) => idsIn(title).includes(id));
  const verdict = named.length > 0 ? "" : ours.has(id) ? "  MISSING" : `  (${concern})`;
  if (named.length === 0 && ours.has(id)) missing++;
  process.stdout.write(`${id.padStart(3)}  ${what}${verdict}\n`);
  for (const { title, file, state } of named) process.stdout.write(`       ${state}: ${title}\n               ${file}\n`);
}
const failed = scenarios.filter(({ state }) => state === "failed").length;
process.stdout.write(
  `${ours.size} pains of connection, sync, ids, fills and data; ${scenarios.length} scenarios, ${failed} failed; ${missing} pains without one\n`,
);
process.exitCode = missing + failed > 0 ? 1 : 0;
