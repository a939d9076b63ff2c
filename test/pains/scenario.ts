/**
 * One scenario: a world in which one thing goes wrong at a moment that the scenario chooses, with the engine that a daemon runs, its
 * real `io/ib`, the simulated broker and the auditor. Virtual time, no sockets; the same seed lives the same day.
 *
 * After each scenario what `caretaker positions` would say is compared with the broker's own books.
 */
import { expect } from "vitest";
import { SIMULATION_CONFIG } from "../../src/cli/simulate.ts";
import { simulatedEngine } from "../../src/cli/simulated-engine.ts";
import type { EngineConfig } from "../../src/domain/config.ts";
import type { Step } from "../../src/ports/journal.ts";
import { createReadModel, type ReadModel } from "../../src/projections/read-model.ts";
import { factsOf, type SpokenFact } from "../../src/projections/spoken.ts";
import type { Check } from "../../src/sim/auditor/evidence.ts";
import type { Truth } from "../../src/sim/broker/truth.ts";
import { NO_FAULTS } from "../../src/sim/faults.ts";
import type { Stage } from "../../src/sim/runner/stage.ts";
import { type Outcome, runWorld } from "../../src/sim/runner/world.ts";
import { holdingsApart } from "../support/broker-positions.ts";

/**
 * The simulation's condors, of one unit each so that what is there twice shows, and the account compared every minute as it is by
 * default.
 */
export const EVERY_MINUTE: EngineConfig = {
  ...SIMULATION_CONFIG,
  strategies: SIMULATION_CONFIG.strategies
    .filter(({ kind }) => kind === "iron-condor")
    .map((strategy) => ({ ...strategy, quantity: 1 })),
  reconcileEverySeconds: 60,
};

export interface Scene {
  /** Default 7: three condors are entered within the first quarter of an hour. */
  readonly seed?: number;
  /** Minutes of the session that are lived, at least 30. Default 45. */
  readonly minutes?: number;
  readonly config?: EngineConfig;
  /** Market time between two looks of the market while nothing is at work. Default a minute. */
  readonly idleStepMs?: number;
  /** Default: all. */
  readonly checks?: readonly Check[];
  readonly stage: (stage: Stage) => void;
}

export interface Played {
  readonly outcome: Outcome;
  readonly records: readonly Step[];
  readonly facts: readonly SpokenFact[];
  readonly model: ReadModel;
  readonly truth: Truth;
}

/** Lives through it, and expects what holds after every scenario: no violation, and positions that agree with the broker's books. */
export const play = async ({
  seed = 7,
  minutes = 45,
  config = EVERY_MINUTE,
  checks,
  idleStepMs = 60_000,
  stage,
}: Scene): Promise<Played> => {
  const model = createReadModel();
  const records: Step[] = [];
  let truth: (() => Truth) | undefined;
  const outcome = await runWorld({
    seed,
    days: 1,
    lastSessionMinutes: minutes,
    stepMs: { busy: 1_000, idle: idleStepMs },
    engine: simulatedEngine({ config, build: "scenario", clientId: 17 }),
    faults: NO_FAULTS,
    replay: false,
    ...(checks === undefined ? {} : { checks }),
    stage: (hands) => {
      truth = () => hands.broker.truth();
      hands.onRecord((record) => {
        records.push(record);
        model.apply(record);
      });
      stage(hands);
    },
  });
  const played: Played = {
    outcome,
    records,
    facts: records.flatMap((step) => factsOf(step)),
    model,
    truth: (truth as () => Truth)(),
  };
  expect(outcome.violations).toEqual([]);
  return played;
};

/**
 * What `caretaker positions --json` says of the account equals the broker's books, to the cent; and what our own fills add up to
 * equals them too, but for contracts that are not ours (`foreign`).
 */
export const expectAgreement = ({ model, truth }: Played, foreign: readonly number[] = []): void => {
  expect(holdingsApart({ account: model.holdings }, truth)).toEqual([]);
  const ours = Object.fromEntries(model.positions.contracts.map(({ conId, quantity }) => [conId, quantity]));
  const theirs = Object.fromEntries(
    truth.accounts
      .flatMap(({ positions }) => positions)
      .filter(({ conId }) => !foreign.includes(conId))
      .map(({ conId, quantity }) => [conId, quantity]),
  );
  expect(ours).toEqual(theirs);
};

/** The facts of one type, in order. */
export const factsOfType = <Type extends SpokenFact["type"]>(
  { facts }: Played,
  type: Type,
): readonly Extract<SpokenFact, { readonly type: Type }>[] =>
  facts.filter((fact): fact is Extract<SpokenFact, { readonly type: Type }> => fact.type === type);
