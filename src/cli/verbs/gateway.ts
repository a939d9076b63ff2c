/** `caretaker gateway`: the simulated IB Gateway as a program of its own, for any IB client. */
import { type Command, Option } from "commander";
import { money } from "../../domain/units.ts";
import type { AccountKind } from "../../sim/broker/margin.ts";
import type { ScenarioEntry } from "../../sim/faults/board.ts";
import { described, FAULTS } from "../../sim/faults/registry.ts";
import { startGateway } from "../../sim/gateway.ts";
import { WorldFileError } from "../../sim/world-file.ts";
import { CommandError, EXIT } from "../exit.ts";
import { FAULT_GRAMMAR, faultHelp, faultList, faultOf, scenarioOf, tellVerb } from "../fault-words.ts";
import { logLevel, positiveNumber, wholeNumber } from "../flags.ts";
import { createLogger } from "../logging.ts";
import { type MarketFlags, marketOf, withMarketFlags } from "../market-flags.ts";
import { stopSignal } from "../stopping.ts";

/** Why a gateway did not start, as the end of a verb. */
export const gatewayEnd = (error: unknown, port: number | undefined): CommandError => {
  const { message, code } = error as NodeJS.ErrnoException;
  if (error instanceof WorldFileError) return new CommandError(EXIT.badData, message);
  return new CommandError(EXIT.unavailable, code === "EADDRINUSE" ? `port ${port} is taken: name another with --port` : message);
};

export const DEFAULT_ACCOUNT = "DU1234567";
export const DEFAULT_CASH_DOLLARS = 100_000;

interface GatewayFlags extends MarketFlags {
  readonly port: number;
  readonly speed: number;
  readonly skipClosed?: boolean;
  readonly account: string;
  readonly accountKind: AccountKind;
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
      new Option("--account-kind <kind>", "what the account may do: cash and IRA accounts pay in full and refuse spreads")
        .choices(["margin", "cash", "ira"])
        .default("margin"),
    )
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
        accountKind: flags.accountKind,
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
