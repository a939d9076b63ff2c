/**
 * What the risk gate asks before risk is added: pure checks over what is held and what may yet fill. Every working or unknown
 * order counts as if it filled. The first check that fails is the denial, with its numbers; unknown is a no.
 */
import type { LimitsConfig } from "../config.ts";
import type { Denial } from "../denial.ts";
import type { BreakerState, EngineMode } from "../events/actors.ts";
import { type Money, type Price, sumMoney } from "../units.ts";
import type { PositionGreeks } from "./greeks.ts";
import { counted, type Exposure, limitOf, MEASURE_UNITS, type PortfolioMeasure, portfolioOf, worsened } from "./portfolio.ts";

/** What the gate knows when it is asked. */
export interface RiskView {
  readonly mode: EngineMode;
  readonly limits: LimitsConfig;
  readonly breaker: BreakerState;
  /** Entries that a probing breaker has let through and that have not ended. */
  readonly probes: number;
  readonly netLiquidation?: Money;
  /** By slot: held positions and reserved entries. */
  readonly exposures: { readonly [slot: string]: Exposure };
  /** The price of SPY, when it is known. */
  readonly spySpot?: Price;
}
export interface EntryRequest {
  readonly slot?: string;
  readonly symbol: string;
  readonly maxLoss: Money;
  readonly quantity: number;
  readonly undefinedRisk?: boolean;
  /** As the whole order would stand when filled. */
  readonly greeks?: PositionGreeks;
  readonly spot?: Price;
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
  if (request.undefinedRisk === true && limits.allowUndefinedRisk !== true)
    return deny("undefinedRisk", null, null, "an unbounded loss");
  if (netLiquidation === undefined || netLiquidation <= 0) return deny("equityUnknown", null, null, "USD");
  const own = share(request.maxLoss, netLiquidation);
  if (own > limits.maxLossPerPositionPct) return deny("maxLossPerPosition", own, limits.maxLossPerPositionPct, "% of equity");
  const others = Object.entries(view.exposures)
    .filter(([slot]) => slot !== request.slot)
    .map(([, exposure]) => exposure);
  const together = (symbols: readonly string[]): number =>
    share(
      sumMoney([request.maxLoss, ...others.filter(({ symbol }) => symbols.includes(symbol)).map(({ maxLoss }) => maxLoss)]),
      netLiquidation,
    );
  const { maxLossPerSymbolPct, maxLossPerGroupPct, groups = [] } = limits;
  const inSymbol = together([request.symbol]);
  if (maxLossPerSymbolPct !== undefined && inSymbol > maxLossPerSymbolPct)
    return deny("maxLossPerSymbol", inSymbol, maxLossPerSymbolPct, `% of equity in ${request.symbol}`);
  for (const group of groups) {
    if (maxLossPerGroupPct === undefined || !group.includes(request.symbol)) continue;
    const inGroup = together(group);
    if (inGroup > maxLossPerGroupPct)
      return deny("maxLossPerGroup", inGroup, maxLossPerGroupPct, `% of equity in ${group.join(", ")}`);
  }
  const total = share(sumMoney([request.maxLoss, ...others.map(({ maxLoss }) => maxLoss)]), netLiquidation);
  if (total > limits.maxLossTotalPct) return deny("maxLossTotal", total, limits.maxLossTotalPct, "% of equity");
  return undefined;
};

const REASONS: { readonly [M in PortfolioMeasure]: Denial["reason"] } = {
  delta: "portfolioDelta",
  gamma: "portfolioGamma",
  theta: "portfolioTheta",
  vega: "portfolioVega",
};
/** What is not known of the portfolio with this request in it; undefined when all of it is, or nothing limits it. */
export const portfolioFault = (view: RiskView, request: EntryRequest): string | undefined => {
  const summed = portfolioWith(view, request);
  return summed === undefined || summed.after.known ? undefined : summed.after.missing;
};
/**
 * The portfolio as it would be: denied when it is beyond a limit and this brings it no nearer to it. Unknown is denied too, unless the
 * strategy's own configuration says that it may be skipped (`portfolioFault` tells what was missing).
 */
export const checkPortfolio = (
  view: RiskView,
  request: EntryRequest,
  whenUnknown: "deny" | "skip" = "deny",
): Denial | undefined => {
  const summed = portfolioWith(view, request);
  if (summed === undefined) return undefined;
  const { before, after, limits } = summed;
  if (!after.known) return whenUnknown === "skip" ? undefined : deny("portfolioUnknown", null, null, after.missing);
  // Without the newcomer nothing was unknown that is known with it.
  if (!before.known) return deny("portfolioUnknown", null, null, before.missing);
  const measure = worsened(before.portfolio, after.portfolio, limits);
  return measure === undefined
    ? undefined
    : deny(REASONS[measure], counted(after.portfolio, measure), limitOf(limits, measure), MEASURE_UNITS[measure]);
};
const portfolioWith = ({ limits, netLiquidation, exposures, spySpot }: RiskView, request: EntryRequest) => {
  const { portfolio } = limits;
  if (portfolio === undefined || netLiquidation === undefined || netLiquidation <= 0) return undefined;
  const yardstick = { equity: netLiquidation, spySpot: spySpot ?? null, limits: portfolio };
  const others = Object.entries(exposures)
    .filter(([slot]) => slot !== request.slot)
    .map(([, exposure]) => exposure);
  const { symbol, maxLoss, greeks = null, spot = null } = request;
  return {
    limits: portfolio,
    before: portfolioOf(others, yardstick),
    after: portfolioOf([...others, { symbol, maxLoss, greeks, spot }], yardstick),
  };
};

/** The broker's margin after the order, from its what-if. */
export const checkMargin = (view: RiskView, initialMarginAfter: Money | undefined): Denial | undefined => {
  if (initialMarginAfter === undefined) return deny("marginUnknown", null, view.limits.maxMarginPct, "% of equity");
  if (view.netLiquidation === undefined || view.netLiquidation <= 0) return deny("equityUnknown", null, null, "USD");
  const after = share(initialMarginAfter, view.netLiquidation);
  return after > view.limits.maxMarginPct ? deny("marginAfter", after, view.limits.maxMarginPct, "% of equity") : undefined;
};
