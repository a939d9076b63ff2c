/**
 * `simulate`: so many seeds, so many days each, in a world of their own, with troubles and an auditor. Deterministic: what a report
 * names can be seen again with the command beside it.
 */

import { formatNewYork, newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import { configSchema } from "../domain/config-schema.ts";
import { epochMs } from "../domain/units.ts";
import { type FaultOptions, SWARM } from "../sim/faults.ts";
import type { EngineUnderTest } from "../sim/runner/engine.ts";
import { runSeed } from "../sim/runner/run-seed.ts";
import type { Counts } from "../sim/runner/tally.ts";
import { buildId } from "./build-id.ts";
import { engineConfigOf } from "./engine-config.ts";
import { simulatedEngine } from "./simulated-engine.ts";

export interface SimulationOptions {
  readonly seeds: number;
  /** The first seed. */
  readonly from: number;
  /** Sessions of each seed. */
  readonly days: number;
  /** Default: everything that can go wrong. */
  readonly faults?: FaultOptions;
  /** Default: the engine of this build with `SIMULATION_CONFIG`. */
  readonly engine?: EngineUnderTest;
  /** Default true: each seed is lived through twice and the traces are compared (S18). */
  readonly twice?: boolean;
  readonly stepMs?: { readonly busy: number; readonly idle: number };
  /** Ends after the seed in hand. */
  readonly signal?: AbortSignal;
  readonly onSeed?: (done: SeedLine) => void;
}

/** One seed's outcome, as progress. */
export interface SeedLine {
  readonly seed: number;
  readonly entries: number;
  readonly trades: number;
  readonly crashes: number;
  readonly drops: number;
  readonly violations: number;
  readonly seconds: number;
}

export interface SimulationReport extends Counts {
  readonly seeds: number;
  readonly from: number;
  /** Sessions lived through by all seeds together; each seed counts once. */
  readonly days: number;
  readonly sessions: number;
  readonly faultsTriggered: { readonly [fault: string]: number };
  readonly violations: readonly {
    readonly seed: number;
    readonly check: string;
    /** New York time. */
    readonly at: string;
    readonly detail: string;
    readonly again: string;
  }[];
  readonly traceHashes: { readonly [seed: string]: string };
  /** How often each check was evaluated. */
  readonly checks: { readonly [check: string]: number };
  readonly simulatedDaysPerSecond: number;
  /** The run was ended before its last seed. */
  readonly aborted: boolean;
}

const ACCOUNT = "DU7000001";
const INSTALLATION = "51a70000";
const CLIENT_ID = 17;

/**
 * Condors and a vertical, made restless: small profits and small losses are taken, so that a day has many entries and
 * exits for troubles to meet. It says nothing about profit.
 */
export const SIMULATION_CONFIG: EngineConfig = engineConfigOf(
  configSchema.parse({
    mode: "simulated",
    strategies: [
      {
        name: "spy-iron-condor",
        kind: "iron-condor",
        symbol: "SPY",
        quantity: 2,
        entry: { from: "09:31", cooldownSeconds: 600, minCreditPctOfWidth: 5 },
      },
      {
        name: "qqq-iron-condor",
        kind: "iron-condor",
        symbol: "QQQ",
        entry: { from: "09:35", cooldownSeconds: 600, minCreditPctOfWidth: 5 },
      },
      {
        name: "iwm-iron-condor",
        kind: "iron-condor",
        symbol: "IWM",
        entry: { from: "09:40", cooldownSeconds: 600, minCreditPctOfWidth: 5, wingWidthPct: 3 },
      },
      {
        name: "qqq-bull-put",
        kind: "bull-put",
        symbol: "QQQ",
        quantity: 2,
        entry: { from: "09:50", cooldownSeconds: 600, minCreditPctOfWidth: 5, shortDelta: 0.3 },
      },
    ],
    rules: {
      takeProfit: { targetPct: 3 },
      stopLoss: { creditMultiplePct: 10 },
      sessionEnd: { enabled: true, minutesBeforeClose: 60 },
    },
    // The world of the simulation moves once a minute while nothing happens: its underlyings do not tick more often.
    lines: { stallSeconds: 150 },
    freshness: { underlyingSeconds: 90, vixSeconds: 600 },
    limits: { slots: 6 },
    reconcileEverySeconds: 600,
  }),
  { account: ACCOUNT, installation: INSTALLATION },
);

export const engineUnderTest = (config: EngineConfig = SIMULATION_CONFIG): EngineUnderTest =>
  simulatedEngine({ config, build: buildId(), clientId: CLIENT_ID });

const newYork = (at: number): string => `${newYorkDay(epochMs(at))} ${formatNewYork(epochMs(at))}`;
const add = (sum: { [name: string]: number }, more: { readonly [name: string]: number }): void => {
  for (const [name, n] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + n;
};

/** Lives through the seeds and reports. A violation is in the report, not thrown: the caller exits 1 if there is one. */
export const simulate = async (options: SimulationOptions): Promise<SimulationReport> => {
  const { seeds, from, days, faults = SWARM, engine = engineUnderTest(), signal } = options;
  const totals = { sessions: 0, steps: 0, entries: 0, fills: 0, trades: 0, crashes: 0, drops: 0 };
  const faultsTriggered: { [fault: string]: number } = {};
  const checks: { [check: string]: number } = {};
  const traceHashes: { [seed: string]: string } = {};
  const violations: SimulationReport["violations"][number][] = [];
  const began = performance.now();
  let done = 0;
  for (let seed = from; seed < from + seeds && signal?.aborted !== true; seed++) {
    const seedBegan = performance.now();
    const outcome = await runSeed({
      seed,
      days,
      faults,
      engine,
      ...(options.twice === undefined ? {} : { twice: options.twice }),
      ...(options.stepMs === undefined ? {} : { stepMs: options.stepMs }),
    });
    done++;
    const { sessions, steps, entries, fills, trades, crashes, drops } = outcome;
    add(totals, { sessions, steps, entries, fills, trades, crashes, drops });
    add(faultsTriggered, outcome.faultsTriggered);
    add(checks, outcome.evaluations);
    traceHashes[seed] = outcome.traceHash;
    const only = faults === SWARM ? "" : ` --faults ${faults.names.join(",") || "none"}`;
    const again = `caretaker simulate --seeds 1 --from ${seed} --days ${days}${only} --json`;
    for (const { check, at, detail } of outcome.violations) violations.push({ seed, check, at: newYork(at), detail, again });
    const seconds = (performance.now() - seedBegan) / 1000;
    options.onSeed?.({ seed, entries, trades, crashes, drops, violations: outcome.violations.length, seconds });
  }
  return {
    seeds: done,
    from,
    days: totals.sessions,
    ...totals,
    faultsTriggered,
    violations,
    traceHashes,
    checks,
    simulatedDaysPerSecond: totals.sessions / ((performance.now() - began) / 1000),
    aborted: done < seeds,
  };
};
