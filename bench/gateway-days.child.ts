/**
 * A simulated gateway in a process of its own, in fast market time with closed hours skipped: after each session it says how much memory
 * it holds, and how many bytes it has sent since the one before.
 */
import { nextSession } from "../src/domain/calendar/market-calendar.ts";
import { newYorkDay } from "../src/domain/calendar/new-york.ts";
import { money } from "../src/domain/units.ts";
import { startGateway } from "../src/sim/gateway.ts";
import { createSyntheticMarket } from "../src/sim/market/synthetic-market.ts";

/** What is said once: where it listens. */
export interface Listening {
  readonly port: number;
}
/** What is said after each session. Bytes. */
export interface DayReport {
  readonly day: string;
  /** Resident, after a full collection. */
  readonly resident: number;
  readonly heapUsed: number;
  /** Sent to all clients since the last report. */
  readonly sent: number;
  readonly messages: number;
}

const SPEED = 3_600;
const silence = (): void => {};
const collect = (globalThis as { gc?: () => void }).gc ?? silence;
let sent = 0;
let messages = 0;

const gateway = await startGateway({
  market: createSyntheticMarket({ seed: 5 }),
  fills: "synthetic",
  account: "DU7000002",
  cash: money(100_000),
  seed: 5,
  port: 0,
  speed: SPEED,
  skipClosed: true,
  logger: { info: silence, warn: silence, error: silence },
  onFrame: (direction, _clientId, fields) => {
    if (direction !== "out") return;
    messages++;
    for (const field of fields) sent += field.length + 1;
  },
});
process.send?.({ port: gateway.port } satisfies Listening);

let { close } = nextSession(gateway.now());
const look = setInterval(() => {
  if (gateway.now() < close) return;
  collect();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ day: newYorkDay(close), resident: rss, heapUsed, sent, messages } satisfies DayReport);
  sent = 0;
  messages = 0;
  close = nextSession(gateway.now()).close;
}, 20);
process.on("disconnect", () => {
  clearInterval(look);
  process.exit(0);
});
