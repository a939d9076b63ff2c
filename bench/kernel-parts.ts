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

/** Who waits for the next durable batch of a kernel. Waiting without turning the event loop leaves the core to the disk's thread. */
const waiting = new WeakMap<Kernel, (() => void)[]>();

/** Resolves after the next durable batch. */
export const nextBatch = (kernel: Kernel): Promise<void> => new Promise((resolve) => void waiting.get(kernel)?.push(resolve));

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
    onDurable: (steps) => {
      options.onDurable?.(steps);
      for (const resolve of waiting.get(kernel)?.splice(0) ?? []) resolve();
    },
  });
  waiting.set(kernel, []);
  await kernel.recover();
  kernel.start({ config: {}, node: process.versions.node, mode: "simulated" });
  return kernel;
};

/** Until everything offered is applied and on disk. */
export const allDurable = async (kernel: Kernel): Promise<void> => {
  while (kernel.load.waiting > 0 || kernel.load.forming > 0 || kernel.durableSeq < kernel.seq) await nextBatch(kernel);
};

/** Lets the event loop turn once. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
