/** `caretaker run`: the engine against a gateway of yours, paper or simulated. */
import { type Command, Option } from "commander";
import { type CaretakerConfig, warnings } from "../../domain/config-schema.ts";
import { formatWarning } from "../../domain/rules/thresholds.ts";
import { formatProblem, loadConfig } from "../../io/config/config-file.ts";
import { closingDocument, tellClosing } from "../closing.ts";
import { runDaemon } from "../daemon.ts";
import { CommandError, EXIT } from "../exit.ts";
import { type DaemonFlags, wholeNumber, withDaemonFlags } from "../flags.ts";
import { createLogger } from "../logging.ts";
import { stateDirectory } from "../state-path.ts";
import { stopSignal } from "../stopping.ts";

/** Reads a config or ends with all its problems, before anything connects. */
export const configOrEnd = (file: string): CaretakerConfig => {
  const result = loadConfig(file);
  if (result.ok) return result.config;
  throw new CommandError(EXIT.badConfig, result.problems.map(formatProblem).join("\n"));
};

interface RunFlags extends DaemonFlags {
  readonly config: string;
  readonly host?: string;
  readonly port?: number;
}

export const runVerb = (program: Command): void => {
  withDaemonFlags(program.command("run"))
    .description("Trade: connect to a TWS or IB Gateway (paper or simulated), recover, reconcile, then watch, enter and exit.")
    .requiredOption("--config <file>", "configuration, YAML; config/paper.yaml is one to start from")
    .option("--host <host>", "gateway host, instead of the config's")
    .addOption(new Option("--port <port>", "gateway port, instead of the config's").argParser(wholeNumber(1, 65_535)))
    .addHelpText(
      "after",
      "\nOnly accounts whose names begin with DU or DF are traded; live ports and accounts are refused with exit code 77.",
    )
    .action(async (flags: RunFlags) => {
      const config = configOrEnd(flags.config);
      const tell = (sentence: string): void => {
        if (!flags.headless) process.stderr.write(`${sentence}\n`);
      };
      const { signal } = stopSignal(tell);
      const logger = createLogger(flags.logLevel);
      for (const warning of warnings(config)) logger.warn({ config: flags.config }, formatWarning(warning));
      const closing = await runDaemon({
        config,
        host: flags.host ?? config.gateway.host,
        port: flags.port ?? config.gateway.port,
        stateDirectory: stateDirectory(flags.state, config.mode),
        httpPort: flags.httpPort,
        logger,
        headless: flags.headless ?? false,
        tell,
        forMs: flags.for,
        signal,
      });
      tellClosing(closing, tell);
      if (flags.json) process.stdout.write(`${JSON.stringify(closingDocument(closing))}\n`);
    });
};
