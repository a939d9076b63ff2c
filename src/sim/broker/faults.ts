/**
 * What the broker can be told to do wrong while it runs: plain switches, read at the moment they matter.
 *
 * They change what a client hears, or whether an order arrives; money and positions stay exact under all of them.
 */

import type { Entitlements } from "./market-data/entitlement.ts";
import type { HistoricalPacing } from "./market-data/historical-pacing.ts";

export interface BrokerFaults {
  /** Repeats Submitted, Filled and Cancelled statuses verbatim, as the real gateway does. On by default. */
  duplicateStatus: boolean;
  /** Probability that an order status is lost on its way, drawn for each one by the seed. */
  loseStatus: number;
  /** Market time by which commission reports lag behind their executions. */
  delayCommissionMs: number;
  /** An order that fills on arrival reports its executions before its first openOrder. */
  execBeforeOpenOrder: boolean;
  /** Rejects the next order or modification with this code (201 with an Inactive order, others with the error alone). */
  rejectNext: number | undefined;
  /** Rejects so many new orders with a code, in the same way; what-ifs and modifications pass and do not count. */
  rejectOrders: { readonly left: number; readonly code: number } | undefined;
  /** Swallows so many of the next orders and modifications: they never reach the broker, their ids stay unused. */
  blackholeNext: number;
  /** Orders placed while this is on live, but their owner hears nothing of them until it asks for its open orders. */
  acceptSilently: boolean;
  /** Probability that a cancelled order's notice 202 comes before its status. */
  cancelNoticeFirst: number;
  /** The legs of non-guaranteed combos fill one by one, each when its own market lets the net price hold. */
  legsFillApart: boolean;
  /** What the account may see of which asset classes; replace the object to change it. Everything live at first. */
  entitlements: Entitlements;
  /** Which historical requests are paced. */
  historicalPacing: HistoricalPacing;
}

export const noFaults = (): BrokerFaults => ({
  duplicateStatus: true,
  loseStatus: 0,
  delayCommissionMs: 0,
  execBeforeOpenOrder: false,
  rejectNext: undefined,
  rejectOrders: undefined,
  blackholeNext: 0,
  acceptSilently: false,
  cancelNoticeFirst: 0,
  legsFillApart: false,
  entitlements: {},
  historicalPacing: "small",
});
