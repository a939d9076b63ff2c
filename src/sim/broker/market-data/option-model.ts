/**
 * The broker's option model: volatilities and Greeks from the market's own quotes. The forward is the one that put-call parity implies in the
 * option's expiry (else the spot, less dividends, carried at the market's rate); values are European, so the premium of early exercise
 * shows up as volatility. It never sees how a synthetic market makes its prices.
 */
import { IBApiTickType as Type } from "@stoqey/ib";
import { newYorkDay } from "../../../domain/calendar/new-york.ts";
import { yearsToExpiry } from "../../../domain/calendar/time-to-expiry.ts";
import { type ContractDetails, isOption } from "../../../domain/contract.ts";
import { blackGreeks, blackPrice, discountFactor, perSpot } from "../../../domain/options/black-scholes-merton.ts";
import { type ParityQuote, parityForward } from "../../../domain/options/forward.ts";
import { impliedVolatility } from "../../../domain/options/implied-volatility.ts";
import { dollars, type EpochMs, type TradingDay } from "../../../domain/units.ts";
import type { Market, MarketQuote } from "../../market/market.ts";
import type { Extra } from "./feed.ts";
import type { Computation, Tick } from "./tick.ts";

/** Market time between two computations of an option, and for which an expiry's forward holds. */
const EVERY_MS = 1_000;
/** Strikes whose parity is asked for the forward: the nearest ones, as parityForward takes seven. */
const NEAREST = 9;
const DAYS_A_YEAR = 365;
const VOL_POINT = 0.01;

interface Pair {
  readonly strike: number;
  call: number | undefined;
  put: number | undefined;
}
interface Series {
  readonly day: TradingDay;
  readonly pairs: readonly Pair[];
  at: number;
  /** Forward over spot, less nothing: both as of `at`. */
  leverage: number | undefined;
}
/** What an option is valued with at an instant. */
interface Setting {
  readonly spot: number;
  readonly forward: number;
  readonly years: number;
  readonly discount: number;
  readonly pvDividend: number;
}

export interface OptionModel {
  /** The ticks 10 to 13 of an option; undefined for anything else. */
  extraFor(details: ContractDetails): Extra | undefined;
  /** The volatility of a price, or the price of a volatility, with the underlying at a price. Undefined when it is no option or cannot be valued. */
  calculate(
    details: ContractDetails,
    given: { readonly price: number } | { readonly volatility: number },
    underlying: number,
  ): Computation | undefined;
}

const midOf = (quote: MarketQuote | undefined): number | undefined =>
  quote === undefined || quote.bid === null || quote.ask === null ? undefined : dollars(quote.bid) / 2 + dollars(quote.ask) / 2;
const spotOf = (quote: MarketQuote | undefined): number | undefined => {
  const spot = midOf(quote) ?? (quote === undefined || quote.last === null ? undefined : dollars(quote.last));
  return spot !== undefined && spot > 0 ? spot : undefined;
};

export const createOptionModel = (market: Market, quoteOf: (conId: number) => MarketQuote | undefined): OptionModel => {
  const known = new Map<string, Series>();

  let [dayIs, dayAt] = ["" as TradingDay, Number.NaN];
  /** Asked for each option at the same instant. */
  const today = (): TradingDay => {
    if (dayAt !== market.now) [dayIs, dayAt] = [newYorkDay(market.now), market.now];
    return dayIs;
  };

  const seriesOf = ({ contract, underlyingConId }: ContractDetails): Series => {
    const key = `${underlyingConId}/${contract.expiry}/${contract.tradingClass}`;
    const day = today();
    const before = known.get(key);
    if (before?.day === day) return before;
    const byStrike = new Map<number, Pair>();
    const { secType, symbol, expiry, tradingClass } = contract;
    const query = { secType, symbol, ...(expiry && { expiry }), ...(tradingClass && { tradingClass }) };
    for (const { contract: listed } of market.find(query)) {
      if (listed.strike === undefined) continue;
      const strike = dollars(listed.strike);
      const pair = byStrike.get(strike) ?? { strike, call: undefined, put: undefined };
      pair[listed.right === "C" ? "call" : "put"] = listed.conId;
      byStrike.set(strike, pair);
    }
    const pairs = [...byStrike.values()].sort((a, b) => a.strike - b.strike);
    const series: Series = { day, pairs, at: Number.NEGATIVE_INFINITY, leverage: undefined };
    known.set(key, series);
    return series;
  };

  const pvDividendOf = (underlyingConId: number, expiry: TradingDay): number => {
    let sum = 0;
    for (const { exDay, payDay, amount } of market.dividends(underlyingConId))
      if (exDay > today() && exDay <= expiry)
        sum += dollars(amount) * discountFactor(market.rate, yearsToExpiry(market.now, payDay));
    return sum;
  };

  /** Forward over spot of an expiry, by parity where its quotes allow it. */
  const leverageOf = (details: ContractDetails, spot: number, carried: number, years: number): number => {
    const series = seriesOf(details);
    if (series.leverage !== undefined && market.now - series.at < EVERY_MS && market.now >= series.at) return series.leverage;
    const { pairs } = series;
    let first = pairs.findIndex(({ strike }) => strike >= spot);
    if (first < 0) first = pairs.length;
    const from = Math.max(0, Math.min(first - Math.ceil(NEAREST / 2), pairs.length - NEAREST));
    const quotes: ParityQuote[] = [];
    for (const { strike, call, put } of pairs.slice(from, from + NEAREST)) {
      const callMid = call === undefined ? undefined : midOf(quoteOf(call));
      const putMid = put === undefined ? undefined : midOf(quoteOf(put));
      if (callMid !== undefined && putMid !== undefined) quotes.push({ strike, callMid, putMid });
    }
    const dividendYield = years === 0 ? market.rate : market.rate - Math.log(carried / spot) / years;
    const parity = parityForward(quotes, { spot, years, rate: market.rate, dividendYield });
    series.at = market.now;
    series.leverage = (parity.kind === "ok" ? parity.forward : carried) / spot;
    return series.leverage;
  };

  const settingOf = (details: ContractDetails, spot: number | undefined, now: EpochMs): Setting | undefined => {
    const { contract, underlyingConId } = details;
    if (!isOption(contract)) return undefined;
    const quoted = spotOf(quoteOf(underlyingConId));
    const at = spot ?? quoted;
    if (at === undefined || !(at > 0) || !Number.isFinite(at)) return undefined;
    const years = yearsToExpiry(now, contract.expiry);
    const discount = discountFactor(market.rate, years);
    const pvDividend = pvDividendOf(underlyingConId, contract.expiry);
    const reference = quoted ?? at;
    const carried = Math.max(0.01, reference - pvDividend) / discount;
    const leverage = leverageOf(details, reference, carried, years);
    return { spot: at, forward: at * leverage, years, discount, pvDividend };
  };

  const volatilityOf = (
    { right, strike }: { readonly right: "C" | "P"; readonly strike: number },
    price: number,
    { forward, years, discount }: Setting,
  ): number | undefined => {
    const solved = impliedVolatility({ right, price, forward, strike, years, discount });
    return solved.kind === "ok" || solved.kind === "ill-conditioned" ? solved.vol : undefined;
  };

  const computed = (
    { right, strike }: { readonly right: "C" | "P"; readonly strike: number },
    volatility: number | undefined,
    price: number | undefined,
    setting: Setting,
  ): Computation => {
    const { spot, forward, years, discount, pvDividend } = setting;
    const known = { ...(price === undefined ? {} : { price }), pvDividend, underlying: spot };
    if (volatility === undefined || years === 0) return known;
    const option = { right, forward, strike, years, discount, vol: volatility };
    const { delta, gamma, vega, theta } = perSpot(blackGreeks(option), forward, spot);
    return {
      ...known,
      volatility,
      price: price ?? blackPrice(option),
      delta,
      gamma,
      vega: vega * VOL_POINT,
      theta: theta / DAYS_A_YEAR,
    };
  };

  const extraFor = (details: ContractDetails): Extra | undefined => {
    const { contract } = details;
    if (!isOption(contract)) return undefined;
    const { right } = contract;
    const option = { right, strike: dollars(contract.strike) };
    const underlyingOf = (): MarketQuote | undefined => quoteOf(details.underlyingConId);
    const twinOf = (): number | undefined => {
      const pair = seriesOf(details).pairs.find(({ strike }) => strike === option.strike);
      return right === "C" ? pair?.put : pair?.call;
    };
    let seen: MarketQuote | undefined;
    let seenUnderlying: MarketQuote | undefined;
    return {
      everyMs: EVERY_MS,
      ticks: (quote, now): Tick[] => {
        const underlying = underlyingOf();
        const still =
          seen !== undefined &&
          seen.bid === quote.bid &&
          seen.ask === quote.ask &&
          seen.last === quote.last &&
          seenUnderlying?.bid === underlying?.bid &&
          seenUnderlying?.ask === underlying?.ask &&
          seenUnderlying?.last === underlying?.last;
        if (still) return [];
        [seen, seenUnderlying] = [quote, underlying];
        const setting = settingOf(details, undefined, now);
        if (setting === undefined) return [];
        const side = (value: number | null): Computation => {
          const price = value === null ? undefined : value / 10_000;
          return computed(option, price === undefined ? undefined : volatilityOf(option, price, setting), price, setting);
        };
        const ticks: Tick[] = [
          { kind: "computation", type: Type.BID_OPTION, value: side(quote.bid) },
          { kind: "computation", type: Type.ASK_OPTION, value: side(quote.ask) },
        ];
        if (quote.last !== null) ticks.push({ kind: "computation", type: Type.LAST_OPTION, value: side(quote.last) });
        ticks.push({ kind: "computation", type: Type.MODEL_OPTION, value: modelled(option, quote, twinOf, setting) });
        return ticks;
      },
    };
  };

  /** The model's own figure: the volatility of the out-of-the-money option of the strike, as in-the-money quotes tell little of it. */
  const modelled = (
    option: { readonly right: "C" | "P"; readonly strike: number },
    quote: MarketQuote,
    twinOf: () => number | undefined,
    setting: Setting,
  ): Computation => {
    const inTheMoney = option.right === "C" ? setting.forward > option.strike : setting.forward < option.strike;
    const twin = inTheMoney ? twinOf() : undefined;
    const twinMid = twin === undefined ? undefined : midOf(quoteOf(twin));
    const other = { right: option.right === "C" ? ("P" as const) : ("C" as const), strike: option.strike };
    const mid = midOf(quote);
    const volatility =
      (twinMid === undefined ? undefined : volatilityOf(other, twinMid, setting)) ??
      (mid === undefined ? undefined : volatilityOf(option, mid, setting));
    return computed(option, volatility, undefined, setting);
  };

  return {
    extraFor,
    calculate: (details, given, underlying) => {
      const { contract } = details;
      if (!isOption(contract)) return undefined;
      const setting = settingOf(details, underlying, market.now);
      if (setting === undefined) return undefined;
      const option = { right: contract.right, strike: dollars(contract.strike) };
      if ("price" in given) return computed(option, volatilityOf(option, given.price, setting), given.price, setting);
      if (!(given.volatility >= 0) || !Number.isFinite(given.volatility)) return undefined;
      return computed(option, given.volatility, undefined, setting);
    },
  };
};
