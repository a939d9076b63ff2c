/**
 * The trading floor: what order entry, the pit and the expiries share, and how the broker is set up to work orders.
 */
import type { EpochMs } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import type { Account } from "./account.ts";
import type { Chance } from "./chance.ts";
import type { Tariffs } from "./commission.ts";
import type { ExecutionRow } from "./execution.ts";
import type { BrokerFaults } from "./faults.ts";
import type { OrderBook } from "./order-book.ts";
import type { Reports } from "./reports.ts";

export interface FloorRules {
  readonly tariffs: Tariffs;
  /**
   * `synthetic`: an order may fill on arrival, and one that rests between mid and natural fills by chance.
   * `recorded`: only at the natural price, and only once a leg has been quoted anew after the order arrived.
   */
  readonly fills: "synthetic" | "recorded";
  /** Market time from a cancel to its effect, drawn between the two by the seed: while it runs, a fill may win. */
  readonly cancelLatencyMs: { readonly from: number; readonly to: number };
  /** Up to which share of the spread a fill at the natural price may be bettered, drawn for each fill: 0 to 0.5. */
  readonly priceImprovement: number;
  /** Orders and cancels are refused (321), as with the API's read-only setting. */
  readonly readOnly: boolean;
}

/** An expiry that changed a position without an execution. */
export interface ExpiryRow {
  readonly at: EpochMs;
  readonly account: string;
  readonly conId: number;
  /** What the expiry added to the position of `conId`. */
  readonly quantity: number;
}

export interface Floor {
  readonly market: Market;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly book: OrderBook;
  /** Of the last days; how many more have booked something, by account, before they were forgotten. */
  readonly executions: ExecutionRow[];
  readonly executionsBefore: Map<string, number>;
  readonly expiries: ExpiryRow[];
  readonly reports: Reports;
  readonly faults: BrokerFaults;
  readonly chance: Chance;
  readonly rules: FloorRules;
  /** Says that what `truth()` tells has changed. */
  changed(): void;
}
