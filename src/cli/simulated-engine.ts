/**
 * The engine as the simulation's runner takes it: the kernel, the household, the IB port and the store of production, put together
 * as engine-process.ts does, in surroundings where time, disk and network are simulated.
 */
import { household } from "../actors/household.ts";
import type { EngineConfig } from "../domain/config.ts";
import { createIbPort } from "../io/ib/ib-port.ts";
import type { Logger } from "../io/ib/port-words.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Logic, Outbox } from "../kernel/logic.ts";
import { rederiveAll } from "../kernel/recovery.ts";
import type { Effect, Input } from "../ports/journal.ts";
import type { EngineUnderTest, Surroundings } from "../sim/runner/engine.ts";
import { stateHash } from "../store/state-hash.ts";
import { openStore } from "../store/store.ts";
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
      const offer = (input: Input, key?: string): void => void kernel.offer(input, key === undefined ? {} : { key });
      const port = createIbPort({
        newClient,
        clientId,
        scheduler,
        now: () => clock.now() as ReturnType<Parameters<typeof createIbPort>[0]["now"]>,
        deliver: (report, key) => offer(report as unknown as Input, key),
        settled: (effect, settlement) =>
          offer(
            "written" in settlement
              ? { type: "effect.written", effect, epoch: settlement.written }
              : { type: "effect.refused", effect, reason: settlement.refused },
          ),
        lastCheck: (effect) => logic.gate(effect as Effect, kernel.view),
        logger,
      });
      const outbox: Outbox = {
        release: (effect) => {
          if (effect.type === "operator.notify") return { written: 0 };
          const handover = port.send(effect);
          return "pending" in handover ? "pending" : handover;
        },
      };
      const kernel = new Kernel({
        logic,
        journal,
        snapshots,
        clock,
        build,
        snapshotEvery,
        outbox: tamper?.outbox?.(outbox, surroundings) ?? outbox,
        probe: crashPoint,
        fatal: (error) => {
          port.close();
          onFatal(error);
        },
        onPressure: (pressed) => (pressed ? port.pause() : port.resume()),
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
