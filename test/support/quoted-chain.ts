/** A small option market for tests: one underlying, one expiry, every option quoted around its Black value on a skewed smile. */
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { yearsToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import type { EngineConfig, RulesConfig, StrategyConfig } from "../../src/domain/config.ts";
import type { Contract, Leg, OptionContract, Right } from "../../src/domain/contract.ts";
import { blackPrice, carriedForward, discountFactor } from "../../src/domain/options/black-scholes-merton.ts";
import type { Quote } from "../../src/domain/quote.ts";
import type { Chain } from "../../src/domain/strategies/chain.ts";
import { type EpochMs, epochMs, price, priceUnits, roundHalfAway, type TradingDay, tradingDay } from "../../src/domain/units.ts";

export const DAY: TradingDay = tradingDay("2026-11-23");
/** 11:00 in New York on a Monday with a full session. */
export const NOON: EpochMs = instantOf(DAY, 11 * 60);
export const EXPIRY: TradingDay = tradingDay("2027-01-08");
export const RATE_PCT = 4;

export const SPY: Contract = {
  conId: 756733,
  secType: "STK",
  symbol: "SPY",
  exchange: "SMART",
  currency: "USD",
  multiplier: 1,
  primaryExchange: "ARCA",
};
export const VIX: Contract = { conId: 13455763, secType: "IND", symbol: "VIX", exchange: "CBOE", currency: "USD", multiplier: 1 };

export const option = (strike: number, right: Right, expiry: TradingDay = EXPIRY): OptionContract => ({
  conId: Math.round(strike * 100) * 10 + (right === "C" ? 1 : 2),
  secType: "OPT",
  symbol: "SPY",
  exchange: "SMART",
  currency: "USD",
  multiplier: 100,
  tradingClass: "SPY",
  expiry,
  strike: price(strike),
  right,
});

export const leg = (strike: number, right: Right, ratio: number): Leg => ({ contract: option(strike, right), ratio });
export const CONDOR: readonly Leg[] = [leg(550, "P", 1), leg(562, "P", -1), leg(628, "C", -1), leg(640, "C", 1)];

export interface Market {
  readonly spot: number;
  readonly atmVol: number;
  /** Change of volatility per 1.00 of log-moneyness, downwards. */
  readonly skew: number;
  /** Half the bid-ask spread, dollars. */
  readonly halfSpread: number;
  readonly strikeStep: number;
}
export const CALM: Market = { spot: 600, atmVol: 0.16, skew: 0.6, halfSpread: 0.03, strikeStep: 1 };

export const chainFor = ({ spot, strikeStep }: Market): Chain => {
  const options: (readonly [number, OptionContract["strike"], Right])[] = [];
  const first = Math.ceil((spot * 0.7) / strikeStep) * strikeStep;
  for (let strike = first; strike <= spot * 1.3; strike += strikeStep) {
    for (const right of ["C", "P"] as const) options.push([option(strike, right).conId, price(strike), right]);
  }
  return {
    symbol: "SPY",
    tradingClass: "SPY",
    exchange: "SMART",
    currency: "USD",
    multiplier: 100,
    expiry: EXPIRY,
    tick: price(0.01),
    options,
  };
};

export const volAt = ({ spot, atmVol, skew }: Market, strike: number): number =>
  Math.min(0.9, Math.max(0.05, atmVol - skew * Math.log(strike / spot)));

/** What the option is worth in this market, dollars a share. */
export const worth = (market: Market, contract: OptionContract, now: EpochMs): number => {
  const years = yearsToExpiry(now, contract.expiry);
  const strike = contract.strike / 10_000;
  return blackPrice({
    right: contract.right,
    forward: carriedForward(market.spot, RATE_PCT / 100, 0.012, years),
    strike,
    years,
    discount: discountFactor(RATE_PCT / 100, years),
    vol: volAt(market, strike),
  });
};

const cents = (dollars: number): number => roundHalfAway(dollars * 100) * 100;
export const quoteOf = (market: Market, contract: OptionContract, now: EpochMs): Quote => {
  const value = worth(market, contract, now);
  const bid = Math.max(0, cents(value - market.halfSpread));
  const ask = Math.max(bid + 100, cents(value + market.halfSpread));
  return { conId: contract.conId, bid: priceUnits(bid), ask: priceUnits(ask), bidSize: 10, askSize: 10, at: now };
};
export const spotQuote = (market: Market, now: EpochMs, contract: Contract = SPY): Quote => ({
  conId: contract.conId,
  bid: price(market.spot - 0.01),
  ask: price(market.spot + 0.01),
  last: price(market.spot),
  at: now,
});
export const twoSided = (conId: number, bid: number | null, ask: number | null, at: number = NOON): Quote => ({
  conId,
  bid: bid === null ? null : price(bid),
  ask: ask === null ? null : price(ask),
  at: epochMs(at),
});

export const STRATEGY: StrategyConfig = {
  name: "spy-condor",
  kind: "iron-condor",
  symbol: "SPY",
  underlyingSecType: "STK",
  exchange: "SMART",
  primaryExchange: "ARCA",
  enabled: true,
  quantity: 1,
  entry: {
    from: "10:00",
    to: "15:00",
    cooldownSeconds: 300,
    dteMin: 30,
    dteTarget: 45,
    dteMax: 60,
    shortDelta: 0.16,
    wingWidthPct: 2,
    minCreditPctOfWidth: 15,
    maxSpreadPctOfWidth: 10,
    minOpenInterest: 0,
  },
  filters: {
    vix: { maxVix: 35, whenUnknown: "deny" },
    ivPercentile: { minIvPercentile: 20, whenUnknown: "deny" },
  },
};
/** The defaults of the schema, but with one target for all regimes. */
export const RULES_CONFIG: RulesConfig = {
  catastrophe: { movePct: 3, ivJumpPct: 50, urgency: "immediate" },
  stopLoss: {
    creditMultiplePct: 200,
    maxLossPct: 75,
    debitPct: 50,
    acceleratedDays: 7,
    acceleratedLossPct: 50,
    urgency: "immediate",
  },
  expiry: { sessionsBefore: 1, actBy: "15:30", urgency: "immediate" },
  vixExit: { maxVix: 35, risePoints: 5, risePct: 30, urgency: "high" },
  deltaRisk: { condorDelta: 0.3, verticalDelta: 0.4, breachMinutes: 5, urgency: "high" },
  gammaRisk: { gamma: 0.1, days: 14, urgency: "high" },
  trailingStop: { armPct: 40, keepPctOfPeak: 40, minMovePct: 2, urgency: "normal" },
  singleLeg: { profitPct: 80, lossPct: 50, days: 21, profitUrgency: "normal", lossUrgency: "high" },
  takeProfit: {
    targetPct: 50,
    targetsPct: { crash: 40, high_vol: 50, normal: 80, low_vol: 90, trending: 85, range_bound: 80 },
    partialAtPct: 50,
    partialClosePct: 50,
    urgency: "normal",
  },
  ivCrush: { dropPct: 30, profitPct: 20, urgency: "normal" },
  ivPercentile: { below: 30, atEntry: 50, profitPct: 20, urgency: "normal" },
  dteRoll: {
    fromDays: 25,
    forceDays: 21,
    targetDays: 45,
    maxRolls: 1,
    maxLossPctOfCredit: 100,
    urgency: "normal",
    forcedUrgency: "high",
  },
  sessionEnd: { enabled: false, minutesBeforeClose: 5, urgency: "high" },
  confirmSeconds: 10,
  openingQuietMinutes: 5,
};
export const ENGINE: EngineConfig = {
  mode: "simulated",
  installation: "5f2c81aa",
  account: "DU1",
  lines: {
    max: 100,
    reserve: 5,
    streamingSlots: 10,
    keepSeconds: 60,
    coolingSeconds: 1,
    stallSeconds: 10,
    snapshotsPerSecond: 10,
    refreshSeconds: 60,
    heldRefreshSeconds: 15,
  },
  strategies: [STRATEGY],
  rules: RULES_CONFIG,
  limits: { maxLossPerPositionPct: 2, maxLossTotalPct: 20, maxOrderContracts: 5, maxMarginPct: 50, slots: 2 },
  orders: { entryStepSeconds: 10, entryGiveUpSeconds: 120, whatIfTimeoutSeconds: 5, doubtAfterSeconds: 10, approvalSeconds: 5 },
  breaker: { failures: 3, windowSeconds: 300, coolDownSeconds: 300, probes: 3 },
  futures: ["ES"],
  freshness: { underlyingSeconds: 5, vixSeconds: 60, legMinutes: 15 },
  patience: { answersSeconds: 60, quotesSeconds: 180 },
  reconcileEverySeconds: 300,
  riskFreeRatePct: RATE_PCT,
};
