/**
 * Whole worlds, an hour or so of a session each: the sound engine breaks no law whatever goes wrong around it, and an engine broken
 * on purpose is found out. Without the second, the first would say nothing.
 */
import { describe, expect, it } from "vitest";
import { SIMULATION_CONFIG } from "../../src/cli/simulate.ts";
import { simulatedEngine } from "../../src/cli/simulated-engine.ts";
import type { IbClient, IbEvents } from "../../src/ports/ib-client.ts";
import { type FaultName, type FaultOptions, NO_FAULTS, SWARM } from "../../src/sim/faults.ts";
import type { EngineUnderTest, Surroundings } from "../../src/sim/runner/engine.ts";
import { runSeed } from "../../src/sim/runner/run-seed.ts";
import { type Outcome, runWorld } from "../../src/sim/runner/world.ts";

const sound = (): EngineUnderTest => simulatedEngine({ config: SIMULATION_CONFIG, build: "test", clientId: 17 });
/** The sound engine in surroundings that lie to it, or a process that does not do as it says. */
const inside = (change: (surroundings: Surroundings) => Partial<Surroundings>): EngineUnderTest => {
  const engine = sound();
  return { ...engine, boot: (surroundings) => engine.boot({ ...surroundings, ...change(surroundings) }) };
};
const only = (...names: readonly FaultName[]): FaultOptions => ({ least: 6, most: 6, names });
const broken = ({ violations }: Outcome): string[] => [...new Set(violations.map(({ check }) => check))].sort();
const HOUR = { days: 1, lastSessionMinutes: 60 };
const THREE_QUARTERS = { days: 1, lastSessionMinutes: 45 };
const HALF_HOUR = { days: 1, lastSessionMinutes: 30 };

describe("the sound engine", () => {
  it("lives through a while with troubles without a violation, and twice the same", async () => {
    const outcome = await runSeed({ seed: 101, ...THREE_QUARTERS, engine: sound(), faults: SWARM });
    expect(outcome.violations).toEqual([]);
    expect(outcome.entries).toBeGreaterThan(0);
    expect(outcome.crashes).toBeGreaterThan(0);
    expect(outcome.evaluations).toMatchObject({ S18: 1 });
  });

  it("is killed at each crash point, and every restart finds the state that was left", async () => {
    const faults = only(
      "crash",
      "crash.beforeAppend",
      "crash.duringAppend",
      "crash.beforeRelease",
      "crash.afterRelease",
      "crash.inRecovery",
    );
    const outcome = await runWorld({ seed: 3, ...HOUR, engine: sound(), faults: { ...faults, least: 20, most: 20 } });
    expect(outcome.violations).toEqual([]);
    expect(outcome.crashes).toBeGreaterThan(8);
    expect(outcome.evaluations["S14"]).toBeGreaterThan(8);
  });
});

describe("an engine broken on purpose is found out", () => {
  it("its disk says durable before it is", async () => {
    const lying = inside(({ database }) => ({
      database: {
        ...database,
        batch: (operations, options) => {
          void database.batch(operations, options);
          return Promise.resolve();
        },
      },
    }));
    expect(broken(await runWorld({ seed: 1, ...HALF_HOUR, engine: lying, faults: NO_FAULTS, replay: false }))).toContain("S1");
  });

  it("its outbox sends an order twice", async () => {
    const engine = simulatedEngine({
      config: SIMULATION_CONFIG,
      build: "test",
      clientId: 17,
      tamper: {
        outbox: (outbox) => ({
          release: (effect) => {
            if (effect.type === "order.place") outbox.release(effect);
            return outbox.release(effect);
          },
        }),
      },
    });
    expect(broken(await runWorld({ seed: 1, ...HALF_HOUR, engine, faults: NO_FAULTS, replay: false }))).toContain("S1");
  });

  it("it is deaf to the executions of one leg", async () => {
    let deafTo: number | undefined;
    const deaf = inside(({ newClient }) => ({
      newClient: () => {
        const client = newClient();
        const on: IbClient["on"] = (event, listener) => {
          if (event !== "execDetails") return client.on(event, listener);
          return client.on("execDetails", (...words: IbEvents["execDetails"]) => {
            const [, { conId, secType }] = words;
            if ((secType as string) === "OPT") deafTo ??= conId;
            if (conId !== deafTo || conId === undefined) (listener as (...heard: IbEvents["execDetails"]) => void)(...words);
          });
        };
        return { ...client, on };
      },
    }));
    expect(broken(await runWorld({ seed: 1, ...HALF_HOUR, engine: deaf, faults: NO_FAULTS, replay: false }))).toContain("S5");
  });

  it("after a reconnection it says its last order once more, to be sure", async () => {
    let last: Parameters<IbClient["placeOrder"]> | undefined;
    const eager = inside(({ newClient }) => ({
      newClient: () => {
        const client = newClient();
        client.on("nextValidId", () => {
          if (last !== undefined) client.placeOrder(...last);
        });
        const placeOrder: IbClient["placeOrder"] = (...words) => {
          if (words[2].whatIf !== true) last = words;
          return client.placeOrder(...words);
        };
        return { ...client, placeOrder };
      },
    }));
    const found = broken(await runWorld({ seed: 8, ...HOUR, engine: eager, faults: only("crash.afterRelease"), replay: false }));
    expect(found).toContain("S1");
    expect(found).toContain("S3");
  });

  it("chance that is not the seed's decides when its timers fire", async () => {
    const wavering = inside(({ scheduler }) => ({
      scheduler: { now: scheduler.now, after: (delayMs, callback) => scheduler.after(delayMs + Math.random() * 30, callback) },
    }));
    expect(broken(await runSeed({ seed: 1, ...HALF_HOUR, engine: wavering, faults: NO_FAULTS, replay: false }))).toEqual(["S18"]);
  });

  it("its replay derives another state than it lived", async () => {
    const engine = sound();
    const forgetful: EngineUnderTest = {
      ...engine,
      replayedHashes: async (database, seqs) => {
        const hashes = await engine.replayedHashes(database, seqs);
        return new Map([...hashes].map(([seq, hash], n) => [seq, n === 0 ? hash.split("").reverse().join("") : hash]));
      },
    };
    expect(broken(await runWorld({ seed: 1, ...HALF_HOUR, engine: forgetful, faults: NO_FAULTS }))).toEqual(["S14"]);
  });
});
