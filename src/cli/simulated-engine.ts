/**
 * The engine as the simulation's runner takes it: the very assembly that a daemon runs, in surroundings where time, disk and network
 * are simulated.
 */
import { household } from "../actors/household.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Logger } from "../io/ib/port-words.ts";
import type { Logic, Outbox } from "../kernel/logic.ts";
import { rederiveAll } from "../kernel/recovery.ts";
import type { EngineUnderTest, Surroundings } from "../sim/runner/engine.ts";
import { stateHash } from "../store/state-hash.ts";
import { openStore } from "../store/store.ts";
import { assembleEngine } from "./engine-assembly.ts";
import { asJson } from "./engine-config.ts";
import { dayOf } from "./engine-process.ts";

export interface SimulatedEngineOptions {
  readonly config: EngineConfig;
  readonly build: string;
  readonly clientId: number;
  readonly logger?: Logger;
  /** Records between two snapshots: more often than in production, so that restarts recover from them. */
  readonly snapshotEvery?: number;
  /** For canaries: another outbox, another logic than the right one. */
  readonly tamper?: { readonly outbox?: (outbox: Outbox, surroundings: Surroundings) => Outbox; readonly logic?: Logic };
}

const GENESIS = "0".repeat(64);
const silence = (): void => {};
const SILENT: Logger = { debug: silence, info: silence, warn: silence, error: silence };

export const simulatedEngine = (options: SimulatedEngineOptions): EngineUnderTest => {
  const { config, build, clientId, logger = SILENT, snapshotEvery = 2_000, tamper } = options;
  const logic: Logic = tamper?.logic ?? (household as unknown as Logic);

  return {
    account: config.account,

    boot: async (surroundings) => {
      const { clock, scheduler, database, newClient, crashPoint, onFatal } = surroundings;
      const { journal, snapshots } = await openStore(database, { genesis: GENESIS, dayOf });
      const { kernel, port } = assembleEngine({
        journal,
        snapshots,
        build,
        clock,
        scheduler,
        newClient,
        clientId,
        logger,
        snapshotEvery,
        probe: crashPoint,
        fatal: onFatal,
        onNotice: silence,
        tamper: {
          logic,
          ...(tamper?.outbox === undefined
            ? {}
            : { outbox: (outbox: Outbox) => tamper.outbox?.(outbox, surroundings) ?? outbox }),
        },
      });
      await kernel.recover();
      const recovered = { seq: kernel.seq, hash: stateHash(kernel.stateParts()) };
      kernel.start({ config: asJson(config), node: "simulated", mode: config.mode });
      return {
        get seq() {
          return kernel.seq;
        },
        get durableSeq() {
          return kernel.durableSeq;
        },
        recovered,
        stateHash: () => stateHash(kernel.stateParts()),
        stop: async () => {
          kernel.offer({ type: "run.stopping" });
          await kernel.stop();
          port.close();
        },
      };
    },

    replayedHashes: async (database, seqs) => {
      const { journal } = await openStore(database, { genesis: GENESIS, dayOf });
      const wanted = new Set(seqs);
      const hashes = new Map<number, string>();
      await rederiveAll({
        logic,
        journal,
        snapshot: undefined,
        build,
        onRecord: (state, { seq }) => {
          if (wanted.has(seq)) hashes.set(seq, stateHash(state.parts()));
        },
      });
      return hashes;
    },
  };
};
