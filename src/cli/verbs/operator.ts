/** `caretaker pause|resume|halt|rearm`: commands enter the running engine by its inbox and are durable when this verb returns. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { CommandError, EXIT } from "../exit.ts";
import { commandDaemon, daemonOf } from "../reading.ts";
import { stateDirectory } from "../state-path.ts";

const COMMANDS: readonly (readonly [name: string, description: string])[] = [
  ["pause", "No new entries; positions are watched and exits go on."],
  ["resume", "Take a pause back."],
  ["halt", "Latched: nothing that adds risk leaves any more, also after a restart, until 'rearm'. Exits go on."],
  ["rearm", "Take a halt back (--scope engine) or arm a tripped breaker again (--scope orders)."],
];

export const operatorVerbs = (program: Command): void => {
  for (const [name, description] of COMMANDS) {
    const command = program
      .command(name)
      .description(description)
      .option("--state <dir>", "state directory of the running daemon")
      .option("--reason <text>", "why; it goes into the journal", "no reason given")
      .option("--json", "one document on standard output");
    if (name === "rearm") command.requiredOption("--scope <scope>", "engine, or the scope of a breaker");
    command.action(async (flags: { state?: string; reason: string; json?: boolean; scope?: string }) => {
      const directory = stateDirectory(flags.state, "demo");
      const daemon = await daemonOf(directory);
      if (daemon === undefined) throw new CommandError(EXIT.unavailable, `no daemon is running on ${directory}`);
      const receipt = (await commandDaemon(daemon, name, {
        reason: `${flags.reason} (${userInfo().username})`,
        ...(flags.scope === undefined ? {} : { scope: flags.scope }),
      })) as { readonly seq?: number };
      process.stdout.write(flags.json ? `${JSON.stringify(receipt)}\n` : `${name}: recorded as ${receipt.seq}\n`);
    });
  }
};
