/**
 * A gateway that knows one thing: to send prepared ticks as fast as a client takes them. Handshake and login as TWS does them, ids of
 * lines as they were asked for, and at the end of a stream a change of the first line's data type, so that the client knows.
 */
import { createServer } from "node:net";
import { FrameParser, fieldsOf, frameOf } from "../src/sim/wire/frame.ts";
import { greeting, negotiate } from "../src/sim/wire/negotiation.ts";
import { managedAccounts } from "../src/sim/wire/responses/account.ts";
import { nextValidId } from "../src/sim/wire/responses/order.ts";
import { marketDataType, tickPrice, tickSize } from "../src/sim/wire/responses/tick.ts";
import { MORNING } from "./slots-parts.ts";

/** What the parent says: stream so many ticks over this connection's lines. */
export interface StreamOrder {
  readonly clientId: number;
  readonly ticks: number;
}

const START_API = "71";
const REQ_MKT_DATA = "1";
const REQ_CURRENT_TIME = "49";
const CHUNK_FRAMES = 2_000;
const BID = 1;
const ASK = 2;
const BID_SIZE = 0;
const ASK_SIZE = 3;

const clients = new Map<number, { readonly lines: number[]; stream(ticks: number): void }>();

/** A tick of the n-th kind for a line: prices and sizes in turn, values that change. */
const tickOf = (reqId: number, n: number): readonly string[] => {
  const value = 2.5 + (n % 9) / 100;
  switch (n % 4) {
    case 0:
      return tickPrice(reqId, BID, value - 0.05, 10 + (n % 5), undefined);
    case 1:
      return tickSize(reqId, BID_SIZE, 11 + (n % 5));
    case 2:
      return tickPrice(reqId, ASK, value + 0.05, 12 + (n % 5), undefined);
    default:
      return tickSize(reqId, ASK_SIZE, 13 + (n % 5));
  }
};

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  const parser = new FrameParser("API\0");
  let greeted = false;
  let dataType = 1;
  const lines: number[] = [];
  const stream = async (ticks: number): Promise<void> => {
    const round: Buffer[] = [];
    for (let n = 0; n < 36 * lines.length; n++)
      round.push(frameOf(tickOf(lines[n % lines.length] as number, Math.floor(n / lines.length))));
    let sent = 0;
    while (sent < ticks) {
      const count = Math.min(CHUNK_FRAMES, ticks - sent);
      const frames = Array.from({ length: count }, (_, i) => round[(sent + i) % round.length] as Buffer);
      sent += count;
      if (!socket.write(Buffer.concat(frames))) await new Promise((resolve) => socket.once("drain", resolve));
    }
    dataType = dataType === 1 ? 2 : 1;
    socket.write(frameOf(marketDataType(lines[0] as number, dataType)));
  };
  socket.on("data", (chunk) => {
    for (const payload of parser.push(chunk).payloads) {
      if (!greeted) {
        const offer = negotiate(payload.toString("latin1"));
        if (!offer.agreed) throw new Error(offer.reason);
        greeted = true;
        socket.write(frameOf(greeting(offer.serverVersion, MORNING)));
        continue;
      }
      const fields = fieldsOf(payload) ?? [];
      if (fields[0] === START_API) {
        clients.set(Number(fields[2]), { lines, stream: (ticks) => void stream(ticks) });
        socket.write(Buffer.concat([frameOf(managedAccounts("DU7000001")), frameOf(nextValidId(1))]));
      } else if (fields[0] === REQ_MKT_DATA) lines.push(Number(fields[2]));
      else if (fields[0] === REQ_CURRENT_TIME) socket.write(frameOf(["49", "1", String(Math.floor(MORNING / 1_000))]));
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 });
});
process.on("message", (order: StreamOrder) => clients.get(order.clientId)?.stream(order.ticks));
process.on("disconnect", () => process.exit(0));
