/**
 * One process of the engine as the world sees it: time, disk and network until it is killed, and nothing afterwards.
 *
 * A killed process leaves its objects behind, but they are inert: no timer of theirs calls back, no write reaches the disk, no
 * byte the network. Whoever restarts it begins a new life over the same disk.
 */
import type { Clock, Scheduler } from "../../ports/clock.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Thrown at a crash point, so that nothing after it runs. */
export class Killed extends Error {
  override name = "Killed";
}

export interface Life {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly alive: boolean;
  end(): void;
}

export const createLife = (time: VirtualTime): Life => {
  let alive = true;
  const living = (callback: () => void) => () => {
    if (alive) callback();
  };
  return {
    clock: { now: time.clock.now, wakeAt: (at, wake) => time.clock.wakeAt(at, living(wake)) },
    scheduler: { now: time.now, after: (delayMs, callback) => time.after(delayMs, living(callback)) },
    get alive() {
      return alive;
    },
    end: () => {
      alive = false;
    },
  };
};
