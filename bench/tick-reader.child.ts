/**
 * One client of the simulated gateway on a bare socket, in a process of its own: it takes frames as fast as they come, counts ticks and
 * measures how long a cancel takes to be answered. It decodes no more than it must, so that the gateway is what is measured.
 */
import { connect } from "node:net";
import { BATCH } from "./gateway-batch.ts";

/** What the parent says. */
export type ReaderOrder =
  | { readonly kind: "connect"; readonly port: number; readonly clientId: number; readonly lines: number }
  /** Take so many ticks by credit; answered with the milliseconds that took. */
  | { readonly kind: "take"; readonly ticks: number }
  /** Send so many cancels, one after the other; answered with how long each took, and the ticks a second meanwhile. */
  | { readonly kind: "cancel"; readonly cancels: number };

const TICK_PRICE = 0x31;
const TICK_SIZE = 0x32;
const ORDER_STATUS = 0x33;
const NUL = 0;
/** Batches asked for ahead. */
const CREDITS = 4;
/** Between two cancels; no divisor of the gateway's slice of 40 ms, so that cancels meet it in every phase. */
const PAUSE_MS = 23;

const frame = (...fields: readonly (string | number)[]): Buffer => {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(""));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

let ticks = 0;
let socket = connect({ host: "127.0.0.1", port: 1 }).on("error", () => {});
let onTicks = (): void => {};
let onStatus = (_orderId: number): void => {};

/** Looks at a message's id alone, but for the status of an order. */
const look = (bytes: Buffer, from: number, to: number): void => {
  if (bytes[from + 1] !== NUL) return;
  const id = bytes[from];
  if (id === TICK_PRICE || id === TICK_SIZE) ticks += 1;
  else if (id === ORDER_STATUS) onStatus(Number(bytes.toString("latin1", from + 2, to).split("\0")[0]));
};

const open = (port: number, clientId: number, lines: number): void => {
  socket = connect({ host: "127.0.0.1", port });
  socket.setNoDelay(true);
  let rest: Buffer = Buffer.alloc(0);
  let greeted = false;
  socket.on("error", (error) => {
    throw error;
  });
  socket.on("data", (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      look(bytes, at + 4, end);
      at = end;
    }
    rest = bytes.subarray(at);
    if (!greeted) {
      greeted = true;
      process.send?.({ connected: true });
    }
    onTicks();
  });
  const offer = Buffer.from("v157..178");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(offer.length);
  socket.write(Buffer.concat([Buffer.from("API\0"), length, offer, frame(71, 2, clientId, "")]));
  const stock = (reqId: number) => [reqId, reqId, "SPY", "STK", "", 0, "", "", "SMART", "", "USD", "", ""];
  for (let reqId = 1; reqId <= lines; reqId += 1) socket.write(frame(1, 11, ...stock(reqId), 0, "", 0, 0, ""));
};

const take = (wanted: number): void => {
  const from = ticks;
  const began = performance.now();
  let asked = 0;
  const ask = (): void => {
    while (asked < wanted && asked < ticks - from + CREDITS * BATCH) {
      asked += BATCH;
      socket.write(frame(8, 1, 1));
    }
  };
  onTicks = () => {
    if (ticks - from >= wanted) {
      onTicks = () => {};
      process.send?.({ tookMs: performance.now() - began, ticks: ticks - from });
    } else ask();
  };
  ask();
};

const cancel = async (cancels: number): Promise<void> => {
  const from = ticks;
  const began = performance.now();
  const latenciesMs: number[] = [];
  for (let orderId = 1; orderId <= cancels; orderId += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const sent = performance.now();
    const answered = new Promise<void>((resolve) => {
      onStatus = (id) => id === orderId && resolve();
    });
    socket.write(frame(4, 1, orderId, ""));
    await answered;
    latenciesMs.push(performance.now() - sent);
  }
  process.send?.({ latenciesMs, ticksPerSecond: ((ticks - from) / (performance.now() - began)) * 1_000 });
};

process.on("message", (order: ReaderOrder) => {
  if (order.kind === "connect") open(order.port, order.clientId, order.lines);
  else if (order.kind === "take") take(order.ticks);
  else void cancel(order.cancels);
});
process.on("disconnect", () => process.exit(0));
