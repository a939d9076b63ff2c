/**
 * What the risk gate asks before risk is added: pure checks over what is held and what may yet fill. Every working or unknown
 * order counts as if it filled. The first check that fails is the denial, with its numbers; unknown is a no.
 */
import type { LimitsConfig } from "../config.ts";
import type { Denial } from "../denial.ts";
import type { BreakerState, EngineMode } from "../events/actors.ts";
import { type Money, sumMoney } from "../units.ts";

/** What the gate knows when it is asked. */
export interface RiskView {
  readonly mode: EngineMode;
  readonly limits: LimitsConfig;
  readonly breaker: BreakerState;
  /** Entries that a probing breaker has let through and that have not ended. */
  readonly probes: number;
  readonly netLiquidation?: Money;
  /** Worst loss by slot: held positions and reserved entries. */
  readonly exposures: { readonly [slot: string]: Money };
}
export interface EntryRequest {
  readonly slot?: string;
  readonly maxLoss: Money;
  readonly quantity: number;
}

const deny = (reason: Denial["reason"], actual: number | null, limit: number | null, unit: string): Denial => ({
  reason,
  actual,
  limit,
  unit,
});
const share = (part: Money, whole: Money): number => Math.round((part / whole) * 1_000_000) / 10_000;

/** State of the engine and its breakers: may anything be added at all? */
export const checkStanding = (view: RiskView, request: EntryRequest): Denial | undefined => {
  if (view.mode !== "trading") return deny("engineNotTrading", null, null, view.mode);
  if (view.breaker === "tripped") return deny("breakerTripped", null, null, "orders");
  if (view.breaker === "probing" && (view.probes > 0 || request.quantity > 1)) {
    return deny("breakerProbing", Math.max(view.probes, request.quantity), 1, "contracts");
  }
  return undefined;
};

/** Sizes against equity. The request's own slot is not counted twice. */
export const checkSize = (view: RiskView, request: EntryRequest): Denial | undefined => {
  const { limits, netLiquidation } = view;
  if (request.quantity > limits.maxOrderContracts) {
    return deny("orderSize", request.quantity, limits.maxOrderContracts, "contracts");
  }
  if (netLiquidation === undefined || netLiquidation <= 0) return deny("equityUnknown", null, null, "USD");
  const own = share(request.maxLoss, netLiquidation);
  if (own > limits.maxLossPerPositionPct) return deny("maxLossPerPosition", own, limits.maxLossPerPositionPct, "% of equity");
  const others = Object.entries(view.exposures).filter(([slot]) => slot !== request.slot);
  const total = share(sumMoney([request.maxLoss, ...others.map(([, loss]) => loss)]), netLiquidation);
  if (total > limits.maxLossTotalPct) return deny("maxLossTotal", total, limits.maxLossTotalPct, "% of equity");
  return undefined;
};

/** The broker's margin after the order, from its what-if. */
export const checkMargin = (view: RiskView, initialMarginAfter: Money | undefined): Denial | undefined => {
  if (initialMarginAfter === undefined) return deny("marginUnknown", null, view.limits.maxMarginPct, "% of equity");
  if (view.netLiquidation === undefined || view.netLiquidation <= 0) return deny("equityUnknown", null, null, "USD");
  const after = share(initialMarginAfter, view.netLiquidation);
  return after > view.limits.maxMarginPct ? deny("marginAfter", after, view.limits.maxMarginPct, "% of equity") : undefined;
};
