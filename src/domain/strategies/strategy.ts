/**
 * What a strategy is: pure choices that the strategy machine makes in turn, from the listed expiries to a structure with
 * real quotes. A choice that finds nothing says which stage stopped it, with the number and the limit (the why-not funnel).
 */
import type { StrategyConfig } from "../config.ts";
import type { Contract, OptionContract } from "../contract.ts";
import type { Campaign, Candidate, LearntWeight } from "../events/actors.ts";
import type { OptionParameters } from "../events/broker.ts";
import type { RegimeTold, UnderlyingTold } from "../events/weather.ts";
import type { FunnelStep, RefusedContracts } from "../facts.ts";
import type { QuoteBook } from "../structure-quote.ts";
import type { EpochMs, Money, Price, TradingDay } from "../units.ts";
import type { Chain } from "./chain.ts";

export interface Stopped {
  readonly stage: string;
  readonly reason: string;
  readonly actual: number | null;
  readonly limit: number | null;
  readonly unit: string;
}
/** What a choice went through on its way, for the funnel. */
interface Way {
  readonly passed?: readonly FunnelStep[];
  readonly refused?: RefusedContracts;
}
export type Choice<Found> =
  | ({ readonly found: true } & Found & Way)
  | ({ readonly found: false; readonly stopped: Stopped } & Way);

/** What the choices are made from: one underlying, one expiry, the newest quotes. */
export interface Scene {
  readonly config: StrategyConfig;
  readonly underlying: Contract;
  readonly chain: Chain;
  readonly quotes: QuoteBook;
  readonly spot: Price;
  readonly riskFreeRatePct: number;
  readonly now: EpochMs;
  /** Absent: nobody told, so nothing is known. */
  readonly regime?: RegimeTold;
  readonly state?: UnderlyingTold;
  /** Index points. */
  readonly vix?: number;
  readonly vixContract?: Contract;
  /** Net liquidation. */
  readonly equity?: Money;
  /** The worst loss that one position may have, percent of equity: the gate's own limit. */
  readonly maxLossPerPositionPct?: number;
  readonly weights?: readonly LearntWeight[];
  /** What the campaign has behind it that this position would go on with. */
  readonly campaign?: Campaign;
}

export interface Strategy {
  readonly kind: StrategyConfig["kind"];
  readonly expiry: (
    config: StrategyConfig,
    parameters: readonly OptionParameters[],
    today: TradingDay,
  ) => Choice<{ readonly expiry: TradingDay; readonly tradingClass: string }>;
  /** Stage 1: the few contracts around the money that tell forward and volatility. */
  readonly nearTheMoney: (chain: Chain, spot: Price) => readonly OptionContract[];
  /** Stage 2: the contracts among which the legs will be chosen. */
  readonly legCandidates: (scene: Scene) => Choice<{ readonly contracts: readonly OptionContract[] }>;
  readonly select: (scene: Scene) => Choice<{ readonly candidate: Candidate }>;
}

/** A choice that found nothing. Numbers are left out where the reason is a state. */
export const stopAt = (
  stage: string,
  reason: string,
  { actual = null, limit = null, unit = "" }: { actual?: number | null; limit?: number | null; unit?: string } = {},
): { readonly found: false; readonly stopped: Stopped } => ({ found: false, stopped: { stage, reason, actual, limit, unit } });
