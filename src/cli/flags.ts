/** Flags that several verbs share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from "commander";

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most}.`);
    return value;
  };
export const positiveNumber = (text: string): number => {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("a number above 0.");
  return value;
};

/** A number between two, both included. */
export const numberBetween =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most))
      throw new InvalidArgumentError(`a number from ${least} to ${most}.`);
    return value;
  };

const UNITS_MS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** `90s`, `5m`, `500ms`, in real time. */
export const duration = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError("a duration such as 90s, 5m or 1h.");
  return Number(match[1]) * (UNITS_MS[match[2] as string] as number);
};

export const logLevel = (usual: string): Option =>
  new Option("--log-level <level>", "how much is logged, to standard error")
    .choices(["debug", "info", "warn", "error"])
    .default(usual);

export const DEFAULT_HTTP_PORT = 8787;

/** What `demo` and `run` have in common. */
export const withDaemonFlags = (command: Command): Command =>
  command
    .option(
      "--state <dir>",
      `state directory: journal, snapshots, Arrow tables (default: ${command.name() === "demo" ? "demo" : "the config's mode"} in ~/.local/state/caretaker)`,
    )
    .option("--headless", "no story in the terminal; the API and the page are served all the same")
    .addOption(new Option("--for <duration>", "stop by itself after so much real time, e.g. 90s").argParser(duration))
    .addOption(
      new Option("--http-port <port>", "port of page and API on 127.0.0.1; when it is busy the next free one")
        .default(DEFAULT_HTTP_PORT)
        .argParser(wholeNumber(0, 65_535)),
    )
    .option("--json", "print one closing document on standard output")
    .addOption(logLevel("warn"));

export interface DaemonFlags {
  readonly state?: string;
  readonly headless?: boolean;
  readonly for?: number;
  readonly httpPort: number;
  readonly json?: boolean;
  readonly logLevel: string;
}
