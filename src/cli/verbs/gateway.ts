/** `caretaker gateway`: the simulated IB Gateway as a program of its own, for any IB client. */
import { existsSync, readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { formatNewYork } from "../../domain/calendar/new-york.ts";
import { epochMs, money } from "../../domain/units.ts";
import type { ActiveFault, ScenarioEntry } from "../../sim/faults/board.ts";
import { inWords } from "../../sim/faults/board.ts";
import { askControl, type ControlAnswer, type ControlRequest } from "../../sim/faults/control.ts";
import { readFaultText } from "../../sim/faults/fault-text.ts";
import { FaultError } from "../../sim/faults/parameter.ts";
import { described, FAULTS } from "../../sim/faults/registry.ts";
import { readScenario, ScenarioError } from "../../sim/faults/scenario.ts";
import { startGateway } from "../../sim/gateway.ts";
import type { Market } from "../../sim/market/market.ts";
import { createRecordedMarket } from "../../sim/market/recorded-market.ts";
import { createSyntheticMarket } from "../../sim/market/synthetic-market.ts";
import { WorldFileError } from "../../sim/world-file.ts";
import { CommandError, EXIT } from "../exit.ts";
import { logLevel, positiveNumber, wholeNumber } from "../flags.ts";
import { createLogger } from "../logging.ts";
import { stopSignal } from "../stopping.ts";

export interface MarketFlags {
  readonly market: "synthetic" | "recorded";
  readonly chain?: readonly string[];
  readonly underlying?: readonly string[];
  readonly seed: number;
  readonly vix: number;
}

export const DEFAULT_SEED = 20_261_120;
export const DEFAULT_ACCOUNT = "DU1234567";
export const DEFAULT_CASH_DOLLARS = 100_000;
/** The long-run median is 17.6: a calm day, so that a demo has something to enter. */
export const DEFAULT_VIX = 17;

const oneMore = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export const withMarketFlags = (command: Command): Command =>
  command
    .addOption(new Option("--market <kind>", "which market").choices(["synthetic", "recorded"]).default("synthetic"))
    .addOption(
      new Option(
        "--chain <file>",
        "recorded market: option quotes of one underlying and day, CSV or CSV.gz; more than once for more",
      ).argParser(oneMore),
    )
    .addOption(
      new Option(
        "--underlying <file>",
        "recorded market: a stock's minute bars, CSV or CSV.gz; more than once for more stocks, then as SYMBOL=FILE",
      ).argParser(oneMore),
    )
    .addOption(
      new Option("--seed <n>", "synthetic market: the same seed gives the same market")
        .default(DEFAULT_SEED)
        .argParser(wholeNumber(0, 2 ** 31)),
    )
    .addOption(
      new Option("--vix <points>", "synthetic market: the VIX before the first day")
        .default(DEFAULT_VIX)
        .argParser(positiveNumber),
    );

/** The market that the flags name. Throws CommandError for missing files and bad rows. */
export const marketOf = (flags: MarketFlags): Market => {
  if (flags.market === "synthetic") return createSyntheticMarket({ seed: flags.seed, vix0: flags.vix });
  const { chain, underlying } = flags;
  if (chain === undefined || underlying === undefined)
    throw new CommandError(EXIT.usage, "--market recorded needs --chain FILE and --underlying FILE");
  for (const file of [...chain, ...underlying.map((named) => named.replace(/^[A-Z][A-Z.]*=/, ""))])
    if (!existsSync(file)) throw new CommandError(EXIT.badData, `${file}: there is no such file`);
  try {
    return createRecordedMarket({ chainFile: chain, underlyingFile: underlying });
  } catch (error) {
    throw new CommandError(EXIT.badData, error instanceof Error ? error.message : String(error));
  }
};

/** Why a gateway did not start, as the end of a verb. */
export const gatewayEnd = (error: unknown, port: number | undefined): CommandError => {
  const { message, code } = error as NodeJS.ErrnoException;
  if (error instanceof WorldFileError) return new CommandError(EXIT.badData, message);
  return new CommandError(EXIT.unavailable, code === "EADDRINUSE" ? `port ${port} is taken: name another with --port` : message);
};

/** A `--fault`: bad words are the operator's. */
const faultOf = (text: string): ScenarioEntry => {
  try {
    return readFaultText(text);
  } catch (error) {
    throw error instanceof FaultError ? new CommandError(EXIT.usage, error.message) : error;
  }
};
const scenarioOf = (file: string): readonly ScenarioEntry[] => {
  if (!existsSync(file)) throw new CommandError(EXIT.badData, `${file}: there is no such file`);
  try {
    return readScenario(file, readFileSync(file, "utf8"));
  } catch (error) {
    throw error instanceof ScenarioError ? new CommandError(EXIT.badData, error.message) : error;
  }
};

const faultList = (): string =>
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

const faultHelp = (): string =>
  `\nFaults, for --fault, --scenario and 'gateway tell' (--faults tells their parameters):\n${FAULTS.map(({ name, says }) => `  ${name.padEnd(28)} ${says}`).join("\n")}`;

const FAULT_GRAMMAR =
  "NAME key=value ... for=2m client=7 @+90s: begin a fault, at once or at a moment (@+90s of market time after the start, @2026-10-05T10:00 in New York, @order:3+500ms after the third order)";

interface TellFlags {
  readonly control?: string;
  readonly list?: boolean;
  readonly clear?: string | true;
  readonly json?: boolean;
}

/** `caretaker gateway tell`: to a gateway that runs. */
const tellVerb = (gateway: Command): void => {
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

interface GatewayFlags extends MarketFlags {
  readonly port: number;
  readonly speed: number;
  readonly skipClosed?: boolean;
  readonly account: string;
  readonly cash: number;
  readonly truth?: string;
  readonly world?: string;
  readonly fault?: readonly ScenarioEntry[];
  readonly scenario?: string;
  readonly control?: string;
  readonly faults?: boolean;
  readonly json?: boolean;
  readonly logLevel: string;
}

export const gatewayVerb = (program: Command): void => {
  const gatewayCommand = withMarketFlags(program.command("gateway"));
  gatewayCommand
    .description(
      "Serve a simulated IB Gateway on loopback: the classic TWS protocol, server versions 157 to 193, for any IB client.",
    )
    .addOption(
      new Option("--port <port>", "TCP port on 127.0.0.1; 0 takes a free one").default(4002).argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option("--speed <factor>", "market time runs so many times as fast as real time").default(1).argParser(positiveNumber),
    )
    .option("--skip-closed", "jump from each session's end to five minutes before the next open")
    .option("--account <name>", "the simulated account; DU and digits", DEFAULT_ACCOUNT)
    .addOption(
      new Option("--cash <dollars>", "what the account begins with").default(DEFAULT_CASH_DOLLARS).argParser(positiveNumber),
    )
    .option("--truth <file>", "keep writing accounts, positions and orders there, as JSON")
    .option("--world <file>", "keep the account there: the next start goes on from it")
    .addOption(
      new Option("--fault <words>", FAULT_GRAMMAR).argParser((text: string, before: readonly ScenarioEntry[] = []) => [
        ...before,
        faultOf(text),
      ]),
    )
    .option("--scenario <file>", "faults and their moments, YAML; config/scenarios has an example")
    .option("--control <path>", "a Unix socket on which 'gateway tell' begins, lists and clears faults")
    .option("--faults", "list every fault with its parameters, and end")
    .option("--json", "with --faults: as JSON")
    .addOption(logLevel("info"))
    .addHelpText("after", faultHelp)
    .addHelpText(
      "after",
      "\nExamples:\n  caretaker gateway --speed 60 --skip-closed --truth truth.json\n  caretaker gateway --world world.json\n  caretaker gateway --market recorded --chain chain.csv.gz --underlying bars.csv.gz\n  caretaker gateway --fault 'order.reject orders=3 code=201 @+12m' --fault 'line.delay delay=300ms for=5m @order:2'\n  caretaker gateway --scenario config/scenarios/bad-night.yaml --control gateway.sock\n  caretaker gateway tell --control gateway.sock servers.lost back=lost for=2m",
    )
    .action(async (flags: GatewayFlags) => {
      if (flags.faults === true) {
        process.stdout.write(`${flags.json === true ? JSON.stringify(FAULTS.map(described)) : faultList()}\n`);
        return;
      }
      const scenario = [...(flags.scenario === undefined ? [] : scenarioOf(flags.scenario)), ...(flags.fault ?? [])];
      if (!/^D[UF]\d+$/.test(flags.account))
        throw new CommandError(EXIT.usage, `--account ${flags.account}: a simulated account is called DU or DF and digits`);
      const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
      const { signal } = stopSignal(say);
      const market = marketOf(flags);
      const failed = new AbortController();
      let failure: Error | undefined;
      const gateway = await startGateway({
        market,
        fills: flags.market,
        account: flags.account,
        cash: money(flags.cash),
        seed: flags.seed,
        port: flags.port,
        speed: flags.speed,
        skipClosed: flags.skipClosed ?? false,
        logger: createLogger(flags.logLevel),
        ...(flags.truth === undefined ? {} : { truthFile: flags.truth }),
        ...(flags.world === undefined ? {} : { worldFile: flags.world }),
        scenario,
        ...(flags.control === undefined ? {} : { controlPath: flags.control }),
        onFault: (text) => say(`gateway: ${text}`),
        onFailure: (error) => {
          failure = error;
          failed.abort();
        },
      }).catch((error: unknown) => {
        throw gatewayEnd(error, flags.port);
      });
      process.stdout.write(`${JSON.stringify({ port: gateway.port, account: gateway.account, pid: process.pid })}\n`);
      say(
        `gateway: ${market.label} on 127.0.0.1:${gateway.port}, account ${gateway.account}, ${flags.speed}x speed (Ctrl-C stops)`,
      );
      const over = AbortSignal.any([signal, failed.signal]);
      if (!over.aborted) await new Promise<void>((resolve) => over.addEventListener("abort", () => resolve(), { once: true }));
      await gateway.close();
      if (failure !== undefined) throw new CommandError(EXIT.io, failure.message);
    });
  tellVerb(gatewayCommand);
};
