/** What actors tell the alert desk, and what the desk and its alerts tell each other. What the words mean is in ../alert.ts. */
import type { OperatorEvent } from "./actors.ts";

/** *info*: worth knowing. *warning*: somebody should look today. *critical*: somebody should look now. */
export type Severity = "info" | "warning" | "critical";

/** *raised*: nobody has seen it. *acknowledged*: seen, and it stands. *resolved*: over. *dismissed*: silent until it is over. */
export type AlertState = "raised" | "acknowledged" | "resolved" | "dismissed";

/** A condition that an operator should know of. */
export interface Alert {
  /** `subject/condition`: two raises of one key speak of one condition. */
  readonly key: string;
  readonly severity: Severity;
  /** A few words. Absent: the key's own words. */
  readonly title?: string;
  readonly text: string;
  /** The address of whoever raises it. */
  readonly source: string;
  readonly rule?: string;
  readonly symbol?: string;
  readonly slot?: string;
}

export type AlertEvent =
  | ({ readonly type: "alert.raised" } & Alert)
  /** The condition is over. Of a key that is not open it means nothing. */
  | { readonly type: "alert.cleared"; readonly key: string; readonly reason: string };

/** From an alert to its desk: which state it is in now, and that it has been over for so long that it may go. */
export type AlertReport =
  | { readonly type: "alert.turned"; readonly n: number; readonly key: string; readonly state: AlertState }
  | { readonly type: "alert.aged"; readonly n: number; readonly key: string };

/** An operator's word on one alert, by its id. */
export type AlertCommand = Extract<
  OperatorEvent,
  { readonly type: "operator.acknowledge" | "operator.resolve" | "operator.dismiss" }
>;
