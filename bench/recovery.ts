/**
 * How long a start takes when the last snapshot is 100,000 records behind: the kernel reads, verifies and derives them all again. The
 * records are quotes that ten slots heard, with what followed. Beside it the verified read alone, and the read before the start.
 */
import { Kernel } from "../src/kernel/kernel.ts";
import { LevelJournal } from "../src/store/level-journal.ts";
import { verifyJournal } from "../src/store/verify.ts";
import { handClock, nullSnapshots } from "./kernel-parts.ts";
import { GENESIS, openLevel } from "./level-tap.ts";
import type { Measurement } from "./measurement.ts";
import { MORNING, openSlots, quoteRound, slotsLogic } from "./slots-parts.ts";
import { median, threadCpu } from "./statistics.ts";

const SLOTS = 10;
const RECORDS = 100_000;

export const recovery: Measurement = {
  name: "recovery",
  title: "recovery of a tail of 100,000 records",
  limit: { at: "most", value: 3, unit: "s" },
  async run({ effort, scratch, say }) {
    const rounds = effort === "quick" ? 1 : 5;
    const directory = scratch("recovery");
    const writing = await openLevel(directory);
    const journal = await LevelJournal.open(writing, GENESIS, "bench");
    const slots = await openSlots(SLOTS, { journal });
    let now: number = MORNING;
    while (slots.kernel.seq < RECORDS) {
      const left = RECORDS - slots.kernel.seq;
      now = await quoteRound(slots, { slots: SLOTS, steps: Math.min(left, 10_000), from: now });
    }
    const written = slots.kernel.seq;
    await writing.close();
    say(`${written} records written`);

    const recovers: number[] = [];
    const reads: number[] = [];
    const verifies: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const level = await openLevel(directory);
      let began = performance.now();
      await verifyJournal(level, { genesis: GENESIS, file: "bench" });
      verifies.push((performance.now() - began) / 1_000);
      const stored = await LevelJournal.open(level, GENESIS, "bench");
      began = performance.now();
      for await (const _ of stored.read(1));
      reads.push((performance.now() - began) / 1_000);
      const kernel = new Kernel({
        logic: slotsLogic(SLOTS),
        journal: stored,
        snapshots: nullSnapshots,
        clock: handClock(now),
        outbox: { release: () => ({ written: 1 }) },
        build: "bench",
        fatal: (error) => {
          throw error;
        },
      });
      const cpuBefore = threadCpu();
      began = performance.now();
      const { records } = await kernel.recover();
      cpu.push((threadCpu() - cpuBefore) / records);
      recovers.push(((performance.now() - began) / 1_000) * (RECORDS / records));
      await level.close();
    }
    return {
      value: median(recovers),
      rounds: recovers,
      figures: [
        { name: "recover", value: RECORDS / median(recovers), unit: "records/s" },
        { name: "of it", value: median(cpu), unit: "µs of CPU a record" },
        { name: "verified read", value: median(reads) * (RECORDS / written), unit: "s" },
        { name: "verify before the start", value: median(verifies) * (RECORDS / written), unit: "s" },
      ],
    };
  },
};
