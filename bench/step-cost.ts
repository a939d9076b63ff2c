/**
 * Whether a step costs the same however many actors there are: a quote for one slot out of 10, 100 and 1,000 that hold a position, in
 * CPU time of the whole process. It goes round all of them, which is the hard case: a slot's state is old and out of the processor's
 * cache when its next quote comes.
 */
import type { Measurement } from "./measurement.ts";
import { MORNING, openSlots, quoteRound, type Slots } from "./slots-parts.ts";
import { median, processCpu } from "./statistics.ts";

interface World {
  readonly count: number;
  readonly slots: Slots;
  readonly costs: number[];
}

const COUNTS = [10, 100, 1_000] as const;

export const stepCost: Measurement = {
  name: "step-cost",
  title: "cost of a step, dearest / cheapest of 10, 100 and 1,000 slots",
  limit: { at: "most", value: 1.5, unit: "ratio" },
  async run({ effort, say }) {
    const rounds = effort === "quick" ? 3 : 9;
    const steps = effort === "quick" ? 10_000 : 20_000;
    const worlds: World[] = [];
    for (const count of COUNTS) {
      say(`${count} slots`);
      worlds.push({ count, slots: await openSlots(count), costs: [] });
    }
    // In turns, so that all meet the same weather; the first round does not count.
    const nows = new Map<World, number>();
    const all: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      for (const world of round % 2 === 0 ? worlds : worlds.toReversed()) {
        const { kernel } = world.slots;
        const firstSeq = kernel.seq;
        const began = processCpu();
        const now = await quoteRound(world.slots, { slots: world.count, steps, from: nows.get(world) ?? MORNING });
        if (round > 0) world.costs.push((processCpu() - began) / (kernel.seq - firstSeq));
        nows.set(world, now);
      }
      if (round === 0) continue;
      const costs = worlds.map((world) => world.costs.at(-1) as number);
      all.push(Math.max(...costs) / Math.min(...costs));
    }
    return {
      value: median(all),
      rounds: all,
      figures: worlds.map(({ count, costs }) => ({ name: `${count} slots`, value: median(costs), unit: "µs of CPU a step" })),
    };
  },
};
