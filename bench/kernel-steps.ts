/** How much of a live XState actor's speed is left once it runs in the kernel: transaction, settling, step record, batches; no disk. */
import { createActor } from "xstate";
import type { Input } from "../src/ports/journal.ts";
import { allDurable, oneActor, startKernel, turn } from "./kernel-parts.ts";
import type { Measurement } from "./measurement.ts";
import { CYCLE, orderCycleMachine } from "./order-cycle.machine.ts";
import { inPairs, median, ratios } from "./statistics.ts";

/** Inputs offered before the event loop turns: a batch forms while another is under way, as with a broker's bursts. */
const BURST = 1_024;

export const kernelSteps: Measurement = {
  name: "kernel-steps",
  title: "kernel steps without a store / raw XState send",
  limit: { at: "least", value: 0.3, unit: "ratio" },
  async run({ effort }) {
    const rounds = effort === "quick" ? 3 : 11;
    const steps = effort === "quick" ? 80 * BURST : 160 * BURST;
    const kernel = await startKernel({ logic: oneActor(orderCycleMachine) });
    const actor = createActor(orderCycleMachine).start();

    const inKernel = async (): Promise<number> => {
      const firstSeq = kernel.seq;
      const began = performance.now();
      for (let n = 0; n < steps; n++) {
        kernel.offer(CYCLE[n % CYCLE.length] as Input);
        if (n % BURST === BURST - 1) await turn();
      }
      await allDurable(kernel);
      return ((kernel.seq - firstSeq) / (performance.now() - began)) * 1_000;
    };
    const raw = async (): Promise<number> => {
      const began = performance.now();
      for (let n = 0; n < steps; n++) {
        actor.send(CYCLE[n % CYCLE.length] as (typeof CYCLE)[number]);
        if (n % BURST === BURST - 1) await turn();
      }
      return (steps / (performance.now() - began)) * 1_000;
    };
    const pairs = await inPairs(rounds, inKernel, raw);
    actor.stop();
    const all = ratios(pairs);
    return {
      value: median(all),
      rounds: all,
      figures: [
        { name: "kernel", value: median(pairs.map(({ subject }) => subject)), unit: "steps/s" },
        { name: "raw XState", value: median(pairs.map(({ reference }) => reference)), unit: "events/s" },
      ],
    };
  },
};
