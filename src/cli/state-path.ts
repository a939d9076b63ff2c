/** Where state lives unless told: `$STATE_DIRECTORY` under systemd, else the XDG state home. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export const stateHome = (): string =>
  process.env["STATE_DIRECTORY"]?.split(":")[0] ??
  join(process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "caretaker");

export const stateDirectory = (given: string | undefined, name: string): string =>
  given === undefined ? join(stateHome(), name) : resolve(given);

/** What a running daemon leaves for the reading verbs, in its state directory, readable by its owner alone. */
export const DAEMON_FILE = "daemon.json";
export interface DaemonAddress {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}
