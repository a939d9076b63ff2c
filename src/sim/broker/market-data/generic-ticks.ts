/**
 * Generic ticks: the list a client sends with reqMktData, and what this broker says for each number. Legal numbers for which
 * it has nothing (news, auctions, fundamentals, bonds) are accepted in silence, as by IB where the data do not exist.
 */
import { IBApiTickType as Type } from "@stoqey/ib";
import { addDays } from "../../../domain/calendar/civil-date.ts";
import { instantOf, newYorkDay } from "../../../domain/calendar/new-york.ts";
import type { ContractDetails } from "../../../domain/contract.ts";
import { dollars, type EpochMs, epochMs } from "../../../domain/units.ts";
import type { Market, MarketQuote } from "../../market/market.ts";
import { compactDay } from "../ib-words.ts";
import type { IbError } from "../resolve.ts";
import type { Extra } from "./feed.ts";
import { DAY_MS } from "./session-figures.ts";
import type { Tick } from "./tick.ts";

const LEGAL: ReadonlyMap<number, string> = new Map([
  [100, "Option Volume"],
  [101, "Option Open Interest"],
  [104, "Historical Volatility"],
  [105, "Average Option Volume"],
  [106, "Option Implied Volatility"],
  [162, "Index Future Premium"],
  [165, "Misc. Stats"],
  [221, "Mark Price"],
  [225, "Auction Values"],
  [232, "Mark Price"],
  [233, "RTVolume"],
  [236, "Shortable"],
  [256, "Inventory"],
  [258, "Fundamental Ratios"],
  [292, "News"],
  [293, "Trade Count"],
  [294, "Trade Rate"],
  [295, "Volume Rate"],
  [318, "Last RTH Trade"],
  [375, "RT Trade Volume"],
  [411, "RT Historical Volatility"],
  [456, "IB Dividends"],
  [460, "Bond Factor Multiplier"],
  [576, "ETF Nav Bid Ask"],
  [577, "ETF Nav Last"],
  [578, "ETF Nav Close"],
  [586, "IPO Prices"],
  [587, "Pl Price Delayed"],
  [588, "Futures Open Interest"],
  [595, "Short-Term Volume"],
  [614, "ETF Nav High Low"],
  [619, "Creditman Slow Mark Price"],
  [623, "ETF Frozen Nav Last"],
]);

export interface GenericTicks {
  readonly groups: readonly number[];
  /** `mdoff`: the line says nothing but its generic ticks. */
  readonly quotesOff: boolean;
}

/** A list such as `100,233` or `mdoff,292:BRFG`; 321 where IB knows no such tick. */
export const readGenericTicks = (list: string): GenericTicks | IbError => {
  const words = list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const groups: number[] = [];
  for (const word of words) {
    if (word === "mdoff") continue;
    const number = Number(word.split(":")[0]);
    if (!LEGAL.has(number)) {
      const legal = [...LEGAL].map(([known, name]) => `${known}(${name})`).join(",");
      const cause = `Incorrect generic tick list of ${list}. Legal ones are: ${legal}`;
      return { code: 321, text: `Error validating request.-'bN' : cause - ${cause}` };
    }
    groups.push(number);
  }
  return { groups: [...new Set(groups)], quotesOff: words.includes("mdoff") };
};

const MINUTE_MS = 60_000;
const SESSIONS_A_YEAR = 252;
/** The simulated lender always has shares: this many, and anything above 2.5 is "at least 1,000 to borrow". */
const SHORTABLE = 3;
const SHORTABLE_SHARES = 10_000_000;

const generic = (type: Type, value: number): Tick => ({ kind: "generic", type, value });
const size = (type: Type, value: number): Tick => ({ kind: "size", type, value });
const price = (type: Type, value: number): Tick => ({ kind: "price", type, value });

/** The group of a contract, or undefined when there is nothing of the kind for it. */
export const genericExtra = (market: Market, details: ContractDetails, group: number): Extra | undefined => {
  const { contract } = details;
  const { conId, secType, right } = contract;
  const isStock = secType === "STK";
  const hasOptions = isStock || secType === "IND";
  switch (group) {
    case 100:
    case 101: {
      const types =
        group === 100
          ? ([Type.OPTION_CALL_VOLUME, Type.OPTION_PUT_VOLUME] as const)
          : ([Type.OPTION_CALL_OPEN_INTEREST, Type.OPTION_PUT_OPEN_INTEREST] as const);
      const figure = ({ volume, openInterest }: MarketQuote): number | null => (group === 100 ? volume : openInterest);
      // Of an option its own; of an underlying all of its options together.
      if (right !== undefined)
        return {
          everyMs: 0,
          ticks: (quote) => {
            const value = figure(quote);
            return value === null ? [] : [size(types[right === "C" ? 0 : 1], value)];
          },
        };
      return hasOptions ? { everyMs: MINUTE_MS, ticks: () => sums(market, contract.symbol, types, figure) } : undefined;
    }
    case 104:
      return hasOptions ? { everyMs: MINUTE_MS, ticks: () => historicalVolatility(market, conId) } : undefined;
    case 106:
      return hasOptions
        ? {
            everyMs: MINUTE_MS,
            ticks: () => {
              const volatility = market.impliedVolatility(conId);
              return volatility === undefined ? [] : [generic(Type.OPTION_IMPLIED_VOL, volatility)];
            },
          }
        : undefined;
    case 165:
      return isStock || secType === "IND" ? { everyMs: MINUTE_MS, ticks: () => miscStats(market, conId) } : undefined;
    case 221:
    case 232:
      return { everyMs: 0, ticks: markPrice };
    case 233:
      return { everyMs: 0, ticks: tradeVolume(market, conId, Type.RT_VOLUME) };
    case 375:
      return { everyMs: 0, ticks: tradeVolume(market, conId, Type.RT_TRD_VOLUME) };
    case 236:
      return isStock
        ? { everyMs: MINUTE_MS, ticks: () => [generic(Type.SHORTABLE, SHORTABLE), size(Type.SHORTABLE_SHARES, SHORTABLE_SHARES)] }
        : undefined;
    case 318:
      return {
        everyMs: 0,
        ticks: ({ last }) => (last === null || !market.isOpen(conId) ? [] : [price(Type.LAST_RTH_TRADE, dollars(last))]),
      };
    case 411:
      return isStock || secType === "IND"
        ? { everyMs: MINUTE_MS, ticks: (_, now) => realTimeVolatility(market, conId, now) }
        : undefined;
    case 456:
      return isStock ? { everyMs: MINUTE_MS, ticks: () => dividends(market, conId) } : undefined;
    case 588:
      return secType === "FUT"
        ? {
            everyMs: 0,
            ticks: ({ openInterest }) => (openInterest === null ? [] : [size(Type.FUTURES_OPEN_INTEREST, openInterest)]),
          }
        : undefined;
    default:
      return undefined;
  }
};

const sums = (
  market: Market,
  symbol: string,
  [callType, putType]: readonly [Type, Type],
  figure: (quote: MarketQuote) => number | null,
): Tick[] => {
  const sum = { C: 0, P: 0 };
  let counted = 0;
  for (const { contract } of market.find({ secType: "OPT", symbol })) {
    const quote = market.quote(contract.conId);
    const value = quote === undefined ? null : figure(quote);
    if (value === null || contract.right === undefined) continue;
    sum[contract.right] += value;
    counted++;
  }
  return counted === 0 ? [] : [size(callType, sum.C), size(putType, sum.P)];
};

const historicalVolatility = (market: Market, conId: number): Tick[] => {
  const from = epochMs(market.now - 30 * DAY_MS);
  const to = epochMs(market.now + 1);
  const bars = market.bars(conId, { show: "HISTORICAL_VOLATILITY", sizeMs: DAY_MS, from, to, regularHours: true });
  const last = bars?.at(-1);
  return last === undefined ? [] : [generic(Type.OPTION_HISTORICAL_VOL, last.close)];
};

const WEEKS = [
  [13, Type.LOW_13_WEEK, Type.HIGH_13_WEEK],
  [26, Type.LOW_26_WEEK, Type.HIGH_26_WEEK],
  [52, Type.LOW_52_WEEK, Type.HIGH_52_WEEK],
] as const;
const AVERAGE_VOLUME_SESSIONS = 63;

/** Lows and highs of 13, 26 and 52 weeks of finished days, as far as history goes, and the average volume of a quarter. */
const miscStats = (market: Market, conId: number): Tick[] => {
  const bars = market.dailyBars(conId, "TRADES", SESSIONS_A_YEAR + 10);
  if (bars === undefined || bars.length === 0) return [];
  const today = newYorkDay(market.now);
  const ticks: Tick[] = [];
  for (const [weeks, lowType, highType] of WEEKS) {
    const since = addDays(today, -7 * weeks);
    const within = bars.filter(({ day }) => day >= since);
    if (within.length === 0) continue;
    ticks.push(
      price(lowType, Math.min(...within.map(({ low }) => low))),
      price(highType, Math.max(...within.map(({ high }) => high))),
    );
  }
  const recent = bars.slice(-AVERAGE_VOLUME_SESSIONS);
  const volume = recent.reduce((sum, bar) => sum + bar.volume, 0) / recent.length;
  return volume > 0 ? [...ticks, size(Type.AVG_VOLUME, Math.floor(volume))] : ticks;
};

/** The last trade within bid and ask, else the side that it is beyond, else the middle: as IB marks. */
const markPrice = ({ bid, ask, last }: MarketQuote): Tick[] => {
  if (bid === null || ask === null) return last === null ? [] : [price(Type.MARK_PRICE, dollars(last))];
  const mark = last === null ? (bid + ask) / 2 : Math.min(ask, Math.max(bid, last));
  return [price(Type.MARK_PRICE, mark / 10_000)];
};

/** `price;size;milliseconds;volume of the day;average price;by one market maker`, for each trade that is seen. */
const tradeVolume = (market: Market, conId: number, type: Type): Extra["ticks"] => {
  let average = "";
  let averageDueAt = Number.NEGATIVE_INFINITY;
  return ({ last, lastSize, volume, at }, now): Tick[] => {
    if (last === null || volume === null) return [];
    if (now >= averageDueAt) {
      averageDueAt = now + MINUTE_MS;
      const from = instantOf(newYorkDay(now), 0);
      const bar = market.bars(conId, { show: "TRADES", sizeMs: DAY_MS, from, to: epochMs(now + 1), regularHours: false })?.at(-1);
      average = bar === undefined || bar.wap === null ? "" : bar.wap.toFixed(8);
    }
    return [{ kind: "string", type, value: `${dollars(last)};${lastSize};${at};${volume};${average};true` }];
  };
};

/** Annual volatility of today's five-minute closes. */
const realTimeVolatility = (market: Market, conId: number, now: EpochMs): Tick[] => {
  const from = instantOf(newYorkDay(now), 0);
  const bars = market.bars(conId, { show: "TRADES", sizeMs: 5 * MINUTE_MS, from, to: now, regularHours: true }) ?? [];
  const returns: number[] = [];
  for (let i = 1; i < bars.length; i++) returns.push(Math.log(bars[i]!.close / bars[i - 1]!.close));
  if (returns.length < 3) return [];
  const square = returns.reduce((sum, value) => sum + value * value, 0) / returns.length;
  const barsAYear = SESSIONS_A_YEAR * 78;
  return [generic(Type.RT_HISTORICAL_VOL, Math.sqrt(square * barsAYear))];
};

/** `past 12 months,next 12 months,next ex-day,next amount`; nothing where no dividend is known. */
const dividends = (market: Market, conId: number): Tick[] => {
  const all = market.dividends(conId);
  if (all.length === 0) return [];
  const today = newYorkDay(market.now);
  const [yearAgo, inAYear] = [addDays(today, -365), addDays(today, 365)];
  const sum = (from: string, to: string): number =>
    all.filter(({ exDay }) => exDay > from && exDay <= to).reduce((total, { amount }) => total + amount, 0) / 10_000;
  const next = all.find(({ exDay }) => exDay > today);
  const coming = next === undefined ? "," : `${compactDay(next.exDay)},${dollars(next.amount)}`;
  return [{ kind: "string", type: Type.IB_DIVIDENDS, value: `${sum(yearAgo, today)},${sum(today, inAYear)},${coming}` }];
};
