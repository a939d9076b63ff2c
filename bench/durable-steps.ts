/**
 * How much of LevelDB's own speed is left when every write is a step: the kernel with its journal at 256 inputs a batch, against the
 * same batches, byte for byte, written by classic-level alone. Both synced, both one batch at a time.
 */
import type { Input } from "../src/ports/journal.ts";
import type { Operation } from "../src/store/level.ts";
import { LevelJournal } from "../src/store/level-journal.ts";
import { allDurable, nextBatch, oneActor, startKernel } from "./kernel-parts.ts";
import { GENESIS, openLevel, openTapped } from "./level-tap.ts";
import type { Measurement } from "./measurement.ts";
import { CYCLE, orderCycleMachine } from "./order-cycle.machine.ts";
import { inPairs, median, ratios, threadCpu } from "./statistics.ts";

const BATCH = 256;
/** "0": so many rounds fit before the characters that UTF-8 writes as two bytes. */
const FIRST_PREFIX = 48;
/** Enough inputs always wait for the next batch to be full. */
const WAITING = 4 * BATCH;

export const durableSteps: Measurement = {
  name: "durable-steps",
  title: "durable steps, 256 a batch / raw synced batches of the same bytes",
  limit: { at: "least", value: 0.6, unit: "ratio" },
  async run({ effort, scratch }) {
    const rounds = effort === "quick" ? 9 : 61;
    // Short rounds: the halves of a pair then meet the same weather.
    const steps = 20 * BATCH;
    const tap = await openTapped(scratch("durable-steps"));
    const raw = await openLevel(scratch("durable-raw"));
    const kernel = await startKernel({
      logic: oneActor(orderCycleMachine),
      journal: await LevelJournal.open(tap.level, GENESIS, "bench"),
      maxBatch: BATCH,
    });
    await allDurable(kernel);
    tap.taken();
    let bytes = 0;
    let batches: Operation[][] = [];
    let rawRound = 0;
    const cpu: number[] = [];

    const fromInputs = async (): Promise<number> => {
      const firstSeq = kernel.seq;
      const cpuBefore = threadCpu();
      const began = performance.now();
      for (let n = 0; n < steps; ) {
        while (n < steps && kernel.load.waiting < WAITING) kernel.offer(CYCLE[n++ % CYCLE.length] as Input);
        await nextBatch(kernel);
      }
      await allDurable(kernel);
      const rate = ((kernel.seq - firstSeq) / (performance.now() - began)) * 1_000;
      cpu.push((threadCpu() - cpuBefore) / (kernel.seq - firstSeq));
      batches = tap.taken();
      return rate;
    };
    const again = async (): Promise<number> => {
      const records = batches.reduce((sum, batch) => sum + batch.length, 0);
      // Keys of the same length that go on where the last round ended: overwriting would be another kind of work for LevelDB.
      const prefix = String.fromCharCode(FIRST_PREFIX + rawRound++);
      const moved = batches.map((batch) => batch.map((operation) => ({ ...operation, key: prefix + operation.key.slice(1) })));
      const began = performance.now();
      for (const batch of moved) await raw.batch(batch, { sync: true });
      return (records / (performance.now() - began)) * 1_000;
    };
    // The raw half writes what the kernel's half wrote last; the first round, which does not count, begins with the kernel.
    const pairs = await inPairs(rounds, fromInputs, again);
    for (const batch of batches) for (const operation of batch) if (operation.type === "put") bytes += operation.value.length;
    const perBatch = batches.reduce((sum, batch) => sum + batch.length, 0) / batches.length;
    bytes /= perBatch * batches.length;
    await tap.close();
    await raw.close();
    const all = ratios(pairs);
    return {
      value: median(all),
      rounds: all,
      figures: [
        { name: "kernel and journal", value: median(pairs.map(({ subject }) => subject)), unit: "steps/s" },
        { name: "raw classic-level", value: median(pairs.map(({ reference }) => reference)), unit: "records/s" },
        { name: "of the kernel's thread", value: median(cpu), unit: "µs of CPU a step" },
        { name: "record", value: bytes, unit: "characters" },
        { name: "batch", value: perBatch, unit: "records" },
      ],
    };
  },
};
