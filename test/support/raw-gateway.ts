/**
 * A small TCP server that speaks just enough TWS for tests of the IB border: the handshake, a log of what clients sent, and
 * whatever bytes a test wants to say, in whatever chunks. It understands nothing.
 */
import { createServer, type Server, type Socket } from "node:net";

type Field = string | number;

export const frame = (...fields: Field[]): Buffer => {
  const payload = Buffer.from(fields.map((field) => `${field}\0`).join(""), "utf8");
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(payload.length);
  return Buffer.concat([prefix, payload]);
};

export interface Peer {
  readonly socket: Socket;
  /** The messages after the handshake, as fields. */
  readonly heard: string[][];
  say(...bytes: Buffer[]): void;
  /** Resolves once a message, past or future, passes. */
  hears(passes: (fields: readonly string[]) => boolean): Promise<string[]>;
}

export interface RawGateway {
  readonly port: number;
  readonly peers: readonly Peer[];
  /** Resolves with the n-th connection (from 0), once its START_API has come. */
  peer(n: number): Promise<Peer>;
  close(): Promise<void>;
}

/** `greet` answers START_API; heartbeats are answered unless `deaf`. */
export const startRawGateway = async (
  options: { serverVersion?: number; greet?: (peer: Peer) => void; deaf?: boolean; accept?: (socket: Socket) => boolean } = {},
): Promise<RawGateway> => {
  const { serverVersion = 178, greet = login, deaf = false } = options;
  const peers: Peer[] = [];
  const ready: Peer[] = [];
  let waiting: { n: number; resolve: (peer: Peer) => void }[] = [];

  const sockets = new Set<Socket>();
  const welcome = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.setNoDelay(true);
    if (options.accept && !options.accept(socket)) return;
    let listening: { passes: (fields: readonly string[]) => boolean; resolve: (fields: string[]) => void }[] = [];
    const peer: Peer = {
      socket,
      heard: [],
      say: (...bytes) => void socket.write(Buffer.concat(bytes)),
      hears: (passes) => {
        const past = peer.heard.find(passes);
        return past ? Promise.resolve(past) : new Promise((resolve) => listening.push({ passes, resolve }));
      },
    };
    peers.push(peer);
    let buffer = Buffer.alloc(0);
    let greeted = false;
    socket.on("data", (data) => {
      buffer = Buffer.concat([buffer, data]);
      if (!greeted && buffer.length >= 8) {
        const end = 8 + buffer.readUInt32BE(4);
        if (buffer.length < end) return;
        greeted = true;
        buffer = buffer.subarray(end);
        peer.say(frame(serverVersion, "20261120 11:00:00 EST"));
      }
      while (greeted && buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
        const end = 4 + buffer.readUInt32BE(0);
        const fields = buffer.subarray(4, end).toString("utf8").split("\0").slice(0, -1);
        buffer = buffer.subarray(end);
        if (fields[0] === "71") {
          greet(peer);
          ready.push(peer);
          const met = waiting.filter(({ n }) => n < ready.length);
          waiting = waiting.filter((one) => !met.includes(one));
          for (const { n, resolve } of met) resolve(ready[n] as Peer);
        }
        peer.heard.push(fields);
        if (fields[0] === "49" && !deaf) peer.say(frame(49, 1, 1_795_000_000));
        const met = listening.filter(({ passes }) => passes(fields));
        listening = listening.filter((one) => !met.includes(one));
        for (const { resolve } of met) resolve(fields);
      }
    });
  };
  const server: Server = createServer(welcome);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    peers,
    peer: (n) => {
      const there = ready[n];
      return there ? Promise.resolve(there) : new Promise((resolve) => waiting.push({ n, resolve }));
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export const login = (peer: Peer): void => peer.say(frame(15, 1, "DU1000001,DU1000002"), frame(9, 1, 100));

const SPY_PUT: readonly Field[] = [12, "SPY", "OPT", "20261218", 445, "P", 100, "SMART", "USD", "SPY   261218P00445000", "SPY"];

/** Canned messages, at server version 178. */
export const says = {
  error: (id: number, code: number, text: string, json = "") => frame(4, 2, id, code, text, json),
  orderStatus: (orderId: number, status: string, filled: number, remaining: number) =>
    frame(3, orderId, status, filled, remaining, -1.25, 9001, 0, -1.25, 7, "", 0),
  execution: (
    execId: string,
    options: { reqId?: number; orderId?: number; shares?: number; time?: string; side?: string } = {},
  ) => {
    const { reqId = -1, orderId = 100, shares = 2, time = "20261120 11:43:28 US/Eastern", side = "SLD" } = options;
    const about = [reqId, orderId, ...SPY_PUT, execId, time, "DU1000001", "CBOE", side, shares, 2.5, 9001, 7, 0, shares, 2.5];
    return frame(11, ...about, "caretaker/5f2c81aa/20261120-s3-7", "", "", "", 1, 0);
  },
  executionsEnd: (reqId: number) => frame(55, 1, reqId),
  commission: (execId: string, amount = 1.3) => frame(59, 1, execId, amount, "USD", Number.MAX_VALUE, Number.MAX_VALUE, ""),
  position: (quantity: number) => frame(61, 3, "DU1000001", ...SPY_PUT, quantity, 250.65),
  positionEnd: () => frame(62, 1),
  openOrderEnd: () => frame(53, 1),
  tickPrice: (reqId: number, field: number, value: number | string, size: number | string) =>
    frame(1, 6, reqId, field, value, size, 0),
  tickSize: (reqId: number, field: number, size: number | string) => frame(2, 6, reqId, field, size),
  marketDataType: (reqId: number, type: number) => frame(58, 1, reqId, type),
  openOrder: (
    orderId: number,
    options: { whatIf?: boolean; status?: string; lmt?: number; margin?: number | string; permId?: number } = {},
  ) => {
    const { whatIf = false, status = "Submitted", lmt = -1.25, margin = Number.MAX_VALUE, permId = 9001 } = options;
    const bag: Field[] = [28812380, "SPY", "BAG", "", 0, "?", "", "SMART", "USD", "28812380", "COMB"];
    const quiet = (count: number): Field[] => Array.from({ length: count }, () => "");
    return frame(
      5,
      orderId,
      ...bag,
      ...["BUY", 2, "LMT", lmt, 0, "DAY", "", "DU1000001", "", 0, "caretaker/5f2c81aa/20261120-s3-7", 7, permId],
      ...[0, 0, 0, "", "", "", "", "", "", ""], // outsideRth .. goodTillDate
      ...["", "", "", 0, "", -1, 0], // rule80A .. auctionStrategy
      ...["", "", "", "", "", ""], // startingPrice .. displaySize
      ...[0, 0, 0, "", 3, 0, 0, "", 0, 0], // blockOrder .. triggerMethod
      ...["", 0, "None", "", 0, "", "", "", "?", 0, 0, ""], // volatility, delta neutral
      ...[0, 0, "", "", "", ""], // continuousUpdate .. basisPointsType
      ...["12|-1,11|1", 2, 11, 1, "BUY", "SMART", 0, 0, "", -1, 12, 1, "SELL", "SMART", 0, 0, "", -1, 0, 0],
      ...["", "", "", ""], // scale, hedgeType
      ...[0, "", "IB", 0, 0, "", 0, whatIf ? 1 : 0, status],
      ...[Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE, margin, margin, margin, margin, margin, margin],
      ...quiet(5),
      ...[0, 0, 0], // randomize, conditions
      ...["None", ...Array.from({ length: 6 }, () => Number.MAX_VALUE), 0],
      ...["", "", "", "", 0, 0, 0, 0], // soft dollar, cash quantity ..
      ...["", "", 0], // duration, postToAts, autoCancelParent
      ...quiet(5), // pegged
    );
  },
};
