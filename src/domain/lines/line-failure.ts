/**
 * Why IB gave no line, and when it is worth asking again. Codes as in IB's list of API errors; what is not listed is taken for a
 * passing trouble.
 */
import { nextSession } from "../calendar/market-calendar.ts";
import { type EpochMs, epochMs } from "../units.ts";

export type FailureClass =
  /** The account may not see it: for the day. */
  | "entitlement"
  /** There is no such contract (any more): for the day. */
  | "unknownContract"
  /** Too many lines or too many messages: everybody waits. */
  | "capacity"
  /** Another session has taken the data, until it gives them back. */
  | "competing"
  /** IB dropped it together with all others; a new session opens them again. */
  | "dropped"
  | "passing";

const CLASSES: ReadonlyMap<number, FailureClass> = new Map([
  ...[354, 420, 10089, 10090, 10091, 10168, 10186, 10189].map((code) => [code, "entitlement"] as const),
  ...[200, 203, 320, 321].map((code) => [code, "unknownContract"] as const),
  ...[100, 101, 10190].map((code) => [code, "capacity"] as const),
  [10197, "competing"],
  [1101, "dropped"],
]);
export const failureClass = (code: number): FailureClass => CLASSES.get(code) ?? "passing";

const FIRST_MS: { readonly [Class in FailureClass]: number } = {
  entitlement: 0,
  unknownContract: 0,
  capacity: 30_000,
  competing: 30_000,
  dropped: 1_000,
  passing: 10_000,
};
const LONGEST_MS = 300_000;

/** Doubles with each failure in a row (`tries` 1, 2, ...), up to five minutes. */
export const backOffMs = (of: FailureClass, tries: number): number =>
  Math.min(LONGEST_MS, FIRST_MS[of] * 2 ** Math.min(20, Math.max(0, tries - 1)));

/** Whether nothing but another day helps. */
export const isDead = (of: FailureClass): boolean => of === "entitlement" || of === "unknownContract";

/** When it may be asked again. What is dead for the day waits for the next session. */
export const retryAt = (of: FailureClass, tries: number, now: EpochMs): EpochMs =>
  isDead(of) ? nextSession(now).open : epochMs(Math.round(now + backOffMs(of, tries)));
