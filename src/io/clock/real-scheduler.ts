/** Real time for pacing, heartbeats and socket deadlines: monotonic, never scaled. */
import type { Scheduler } from "../../ports/clock.ts";

export const realScheduler: Scheduler = {
  now: () => performance.now(),
  after(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
