/** Whether a step costs the same however many actors there are: a quote for one slot out of 10, 100 and 1,000 that hold a position. */
import type { Measurement } from "./measurement.ts";
import { MORNING, openSlots, quoteRound } from "./slots-parts.ts";
import { median } from "./statistics.ts";

const SIZES = [10, 100, 1_000] as const;

export const stepCost: Measurement = {
  name: "step-cost",
  title: "cost of a step, dearest / cheapest of 10, 100 and 1,000 slots",
  limit: { at: "most", value: 1.5, unit: "ratio" },
  async run({ effort, say }) {
    const rounds = effort === "quick" ? 3 : 9;
    const steps = effort === "quick" ? 10_000 : 20_000;
    const worlds = [];
    for (const slots of SIZES) {
      say(`${slots} slots`);
      worlds.push({ slots, world: await openSlots(slots), now: MORNING as number, costs: [] as number[] });
    }
    // In turns, so that the three sizes meet the same weather; the first round does not count.
    const all: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const order = round % 2 === 0 ? worlds : worlds.toReversed();
      for (const one of order) {
        const firstSeq = one.world.kernel.seq;
        const began = performance.now();
        one.now = await quoteRound(one.world, { slots: one.slots, steps, from: one.now });
        const cost = ((performance.now() - began) * 1_000) / (one.world.kernel.seq - firstSeq);
        if (round > 0) one.costs.push(cost);
      }
      if (round === 0) continue;
      const costs = worlds.map(({ costs }) => costs.at(-1) as number);
      all.push(Math.max(...costs) / Math.min(...costs));
    }
    const medians = worlds.map(({ costs }) => median(costs));
    return {
      value: Math.max(...medians) / Math.min(...medians),
      rounds: all,
      figures: worlds.map(({ slots, costs }) => ({ name: `${slots} slots`, value: median(costs), unit: "µs a step" })),
    };
  },
};
