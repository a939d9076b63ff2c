/**
 * The gateway's TCP server: listens on loopback, gives each connection a life of its own and can end them all. The protocol is
 * the connection's business, the trading the desk's.
 */
import { createServer, isIPv4, type Server } from "node:net";
import type { EpochMs } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { Desk } from "../desk.ts";
import { Connection } from "./connection.ts";
import type { FrameTap, GatewayContext, WireLogger } from "./gateway-context.ts";
import type { LineFaults } from "./line.ts";

export interface Pacing {
  /** `pace` delays messages beyond the rate; `reject` answers them with error 100 and closes at the third. Default `pace`. */
  readonly mode?: "pace" | "reject";
  /** Messages a second of one connection, all kinds together. Default 50; Infinity for no limit. */
  readonly messagesPerSecond?: number;
}

export interface GatewayOptions {
  readonly desk: Desk;
  /** A loopback address; anything else is refused. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly logger: WireLogger;
  /** Market time, for the connection time that clients are greeted with. */
  readonly now: () => EpochMs;
  readonly pacing?: Pacing;
  /** Bytes that may wait in this process for a client that does not read. Default 8 MiB. */
  readonly maxQueuedBytes?: number;
  /** Real time of the message rate. Default: the process's own. */
  readonly scheduler?: Scheduler;
  readonly onFrame?: FrameTap;
  /** Asked once for each new connection: what should happen to its bytes (see line.ts). */
  readonly lineFaults?: LineFaults;
}

export interface Gateway {
  readonly port: number;
  /** Stops listening, closes every connection and waits until all are gone. */
  close(): Promise<void>;
  /** Open connections, those still in their handshake included. */
  connections(): number;
  /** Ends every connection: `fin` says everything and closes in order, `rst` breaks off. New ones are still accepted. */
  dropAll(how: "fin" | "rst"): void;
}

/** IB's limit, messages a second and connection. */
const MESSAGES_PER_SECOND = 50;
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

const realTime: Scheduler = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    // Neither a pause nor a lingering socket is a reason to keep the process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The loopback address of a host name; throws on anything that other machines could reach. */
const loopback = (host: string): string => {
  if (host === "localhost") return "127.0.0.1";
  if (host === "::1" || (isIPv4(host) && host.startsWith("127."))) return host;
  throw new Error(`the simulated gateway listens on loopback only, not on ${JSON.stringify(host)}: use 127.0.0.1`);
};

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const busy = error.code === "EADDRINUSE";
      const message = busy
        ? `port ${port} on ${host} is already in use: stop the program that has it, or choose another port`
        : `the gateway cannot listen on ${host}:${port}: ${error.message}`;
      reject(new Error(message, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });

/** Serves a desk to TWS clients. Rejects when the host is not loopback or the port is taken. */
export const serveGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const host = loopback(options.host);
  const context: GatewayContext = {
    desk: options.desk,
    logger: options.logger,
    now: options.now,
    scheduler: options.scheduler ?? realTime,
    pacing: options.pacing?.mode ?? "pace",
    messagesPerSecond: options.pacing?.messagesPerSecond ?? MESSAGES_PER_SECOND,
    maxQueuedBytes: options.maxQueuedBytes ?? MAX_QUEUED_BYTES,
    onFrame: options.onFrame,
    lineFaults: options.lineFaults,
  };
  const open = new Set<Connection>();
  let accepted = 0;
  const server = createServer((socket) => {
    const connection = new Connection(socket, context, ++accepted);
    open.add(connection);
    socket.once("close", () => open.delete(connection));
  });
  const port = await listen(server, host, options.port);
  server.on("error", (error) => options.logger.error({ error }, "the gateway's listener failed"));

  return {
    port,
    connections: () => open.size,
    dropAll: (how) => {
      for (const connection of open) {
        if (how === "fin") connection.finish("dropped by the gateway");
        else connection.reset("dropped by the gateway");
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of open) connection.close();
      }),
  };
};
