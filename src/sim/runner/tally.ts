/** What happens in a world, counted. */
import type { Step } from "../../ports/journal.ts";
import type { FaultName } from "../faults.ts";

const COUNTED: { readonly [type: string]: "entries" | "fills" | "trades" } = {
  "slot.opened": "entries",
  "fill.booked": "fills",
  "slot.closed": "trades",
};

export interface Counts {
  /** Journal records. */
  readonly steps: number;
  /** Positions opened, executions booked, positions closed. */
  readonly entries: number;
  readonly fills: number;
  readonly trades: number;
  readonly crashes: number;
  readonly drops: number;
}

export interface Tally {
  readonly counts: Counts;
  readonly triggered: { readonly [fault: string]: number };
  record(step: Step): void;
  fault(name: FaultName): void;
  crash(): void;
}

export const createTally = (): Tally => {
  const counts = { steps: 0, entries: 0, fills: 0, trades: 0, crashes: 0, drops: 0 };
  const triggered: { [fault: string]: number } = {};
  return {
    counts,
    triggered,
    record: ({ facts }) => {
      counts.steps++;
      for (const { type } of facts) {
        const counted = COUNTED[type];
        if (counted !== undefined) counts[counted]++;
      }
    },
    fault: (name) => {
      triggered[name] = (triggered[name] ?? 0) + 1;
      if (name.startsWith("line.") || name.startsWith("gateway.")) counts.drops++;
    },
    crash: () => {
      counts.crashes++;
    },
  };
};
