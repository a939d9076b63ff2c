/** `caretaker pause|resume|halt|rearm|adopt`: commands enter the running engine by its inbox and are durable when this verb returns. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import type { StatusView } from "../../projections/status.ts";
import { CommandError, EXIT } from "../exit.ts";
import { askDaemon, chosenState, commandDaemon, daemonOf } from "../reading.ts";
import type { DaemonAddress } from "../state-path.ts";

const COMMANDS: readonly (readonly [name: string, description: string])[] = [
  ["pause", "No new entries; positions are watched and exits go on."],
  ["resume", "Take a pause back."],
  ["halt", "Latched: nothing that adds risk leaves any more, also after a restart, until 'rearm'. Exits go on."],
  ["rearm", "Take a halt back (--scope engine) or arm a tripped breaker again (--scope orders)."],
  ["adopt", "Let the broker's quantity of a contract count from now on; no fill is invented, and the slot stays quarantined."],
];

/** Who asks; a user may have a number only, as in some containers. */
const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
};

/** Ends the verb when no breaker has that scope: a command that nobody hears is not one. */
const knownBreaker = async (daemon: DaemonAddress, scope: string): Promise<void> => {
  const { actors } = (await askDaemon(daemon, "/api/v1/actors")) as { readonly actors: readonly { readonly path: string }[] };
  const scopes = actors.flatMap(({ path }) => (path.startsWith("breaker/") ? [path.slice("breaker/".length)] : []));
  if (!scopes.includes(scope))
    throw new CommandError(EXIT.usage, `--scope ${scope}: there are engine, reconciliation, ${scopes.join(", ")}`);
};

export const operatorVerbs = (program: Command): void => {
  for (const [name, description] of COMMANDS) {
    const command = program
      .command(name)
      .description(description)
      .option("--state <dir>", "state directory of the daemon; not needed when only one runs")
      .option("--json", "one document on standard output");
    if (name === "rearm")
      command.requiredOption(
        "--scope <scope>",
        "engine, reconciliation (strange executions are seen), or the scope of a breaker",
      );
    // As on the page: what lets risk in again wants a reason.
    if (name === "adopt")
      command.requiredOption("--subject <contract>", "as 'status' and the notice name it: 'SPY 2026-12-18 590 P'");
    if (name === "resume" || name === "rearm" || name === "adopt")
      command.requiredOption("--reason <text>", "why; it goes into the journal");
    else command.option("--reason <text>", "why; it goes into the journal", "no reason given");
    command.action(async (flags: { state?: string; reason: string; json?: boolean; scope?: string; subject?: string }) => {
      const directory = await chosenState(flags.state);
      const daemon = await daemonOf(directory);
      if (daemon === undefined)
        throw new CommandError(EXIT.unavailable, `no daemon is running on ${directory}; --state names another state directory`);
      if (flags.scope !== undefined && flags.scope !== "engine" && flags.scope !== "reconciliation")
        await knownBreaker(daemon, flags.scope);
      const receipt = (await commandDaemon(daemon, name, {
        reason: `${flags.reason} (${userName()})`,
        ...(flags.scope === undefined ? {} : { scope: flags.scope }),
        ...(flags.subject === undefined ? {} : { subject: flags.subject }),
      })) as { readonly seq?: number };
      if (flags.json) return void process.stdout.write(`${JSON.stringify(receipt)}\n`);
      const { mode, reason } = (await askDaemon(daemon, "/api/v1/status")) as Pick<StatusView, "mode" | "reason">;
      process.stdout.write(
        `${name}: recorded as ${receipt.seq} in ${directory}; mode ${mode}${reason === "" ? "" : `: ${reason}`}\n`,
      );
    });
  }
};
