/**
 * What a structure costs and can lose, and the stages that judge it: liquidity, spread, credit or debit, payoff. All structures are
 * judged alike, by their payoff: where strikes bound it, prices are shares of the width; where nothing does, of the price itself.
 */
import type { Leg } from "../contract.ts";
import type { Candidate } from "../events/actors.ts";
import type { FunnelStep } from "../facts.ts";
import { extremes, multiplierOf, width as widthOf } from "../payoff.ts";
import { legName, quoteStructure } from "../structure-quote.ts";
import { dollars, type Money, moneyUnits, type Price, priceUnits, roundHalfAway, toTick } from "../units.ts";
import type { Blueprint } from "./blueprint.ts";
import { isWinged, leanOf } from "./payoff-shape.ts";
import { type Choice, type Scene, type Stopped, stopAt } from "./strategy.ts";
import { type Shocked, tailLoss } from "./tail-loss.ts";

export type Prices = Pick<Candidate, "mid" | "natural" | "width" | "unitMaxLoss"> & {
  readonly worstPrice: Price;
  readonly undefinedRisk: boolean;
  /** Half of the net spread; may end in half a price unit. */
  readonly halfSpread: number;
};
/** Of one unit, per share. */
export interface Unit {
  readonly legs: readonly Leg[];
  readonly delta: number | undefined;
  /** What the tail shocks need to know of each leg; undefined when one has no volatility. */
  readonly shocked: Shocked | undefined;
}
export interface Judged {
  readonly steps: readonly FunnelStep[];
  readonly outcome: Choice<{ readonly prices: Prices }>;
}

const passed = (stage: string, actual: number, limit: number, distance: number, unit: string): FunnelStep => ({
  stage,
  verdict: "passed",
  actual: actual + 0,
  limit,
  distance,
  unit,
});

/** Why the legs do not make what the blueprint says; undefined when they do. */
const shapeFault = (blueprint: Blueprint, { legs, delta }: Unit): Stopped | undefined => {
  const strikes = legs.map(({ contract }) => contract.strike);
  if (blueprint.ascending && strikes.some((strike, i) => i > 0 && strike <= (strikes[i - 1] as Price)))
    return stopAt("payoff", `the strikes are not in order: ${legs.map(legName).join(" ")}`).stopped;
  if (new Set(legs.map(({ contract }) => contract.conId)).size < legs.length)
    return stopAt("payoff", `two legs are the same contract: ${legs.map(legName).join(" ")}`).stopped;
  if (new Set(legs.map(({ contract }) => contract.expiry)).size > 1)
    return stopAt("payoff", "the legs do not expire together").stopped;
  const lean = leanOf(legs);
  if (lean === "nothing") return stopAt("payoff", "its value is certain: there is nothing to gain").stopped;
  if (blueprint.lean !== "any" && lean !== blueprint.lean)
    return stopAt("payoff", `a ${blueprint.kind} gains from ${blueprint.lean}, these legs from ${lean}`).stopped;
  const sign = lean === "rise" ? 1 : lean === "fall" ? -1 : 0;
  if (sign === 0) return undefined;
  if (delta === undefined) return stopAt("payoff", "a leg has no volatility, so which way it leans is not known").stopped;
  return delta * sign > 0
    ? undefined
    : stopAt("payoff", `it gains from a ${lean}, but its delta says otherwise`, {
        actual: delta,
        limit: 0,
        unit: "delta a share",
      }).stopped;
};

interface Flow {
  readonly worstPrice: Price;
  readonly step: FunnelStep;
}
/** Whether the mid is a credit or debit that is wanted, and the worst price that still is. */
const flowOf = (
  { config, chain }: Scene,
  { flow }: Blueprint,
  { mid, ask }: { readonly mid: number; readonly ask: Price },
  width: Price | undefined,
): Flow | Stopped => {
  const { minCreditPctOfWidth, maxDebitPctOfWidth = 100 } = config.entry;
  const unit = width === undefined ? "USD" : "% of width";
  const share = (value: number): number => (width === undefined ? value / 10_000 : (100 * value) / width);
  if (mid === 0) return stopAt("credit", "it costs nothing and brings nothing", { actual: 0, limit: 0, unit }).stopped;
  if (mid > 0 && flow === "credit") {
    const numbers = { actual: share(-mid), limit: width === undefined ? 0 : minCreditPctOfWidth, unit };
    return stopAt("credit", "the credit is too small", numbers).stopped;
  }
  if (mid < 0 && flow === "debit") {
    const numbers = { actual: share(mid), limit: 0, unit };
    return stopAt("credit", "it brings a credit where a debit belongs", numbers).stopped;
  }
  if (mid < 0) {
    const least = width === undefined ? chain.tick : toTick((width * minCreditPctOfWidth) / 100, chain.tick, "up");
    const limit = width === undefined ? least / 10_000 : minCreditPctOfWidth;
    const actual = share(-mid);
    if (actual < limit) return stopAt("credit", "the credit is too small", { actual, limit, unit }).stopped;
    const worstPrice = priceUnits(Math.min(ask, -least) + 0);
    return { worstPrice, step: passed("credit", actual, limit, actual - limit, unit) };
  }
  const actual = share(mid);
  if (width === undefined) return { worstPrice: ask, step: { stage: "credit", verdict: "passed", actual, unit } };
  if (actual > maxDebitPctOfWidth)
    return stopAt("credit", "the debit is too large", { actual, limit: maxDebitPctOfWidth, unit }).stopped;
  const most = toTick((width * maxDebitPctOfWidth) / 100, chain.tick, "down");
  return {
    worstPrice: priceUnits(Math.min(ask, most)),
    step: passed("credit", actual, maxDebitPctOfWidth, maxDebitPctOfWidth - actual, unit),
  };
};

interface WorstLoss {
  readonly unitMaxLoss: Money;
  readonly undefinedRisk: boolean;
}
/** The worst loss of a unit bought at the worst price: bounded by the payoff, or what the tail shocks would cost. */
const worstLossOf = (unit: Unit, worstPrice: Price): WorstLoss | undefined => {
  const { maxLoss } = extremes(unit.legs, worstPrice);
  if (maxLoss !== "unbounded") return { unitMaxLoss: maxLoss, undefinedRisk: false };
  if (unit.shocked === undefined) return undefined;
  const unitMaxLoss = moneyUnits(Math.ceil(tailLoss(unit.shocked, worstPrice) * multiplierOf(unit.legs)));
  return { unitMaxLoss, undefinedRisk: true };
};

/** Judges a structure in the order of the funnel's stages; the steps are those that it passed. */
export const judge = (scene: Scene, blueprint: Blueprint, unit: Unit): Judged => {
  const steps: FunnelStep[] = [];
  const { legs } = unit;
  const { maxSpreadPctOfWidth } = scene.config.entry;
  const quote = quoteStructure(legs, scene.quotes);
  if (!quote.known) return { steps, outcome: stopAt("liquidity", quote.missing.join(", ")) };
  const sold = legs.filter(({ ratio }) => ratio < 0).map(({ contract }) => scene.quotes[contract.conId]?.bid ?? 0);
  const leastBid = Math.min(...sold);
  if (leastBid <= 0) return { steps, outcome: stopAt("liquidity", "nobody bids for a leg that would be sold") };
  steps.push({
    stage: "liquidity",
    verdict: "passed",
    ...(sold.length > 0 && { actual: leastBid / 10_000, limit: 0, distance: leastBid / 10_000, unit: "USD bid for the shorts" }),
  });
  const structureWidth = widthOf(legs);
  const bounded = structureWidth !== "unbounded" && isWinged(legs) ? structureWidth : undefined;
  if (bounded !== undefined && bounded <= 0) return { steps, outcome: stopAt("payoff", "the structure has no width") };
  const base = bounded ?? Math.abs(quote.mid);
  const spreadUnit = bounded === undefined ? "% of its price" : "% of width";
  const spreadPct = base === 0 ? Number.POSITIVE_INFINITY : (100 * (quote.ask - quote.bid)) / base;
  if (spreadPct > maxSpreadPctOfWidth) {
    const actual = Number.isFinite(spreadPct) ? spreadPct : null;
    const numbers = { actual, limit: maxSpreadPctOfWidth, unit: spreadUnit };
    return { steps, outcome: stopAt("spread", "the spread is too wide", numbers) };
  }
  steps.push(passed("spread", spreadPct, maxSpreadPctOfWidth, maxSpreadPctOfWidth - spreadPct, spreadUnit));
  const flow = flowOf(scene, blueprint, quote, bounded);
  if ("stage" in flow) return { steps, outcome: { found: false, stopped: flow } };
  steps.push(flow.step);
  const fault = shapeFault(blueprint, unit);
  if (fault !== undefined) return { steps, outcome: { found: false, stopped: fault } };
  const { worstPrice } = flow;
  const worst = worstLossOf(unit, worstPrice);
  if (worst === undefined) return { steps, outcome: stopAt("payoff", "its tail loss is not known: a leg has no volatility") };
  const { unitMaxLoss, undefinedRisk } = worst;
  if (unitMaxLoss <= 0) {
    const numbers = { actual: dollars(unitMaxLoss), limit: 0, unit: "USD a unit" };
    return { steps, outcome: stopAt("payoff", "the worst loss is none: these prices cannot be", numbers) };
  }
  steps.push({
    stage: "payoff",
    verdict: "passed",
    ...(undefinedRisk && { reason: "its loss has no bound: this is what the tail shocks cost" }),
    actual: dollars(unitMaxLoss),
    unit: "USD a unit at worst",
  });
  const width = structureWidth === "unbounded" ? scene.spot : structureWidth;
  const halfSpread = (quote.ask - quote.bid) / 2;
  const mid = priceUnits(roundHalfAway(quote.mid));
  return {
    steps,
    outcome: { found: true, prices: { mid, natural: quote.ask, width, unitMaxLoss, worstPrice, undefinedRisk, halfSpread } },
  };
};
