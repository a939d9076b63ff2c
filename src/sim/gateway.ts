/**
 * The simulated IB Gateway as one thing: a market, a broker and the wire, moved by a clock that runs at a chosen speed. It shares
 * nothing with whoever connects but the TCP socket.
 *
 * With a world file the account outlives it: each change of the books is on disk before anybody hears of it.
 */
import { rename, writeFile } from "node:fs/promises";
import { type MarketPace, marketTimeAfter } from "../domain/calendar/market-time.ts";
import { dollars, type EpochMs, epochMs, type Money } from "../domain/units.ts";
import type { Scheduler } from "../ports/clock.ts";
import { type Broker, createBroker } from "./broker/broker.ts";
import type { BrokerFaults } from "./broker/faults.ts";
import type { AccountKind } from "./broker/margin.ts";
import type { Truth } from "./broker/truth.ts";
import { createFaultBoard, type FaultBoard, type FaultRequest, type ScenarioEntry } from "./faults/board.ts";
import { serveControl } from "./faults/control.ts";
import { createWireLines } from "./faults/wire-lines.ts";
import type { Market } from "./market/market.ts";
import type { FrameTap, WireLogger } from "./wire/gateway-context.ts";
import { type Gateway, type Pacing, serveGateway } from "./wire/server.ts";
import {
  assertFits,
  holdWorld,
  readWorld,
  unusable,
  type World,
  WorldFileError,
  type WorldIdentity,
  writeWorld,
} from "./world-file.ts";

export interface GatewaySettings {
  readonly market: Market;
  /** How resting orders fill: recorded quotes only at natural, a synthetic market also in between. */
  readonly fills: "synthetic" | "recorded";
  readonly account: string;
  /** Default `margin`; cash and IRA accounts pay in full and refuse spreads. */
  readonly accountKind?: AccountKind;
  /** What a new account begins with; one that is restored has what it has. */
  readonly cash: Money;
  readonly seed: number;
  /** 0 takes a free port. */
  readonly port: number;
  readonly speed: number;
  readonly skipClosed: boolean;
  readonly logger: WireLogger;
  /** Written after each change: accounts, positions and orders as the broker knows them. */
  readonly truthFile?: string;
  /** Where the account lives: gone on from if the file exists, else made. Nobody else may use it meanwhile. */
  readonly worldFile?: string;
  /**
   * The world could not be written (a full disk): the gateway has dropped all connections and stopped, so that nobody was told
   * what is not on disk. Without this, the error is thrown where nothing catches it and ends the process.
   */
  readonly onFailure?: (error: Error) => void;
  readonly faults?: Partial<BrokerFaults>;
  /** Faults by name (faults/registry.ts) and their moments; what was due before a world was saved is not played again. */
  readonly scenario?: readonly ScenarioEntry[];
  /** A Unix socket on which faults are begun, listed and cleared at run time. */
  readonly controlPath?: string;
  /** A fault has begun. */
  readonly onFault?: (text: string) => void;
  readonly onFrame?: FrameTap;
  /** Default: as IB does. */
  readonly pacing?: Pacing;
  /** Market time reached the end of a recorded market. */
  readonly onEnd?: () => void;
}

export interface RunningGateway {
  readonly port: number;
  readonly account: string;
  now(): EpochMs;
  truth(): Truth;
  readonly broker: Broker;
  /** What goes wrong on purpose: what is on, what is planned. */
  readonly faults: FaultBoard;
  /** Begins a fault now. Returns its number. Throws FaultError when there is none of this name, or it takes no such parameter. */
  fault(name: string, parameters?: FaultRequest["with"], more?: Pick<FaultRequest, "forMs" | "client">): number;
  close(): Promise<void>;
}

/** Real milliseconds between two looks at the clock. */
const TICK_MS = 40;
const TRUTH_EVERY_MS = 200;
const REOPEN_EVERY_MS = 1_000;
/** Real milliseconds by which, without a change of the books, the market time on disk may lag: what a kill can set it back. */
const WORLD_EVERY_MS = 1_000;

/** Delivery of the broker's messages: as soon as the caller's turn is over. */
const soon: Scheduler = {
  now: () => performance.now(),
  after(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** What the index of fear stood at when the market began: the one choice that a synthetic market's label leaves out. */
const openingOf = (market: Market): string => {
  const [vix] = market.find({ secType: "IND", symbol: "VIX" });
  const quote = vix === undefined ? undefined : market.quote(vix.contract.conId);
  return quote?.last === undefined || quote.last === null ? "" : `VIX ${dollars(quote.last).toFixed(2)}`;
};

/**
 * Starts a gateway on loopback. Rejects when the port is taken, and with a WorldFileError when the saved world is of another
 * market or account, is damaged, or is in use.
 */
export const startGateway = async (settings: GatewaySettings): Promise<RunningGateway> => {
  const { worldFile } = settings;
  if (worldFile === undefined) return start(settings, undefined);
  const letGo = await holdWorld(worldFile);
  try {
    const gateway = await start(settings, worldFile);
    return { ...gateway, close: () => gateway.close().finally(letGo) };
  } catch (error) {
    await letGo();
    throw error;
  }
};

/** The market moved to where the saved world stands. */
const resume = (file: string, market: Market, identity: WorldIdentity): World | undefined => {
  const world = readWorld(file);
  if (world === undefined) return undefined;
  assertFits(file, world, identity);
  market.advance(world.broker.at);
  return world;
};

/** What fails over a saved world fails in its name. */
const inNameOf = <Result>(file: string | undefined, action: () => Result): Result => {
  try {
    return action();
  } catch (error) {
    throw file === undefined || error instanceof WorldFileError ? error : unusable(file, error);
  }
};

const start = async (settings: GatewaySettings, file: string | undefined): Promise<RunningGateway> => {
  const { market, speed, skipClosed, logger, seed, account } = settings;
  const identity: WorldIdentity = { market: market.label, begins: market.begins, opening: openingOf(market), seed, account };
  const world = file === undefined ? undefined : inNameOf(file, () => resume(file, market, identity));
  const began = market.now;
  const anchor = performance.now();
  const last = market.ends === undefined ? undefined : epochMs(market.ends + 60_000);
  const pace: MarketPace = { speed, skipClosed, ...(market.days === undefined || !skipClosed ? {} : { days: market.days }) };
  const now = (): EpochMs => {
    const at = marketTimeAfter({ from: began, elapsedMs: performance.now() - anchor, ...pace });
    return last !== undefined && at > last ? last : at;
  };
  const open = (): Broker =>
    createBroker({
      market,
      accounts: [{ id: account, cash: settings.cash, kind: settings.accountKind ?? "margin" }],
      seed,
      scheduler: soon,
      fills: settings.fills,
      pace: () => pace,
      ...(settings.faults === undefined ? {} : { faults: settings.faults }),
      ...(world === undefined ? {} : { restored: world.broker }),
    });
  const broker = inNameOf(file, open);
  const wireLines = createWireLines();
  const listen = (port: number): Promise<Gateway> =>
    serveGateway({
      desk: broker,
      host: "127.0.0.1",
      port,
      logger,
      now,
      lineFaults: wireLines.faults,
      ...(settings.onFrame === undefined ? {} : { onFrame: settings.onFrame }),
      ...(settings.pacing === undefined ? {} : { pacing: settings.pacing }),
    });
  let server = await listen(settings.port);
  const { port } = server;
  let closing = false;
  /** One opening or shutting of the port after the other. */
  let portWork: Promise<void> = Promise.resolve();
  const reopen = async (): Promise<void> => {
    while (!closing) {
      try {
        server = await listen(port);
        return;
      } catch (error) {
        logger.error({ port, error: String(error) }, "the port of the gateway cannot be opened again yet");
        await new Promise((resolve) => setTimeout(resolve, REOPEN_EVERY_MS));
      }
    }
  };
  const board = createFaultBoard({
    broker,
    seed,
    now: () => market.now,
    lines: wireLines,
    port: {
      shut: (how) => {
        server.dropAll(how);
        portWork = portWork.then(() => server.close());
      },
      open: () => {
        portWork = portWork.then(reopen);
      },
    },
    onBegun: (text) => {
      logger.info({ fault: text }, "a fault on purpose");
      settings.onFault?.(text);
    },
  });

  let failed = false;
  let savedAt = performance.now();
  const saveWorld = (): void => {
    if (file === undefined || failed) return;
    try {
      writeWorld(file, { v: 1, identity, broker: broker.saved() });
      savedAt = performance.now();
    } catch (cause) {
      failed = true;
      closing = true;
      clearInterval(tick);
      server.dropAll("rst");
      void server.close();
      const error = new Error(`the world of the simulated gateway could not be written to ${file}: ${String(cause)}`, { cause });
      logger.error({ file, error: String(cause) }, "the gateway has stopped: its world could not be written");
      if (settings.onFailure === undefined) {
        process.nextTick(() => {
          throw error;
        });
      } else settings.onFailure(error);
    }
  };

  const isOver = ({ when }: ScenarioEntry): boolean =>
    world !== undefined && when !== undefined && "at" in when && when.at < began;
  let control: { close(): Promise<void> } | undefined;
  try {
    for (const entry of settings.scenario ?? []) if (!isOver(entry)) board.plan(entry);
    control = settings.controlPath === undefined ? undefined : await serveControl(settings.controlPath, board);
  } catch (error) {
    board.close();
    await server.close();
    throw error;
  }

  let ended = false;
  const tick = setInterval(() => {
    const at = now();
    if (at > market.now) broker.advance(at);
    if (performance.now() - savedAt >= WORLD_EVERY_MS) saveWorld();
    if (!ended && last !== undefined && at >= last) {
      ended = true;
      settings.onEnd?.();
    }
  }, TICK_MS);

  const { truthFile } = settings;
  let writing: Promise<void> = Promise.resolve();
  let due: NodeJS.Timeout | undefined;
  const writeTruth = (): void => {
    due = undefined;
    if (truthFile === undefined) return;
    const text = `${JSON.stringify(broker.truth(), null, 2)}\n`;
    writing = writing
      .then(() => writeFile(`${truthFile}.new`, text))
      .then(() => rename(`${truthFile}.new`, truthFile))
      .catch((error: unknown) => logger.error({ error: String(error), file: truthFile }, "the truth file could not be written"));
  };
  // Called before the messages of a change leave: what anybody has heard is in the file.
  const stopSaving = broker.onChange(saveWorld);
  const stopTelling =
    truthFile === undefined ? undefined : broker.onChange(() => (due ??= setTimeout(writeTruth, TRUTH_EVERY_MS)));
  saveWorld();
  writeTruth();

  return {
    port,
    account,
    now,
    truth: () => broker.truth(),
    broker,
    faults: board,
    fault: (name, parameters, more) =>
      board.begin({ fault: name, ...(parameters === undefined ? {} : { with: parameters }), ...more }),
    async close() {
      closing = true;
      clearInterval(tick);
      await control?.close();
      board.close();
      await portWork;
      await server.close();
      stopSaving();
      stopTelling?.();
      clearTimeout(due);
      saveWorld();
      writeTruth();
      await writing;
    },
  };
};
