/**
 * The simulated gateway's wire over a desk that makes ticks and answers cancels, and does nothing else: what is measured is the wire.
 *
 * Two ways of ticking, as the parent says. At a rate: every 40 ms a slice, as a gateway moves its market. By credit: as fast as
 * clients take them; a client asks for the next batch (reqIds) when it has read one, so that nobody falls 8 MiB behind.
 */
import { epochMs } from "../src/domain/units.ts";
import type { Desk } from "../src/sim/desk.ts";
import { type GatewayClient, MORE_REQUESTS } from "../src/sim/gateway-api.ts";
import { serveGateway } from "../src/sim/wire/server.ts";
import { BATCH } from "./gateway-batch.ts";

/** What the parent says. */
export type GatewayOrder =
  | { readonly kind: "rate"; readonly ticksPerSecond: number }
  | { readonly kind: "credit" }
  /** Asks for the CPU time used since the last such question. */
  | { readonly kind: "cpu" };

const SLICE_MS = 40;
const REQUESTS = ["reqPositions", "reqMktData", "cancelMktData", "cancelOrder", "reqIds", "connect", "disconnect"] as const;
/** Bid, ask and last: the price's field and that of its size. */
const FIELDS = [
  [1, 0],
  [2, 3],
  [4, 5],
] as const;

type Emit = (event: string, ...words: readonly unknown[]) => void;
interface Session {
  readonly emit: Emit;
  readonly lines: number[];
  ticked: number;
}
const sessions = new Set<Session>();
let mode: "rate" | "credit" = "rate";
let ticksPerSecond = 0;

/** So many ticks over a session's lines in turn; a price and its size are two. */
const tick = (session: Session, ticks: number): void => {
  const { emit, lines } = session;
  if (lines.length === 0) return;
  for (let n = 0; n < ticks; n += 2) {
    const at = session.ticked++;
    const reqId = lines[at % lines.length] as number;
    const round = Math.floor(at / lines.length);
    const [price, size] = FIELDS[round % FIELDS.length] as (typeof FIELDS)[number];
    emit("tickPrice", reqId, price, 2.5 + (round % 40) / 100, false);
    emit("tickSize", reqId, size, 10 + (round % 90));
  }
};

const client = (): GatewayClient => {
  const listeners = new Map<string, ((...words: readonly unknown[]) => void)[]>();
  const emit: Emit = (event, ...words) => {
    for (const listener of listeners.get(event) ?? []) listener(...words);
  };
  const session: Session = { emit, lines: [], ticked: 0 };
  const answers: Readonly<Record<string, (...words: readonly unknown[]) => void>> = {
    on: (event, listener) => {
      const name = event as string;
      listeners.set(name, [...(listeners.get(name) ?? []), listener as (...words: readonly unknown[]) => void]);
    },
    removeAllListeners: () => listeners.clear(),
    connect: () => {
      sessions.add(session);
      emit("managedAccounts", "DU7000001");
      emit("nextValidId", 1);
    },
    disconnect: () => void sessions.delete(session),
    reqMktData: (reqId) => void session.lines.push(reqId as number),
    cancelOrder: (id) => {
      emit("orderStatus", id, "Cancelled", 0, 1, 0, 9001, 0, 0, 1, "", 0);
      emit("error", new Error("Order Canceled - reason:"), 202, id);
    },
    reqIds: () => setImmediate(() => mode === "credit" && tick(session, BATCH)),
  };
  const silent = Object.fromEntries([...MORE_REQUESTS, ...REQUESTS].map((name) => [name, () => {}]));
  return { ...silent, ...answers } as unknown as GatewayClient;
};

let owed = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  if (mode === "rate") {
    owed += ((now - last) * ticksPerSecond) / 1_000;
    const slice = 2 * Math.floor(owed / 2);
    owed -= slice;
    for (const session of sessions) tick(session, slice);
  }
  last = now;
}, SLICE_MS);

const quiet = { info() {}, warn() {}, error() {} };
const desk: Desk = { client, announcement: () => "" };
const gateway = await serveGateway({
  desk,
  host: "127.0.0.1",
  port: 0,
  logger: quiet,
  now: () => epochMs(Date.now()),
  pacing: { messagesPerSecond: Number.POSITIVE_INFINITY },
});
let cpu = process.cpuUsage();
process.on("message", (order: GatewayOrder) => {
  if (order.kind === "cpu") {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    process.send?.({ cpuUs: user + system });
    return;
  }
  mode = order.kind;
  ticksPerSecond = order.kind === "rate" ? order.ticksPerSecond : 0;
  owed = 0;
  process.send?.({ ready: true });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ port: gateway.port });
