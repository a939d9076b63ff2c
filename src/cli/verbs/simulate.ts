/** `caretaker simulate`: seeded days in virtual time, with crashes and faults, judged by an auditor that knows nothing of the engine. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { FAULT_NAMES, type FaultName, type FaultOptions, FURTHER_FAULT_NAMES, NO_FAULTS, SWARM } from "../../sim/faults.ts";
import { CommandError, EXIT } from "../exit.ts";
import { wholeNumber } from "../flags.ts";
import { type SimulationReport, simulate } from "../simulate.ts";
import { stopSignal } from "../stopping.ts";

/** As a shell says it of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

const inWords = (report: SimulationReport): readonly string[] => [
  `${report.seeds} seeds, ${report.sessions} sessions, ${report.steps} steps: ${report.entries} entries, ${report.trades} trades, ${report.fills} leg fills`,
  `troubles: ${report.crashes} crashes, ${report.drops} lost connections; ${Object.entries(report.faultsTriggered)
    .map(([fault, times]) => `${fault} ${times}×`)
    .join(", ")}`,
  `checks: ${Object.entries(report.checks)
    .map(([law, times]) => `${law} ${times}×`)
    .join(", ")}`,
  ...report.violations.map(
    ({ seed, check, at, detail, again }) => `VIOLATION of ${check} in seed ${seed} at ${at}: ${detail}\n  again: ${again}`,
  ),
  `${report.violations.length} violations; ${report.simulatedDaysPerSecond.toFixed(2)} simulated days a second`,
];

interface SimulateFlags {
  readonly seeds: number;
  readonly from: number;
  readonly days: number;
  readonly faults?: FaultOptions;
  readonly once?: boolean;
  readonly json?: boolean;
}

const KNOWN: readonly FaultName[] = [...FAULT_NAMES, ...FURTHER_FAULT_NAMES];
/** Troubles by their names, as many of them as in the swarm. */
const faultNames = (text: string): FaultOptions => {
  if (text === "none") return NO_FAULTS;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !KNOWN.some((known) => known === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`there is no trouble ${unknown}; there are ${KNOWN.join(", ")}`);
  return { ...SWARM, names: names as FaultName[] };
};

export const simulateVerb = (program: Command): void => {
  program
    .command("simulate")
    .description(
      "Live through seeded days in virtual time: the same kernel, machines and IB side, crashes and faults by the seed, an independent auditor.",
    )
    .addOption(new Option("--seeds <count>", "how many seeds").default(5).argParser(wholeNumber(1, 1_000_000)))
    .addOption(new Option("--from <seed>", "the first seed").default(1).argParser(wholeNumber(0, 2 ** 31)))
    .addOption(new Option("--days <count>", "sessions of each seed").default(1).argParser(wholeNumber(1, 252)))
    .addOption(
      new Option(
        "--faults <names>",
        "only these troubles, by name and with commas; 'none' for none (default: all that the swarm has)",
      ).argParser(faultNames),
    )
    .option("--once", "live through each seed once instead of twice (the second life must leave the same trace)")
    .option("--json", "one document on standard output")
    .addHelpText(
      "after",
      "\nExit code 1 when the auditor found a violation; each comes with the one command that shows it again.",
    )
    .action(async (flags: SimulateFlags) => {
      const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
      const { signal } = stopSignal(say);
      const report = await simulate({
        seeds: flags.seeds,
        from: flags.from,
        days: flags.days,
        twice: !flags.once,
        ...(flags.faults === undefined ? {} : { faults: flags.faults }),
        signal,
        onSeed: ({ seed, entries, trades, crashes, drops, violations, seconds }) =>
          say(
            `seed ${seed}: ${entries} entries, ${trades} trades, ${crashes} crashes, ${drops} lost connections, ${violations} violations (${seconds.toFixed(1)} s)`,
          ),
      });
      process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : `${inWords(report).join("\n")}\n`);
      if (report.violations.length > 0) throw new CommandError(EXIT.failed, `${report.violations.length} violations`);
      if (report.aborted) throw new CommandError(INTERRUPTED, "ended before the last seed");
    });
};
