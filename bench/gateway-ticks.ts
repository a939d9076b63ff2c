/**
 * How many ticks the simulated gateway's wire gives away a second, to one client and to eight: encoded once for each client, framed,
 * batched and written to loopback. Clients only count. On few cores they compete with the gateway for them: the CPU time that a tick
 * costs the gateway is the figure that does not depend on it.
 */
import { startGatewayWithClients } from "./gateway-clients.ts";
import type { Measurement } from "./measurement.ts";
import { median } from "./statistics.ts";

interface Round {
  readonly ticksPerSecond: number;
  readonly cpuUs: number;
}

const roundsOf = async (clients: number, rounds: number, ticks: number): Promise<readonly Round[]> => {
  const gateway = await startGatewayWithClients(clients);
  try {
    await gateway.tick({ kind: "credit" });
    const all: Round[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      await gateway.cpuUs();
      const began = performance.now();
      const taken = await Promise.all(
        Array.from({ length: clients }, (_, client) => gateway.ask<{ ticks: number }>(client, { kind: "take", ticks })),
      );
      const elapsedMs = performance.now() - began;
      const total = taken.reduce((sum, one) => sum + one.ticks, 0);
      // The first round is for the compiler.
      if (round > 0) all.push({ ticksPerSecond: (total / elapsedMs) * 1_000, cpuUs: (await gateway.cpuUs()) / total });
    }
    return all;
  } finally {
    gateway.end();
  }
};

export const gatewayTicks: Measurement = {
  name: "gateway-ticks",
  title: "ticks that the simulated gateway gives away, one client",
  async run({ effort, say }) {
    const rounds = effort === "quick" ? 3 : 9;
    const ticks = effort === "quick" ? 200_000 : 600_000;
    const one = await roundsOf(1, rounds, ticks);
    say("one client measured, now eight");
    const eight = await roundsOf(8, rounds, ticks / 4);
    const rates = one.map(({ ticksPerSecond }) => ticksPerSecond);
    return {
      value: median(rates),
      rounds: rates,
      figures: [
        { name: "one client", value: median(one.map(({ cpuUs }) => cpuUs)), unit: "µs CPU a tick" },
        { name: "eight clients", value: median(eight.map(({ ticksPerSecond }) => ticksPerSecond)), unit: "ticks/s together" },
        { name: "eight clients", value: median(eight.map(({ cpuUs }) => cpuUs)), unit: "µs CPU a tick" },
      ],
    };
  },
};
