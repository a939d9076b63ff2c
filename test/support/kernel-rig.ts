/** A kernel over memory with everything at hand that a test wants to look at. */
import { canonical } from "../../src/domain/canonical-json.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import type { KernelOptions, Logic, Outbox, Release } from "../../src/kernel/logic.ts";
import type { Effect, Input, Journal, Snapshots } from "../../src/ports/journal.ts";
import { ManualClock, MemoryJournal, MemorySnapshots } from "./kernel-memory.ts";
import { zoo } from "./kernel-zoo.ts";

export interface Rig<J extends Journal = MemoryJournal, S extends Snapshots = MemorySnapshots> {
  readonly kernel: Kernel;
  readonly journal: J;
  readonly snapshots: S;
  readonly clock: ManualClock;
  readonly released: Effect[];
  readonly fatal: { readonly error: unknown; readonly inHand: Input | undefined }[];
}

export interface RigOptions extends Partial<Omit<KernelOptions, "journal" | "snapshots" | "clock" | "fatal">> {
  readonly logic?: Logic;
  readonly journal?: MemoryJournal;
  readonly snapshots?: MemorySnapshots;
  readonly clock?: ManualClock;
  readonly release?: (effect: Effect) => Release;
}

/** A kernel that has not recovered yet. */
export const rig = (options: RigOptions = {}): Rig => {
  const {
    journal = new MemoryJournal(),
    snapshots = new MemorySnapshots(),
    clock = new ManualClock(),
    release,
    ...rest
  } = options;
  const released: Effect[] = [];
  const fatal: { error: unknown; inHand: Input | undefined }[] = [];
  const outbox: Outbox = {
    release: (effect) => {
      released.push(effect);
      return release?.(effect) ?? { written: 1 };
    },
  };
  const kernel = new Kernel({
    logic: zoo,
    build: "test",
    outbox,
    ...rest,
    journal,
    snapshots,
    clock,
    fatal: (error, inHand) => fatal.push({ error, inHand }),
  });
  return { kernel, journal, snapshots, clock, released, fatal };
};

export const RUN = { config: {}, node: "test", mode: "simulated" } as const;

/** A kernel that runs. */
export const startedRig = async (options: RigOptions = {}): Promise<Rig> => {
  const made = rig(options);
  await made.kernel.recover();
  made.kernel.start(RUN);
  return made;
};

/** What two states are compared by. */
export const stateText = (parts: ReturnType<Kernel["stateParts"]>): string => canonical(parts);
