/**
 * Market time for the kernel. On a real gateway it is the system's: a wall anchor taken at the start plus monotonic elapsed time,
 * so that a step of the wall clock cannot move it. On a simulated gateway it runs at the gateway's speed and, if asked to,
 * skips closed hours; the gateway announces where it stands, and `align` takes that over, never backward.
 */
import { type MarketPace, marketTimeAfter, realMsUntil } from "../../domain/calendar/market-time.ts";
import { type EpochMs, epochMs } from "../../domain/units.ts";
import type { Clock } from "../../ports/clock.ts";

export interface MarketClock extends Clock {
  now(): EpochMs;
  /** The gateway says that it is `at` now. Returns by how much market time was moved, in ms (0 when it would go backward). */
  align(at: EpochMs): number;
}

/** Node rejects longer delays; we simply look again. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * `from` is market time at the real instant `anchor` (now, when it is left out); speed 1 and no skipping is the real thing. `monotonic`
 * gives real milliseconds.
 */
export const createMarketClock = (
  start: MarketPace & { readonly from: EpochMs; readonly anchor?: number },
  monotonic: () => number = () => performance.now(),
): MarketClock => {
  const { speed, skipClosed, days } = start;
  const pace: MarketPace = { speed, skipClosed, ...(days === undefined ? {} : { days }) };
  let from = start.from;
  let anchor = start.anchor ?? monotonic();
  const now = (): EpochMs => marketTimeAfter({ from, elapsedMs: monotonic() - anchor, ...pace });
  return {
    now,
    align(at) {
      const before = now();
      if (at <= before) return 0;
      from = at;
      anchor = monotonic();
      return at - before;
    },
    wakeAt(at, wake) {
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const wait = realMsUntil({ from: now(), to: epochMs(at), ...pace });
        timer = setTimeout(() => (now() >= at ? wake() : arm()), Math.min(LONGEST_DELAY_MS, Math.max(0, Math.ceil(wait))));
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
};

/** The system's wall clock as the anchor of real time. */
export const systemAnchor = (): EpochMs => epochMs(Date.now());
