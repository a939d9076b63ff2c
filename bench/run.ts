/**
 * `npm run bench`: what the machine was built to reach, measured on this computer, each figure beside its limit.
 *
 *   npm run bench -- [--json] [--only NAME] [--quick] [--dir DIR]
 *
 * They are figures, not tests: a limit that is missed is said and does not fail the command. Exit 1 means that something could not be
 * measured. Read the list below as the table of contents; every entry is one file.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { candidates } from "./candidates.ts";
import { chainPriced } from "./chain.ts";
import { endChildren } from "./child.ts";
import { contractQueue } from "./contract-queue.ts";
import { durableSteps } from "./durable-steps.ts";
import { gatewayCancel } from "./gateway-cancel.ts";
import { gatewayDays } from "./gateway-days.ts";
import { gatewayTicks } from "./gateway-ticks.ts";
import { kernelSteps } from "./kernel-steps.ts";
import { describeMachine } from "./machine-description.ts";
import { type Measurement, verdictOf } from "./measurement.ts";
import { memory } from "./memory.ts";
import { quoteToIntent } from "./quote-to-intent.ts";
import { reconcile } from "./reconcile.ts";
import { recovery } from "./recovery.ts";
import { releaseLatency } from "./release-latency.ts";
import { rules } from "./rules.ts";
import { simulatedDays } from "./simulated-days.ts";
import { stepCost } from "./step-cost.ts";
import { formatFigure, type Row, tableOf } from "./table.ts";
import { wireTicks } from "./wire-ticks.ts";

const MEASUREMENTS: readonly Measurement[] = [
  kernelSteps,
  durableSteps,
  releaseLatency,
  wireTicks,
  gatewayTicks,
  gatewayCancel,
  reconcile,
  recovery,
  memory,
  simulatedDays,
  stepCost,
  contractQueue,
  chainPriced,
  candidates,
  rules,
  quoteToIntent,
  gatewayDays,
];

const USAGE = 64;
const NAMES = MEASUREMENTS.map(({ name }) => name).join(", ");
const usage = (problem: string): never => {
  process.stderr.write(
    `bench: ${problem}\nusage: npm run bench -- [--json] [--quick] [--only NAME] [--dir DIR]\nnames: ${NAMES}\n`,
  );
  process.exit(USAGE);
};
const readFlags = () => {
  try {
    return parseArgs({
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        only: { type: "string", multiple: true },
        dir: { type: "string", default: tmpdir() },
      },
    }).values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
};
const flags = readFlags();
const wanted = MEASUREMENTS.filter(({ name }) => flags.only === undefined || flags.only.includes(name));
for (const name of flags.only ?? []) if (!MEASUREMENTS.some((one) => one.name === name)) usage(`there is no measurement ${name}`);

const scratch = mkdtempSync(join(flags.dir, "caretaker-bench-"));
process.on("exit", () => {
  endChildren();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    process.stderr.write("\nbench: interrupted, nothing is left behind\n");
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}

const measure = async (measurement: Measurement): Promise<Row> => {
  const { name, title, limit } = measurement;
  const none = { name, title, ...(limit === undefined ? {} : { limit }), figures: [], rounds: [] };
  const say = (text: string): void => void process.stderr.write(`  ${name}: ${text}\n`);
  const began = performance.now();
  process.stderr.write(`${name} ...\n`);
  (globalThis as { gc?: () => void }).gc?.();
  try {
    const outcome = await measurement.run({
      effort: flags.quick ? "quick" : "full",
      scratch: (part) => {
        const directory = join(scratch, part);
        mkdirSync(directory);
        return directory;
      },
      say,
    });
    if ("absent" in outcome) return { ...none, verdict: "absent", reason: outcome.absent };
    const unit = limit?.unit ?? "a second";
    say(`${formatFigure(outcome.value)} ${unit}, measured in ${formatFigure((performance.now() - began) / 1_000)} s`);
    return { ...none, ...outcome, unit, verdict: verdictOf(limit, outcome.value) };
  } catch (error) {
    return { ...none, verdict: "failed", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
};

const machine = describeMachine(scratch);
const rows: Row[] = [];
for (const measurement of wanted) rows.push(await measure(measurement));
const loadAfter = describeMachine(scratch).load;

if (flags.json) {
  const document = { machine: { ...machine, loadAfter }, effort: flags.quick ? "quick" : "full", measurements: rows };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
} else {
  process.stdout.write(tableOf(rows, { ...machine, load: loadAfter }));
}
process.exitCode = rows.some(({ verdict }) => verdict === "failed") ? 1 : 0;
