/** A whole expiry quoted around American prices, so that what is measured of it can be held against what it was made of. */
import { yearsToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import type { StrategyConfig } from "../../src/domain/config.ts";
import type { Right } from "../../src/domain/contract.ts";
import type { DividendExpected } from "../../src/domain/events/weather.ts";
import type { AmericanOption } from "../../src/domain/options/american-option.ts";
import { dividendsAhead } from "../../src/domain/options/cash-dividends.ts";
import { americanPrice } from "../../src/domain/options/leisen-reimer.ts";
import type { Quote } from "../../src/domain/quote.ts";
import type { Chain } from "../../src/domain/strategies/chain.ts";
import type { Scene } from "../../src/domain/strategies/strategy.ts";
import { price, type TradingDay, tradingDay } from "../../src/domain/units.ts";
import { NOON, option, RATE_PCT, SPY } from "./quoted-chain.ts";
import { configOf, underlyingTold } from "./scenes.ts";

export interface AmericanMarket {
  readonly spot: number;
  readonly expiry: TradingDay;
  readonly dividendYield: number;
  readonly strikes: readonly number[];
  readonly volAt: (strike: number) => number;
  readonly halfSpread: number;
  /** What the market pays, and the engine knows. */
  readonly dividend?: DividendExpected;
}
/** Three months from noon of the day; puts dearer than calls. */
export const QUARTER: AmericanMarket = {
  spot: 600,
  expiry: tradingDay("2027-02-19"),
  dividendYield: 0.012,
  strikes: Array.from({ length: 41 }, (_, n) => 500 + 5 * n),
  volAt: (strike) => 0.2 - 0.25 * Math.log(strike / 600),
  halfSpread: 0.02,
};

export const optionOn = (market: AmericanMarket, right: Right, strike: number): AmericanOption => {
  const dividends = dividendsAhead(market.dividend, NOON, market.expiry);
  return {
    right,
    strike,
    spot: market.spot,
    years: yearsToExpiry(NOON, market.expiry),
    rate: RATE_PCT / 100,
    dividendYield: market.dividendYield,
    vol: market.volAt(strike),
    ...(dividends !== undefined && dividends.length > 0 && { dividends }),
  };
};

/** Every strike quoted on both sides; `secType` IND: as if nobody could exercise early. */
export const americanScene = (market: AmericanMarket, secType: StrategyConfig["underlyingSecType"] = "STK"): Scene => {
  const { spot, strikes, expiry, halfSpread, dividend } = market;
  const contracts = strikes.flatMap((strike) => (["C", "P"] as const).map((right) => option(strike, right, expiry)));
  const quotes = contracts.map(({ conId, strike, right }): Quote => {
    const value = americanPrice(optionOn(market, right, strike / 10_000));
    return {
      conId,
      bid: price(Math.max(0, value - halfSpread)),
      ask: price(value + halfSpread),
      bidSize: 9,
      askSize: 9,
      at: NOON,
    };
  });
  const chain: Chain = {
    symbol: "SPY",
    tradingClass: "SPY",
    exchange: "SMART",
    currency: "USD",
    multiplier: 100,
    expiry,
    tick: price(0.01),
    options: contracts.map(({ conId, strike, right }) => [conId, strike, right]),
  };
  return {
    config: { ...configOf("bear-put"), underlyingSecType: secType },
    underlying: SPY,
    chain,
    quotes: Object.fromEntries(quotes.map((quote) => [quote.conId, quote])),
    spot: price(spot),
    riskFreeRatePct: RATE_PCT,
    now: NOON,
    ...(dividend !== undefined && { state: underlyingTold({ dividend }) }),
  };
};
