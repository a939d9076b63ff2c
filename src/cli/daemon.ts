/**
 * The life of a running engine: find the gateway, open the state, trade, answer, and end cleanly. `run` and `demo` are this with
 * different beginnings.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isSimulatedAccount, LIVE_PORTS } from "../domain/accounts.ts";
import type { CaretakerConfig } from "../domain/config-schema.ts";
import { watchWall } from "../io/clock/wall-watch.ts";
import type { Logger } from "../io/ib/port-words.ts";
import { realClients } from "../io/ib/real-client.ts";
import type { KernelOptions } from "../kernel/logic.ts";
import type { Input, Step } from "../ports/journal.ts";
import { createReadModel, type ReadModel } from "../projections/read-model.ts";
import type { Sentence } from "../projections/sentence.ts";
import { createArrowExport } from "../store/arrow/export.ts";
import { checkpointOf, readCheckpoint, writeCheckpoint } from "../store/read-model-checkpoint.ts";
import { type DaemonState, openClone, openState } from "../store/state-directory.ts";
import { createWebServer } from "../web/server.ts";
import { buildId, readSideId } from "./build-id.ts";
import { type Death, deathOf, untilOver } from "./end-of-run.ts";
import { engineConfigOf } from "./engine-config.ts";
import { dayOf, type EngineProcess, startEngine } from "./engine-process.ts";
import { CommandError, EXIT } from "./exit.ts";
import { fittingClock } from "./fitting-clock.ts";
import { ownState } from "./own-state.ts";
import { type GatewayIdentity, probeGateway } from "./probe.ts";
import { DAEMON_FILE, type DaemonAddress } from "./state-path.ts";
import { asCommandError } from "./store-exit.ts";

export interface DaemonOptions {
  readonly config: CaretakerConfig;
  readonly host: string;
  readonly port: number;
  readonly stateDirectory: string;
  readonly httpPort: number;
  readonly logger: Logger;
  /** No story in the terminal. */
  readonly headless: boolean;
  /** A sentence for the terminal. */
  readonly tell: (sentence: string) => void;
  /** Real milliseconds after which to stop by itself. */
  readonly forMs?: number | undefined;
  /** Aborted by Ctrl-C, SIGTERM or the end of a recorded market. */
  readonly signal: AbortSignal;
  /** For measurements: `onDurable` hears of a batch before the read side takes it. */
  readonly watch?: Pick<KernelOptions, "probe" | "onOffered" | "onDurable">;
}

/** What is left when it is over: the closing document of `--json`. */
export interface Closing {
  readonly readModel: ReadModel;
  readonly stateHash: string;
  readonly journal: { readonly records: number; readonly verified: boolean };
  readonly build: string;
  readonly seconds: number;
}

const ARROW_EVERY_MS = 60_000;

/** Refuses live ports by number, before a byte is sent (P7). */
export const refuseLivePort = (port: number): void => {
  if (!LIVE_PORTS.includes(port)) return;
  throw new CommandError(
    EXIT.denied,
    `port ${port} is where TWS or IB Gateway serve live accounts. This version has no live interlock and refuses it; paper ports are 7497 and 4002.`,
  );
};

/** Refuses a gateway that manages anything but simulated accounts (P7). */
const refuseLiveAccounts = ({ accounts }: GatewayIdentity): void => {
  const live = accounts.find((account) => !isSimulatedAccount(account));
  if (live === undefined) return;
  throw new CommandError(
    EXIT.denied,
    `the gateway manages account ${live}, whose name does not begin with DU or DF: it may hold real money. This version has no live interlock and refuses it.`,
  );
};

const lastNowOf = async (state: DaemonState): Promise<number> => {
  for await (const step of state.journal.tail(1)) return step.now;
  return 0;
};

/** Runs until the signal, the time or the journal ends it. Throws CommandError for every expected refusal. */
export const runDaemon = async (options: DaemonOptions): Promise<Closing> => {
  const { config, host, port, stateDirectory, logger, tell } = options;
  const { onDurable: watchDurable, ...watch } = options.watch ?? {};
  const startedAt = performance.now();
  refuseLivePort(port);
  const gateway = await probeGateway(host, port, options.signal);
  const probedAt = performance.now();
  if (options.signal.aborted) throw new CommandError(EXIT.ok, "stopped before anything was opened");
  if (gateway !== undefined) refuseLiveAccounts(gateway);
  // Clocks that do not agree are refused before a state directory is made.
  fittingClock(config, gateway, probedAt, 0);
  const build = buildId();
  let fatal: Death | undefined;
  const dead = new AbortController();

  const account = await ownState(stateDirectory, config, gateway, `${host}:${port}`).catch((error: unknown) => {
    throw asCommandError(error);
  });
  const state: DaemonState = await openState(stateDirectory, {
    account,
    dayOf,
    kept: { quotesDays: config.journal.keepQuotesDays, years: config.journal.keepYears },
    // The first snapshot of a day closes the days before it.
    onSnapshot: () => void state.sealing.pass(),
    onSealingStage: (stage, { day, firstSeq, lastSeq }) => {
      logger.debug({ stage, day, firstSeq, lastSeq }, "sealing");
      if (stage === "sealed") void keepReadSide().catch(unkept);
    },
    onSealingTrouble: (error) => logger.error({ error: error.message }, "a past day could not be sealed: it stays as it is"),
    onDead: (error) => {
      fatal ??= { error, inHand: undefined };
      dead.abort();
    },
  }).catch((error: unknown) => {
    throw asCommandError(error);
  });

  const readSide = readSideId();
  // Tables that were removed are derived again with the rest.
  const readModel = existsSync(join(stateDirectory, "arrow"))
    ? await readCheckpoint(stateDirectory, readSide, state.journal)
    : createReadModel();
  const arrow = createArrowExport(stateDirectory, readModel);
  const take = (step: Step): readonly Sentence[] => {
    const sentences = readModel.apply(step);
    arrow.apply(step);
    return sentences;
  };
  /** The read side as it stands, once its tables are on disk. */
  const keepReadSide = async (): Promise<void> => {
    // What has just become durable is taken before the next turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    if (readModel.seq !== state.journal.lastSeq) return;
    const checkpoint = checkpointOf(readModel, state.journal.head, readSide);
    await arrow.flush();
    await writeCheckpoint(stateDirectory, checkpoint);
  };
  const unkept = (error: unknown): void =>
    logger.error({ error: String(error) }, "the read side could not be kept for the next start");
  let engine: EngineProcess | undefined;
  try {
    for await (const step of state.journal.read(readModel.seq + 1)) take(step);
    const clock = fittingClock(config, gateway, probedAt, await lastNowOf(state));
    const token = randomBytes(32).toString("hex");
    const web = await createWebServer({
      readModel,
      command: async (input) => {
        if (engine === undefined) return { refused: "starting" };
        const receipt = await engine.command(input as unknown as Input);
        return "seq" in receipt ? { seq: receipt.seq } : receipt;
      },
      token,
      port: options.httpPort,
    });
    const httpUrl = `http://127.0.0.1:${web.port}`;
    tell(`page: ${web.url}`);
    tell(
      `mode: ${config.mode}, account ${account}, gateway ${host}:${port}${gateway === undefined ? " (not answering yet)" : ""}`,
    );
    if (gateway?.announcement !== undefined)
      tell(
        `market: ${gateway.announcement.label}, ${gateway.announcement.speed}x speed${gateway.announcement.skipClosed ? ", closed hours skipped" : ""}`,
      );
    tell(`state: ${stateDirectory}, journal of ${state.journal.lastSeq} records verified, build ${build}`);
    if (!state.ballast)
      tell(
        "WARNING: little free space: the reserve against a full disk could not be set aside; a full disk ends the process with exit 74",
      );
    const address: DaemonAddress = { pid: process.pid, url: httpUrl, token };
    await writeFile(join(stateDirectory, DAEMON_FILE), `${JSON.stringify(address)}\n`, { mode: 0o600 });

    engine = await startEngine({
      state,
      config: engineConfigOf(config, state.identity),
      build,
      clock,
      newClient: realClients({ host, port, clientId: config.gateway.clientId }),
      clientId: config.gateway.clientId,
      messagesPerSecond: config.gateway.messagesPerSecond,
      heartbeatMs: config.gateway.heartbeatSeconds * 1_000,
      logger,
      watch,
      onDurable: (steps) => {
        watchDurable?.(steps);
        for (const step of steps) for (const { clock, text } of take(step)) tell(`${clock} ${text}`);
      },
      // The story tells notices too: they go to the log where there is no story.
      onNotice: ({ severity, text }) => {
        if (options.headless) logger[severity === "info" ? "info" : "warn"]({ severity }, text);
      },
      onFatal: (error, inHand) => {
        fatal ??= { error, inHand };
        dead.abort();
      },
    });
    const { recovered } = engine;
    if (recovered.records > 0 || recovered.snapshotSeq > 0) {
      tell(
        `recovered: snapshot ${recovered.snapshotSeq} and ${recovered.records} records; ${recovered.unconfirmed.length} orders in doubt, ${recovered.held.length} questions and notices kept back until the broker has been asked`,
      );
    }
    const flushing = setInterval(
      () =>
        void arrow
          .flush()
          .catch((error: unknown) => logger.error({ error: String(error) }, "the Arrow tables could not be written")),
      ARROW_EVERY_MS,
    );

    // Days that were over before, or whose sealing was cut off.
    void state.sealing.pass();

    const { kernel } = engine;
    const unwatch =
      gateway?.announcement === undefined && config.clock.kind === "system"
        ? watchWall(clock, (byMs) => kernel.offer({ type: "clock.stepped", byMs }))
        : () => {};

    await untilOver(options, dead.signal);
    unwatch();
    clearInterval(flushing);
    if (fatal === undefined) await engine.stop();
    await web.close();
    await (fatal === undefined ? keepReadSide() : arrow.flush()).catch(unkept);
    await rm(join(stateDirectory, DAEMON_FILE), { force: true });
    if (fatal !== undefined) throw await deathOf(fatal, stateDirectory);
    const hash = engine.stateHash();
    await state.close();
    const clone = await openClone(stateDirectory, { dayOf });
    const { records } = clone.verified;
    await clone.close();
    return {
      readModel,
      stateHash: hash,
      journal: { records, verified: true },
      build,
      seconds: (performance.now() - startedAt) / 1_000,
    };
  } catch (error) {
    await state.close().catch(() => {});
    throw asCommandError(error);
  }
};
