/** How long an input takes until its effect is let out, when it is alone in its batch: one fsync lies between, and little else should. */
import type { Input } from "../src/ports/journal.ts";
import { LevelJournal } from "../src/store/level-journal.ts";
import { allDurable, oneActor, startKernel } from "./kernel-parts.ts";
import { GENESIS, openLevel, openTapped } from "./level-tap.ts";
import type { Measurement } from "./measurement.ts";
import { askingMachine, CYCLE } from "./order-cycle.machine.ts";
import { median, quantile } from "./statistics.ts";

export const releaseLatency: Measurement = {
  name: "release-latency",
  title: "input to released effect, p99 / one synced put, p99",
  limit: { at: "most", value: 3, unit: "ratio" },
  async run({ effort, scratch }) {
    const rounds = effort === "quick" ? 3 : 9;
    const samples = effort === "quick" ? 200 : 500;
    const tap = await openTapped(scratch("release-latency"));
    const raw = await openLevel(scratch("release-raw"));
    let released = () => {};
    const kernel = await startKernel({
      logic: oneActor(askingMachine),
      journal: await LevelJournal.open(tap.level, GENESIS, "bench"),
      maxBatch: 1,
      outbox: {
        release: () => {
          released();
          return { written: 1 };
        },
      },
    });
    await allDurable(kernel);

    const effectMs = (): Promise<number> => {
      const began = performance.now();
      const left = new Promise<number>((resolve) => {
        released = () => resolve(performance.now() - began);
      });
      kernel.offer(CYCLE[0] as Input);
      return left;
    };
    const putMs = async (text: string, n: number): Promise<number> => {
      const began = performance.now();
      await raw.put(`j/${n}`, text, { sync: true });
      return performance.now() - began;
    };

    let n = 0;
    const p99s: { readonly effect: number; readonly put: number }[] = [];
    const effects: number[] = [];
    const puts: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const effectsNow: number[] = [];
      const putsNow: number[] = [];
      for (let i = 0; i < samples; i++) {
        const ms = await effectMs();
        // The answer "written" is an input too; it is on disk before the put begins.
        await allDurable(kernel);
        const text = tap.taken()[0]?.[0];
        const put = await putMs(text?.type === "put" ? text.value : "", ++n);
        effectsNow.push(ms);
        putsNow.push(put);
      }
      if (round === 0) continue;
      p99s.push({ effect: quantile(effectsNow, 0.99), put: quantile(putsNow, 0.99) });
      effects.push(...effectsNow);
      puts.push(...putsNow);
    }
    await tap.close();
    await raw.close();
    const all = p99s.map(({ effect, put }) => effect / put);
    return {
      value: median(all),
      rounds: all,
      figures: [
        { name: "release p99", value: median(p99s.map(({ effect }) => effect)), unit: "ms" },
        { name: "put p99", value: median(p99s.map(({ put }) => put)), unit: "ms" },
        { name: "release p50", value: median(effects), unit: "ms" },
        { name: "put p50", value: median(puts), unit: "ms" },
      ],
    };
  },
};
