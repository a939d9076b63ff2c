/**
 * How many units: as many as a share of equity can lose, in this regime, and never more than the configuration and the gate's own limit
 * for one position allow. Whether the whole account may hold them is the gate's to say.
 */
import type { StrategyConfig } from "../config.ts";
import { REGIMES, type Regime } from "../regime/regime.ts";
import { dollars, type Money } from "../units.ts";

export interface SizeInput {
  readonly sizing: NonNullable<StrategyConfig["sizing"]>;
  /** Units; the most that the configuration wants. */
  readonly quantity: number;
  /** Worst loss of one unit. Above 0. */
  readonly unitMaxLoss: Money;
  /** Null is not known. */
  readonly regime: Regime | null;
  /** Net liquidation. */
  readonly equity?: Money;
  /** The gate's, percent of equity. */
  readonly maxLossPerPositionPct?: number;
}
export type Size =
  | {
      readonly known: true;
      readonly units: number;
      readonly budget: number;
      readonly affordable: number;
      readonly reason: string;
    }
  | { readonly known: false; readonly missing: string };

/** Of a regime that is not known, the smallest factor that a regime has in which anything may be entered. */
const factorOf = ({ regimeFactors }: SizeInput["sizing"], regime: Regime | null): number =>
  regime !== null
    ? regimeFactors[regime]
    : Math.min(...REGIMES.filter((one) => one !== "crash").map((one) => regimeFactors[one]));

/** `budget`: USD that the position may lose; `affordable`: units that it pays for, before they are made whole and capped. */
export const sizeOf = ({ sizing, quantity, unitMaxLoss, regime, equity, maxLossPerPositionPct }: SizeInput): Size => {
  if (equity === undefined) return { known: false, missing: "the account's equity is not known" };
  const factor = factorOf(sizing, regime);
  const share = Math.min(sizing.maxLossPctOfEquity * factor, maxLossPerPositionPct ?? Number.POSITIVE_INFINITY);
  const budget = (Math.max(0, equity) * share) / 100;
  const affordable = budget / unitMaxLoss;
  const reason = `${share.toFixed(2)} % of equity in ${regime ?? "a regime that is not known"}: ${dollars(budget as Money).toFixed(2)} USD`;
  return { known: true, units: Math.min(quantity, Math.floor(affordable)), budget: budget / 10_000, affordable, reason };
};
