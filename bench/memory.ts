/** What a process with 1,000 live actors holds: open position slots that hear quotes, over a real journal, in a fresh process. */
import { nextMessage, startChild } from "./child.ts";
import type { Measurement } from "./measurement.ts";
import type { MemoryReport } from "./memory.child.ts";
import { median } from "./statistics.ts";

const ACTORS = 1_000;
const MB = 1_000_000;

export const memory: Measurement = {
  name: "memory",
  title: "resident memory with 1,000 live actors",
  limit: { at: "most", value: 200, unit: "MB" },
  async run({ effort, scratch }) {
    const rounds = effort === "quick" ? 1 : 3;
    const steps = effort === "quick" ? 20_000 : 60_000;
    const reports: MemoryReport[] = [];
    for (let round = 0; round < rounds; round++) {
      const child = startChild("memory.child.ts", [scratch(`memory-${round}`), String(ACTORS), String(steps)]);
      reports.push(await nextMessage<MemoryReport>(child));
    }
    const of = (part: keyof MemoryReport): number => median(reports.map((report) => report[part])) / MB;
    return {
      // As an operator sees it: with whatever garbage there is at that moment.
      value: of("loaded"),
      rounds: reports.map(({ loaded }) => loaded / MB),
      figures: [
        { name: "before the first actor", value: of("before"), unit: "MB" },
        { name: "after a collection", value: of("collected"), unit: "MB" },
        { name: "heap used", value: of("heapUsed"), unit: "MB" },
      ],
    };
  },
};
