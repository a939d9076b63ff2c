/** What a kernel needs around it to be measured: a logic of one machine, a clock that is set by hand, and no disk at all. */
import type { AnyStateMachine } from "xstate";
import { Kernel } from "../src/kernel/kernel.ts";
import type { KernelOptions, Logic } from "../src/kernel/logic.ts";
import type { Clock } from "../src/ports/clock.ts";
import type { Journal, Snapshots, Step } from "../src/ports/journal.ts";

/** Forgets everything, at once. */
export const nullJournal = (): Journal => {
  let lastSeq = 0;
  return {
    get lastSeq() {
      return lastSeq;
    },
    append: (steps: readonly Step[]) => {
      lastSeq = steps.at(-1)?.seq ?? lastSeq;
      return Promise.resolve();
    },
    async *read() {},
  };
};

export const nullSnapshots: Snapshots = {
  save: () => Promise.resolve(),
  latest: () => Promise.resolve(undefined),
  list: () => Promise.resolve([]),
  at: (seq) => Promise.reject(new RangeError(`no snapshot of ${seq}`)),
};

/** Stands until it is set. Nobody is woken: what is due fires with the next input. */
export interface HandClock extends Clock {
  set(now: number): void;
}
export const handClock = (now: number): HandClock => {
  let at = now;
  return {
    now: () => at,
    wakeAt: () => () => {},
    set: (to) => {
      at = to;
    },
  };
};

/** One actor `order`, to which every input goes. */
export const oneActor = (machine: AnyStateMachine): Logic => ({
  machines: { cycle: { machine, version: 1, protection: "quarantine" } },
  genesis: () => [{ path: "order", machine: "cycle", input: null }],
  route: (input) => (input.type === "run.started" || input.type === "run.stopped" ? {} : { to: ["order"] }),
  effectClass: (type) => (type === "place" ? "order" : undefined),
  gate: () => undefined,
  stillWanted: () => true,
  supervisor: "order",
  quiet: (type) => type.startsWith("run.") || type === "effect.written",
});

const NEVER = Number.MAX_SAFE_INTEGER;

/** A kernel that runs. What it has no outbox for counts as written; it takes no snapshots unless told to; a fatal error is thrown. */
export const startKernel = async (options: Pick<KernelOptions, "logic"> & Partial<KernelOptions>): Promise<Kernel> => {
  const kernel = new Kernel({
    journal: nullJournal(),
    snapshots: nullSnapshots,
    clock: handClock(1),
    outbox: { release: () => ({ written: 1 }) },
    build: "bench",
    snapshotEvery: NEVER,
    fatal: (error) => {
      throw error;
    },
    ...options,
  });
  await kernel.recover();
  kernel.start({ config: {}, node: process.versions.node, mode: "simulated" });
  return kernel;
};

/** Until everything offered is applied and on disk. */
export const allDurable = async (kernel: Kernel): Promise<void> => {
  for (;;) {
    const { waiting, forming } = kernel.load;
    if (waiting === 0 && forming === 0 && kernel.durableSeq === kernel.seq) return;
    await turn();
  }
};

/** Lets the event loop turn once. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
