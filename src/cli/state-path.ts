/** Where state lives unless told: `$STATE_DIRECTORY` under systemd, else the XDG state home. */
import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { CommandError, EXIT } from "./exit.ts";

/** The home directory; a user without one, as in some containers, has to name a place. */
const home = (): string => {
  try {
    return homedir();
  } catch {
    throw new CommandError(
      EXIT.usage,
      "this user has no home directory: name a state directory with --state, or set XDG_STATE_HOME",
    );
  }
};

// An empty variable counts as none, as the XDG specification has it.
export const stateHome = (): string =>
  process.env["STATE_DIRECTORY"]?.split(":")[0] ||
  join(process.env["XDG_STATE_HOME"] || join(home(), ".local", "state"), "caretaker");

export const stateDirectory = (given: string | undefined, name: string): string => {
  const directory = given === undefined ? join(stateHome(), name) : resolve(given);
  if (statSync(directory, { throwIfNoEntry: false })?.isFile() === true)
    throw new CommandError(EXIT.badData, `${directory} is a file: --state names a directory`);
  return directory;
};

/** What a running daemon leaves for the reading verbs, in its state directory, readable by its owner alone. */
export const DAEMON_FILE = "daemon.json";
export interface DaemonAddress {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}
