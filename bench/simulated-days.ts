/** How many sessions a second the simulation lives through: market, broker, network, disk, engine and auditor, without troubles. */
import type { simulate as Simulate } from "../src/cli/simulate.ts";
import type { NO_FAULTS as NoFaults } from "../src/sim/faults.ts";
import type { Measurement } from "./measurement.ts";
import { median } from "./statistics.ts";

export const simulatedDays: Measurement = {
  name: "simulated-days",
  title: "simulated days a second, no troubles, audited",
  async run({ effort, say }) {
    const rounds = effort === "quick" ? 1 : 3;
    let simulate: typeof Simulate;
    let NO_FAULTS: typeof NoFaults;
    try {
      ({ simulate } = await import("../src/cli/simulate.ts"));
      ({ NO_FAULTS } = await import("../src/sim/faults.ts"));
    } catch (error) {
      return { absent: `the simulation cannot be loaded: ${error instanceof Error ? error.message : String(error)}` };
    }
    const rates: number[] = [];
    const perDay: number[] = [];
    let trades = 0;
    let violations = 0;
    for (let round = 0; round < rounds; round++) {
      const report = await simulate({ seeds: 1, from: 1 + round, days: 2, faults: NO_FAULTS, twice: false });
      say(`seed ${1 + round}: ${report.steps} steps, ${report.trades} trades`);
      rates.push(report.simulatedDaysPerSecond);
      perDay.push(report.steps / report.sessions);
      trades += report.trades;
      violations += report.violations.length;
    }
    return {
      value: median(rates),
      rounds: rates,
      figures: [
        { name: "steps a day", value: median(perDay), unit: "steps" },
        { name: "trades", value: trades, unit: "in all" },
        { name: "violations", value: violations, unit: "in all" },
      ],
    };
  },
};
