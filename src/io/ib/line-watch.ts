/**
 * Watches streams for silence. The socket may live and answer heartbeats while a stream is dead (a phone logged in, a farm lost it):
 * nobody says so, it only stops. Looks every two seconds of real time; what is told follows from market time and the calendar.
 */
import type { EpochMs } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";

export interface Watched {
  /** Undefined: its silence says nothing. */
  readonly stallMs: number | undefined;
  /** Market time for which it has been silent while it should tick. */
  silentMs: number;
  /** Told; not again before it has ticked. */
  reported: boolean;
}

const EVERY_MS = 2_000;
/**
 * One look adds at most this share of the limit: a jump of market time over closed hours, or a process that was held up, must not
 * look like silence.
 */
const MOST_AT_ONCE = 1 / 4;

export const createLineWatch = <Line extends Watched>(options: {
  readonly scheduler: Scheduler;
  readonly now: () => EpochMs;
  readonly lines: () => Iterable<Line>;
  /** How long a line may be silent now; undefined: it need not tick. */
  readonly limitMs: (line: Line, at: EpochMs) => number | undefined;
  readonly stalled: (line: Line, silentMs: number) => void;
}): { begin(): void; end(): void } => {
  const { scheduler, now, lines, limitMs, stalled } = options;
  let takeBack: (() => void) | undefined;
  let lookedAt = now();

  const look = () => {
    takeBack = undefined;
    const at = now();
    const passed = Math.max(0, at - lookedAt);
    lookedAt = at;
    let watched = false;
    for (const line of [...lines()]) {
      if (line.stallMs === undefined) continue;
      watched = true;
      const limit = limitMs(line, at);
      if (limit === undefined) {
        line.silentMs = 0;
        continue;
      }
      line.silentMs += Math.min(passed, limit * MOST_AT_ONCE);
      if (line.reported || line.silentMs < limit) continue;
      line.reported = true;
      stalled(line, line.silentMs);
    }
    if (watched) takeBack = scheduler.after(EVERY_MS, look);
  };
  return {
    begin: () => {
      if (takeBack !== undefined) return;
      lookedAt = now();
      takeBack = scheduler.after(EVERY_MS, look);
    },
    end: () => takeBack?.(),
  };
};
