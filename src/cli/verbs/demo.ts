/**
 * `caretaker demo`: everything at once, on this machine alone. It starts a simulated gateway, then the engine, which knows of it
 * only its TCP port; nothing here can reach a broker.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { CaretakerConfig } from "../../domain/config-schema.ts";
import { epochMs, money } from "../../domain/units.ts";
import { loadConfig } from "../../io/config/config-file.ts";
import type { ScenarioEntry } from "../../sim/faults/board.ts";
import { startGateway } from "../../sim/gateway.ts";
import type { Market } from "../../sim/market/market.ts";
import { worldFile } from "../../sim/world-file.ts";
import { ROOT } from "../build-id.ts";
import { closingDocument, tellClosing } from "../closing.ts";
import { runDaemon } from "../daemon.ts";
import { CommandError, EXIT } from "../exit.ts";
import { type DaemonFlags, positiveNumber, wholeNumber, withDaemonFlags } from "../flags.ts";
import { createLogger } from "../logging.ts";
import { type MarketFlags, marketOf, withMarketFlags } from "../market-flags.ts";
import { stateDirectory } from "../state-path.ts";
import { stopSignal } from "../stopping.ts";
import { leaves } from "./config.ts";
import { DEFAULT_ACCOUNT, DEFAULT_CASH_DOLLARS, gatewayEnd } from "./gateway.ts";
import { configOrEnd } from "./run.ts";

interface DemoFlags extends DaemonFlags, MarketFlags {
  readonly config?: string;
  readonly speed?: number;
  readonly port?: number;
  readonly truth?: string;
  readonly faults?: boolean;
  readonly cash: number;
}

/**
 * Trouble on purpose, early in the first session: three orders in a row are rejected, so that the breaker trips and heals; later
 * the connection is broken off, so that the engine reconciles and goes on.
 */
const scriptedFaults = (begins: number): readonly ScenarioEntry[] => [
  {
    when: { at: epochMs(begins + 12 * 60_000) },
    label: "SCRIPTED FAULT of the demo: the simulated gateway rejects the next 3 orders (--no-faults leaves it out)",
    fault: "order.reject",
    with: { orders: 3, code: 201 },
  },
  {
    when: { at: epochMs(begins + 30 * 60_000) },
    label: "SCRIPTED FAULT of the demo: the simulated gateway breaks the connection off (--no-faults leaves it out)",
    fault: "line.reset",
  },
];

/** For a recording, the file named after its first class of options; others need --config. */
const ownConfig = ({ optionClasses }: Market): string => {
  if (optionClasses === undefined) return join(ROOT, "config", "demo.yaml");
  const [ofClass = "no options"] = optionClasses;
  const file = join(ROOT, "config", `recorded-${ofClass.toLowerCase()}.yaml`);
  if (existsSync(file)) return file;
  throw new CommandError(
    EXIT.usage,
    `there is no config/recorded-${ofClass.toLowerCase()}.yaml for a recording of ${ofClass}: name a file with --config (config/recorded-goog.yaml shows what it needs)`,
  );
};

const withSpeed = (config: CaretakerConfig, speed: number | undefined): CaretakerConfig => {
  if (config.mode !== "simulated" || config.clock.kind !== "simulated") {
    throw new CommandError(
      EXIT.badConfig,
      "the demo needs mode: simulated and clock: { kind: simulated }: it talks only to its own gateway",
    );
  }
  return speed === undefined ? config : { ...config, clock: { ...config.clock, speed } };
};

export const demoVerb = (program: Command): void => {
  withMarketFlags(withDaemonFlags(program.command("demo")))
    .description(
      "Show it all on this machine: a simulated gateway over TCP, the engine, the page. No broker, account or internet.",
    )
    .option("--config <file>", "instead of config/demo.yaml, or of the recording's own config/recorded-CLASS.yaml")
    .addOption(new Option("--speed <factor>", "instead of the config's speed").argParser(positiveNumber))
    .addOption(
      new Option("--port <port>", "TCP port of the demo's gateway; a free one by default").argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option("--cash <dollars>", "what a new account begins with").default(DEFAULT_CASH_DOLLARS).argParser(positiveNumber),
    )
    .option("--truth <file>", "keep writing what the simulated broker knows, as JSON")
    .option("--no-faults", "without the scripted fault")
    .addHelpText(
      "after",
      "\nExamples:\n  caretaker demo\n  caretaker demo --headless --for 45s --json\n  caretaker demo --market recorded --chain chain.csv.gz --underlying bars.csv.gz --headless --json",
    )
    .action(async (flags: DemoFlags) => {
      const market = marketOf(flags);
      const file = flags.config ?? ownConfig(market);
      const config = withSpeed(configOrEnd(file), flags.speed);
      if (config.clock.kind !== "simulated") return;
      const tell = (sentence: string): void => {
        if (!flags.headless) process.stderr.write(`${sentence}\n`);
      };
      const directory = stateDirectory(flags.state, flags.market === "recorded" ? "demo-recorded" : "demo");
      const logger = createLogger(flags.logLevel);
      const stopping = stopSignal(tell);
      tell(`caretaker demo: ${market.label}. SIMULATED: nothing here can reach a broker. Ctrl-C stops; the state is kept.`);
      const differing = differences(file);
      if (differing !== "") tell(`rules as in 'run'; ${file.replace(`${ROOT}/`, "")} sets: ${differing}`);
      let failure: Error | undefined;
      const gateway = await startGateway({
        market,
        fills: flags.market,
        account: DEFAULT_ACCOUNT,
        cash: money(flags.cash),
        seed: flags.seed,
        port: flags.port ?? 0,
        speed: config.clock.speed,
        skipClosed: config.clock.skipClosed,
        logger,
        worldFile: worldFile(directory),
        ...(flags.truth === undefined ? {} : { truthFile: flags.truth }),
        ...(flags.market === "recorded" || flags.faults === false ? {} : { scenario: scriptedFaults(market.begins) }),
        onFault: tell,
        onEnd: () => {
          tell("the recorded market is over");
          stopping.abort();
        },
        onFailure: (error) => {
          failure = error;
          stopping.abort();
        },
      }).catch((error: unknown) => {
        throw gatewayEnd(error, flags.port);
      });
      try {
        const closing = await runDaemon({
          config,
          host: "127.0.0.1",
          port: gateway.port,
          stateDirectory: directory,
          httpPort: flags.httpPort,
          logger,
          headless: flags.headless ?? false,
          tell,
          forMs: flags.for,
          signal: stopping.signal,
        }).catch((error: unknown) => {
          // A gateway that failed is why: that it does not answer is only what follows.
          throw failure === undefined ? error : new CommandError(EXIT.io, failure.message);
        });
        tellClosing(closing, tell);
        if (flags.json) process.stdout.write(`${JSON.stringify(closingDocument(closing))}\n`);
        if (failure !== undefined) throw new CommandError(EXIT.io, failure.message);
      } finally {
        await gateway.close();
      }
    });
};

/** The thresholds that the file sets away from the defaults, in its own words. */
const differences = (file: string): string => {
  const result = loadConfig(file);
  if (!result.ok) return "";
  const parts = new Set(["rules", "orders", "limits", "breaker"]);
  return leaves(result.config, result.given)
    .filter(({ key, origin }) => origin === "file" && parts.has(key.split(".")[0] as string))
    .map(({ key, value }) => `${key} ${JSON.stringify(value)}`)
    .join(", ");
};
