/**
 * IB's pacing of historical requests, in real time, all clients together: an identical request within 15 seconds, six of a contract and kind within
 * two, or more than sixty in ten minutes (bid and ask bars count twice) are a violation. A request that is refused counts nothing.
 *
 * `small`: as IB does today, only bars of 30 seconds or less, and ticks, are paced. `all`: every request is, as in its older rule. `off`: none.
 */
export type HistoricalPacing = "small" | "all" | "off";

export interface PacedRequest {
  /** What makes requests identical. */
  readonly whole: string;
  /** Contract, exchange and kind. */
  readonly kind: string;
  readonly small: boolean;
  readonly weight: 1 | 2;
}

const IDENTICAL_MS = 15_000;
const BURST_MS = 2_000;
const BURST = 6;
const WINDOW_MS = 600_000;
const WINDOW = 60;

/** Asks whether a request may pass, and counts it if so. */
export const createHistoricalPacing = (now: () => number, rule: () => HistoricalPacing): ((asked: PacedRequest) => boolean) => {
  let passed: (PacedRequest & { readonly at: number })[] = [];
  return (asked) => {
    const how = rule();
    if (how === "off" || (how === "small" && !asked.small)) return true;
    const at = now();
    passed = passed.filter((before) => before.at > at - WINDOW_MS);
    const within = (ms: number, matches: (before: PacedRequest) => boolean): number =>
      passed.filter((before) => before.at > at - ms && matches(before)).length;
    if (within(IDENTICAL_MS, ({ whole }) => whole === asked.whole) > 0) return false;
    if (within(BURST_MS, ({ kind }) => kind === asked.kind) >= BURST - 1) return false;
    if (passed.reduce((sum, { weight }) => sum + weight, 0) + asked.weight > WINDOW) return false;
    passed.push({ ...asked, at });
    return true;
  };
};
