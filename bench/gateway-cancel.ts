/**
 * How long a cancel takes to be answered by the simulated gateway while it gives 20,000 ticks a second to the client that cancels: from
 * the client's write to the order's status, through both kernels' queues and behind whatever ticks are in the way. The broker's own
 * latency, which is simulated and random, is left out: the desk answers at once.
 */
import { type GatewayWithClients, startGatewayWithClients } from "./gateway-clients.ts";
import type { Measurement } from "./measurement.ts";
import { quantile } from "./statistics.ts";

const TICKS_PER_SECOND = 20_000;
interface Answer {
  readonly latenciesMs: readonly number[];
  readonly ticksPerSecond: number;
}

const cancelsAmongTicks = async (clients: number, cancels: number): Promise<Answer> => {
  let gateway: GatewayWithClients | undefined;
  try {
    gateway = await startGatewayWithClients(clients);
    await gateway.tick({ kind: "rate", ticksPerSecond: TICKS_PER_SECOND });
    await gateway.ask<Answer>(0, { kind: "cancel", cancels: 20 });
    return await gateway.ask<Answer>(0, { kind: "cancel", cancels });
  } finally {
    gateway?.end();
  }
};

export const gatewayCancel: Measurement = {
  name: "gateway-cancel",
  title: "cancel answered under 20,000 ticks/s, simulated gateway, 99 of 100 within",
  limit: { at: "most", value: 50, unit: "ms" },
  async run({ effort, say }) {
    const cancels = effort === "quick" ? 150 : 600;
    const one = await cancelsAmongTicks(1, cancels);
    say("one client measured, now eight of them at 20,000 ticks/s each");
    const eight = await cancelsAmongTicks(8, cancels);
    return {
      value: quantile(one.latenciesMs, 0.99),
      rounds: [],
      figures: [
        { name: "median", value: quantile(one.latenciesMs, 0.5), unit: "ms" },
        { name: "longest", value: Math.max(...one.latenciesMs), unit: `ms of ${cancels}` },
        { name: "ticks read meanwhile", value: one.ticksPerSecond, unit: "a second" },
        { name: "eight clients: median", value: quantile(eight.latenciesMs, 0.5), unit: "ms" },
        { name: "99 of 100", value: quantile(eight.latenciesMs, 0.99), unit: "ms" },
        { name: "ticks read by one", value: eight.ticksPerSecond, unit: "a second" },
      ],
    };
  },
};
