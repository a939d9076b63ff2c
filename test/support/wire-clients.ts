/** Clients of the simulated gateway: the real IBApi at any server version, and a bare socket for what IBApi never does. */
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { EventName, IBApi } from "@stoqey/ib";
import { epochMs } from "../../src/domain/units.ts";
import type { Desk } from "../../src/sim/desk.ts";
import type { GatewayContext, WireLogger } from "../../src/sim/wire/gateway-context.ts";
import { type Gateway, type GatewayOptions, serveGateway } from "../../src/sim/wire/server.ts";
import { type Script, ScriptedDesk } from "./scripted-desk.ts";
import { strictTap } from "./strict-reader.ts";

export interface LoggedLine {
  readonly level: "info" | "warn" | "error";
  readonly details: object;
  readonly message: string;
}

export const collectingLogger = (): WireLogger & { readonly lines: LoggedLine[] } => {
  const lines: LoggedLine[] = [];
  const log = (level: LoggedLine["level"]) => (details: object, message: string) => void lines.push({ level, details, message });
  return { lines, info: log("info"), warn: log("warn"), error: log("error") };
};

/** 2026-11-20, 11:37:25 in New York, in standard time. */
export const MARKET_NOW = epochMs(Date.UTC(2026, 10, 20, 16, 37, 25));

/** A gateway over a scripted desk, without a rate limit unless asked for. Every message it sends is read strictly. */
export const serveScript = async (script: Script = {}, options: Partial<GatewayOptions> = {}) => {
  const desk = new ScriptedDesk(script);
  const logger = collectingLogger();
  const gateway: Gateway = await serveGateway({
    desk,
    host: "127.0.0.1",
    port: 0,
    logger,
    now: () => MARKET_NOW,
    pacing: { messagesPerSecond: Number.POSITIVE_INFINITY },
    ...options,
    onFrame: (...frame) => {
      strictTap(...frame);
      options.onFrame?.(...frame);
    },
  });
  return { desk, logger, gateway };
};

/** What a connection needs of its gateway, for one over a fake socket: no limit on the rate, real time that stands still. */
export const connectionContext = (desk: Desk, logger: WireLogger, more: Partial<GatewayContext> = {}): GatewayContext => ({
  desk,
  logger,
  now: () => MARKET_NOW,
  scheduler: { now: () => 0, after: () => () => {} },
  pacing: "pace",
  messagesPerSecond: Number.POSITIVE_INFINITY,
  maxQueuedBytes: 1e9,
  onFrame: strictTap,
  lineFaults: undefined,
  ...more,
});

interface ApiModule {
  MAX_SUPPORTED_SERVER_VERSION: number;
}
const apiModule = createRequire(import.meta.url)("@stoqey/ib/dist/api/api.js") as ApiModule;

export type Heard = readonly [event: string, ...args: readonly unknown[]];

/** The unmodified IBApi, logged in, offering server versions up to `serverVersion`; `heard` has all its events since then. */
export const connectIbApi = async (port: number, serverVersion: number, clientId: number) => {
  // IBApi reads this constant when it connects, so one process can speak any version.
  apiModule.MAX_SUPPORTED_SERVER_VERSION = serverVersion;
  const api = new IBApi({ host: "127.0.0.1", port, clientId, maxReqPerSec: 1_000_000 });
  const heard: Heard[] = [];
  const agreed = new Promise<number>((resolve) => api.once(EventName.server, (version) => resolve(version)));
  const announced = new Promise<void>((resolve) => {
    const listen = (_message: string, code: number) => {
      if (code !== 2199) return;
      api.off(EventName.info, listen);
      resolve();
    };
    api.on(EventName.info, listen);
  });
  api.connect();
  const version = await agreed;
  await announced;
  // The client repeats every event under these names.
  const echoes: readonly string[] = [EventName.all, EventName.received, EventName.sent, EventName.result];
  api.on(EventName.all, (event, args) => {
    if (!echoes.includes(event)) heard.push([event, ...args]);
  });
  return { api, heard, version };
};

const framed = (payload: string): Buffer => {
  const body = Buffer.from(payload);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

/** Bytes of a message, written down a second time, apart from the gateway's own framing. */
export const messageBytes = (...fields: readonly (string | number)[]): Buffer => framed(fields.map((f) => `${f}\0`).join(""));
export const offerBytes = (offer: string): Buffer => Buffer.concat([Buffer.from("API\0"), framed(offer)]);
export const startApiBytes = (clientId: number): Buffer => messageBytes(71, 2, clientId, "");

/** A socket that collects the gateway's messages as lists of fields. */
export class RawClient {
  readonly socket: Socket;
  readonly messages: string[][] = [];
  /** Resolves with how the connection ended: in order, or broken off. */
  readonly ended: Promise<"fin" | "rst">;
  #buffer = Buffer.alloc(0);
  #waiting: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.setNoDelay(true);
    this.socket.on("data", (chunk) => this.#receive(chunk));
    this.ended = new Promise((resolve) => {
      this.socket.on("error", () => resolve("rst"));
      this.socket.on("end", () => resolve("fin"));
    });
  }

  send(...bytes: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** The first message that satisfies the condition, awaited if need be. */
  async message(wanted: (fields: readonly string[]) => boolean): Promise<readonly string[]> {
    for (;;) {
      const found = this.messages.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 4 && this.#buffer.length >= 4 + this.#buffer.readUInt32BE()) {
      const end = 4 + this.#buffer.readUInt32BE();
      this.messages.push(this.#buffer.toString("utf8", 4, end).split("\0").slice(0, -1));
      this.#buffer = this.#buffer.subarray(end);
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A raw client that is logged in. */
export const connectRaw = async (port: number, serverVersion: number, clientId: number): Promise<RawClient> => {
  const client = new RawClient(port);
  client.send(offerBytes(`v100..${serverVersion}`), startApiBytes(clientId));
  await client.message(([id, , , code]) => id === "4" && code === "2199");
  return client;
};
