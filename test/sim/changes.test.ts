/** A position from its entry to its roll in a whole world: a part is closed when half the target is earned, the rest rolled a day later. */
import { expect, it } from "vitest";
import { engineConfigOf } from "../../src/cli/engine-config.ts";
import { SIMULATION_CONFIG } from "../../src/cli/simulate.ts";
import { simulatedEngine } from "../../src/cli/simulated-engine.ts";
import { configSchema } from "../../src/domain/config-schema.ts";
import { NO_FAULTS } from "../../src/sim/faults.ts";
import type { EngineUnderTest } from "../../src/sim/runner/engine.ts";
import { runWorld } from "../../src/sim/runner/world.ts";

const skip = { whenUnknown: "skip" } as const;
const CONFIG = engineConfigOf(
  configSchema.parse({
    mode: "simulated",
    strategies: [
      {
        name: "spy-bull-put",
        kind: "bull-put",
        symbol: "SPY",
        quantity: 2,
        entry: { from: "09:31", cooldownSeconds: 600, minCreditPctOfWidth: 5, shortDelta: 0.3, minScore: 0 },
        filters: {
          vix: skip,
          ivPercentile: { minIvPercentile: 0, ...skip },
          ivRank: { minIvRank: 0, ...skip },
          regime: skip,
          portfolio: skip,
        },
      },
    ],
    // Entered 46 days before its expiry: the window of rolls begins on the next day.
    rules: {
      takeProfit: { targetPct: 90, partialAtPct: 5 },
      stopLoss: { creditMultiplePct: 400 },
      deltaRisk: { verticalDelta: 1 },
      dteRoll: { fromDays: 45, targetDays: 75 },
    },
    // The world of the simulation moves once a minute while nothing happens.
    lines: { stallSeconds: 150 },
    freshness: { underlyingSeconds: 90, vixSeconds: 600 },
    limits: { slots: 3, maxLossPerPositionPct: 5 },
    reconcileEverySeconds: 600,
  }),
  { account: SIMULATION_CONFIG.account, installation: SIMULATION_CONFIG.installation },
);

interface Fact {
  readonly type: string;
  readonly [key: string]: unknown;
}
/** The engine, and the facts of one slot as they reach its disk. */
const watched = (): { readonly engine: EngineUnderTest; readonly facts: Fact[] } => {
  const engine = simulatedEngine({ config: CONFIG, build: "test", clientId: 17 });
  const facts: Fact[] = [];
  const note = (value: unknown): void => {
    if (typeof value !== "string" || !value.includes('"facts"')) return;
    const record = JSON.parse(value) as { readonly facts?: readonly (Fact & { readonly fact?: Fact })[] };
    facts.push(...(record.facts ?? []).map((one) => one.fact ?? one));
  };
  return {
    facts,
    engine: {
      ...engine,
      boot: (surroundings) => {
        const { database } = surroundings;
        const batch: typeof database.batch = (operations, options) => {
          for (const operation of operations) if ("value" in operation) note(operation.value);
          return database.batch(operations, options);
        };
        return engine.boot({ ...surroundings, database: { ...database, batch } });
      },
    },
  };
};

it("is opened, reduced once and rolled by one order of four legs, and breaks no law", async () => {
  const { engine, facts } = watched();
  const outcome = await runWorld({ seed: 3, days: 2, lastSessionMinutes: 60, engine, faults: NO_FAULTS, replay: false });
  expect(outcome.violations).toEqual([]);
  const of = (...types: string[]): Fact[] => facts.filter(({ type }) => types.includes(type));
  expect(of("slot.opened", "slot.reduced", "slot.rolled").map(({ type }) => type)).toEqual([
    "slot.opened",
    "slot.reduced",
    "slot.rolled",
  ]);
  expect(of("slot.reduced")).toMatchObject([{ closed: 1, units: 1 }]);
  expect(of("order.ended")).toMatchObject([
    { purpose: "entry", filledUnits: 2 },
    { purpose: "reduce", filledUnits: 1 },
    { purpose: "roll", filledUnits: 1 },
  ]);
  const [rolled] = of("slot.rolled") as unknown as { net: number; quantity: number; from: object[]; legs: object[] }[];
  // A credit that pays for four contracts at 0.65 at the least.
  expect(rolled?.net).toBeLessThan(-260);
  expect([rolled?.quantity, rolled?.from.length, rolled?.legs.length]).toEqual([1, 2, 2]);
}, 120_000);
