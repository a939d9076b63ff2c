/** When the market goes on: closely while orders or enquiries are about, otherwise seldom. */
import type { VirtualTime } from "./virtual-time.ts";

/** How long the market is looked at closely after the engine asked for something. */
const BUSY_MS = 12_000;

/** Market time between two looks. */
export interface StepMs {
  readonly busy: number;
  readonly idle: number;
}
export const STEP_MS: StepMs = { busy: 1_000, idle: 60_000 };

export interface Looks {
  /** Looks at once, and again and again. */
  look(): void;
  /** The engine is after something. */
  beBusy(): void;
}

export interface LookRules {
  readonly time: Pick<VirtualTime, "now" | "after">;
  readonly stepMs: StepMs;
  /** Moves the market to where time is. */
  readonly advance: () => void;
  readonly ordersLive: () => boolean;
}

export const createLooks = ({ time, stepMs, advance, ordersLive }: LookRules): Looks => {
  let busyUntil = 0;
  let next = { at: 0, takeBack: () => {} };
  const look = (): void => {
    advance();
    lookIn(ordersLive() || time.now() < busyUntil ? stepMs.busy : stepMs.idle);
  };
  const lookIn = (ms: number): void => {
    next = { at: time.now() + ms, takeBack: time.after(ms, look) };
  };
  return {
    look,
    beBusy: () => {
      busyUntil = time.now() + BUSY_MS;
      if (next.at - time.now() <= stepMs.busy) return;
      next.takeBack();
      lookIn(stepMs.busy);
    },
  };
};
