/** The process's own time, for tests over real sockets. */
import type { Scheduler } from "../../src/ports/clock.ts";

export const realScheduler: Scheduler = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
