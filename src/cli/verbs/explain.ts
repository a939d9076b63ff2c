/** `caretaker explain order|decision|slot|why-not`: why, to the last number. */
import type { Command } from "commander";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import { type EpochMs, tradingDay } from "../../domain/units.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { CommandError, EXIT } from "../exit.ts";
import { askDaemon, chosenState, daemonOf, readModelOf } from "../reading.ts";
import type { DaemonAddress } from "../state-path.ts";

interface Flags {
  readonly state?: string;
  readonly json?: boolean;
  readonly at?: string;
}
interface Told {
  readonly lines: readonly string[];
}

/** What is asked: of the daemon by path, of a journal by the read model. */
interface Question {
  readonly path: (now: EpochMs) => string;
  readonly of: (model: ReadModel) => Told | undefined;
  readonly what: string;
}

const tellIt = async (flags: Flags, { path, of, what }: Question): Promise<void> => {
  const directory = await chosenState(flags.state);
  const daemon = await daemonOf(directory);
  const told = daemon === undefined ? of(await readModelOf(directory)) : await askIt(daemon, path);
  if (told === undefined)
    throw new CommandError(EXIT.badData, `there is no ${what} in what is kept of the journal of ${directory}`);
  process.stdout.write(flags.json ? `${JSON.stringify(told)}\n` : `${told.lines.join("\n")}\n`);
};
const askIt = async (daemon: DaemonAddress, path: Question["path"]): Promise<Told> => {
  const { now } = (await askDaemon(daemon, "/api/v1/status")) as { readonly now: EpochMs };
  return (await askDaemon(daemon, path(now))) as Told;
};

/** `2026-10-05T10:30`, or `10:30` of the day that the journal has reached; New York wall time. */
const instant = (text: string | undefined, now: EpochMs): EpochMs => {
  if (text === undefined) return now;
  const match = /^(?:(\d{4}-\d{2}-\d{2})T)?(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null || Number(match[2]) > 23 || Number(match[3]) > 59)
    throw new CommandError(EXIT.usage, `--at ${text}: a New York wall time such as 10:30 or 2026-10-05T10:30`);
  return instantOf(match[1] === undefined ? newYorkDay(now) : tradingDay(match[1]), Number(match[2]) * 60 + Number(match[3]));
};

const whyNot = (text: string, at: string | undefined): Question => {
  const symbol = text.toUpperCase();
  return {
    path: (now) => `/api/v1/explain/why-not?symbol=${encodeURIComponent(symbol)}&at=${instant(at, now)}`,
    of: (model) => model.explainWhyNot(symbol, instant(at, model.now)),
    what: `entry of ${symbol}`,
  };
};

export const explainVerb = (program: Command): void => {
  const explain = program
    .command("explain")
    .description("Why it traded, and why it did not.")
    .option("--why-not <symbol>", "the same as 'explain why-not SYMBOL'")
    .option("--at <time>", "with --why-not: New York wall time, e.g. 10:30 or 2026-10-05T10:30")
    .option("--state <dir>", "state directory; by default where the daemon runs, else the demo's")
    .option("--json", "one document on standard output")
    .action((flags: Flags & { readonly whyNot?: string }) => {
      if (flags.whyNot === undefined)
        throw new CommandError(EXIT.usage, "explain what? order ID, decision SEQ, slot ID, or --why-not SYMBOL [--at TIME]");
      return tellIt(flags, whyNot(flags.whyNot, flags.at));
    });
  // `explain` takes these two itself, wherever they stand: before the subcommand or behind it.
  const flagsOf = (command: Command): Flags => command.optsWithGlobals();
  const withFlags = (command: Command): Command =>
    command
      .option("--state <dir>", "state directory; by default where the daemon runs, else the demo's")
      .option("--json", "one document on standard output");
  withFlags(explain.command("order <intentId>"))
    .description("An order's whole life: intent, denial or approval with numbers, wire, the broker's messages, fills, slippage.")
    .action((id: string, _: Flags, command: Command) =>
      tellIt(flagsOf(command), {
        path: () => `/api/v1/explain/order/${encodeURIComponent(id)}`,
        of: (model) => model.explainOrder(id),
        what: `order ${id}`,
      }),
    );
  withFlags(explain.command("decision <seq>"))
    .description("The decision made, or still standing, at a journal seq: every rule with its distance to firing.")
    .action((text: string, _: Flags, command: Command) => {
      const seq = Number(text.replace(/^#/, ""));
      if (!Number.isSafeInteger(seq) || seq < 1)
        throw new CommandError(EXIT.usage, `${text}: the number of a journal record, as 'positions' shows it`);
      return tellIt(flagsOf(command), {
        path: () => `/api/v1/explain/decision/${seq}`,
        of: (model) => model.explainDecision(seq),
        what: `decision at ${seq}`,
      });
    });
  withFlags(explain.command("slot <slot>"))
    .description("The newest decision about a slot, e.g. s1.")
    .action((text: string, _: Flags, command: Command) => {
      const slot = text.startsWith("slot/") ? text : `slot/${text}`;
      return tellIt(flagsOf(command), {
        path: () => `/api/v1/explain/slot?slot=${encodeURIComponent(slot)}`,
        of: (model) => model.explainSlot(slot),
        what: `decision about ${slot}`,
      });
    });
  withFlags(explain.command("why-not <symbol>"))
    .description("The stages that stopped entries in a symbol, the first number that did, and by how much.")
    .option("--at <time>", "New York wall time, e.g. 10:30 or 2026-10-05T10:30; the journal's last instant by default")
    .action((text: string, _: Flags, command: Command) => {
      const flags = flagsOf(command);
      return tellIt(flags, whyNot(text, flags.at));
    });
};
