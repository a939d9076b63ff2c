/**
 * When a stream's silence is a fault: an underlying or a future that should tick in its open session. What only changes now and then
 * (an option) is never silent too long.
 */
import { futuresSessionState } from "../calendar/futures-session.ts";
import { sessionAt } from "../calendar/market-calendar.ts";
import type { Contract } from "../contract.ts";
import type { EpochMs } from "../units.ts";

/** An index is computed every 15 s; futures are quiet by night. */
const PATIENT = 6;

/** Whether silence of a contract's line says anything. */
export const isWatched = ({ secType }: Contract): boolean => secType === "STK" || secType === "IND" || secType === "FUT";

/** How long the contract may be silent at this instant, in ms; undefined: it need not tick. `stallMs`: how long a stock may be. */
export const silenceLimitMs = ({ secType }: Contract, at: EpochMs, stallMs: number): number | undefined => {
  const regular = sessionAt(at) !== undefined;
  switch (secType) {
    case "STK":
      return regular ? stallMs : undefined;
    case "IND":
      return regular ? stallMs * PATIENT : undefined;
    case "FUT":
      return regular ? stallMs : futuresSessionState(at) === "open" ? stallMs * PATIENT : undefined;
    default:
      return undefined;
  }
};
