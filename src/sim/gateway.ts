/**
 * The simulated IB Gateway as one thing: a market, a broker and the wire, moved by a clock that runs at a chosen speed. It shares
 * nothing with whoever connects but the TCP socket.
 */
import { rename, writeFile } from "node:fs/promises";
import { formatAnnouncement } from "../domain/announcement.ts";
import { marketTimeAfter } from "../domain/calendar/market-time.ts";
import { type EpochMs, epochMs, type Money } from "../domain/units.ts";
import type { Scheduler } from "../ports/clock.ts";
import { type Broker, createBroker } from "./broker/broker.ts";
import type { BrokerFaults } from "./broker/faults.ts";
import type { Truth } from "./broker/truth.ts";
import type { Market } from "./market/market.ts";
import type { FrameTap, WireLogger } from "./wire/gateway-context.ts";
import { serveGateway } from "./wire/server.ts";

export interface GatewaySettings {
  readonly market: Market;
  /** How resting orders fill: recorded quotes only at natural, a synthetic market also in between. */
  readonly fills: "synthetic" | "recorded";
  readonly account: string;
  readonly cash: Money;
  readonly seed: number;
  /** 0 takes a free port. */
  readonly port: number;
  readonly speed: number;
  readonly skipClosed: boolean;
  readonly logger: WireLogger;
  /** Written after each change: accounts, positions and orders as the broker knows them. */
  readonly truthFile?: string;
  readonly faults?: Partial<BrokerFaults>;
  /** Trouble by name at an instant of market time, told to the operator as what it is. */
  readonly script?: readonly ScriptedFault[];
  readonly onFault?: (text: string) => void;
  readonly onFrame?: FrameTap;
  /** Market time reached the end of a recorded market. */
  readonly onEnd?: () => void;
}

/** Rejects the next so many orders with a code, from an instant on. */
export interface ScriptedFault {
  readonly at: EpochMs;
  readonly label: string;
  readonly rejectOrders: number;
  readonly code: number;
}

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

/** Starts a gateway on loopback. Rejects when the port is taken. */
export const startGateway = async (settings: GatewaySettings): Promise<RunningGateway> => {
  const { market, speed, skipClosed, logger } = settings;
  const anchor = performance.now();
  const began = market.begins;
  const last = market.ends === undefined ? undefined : epochMs(market.ends + 60_000);
  const now = (): EpochMs => {
    const at = marketTimeAfter({ from: began, elapsedMs: performance.now() - anchor, speed, skipClosed });
    return last !== undefined && at > last ? last : at;
  };
  const broker = createBroker({
    market,
    accounts: [{ id: settings.account, cash: settings.cash }],
    seed: settings.seed,
    scheduler: soon,
    fills: settings.fills,
    speed: () => speed,
    ...(settings.faults === undefined ? {} : { faults: settings.faults }),
  });
  const server = await serveGateway({
    desk: { client: () => broker.client(), announcement: () => formatAnnouncement({ now: now(), speed, skipClosed, label: market.label }) },
    host: "127.0.0.1",
    port: settings.port,
    logger,
    now,
    ...(settings.onFrame === undefined ? {} : { onFrame: settings.onFrame }),
  });

  const script = [...(settings.script ?? [])].sort((a, b) => a.at - b.at);
  let rejections = { left: 0, code: 201 };
  const playScript = (at: EpochMs): void => {
    while (script[0] !== undefined && script[0].at <= at) {
      const fault = script.shift() as ScriptedFault;
      rejections = { left: fault.rejectOrders, code: fault.code };
      settings.onFault?.(fault.label);
    }
    if (rejections.left > 0 && broker.faults.rejectNext === undefined) {
      broker.faults.rejectNext = rejections.code;
      rejections.left -= 1;
    }
  };

  let ended = false;
  const tick = setInterval(() => {
    const at = now();
    playScript(at);
    if (at > market.now) broker.advance(at);
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
  const stopListening = truthFile === undefined ? undefined : broker.onChange(() => (due ??= setTimeout(writeTruth, TRUTH_EVERY_MS)));
  writeTruth();

  return {
    port: server.port,
    account: settings.account,
    now,
    truth: () => broker.truth(),
    broker,
    async close() {
      clearInterval(tick);
      clearTimeout(due);
      stopListening?.();
      writeTruth();
      await writing;
      await server.close();
    },
  };
};
