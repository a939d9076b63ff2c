/**
 * The simulated IB Gateway as one thing: a market, a broker and the wire, moved by a clock that runs at a chosen speed. It shares
 * nothing with whoever connects but the TCP socket.
 *
 * With a world file the account outlives it: each change of the books is on disk before anybody hears of it.
 */
import { rename, writeFile } from "node:fs/promises";
import { marketTimeAfter } from "../domain/calendar/market-time.ts";
import { dollars, type EpochMs, epochMs, type Money } from "../domain/units.ts";
import type { Scheduler } from "../ports/clock.ts";
import { type Broker, createBroker } from "./broker/broker.ts";
import type { BrokerFaults } from "./broker/faults.ts";
import type { Truth } from "./broker/truth.ts";
import type { Market } from "./market/market.ts";
import type { FrameTap, WireLogger } from "./wire/gateway-context.ts";
import { serveGateway } from "./wire/server.ts";
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
  /** Trouble by name at an instant of market time, told to the operator as what it is. */
  readonly script?: readonly ScriptedFault[];
  readonly onFault?: (text: string) => void;
  readonly onFrame?: FrameTap;
  /** Market time reached the end of a recorded market. */
  readonly onEnd?: () => void;
}

/** From an instant on: the next so many new orders are rejected with a code, or all connections are broken off. Not played again after a restart. */
export type ScriptedFault = { readonly at: EpochMs; readonly label: string } & (
  | { readonly rejectOrders: number; readonly code: number }
  | { readonly drop: "fin" | "rst" }
);

export interface RunningGateway {
  readonly port: number;
  readonly account: string;
  now(): EpochMs;
  truth(): Truth;
  readonly broker: Broker;
  close(): Promise<void>;
}

/** Real milliseconds between two looks at the clock. */
const TICK_MS = 40;
const TRUTH_EVERY_MS = 200;
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
  const now = (): EpochMs => {
    const at = marketTimeAfter({ from: began, elapsedMs: performance.now() - anchor, speed, skipClosed });
    return last !== undefined && at > last ? last : at;
  };
  const open = (): Broker =>
    createBroker({
      market,
      accounts: [{ id: account, cash: settings.cash }],
      seed,
      scheduler: soon,
      fills: settings.fills,
      pace: () => ({ speed, skipClosed }),
      ...(settings.faults === undefined ? {} : { faults: settings.faults }),
      ...(world === undefined ? {} : { restored: world.broker }),
    });
  const broker = inNameOf(file, open);
  const server = await serveGateway({
    desk: broker,
    host: "127.0.0.1",
    port: settings.port,
    logger,
    now,
    ...(settings.onFrame === undefined ? {} : { onFrame: settings.onFrame }),
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

  const script = (settings.script ?? []).filter(({ at }) => world === undefined || at >= began).sort((a, b) => a.at - b.at);
  const playScript = (at: EpochMs): void => {
    for (let fault = script[0]; fault !== undefined && fault.at < at; fault = script[0]) {
      script.shift();
      if ("drop" in fault) server.dropAll(fault.drop);
      else broker.faults.rejectOrders = { left: fault.rejectOrders, code: fault.code };
      settings.onFault?.(fault.label);
    }
  };

  let ended = false;
  const tick = setInterval(() => {
    const at = now();
    playScript(at);
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
    port: server.port,
    account,
    now,
    truth: () => broker.truth(),
    broker,
    async close() {
      clearInterval(tick);
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
