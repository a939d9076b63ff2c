/**
 * Notices when the host's wall clock steps: the engine's time is monotonic and does not follow by itself. A step forward of more
 * than two seconds is taken over (market hours are the world's, not ours); a step back is only told, for time never runs backward.
 */
import { type EpochMs, epochMs } from "../../domain/units.ts";
import type { MarketClock } from "./market-clock.ts";

const LOOK_EVERY_MS = 5_000;
export const STEP_MS = 2_000;

/** Calls back with the step in ms. Returns how to stop watching. `wall` and `every` are the host's unless told. */
export const watchWall = (
  clock: MarketClock,
  onStep: (byMs: number) => void,
  wall: () => EpochMs = () => epochMs(Date.now()),
  every: (ms: number, look: () => void) => () => void = (ms, look) => {
    const timer = setInterval(look, ms);
    return () => clearInterval(timer);
  },
): (() => void) => {
  let offset = wall() - clock.now();
  return every(LOOK_EVERY_MS, () => {
    const now = wall();
    const step = now - clock.now() - offset;
    if (Math.abs(step) <= STEP_MS) return;
    clock.align(now);
    offset = wall() - clock.now();
    onStep(step);
  });
};
