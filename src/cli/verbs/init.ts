/** `caretaker init`: makes a state directory for an account, on purpose and once. */
import type { Command } from "commander";
import { isSimulatedAccount } from "../../domain/accounts.ts";
import { initialise } from "../../store/state-directory.ts";
import { CommandError, EXIT } from "../exit.ts";
import { stateDirectory } from "../state-path.ts";
import { asCommandError } from "../store-exit.ts";

export const initVerb = (program: Command): void => {
  program
    .command("init")
    .description("Make a state directory for an account. Refused where anything is already.")
    .requiredOption("--account <name>", "the account it is for: DU… (paper) or DF…")
    .option("--state <dir>", "state directory; by default paper in ~/.local/state/caretaker")
    .option("--json", "one document on standard output")
    .action(async (flags: { account: string; state?: string; json?: boolean }) => {
      if (!isSimulatedAccount(flags.account)) {
        throw new CommandError(
          EXIT.denied,
          `account ${flags.account} does not begin with DU or DF: it may hold real money, and this version has no live interlock`,
        );
      }
      const directory = stateDirectory(flags.state, "paper");
      const identity = await initialise(directory, { account: flags.account }).catch((error: unknown) => {
        throw asCommandError(error);
      });
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ directory, ...identity })}\n`
          : `${directory}: made for account ${identity.account}, installation ${identity.installation}\n`,
      );
    });
};
