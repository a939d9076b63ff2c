/** Faults as the command line writes them: `--fault`, `--scenario`, the list, and `gateway tell` to a gateway that runs. */
import { existsSync, readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { formatNewYork } from "../domain/calendar/new-york.ts";
import { epochMs } from "../domain/units.ts";
import { type ActiveFault, inWords, type ScenarioEntry } from "../sim/faults/board.ts";
import { askControl, type ControlAnswer, type ControlRequest } from "../sim/faults/control.ts";
import { readFaultText } from "../sim/faults/fault-text.ts";
import { FaultError } from "../sim/faults/parameter.ts";
import { described, FAULTS } from "../sim/faults/registry.ts";
import { readScenario, ScenarioError } from "../sim/faults/scenario.ts";
import { CommandError, EXIT } from "./exit.ts";

/** A `--fault`: bad words are the operator's. */
export const faultOf = (text: string): ScenarioEntry => {
  try {
    return readFaultText(text);
  } catch (error) {
    throw error instanceof FaultError ? new CommandError(EXIT.usage, error.message) : error;
  }
};
export const scenarioOf = (file: string): readonly ScenarioEntry[] => {
  if (!existsSync(file)) throw new CommandError(EXIT.badData, `${file}: there is no such file`);
  try {
    return readScenario(file, readFileSync(file, "utf8"));
  } catch (error) {
    throw error instanceof ScenarioError ? new CommandError(EXIT.badData, error.message) : error;
  }
};

export const faultList = (): string =>
  FAULTS.map(described)
    .map(({ name, kind, says, serves, parameters }) =>
      [
        `${name} (${kind}; ${serves.join(" ")})`,
        `    ${says}`,
        ...parameters.map(
          ({ name: parameter, says: what, takes, ...rest }) =>
            `    ${parameter}=${"usual" in rest ? rest.usual : ""}  ${what}: ${takes}`,
        ),
      ].join("\n"),
    )
    .join("\n");

export const faultHelp = (): string =>
  `\nFaults, for --fault, --scenario and 'gateway tell' (--faults tells their parameters):\n${FAULTS.map(({ name, says }) => `  ${name.padEnd(28)} ${says}`).join("\n")}`;

export const FAULT_GRAMMAR =
  "NAME key=value ... for=2m client=7 @+90s: begin a fault, at once or at a moment (@+90s of market time after the start, @2026-10-05T10:00 in New York, @order:3+500ms after the third order)";

interface TellFlags {
  readonly control?: string;
  readonly list?: boolean;
  readonly clear?: string | true;
  readonly json?: boolean;
}

/** `caretaker gateway tell`: to a gateway that runs. */
export const tellVerb = (gateway: Command): void => {
  gateway
    .command("tell")
    .description("Tell a running gateway a fault, list what is on, or clear it.")
    .argument("[words...]", FAULT_GRAMMAR)
    .option("--control <path>", "the gateway's control socket")
    .option("--list", "what is on, and what is planned")
    .addOption(new Option("--clear [which]", "end all faults, those of a name, or one by its number"))
    .option("--json", "the answer as the gateway gives it")
    .action(async (words: readonly string[], _flags: object, command: Command) => {
      // The gateway knows some of these flags too, and takes them before its part does.
      const flags = command.optsWithGlobals<TellFlags>();
      if (flags.control === undefined) throw new CommandError(EXIT.usage, "name the gateway's control socket with --control");
      const asked = [words.length > 0, flags.list === true, flags.clear !== undefined].filter(Boolean).length;
      if (asked !== 1) throw new CommandError(EXIT.usage, "tell a fault, or --list, or --clear: one of them");
      if (words.length > 0) faultOf(words.join(" "));
      const which = typeof flags.clear === "string" && /^\d+$/.test(flags.clear) ? Number(flags.clear) : flags.clear;
      const request: ControlRequest =
        words.length > 0
          ? { do: "begin", text: words.join(" ") }
          : flags.list === true
            ? { do: "list" }
            : { do: "clear", ...(which === undefined || which === true ? {} : { which }) };
      const answer = await askControl(flags.control, request).catch((error: unknown) => {
        throw new CommandError(EXIT.unavailable, error instanceof Error ? error.message : String(error));
      });
      if (!answer.ok) throw new CommandError(EXIT.usage, answer.error);
      process.stdout.write(`${flags.json === true ? JSON.stringify(answer) : answerInWords(answer)}\n`);
    });
};
const answerInWords = (answer: Extract<ControlAnswer, { readonly ok: true }>): string => {
  if (typeof answer.cleared === "number") return `${answer.cleared} cleared`;
  if (answer.planned === true) return "planned";
  if (answer.active === undefined) return `begun, number ${String(answer.id)}`;
  const active = answer.active as readonly ActiveFault[];
  const planned = answer.planned as readonly ScenarioEntry[];
  const at = (ms: number): string => formatNewYork(epochMs(ms));
  const lines = [
    ...active.map(
      (one) => `${one.id}  ${inWords(one)}  since ${at(one.since)}${one.until === undefined ? "" : ` until ${at(one.until)}`}`,
    ),
    ...planned.map((entry) => `planned  ${inWords(entry)}  ${JSON.stringify(entry.when)}`),
  ];
  return lines.length === 0 ? "nothing is on" : lines.join("\n");
};
