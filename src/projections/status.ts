/** One status document: what `caretaker status`, the page's frame and a health check want to know at a glance. */
import type { EpochMs, Money } from "../domain/units.ts";
import type { AlertCounts } from "./alerts.ts";
import type { BreakersView } from "./breakers.ts";
import type { DecisionEntry } from "./decisions.ts";
import type { EquityView } from "./equity.ts";
import type { LinesView } from "./lines.ts";
import type { RegimeNow } from "./regime.ts";
import type { SessionView } from "./session.ts";
import type { UnderlyingView } from "./underlyings.ts";

export interface StatusView {
  readonly mode: SessionView["mode"];
  readonly reason: string;
  /** `simulated`, `paper` or `live`. */
  readonly money?: string;
  readonly build?: string;
  readonly account?: string;
  readonly epoch: number;
  readonly ready: boolean;
  readonly trouble: string;
  /** Market time of the last step, and its seq. */
  readonly now: EpochMs;
  readonly seq: number;
  readonly startedAt?: EpochMs;
  /** One sentence. */
  readonly happening: string;
  readonly slots: { readonly used: number; readonly limit?: number };
  readonly lines: LinesView;
  readonly breakers: Pick<BreakersView, "worst" | "breakers">;
  readonly equity?: Money;
  readonly cash?: Money;
  readonly value?: Money;
  readonly dayProfit?: Money;
  readonly equityUnknown?: string;
  readonly startingCash?: Money;
  readonly commissions: Money;
  readonly broker: EquityView["broker"];
  /** Leg executions. */
  readonly fills: number;
  readonly trades: number;
  readonly tradedProfit: Money;
  readonly openPositions: number;
  readonly openOrders: number;
  readonly doubtedOrders: number;
  readonly lastDecision?: Pick<DecisionEntry, "lastSeq" | "lastAt" | "slot" | "symbol" | "decision">;
  /** Absent: not assessed yet. */
  readonly regime?: RegimeNow;
  /** By symbol, as last measured. */
  readonly underlyings: readonly UnderlyingView[];
  readonly discrepancies: number;
  /** Open ones by severity. */
  readonly alerts: AlertCounts;
  readonly incidents: number;
  readonly poisonings: number;
}
