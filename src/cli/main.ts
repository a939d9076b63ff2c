/** The command line: one file a verb, one place where ends become exit codes. */
import { Command, CommanderError } from "commander";
import { buildId, packageJson } from "./build-id.ts";
import { CommandError, EXIT } from "./exit.ts";
import { alertsVerb } from "./verbs/alerts.ts";
import { configVerb } from "./verbs/config.ts";
import { demoVerb } from "./verbs/demo.ts";
import { explainVerb } from "./verbs/explain.ts";
import { exportVerb } from "./verbs/export.ts";
import { gatewayVerb } from "./verbs/gateway.ts";
import { initVerb } from "./verbs/init.ts";
import { journalVerb } from "./verbs/journal.ts";
import { operatorVerbs } from "./verbs/operator.ts";
import { readingVerbs } from "./verbs/read.ts";
import { replayVerb } from "./verbs/replay.ts";
import { reportVerb } from "./verbs/report.ts";
import { runVerb } from "./verbs/run.ts";
import { simulateVerb } from "./verbs/simulate.ts";

process.umask(0o077);

// A reader that goes away (`| head`) wants no more: what is written to it afterwards is dropped, and a daemon lives on without it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const program = new Command("caretaker")
  .description("An autonomous options-trading engine for Interactive Brokers. Start with 'caretaker demo': it needs no broker.")
  .version(`${packageJson().version}`, "-V, --version")
  .option("--build", "print the build id: which code decides")
  .exitOverride()
  .showHelpAfterError("(--help tells the flags)")
  .addHelpText(
    "after",
    "\nExit codes: 0 ok, 1 failed, 64 usage, 65 bad data, 69 unavailable, 70 internal, 74 I/O error, 75 try later, 77 denied, 78 bad config.",
  );
program.on("option:build", () => {
  process.stdout.write(`${buildId()}\n`);
  process.exit(EXIT.ok);
});

for (const verb of [
  demoVerb,
  runVerb,
  gatewayVerb,
  simulateVerb,
  replayVerb,
  explainVerb,
  reportVerb,
  readingVerbs,
  alertsVerb,
  operatorVerbs,
  journalVerb,
  exportVerb,
  configVerb,
  initVerb,
]) {
  verb(program);
}
for (const command of program.commands) command.exitOverride();

/** Says what there is to say and gives the code of the end. */
const codeOf = (error: unknown): number => {
  if (error instanceof CommandError) {
    if (error.message !== "") process.stderr.write(`caretaker: ${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  process.stderr.write(`caretaker: inner error: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.internal;
};

const code = await program.parseAsync().then(() => EXIT.ok, codeOf);
// A pipe takes what is written to it bit by bit: the process may end only when all has been taken.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((taken) => stream.write("", taken))));
process.exit(code);
