/**
 * Whether the peer still answers: reqCurrentTime every so often, and the connection is given up when no answer has come for
 * the timeout, however busily anything else arrives (a half-open or one-way connection looks alive otherwise: B4, F03, F04).
 */
import type { Scheduler } from "../../ports/clock.ts";

export interface Heartbeat {
  /** The peer has answered. */
  heard(): void;
  /** While we do not read, silence proves nothing. */
  suspend(): void;
  resume(): void;
  stop(): void;
}

/** A deadline that fires later than this says that this process slept, not that the peer did. */
const SLEPT_MS = 1_000;

/** Starts with a probe. `silent` is called at most once. */
export const startHeartbeat = (options: {
  readonly scheduler: Scheduler;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly probe: () => void;
  readonly silent: (ms: number) => void;
}): Heartbeat => {
  const { scheduler, everyMs, timeoutMs, probe, silent } = options;
  let lastHeard = scheduler.now();
  let excused = false;
  let suspended = false;
  let takeBack: (() => void)[] = [];

  const disarm = () => {
    for (const back of takeBack) back();
    takeBack = [];
  };
  const deadlineIn = (ms: number) => {
    const due = scheduler.now() + ms;
    takeBack.push(
      scheduler.after(ms, () => {
        if (scheduler.now() - due > SLEPT_MS && !excused) {
          excused = true;
          disarm();
          deadlineIn(Math.max(SLEPT_MS, timeoutMs - everyMs));
          probe();
          return;
        }
        disarm();
        silent(scheduler.now() - lastHeard);
      }),
    );
  };
  const arm = () => {
    disarm();
    lastHeard = scheduler.now();
    excused = false;
    takeBack.push(scheduler.after(everyMs, probe));
    deadlineIn(timeoutMs);
  };

  arm();
  probe();
  return {
    heard: () => {
      if (!suspended) arm();
    },
    suspend: () => {
      suspended = true;
      disarm();
    },
    resume: () => {
      if (!suspended) return;
      suspended = false;
      arm();
      probe();
    },
    stop: () => {
      suspended = true;
      disarm();
    },
  };
};
