/** `caretaker gateway`: the simulated IB Gateway as a program of its own, for any IB client. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { money } from "../../domain/units.ts";
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
  readonly chain?: string;
  readonly underlying?: string;
  readonly seed: number;
  readonly vix: number;
}

export const DEFAULT_SEED = 20_261_120;
export const DEFAULT_ACCOUNT = "DU1234567";
export const DEFAULT_CASH_DOLLARS = 100_000;
/** The long-run median is 17.6: a calm day, so that a demo has something to enter. */
export const DEFAULT_VIX = 17;

export const withMarketFlags = (command: Command): Command =>
  command
    .addOption(new Option("--market <kind>", "which market").choices(["synthetic", "recorded"]).default("synthetic"))
    .option("--chain <file>", "recorded market: option quotes, CSV or CSV.gz")
    .option("--underlying <file>", "recorded market: the underlying's minute bars, CSV or CSV.gz")
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
  for (const file of [chain, underlying])
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

interface GatewayFlags extends MarketFlags {
  readonly port: number;
  readonly speed: number;
  readonly skipClosed?: boolean;
  readonly account: string;
  readonly cash: number;
  readonly truth?: string;
  readonly world?: string;
  readonly logLevel: string;
}

export const gatewayVerb = (program: Command): void => {
  withMarketFlags(program.command("gateway"))
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
    .addOption(logLevel("info"))
    .addHelpText(
      "after",
      "\nExamples:\n  caretaker gateway --speed 60 --skip-closed --truth truth.json\n  caretaker gateway --world world.json\n  caretaker gateway --market recorded --chain chain.csv.gz --underlying bars.csv.gz",
    )
    .action(async (flags: GatewayFlags) => {
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
};
