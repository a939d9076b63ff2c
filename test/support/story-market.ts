/**
 * The market of a written story: one stock (SPY), its options of every week, the VIX and a year behind them. Options follow a model until
 * a story says otherwise; whatever a story hides is hidden as IB hides it: a line that says nothing more, a broken feed, a side
 * without a price, a figure that is not in the quote. Deterministic; times are market time.
 */
import { addDays, numberOfDay, weekday } from "../../src/domain/calendar/civil-date.ts";
import { sessionAt, sessionsBetween, tradingDayBefore } from "../../src/domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../src/domain/calendar/new-york.ts";
import type { Contract, OptionContract, Right } from "../../src/domain/contract.ts";
import type { Bar } from "../../src/domain/events/broker.ts";
import type { Quote } from "../../src/domain/quote.ts";
import { type EpochMs, epochMs, price, priceUnits, roundHalfAway, type TradingDay, tradingDay } from "../../src/domain/units.ts";
import { type Market, SPY, VIX, worth } from "./quoted-chain.ts";

/** A Monday. The Fridays after it are all sessions for a quarter of a year. */
export const FIRST_DAY: TradingDay = tradingDay("2026-09-14");
const FRIDAY = 5;
const WEEKS = 14;
export const EXPIRIES: readonly TradingDay[] = Array.from({ length: WEEKS * 7 }, (_, n) => addDays(FIRST_DAY, n)).filter(
  (day) => weekday(day) === FRIDAY,
);

/** How the days before the story went: it decides the regime. */
export type Past = "calm" | "drifting" | "trending" | "ranging";
const PASTS: { readonly [P in Past]: (ago: number) => number } = {
  calm: (ago) => 1 - 0.0003 * ago + 0.0006 * (ago % 2),
  drifting: (ago) => 1 - 0.0003 * ago,
  trending: (ago) => 1 - 0.004 * Math.min(ago, 60),
  ranging: (ago) => 1 + 0.008 * Math.sin(ago * 1.9),
};
/** Calendar days behind the story: of prices, and of implied volatility, whose year must be whole. */
const DAYS_BEFORE = 120;
const IV_DAYS_BEFORE = 380;

export interface StoryMarket extends Market {
  readonly vix: number;
  /** IB's 30-day figure; undefined: its line does not tell it. */
  readonly iv30: number | undefined;
  /** Closes of it in the year before the story lie evenly between these. */
  readonly ivYear: readonly [low: number, high: number];
  readonly past: Past;
  /** The close of the VIX on all days before the story. */
  readonly vixBefore: number;
  readonly dividend: { readonly exDate: TradingDay; readonly amount: number } | undefined;
  readonly hasPriorClose: boolean;
  /** The history of implied volatility, of VIX: whether the broker has it. */
  readonly hasIvHistory: boolean;
  readonly hasVixHistory: boolean;
}
export const QUIET: StoryMarket = {
  spot: 600,
  atmVol: 0.16,
  skew: 0.3,
  halfSpread: 0.03,
  strikeStep: 5,
  vix: 16,
  iv30: 0.16,
  ivYear: [0.1, 0.2],
  past: "drifting",
  vixBefore: 16,
  dividend: undefined,
  hasPriorClose: true,
  hasIvHistory: true,
  hasVixHistory: true,
};

/** A contract's number tells all of it. */
export const optionOf = (strike: number, right: Right, expiry: TradingDay): OptionContract => ({
  conId: (numberOfDay(expiry) - numberOfDay(FIRST_DAY)) * 1_000_000 + Math.round(strike * 100) * 2 + (right === "C" ? 1 : 0),
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

const cents = (dollars: number): number => roundHalfAway(dollars * 100) * 100;

/** What a market was like at each moment of a story, and what it says of every contract now. */
export class Story {
  market: StoryMarket;
  /** Lines that say nothing more; feeds that are broken; options that nobody offers; figures of a contract that are wrong. */
  silent = new Set<number>();
  broken = new Map<number, string>();
  unoffered = new Set<number>();
  /** Closes of sessions since the story began. */
  readonly closes = new Map<TradingDay, number>();
  readonly #start: number;

  constructor(market: StoryMarket) {
    this.market = market;
    this.#start = market.spot;
  }

  /** Strikes from 75 to 125 % of where the story began. */
  listed(expiry: TradingDay): OptionContract[] {
    const { strikeStep } = this.market;
    const options: OptionContract[] = [];
    for (
      let strike = Math.ceil((0.75 * this.#start) / strikeStep) * strikeStep;
      strike <= 1.25 * this.#start;
      strike += strikeStep
    )
      for (const right of ["C", "P"] as const) options.push(optionOf(strike, right, expiry));
    return options;
  }

  closeOf(day: TradingDay): number {
    const known = this.closes.get(day);
    if (known !== undefined) return known;
    const ago = day < FIRST_DAY ? sessionsBetween(addDays(day, 1), addDays(FIRST_DAY, -1)).length : 0;
    return this.#start * PASTS[this.market.past](ago);
  }
  priorClose(now: EpochMs): number {
    return Math.round(this.closeOf(tradingDayBefore(newYorkDay(now))) * 100) / 100;
  }

  /** The newest quote of a contract; undefined: its line says nothing. The time is that of the last change. */
  quote(contract: Contract, now: EpochMs): Quote | undefined {
    const { conId } = contract;
    if (this.silent.has(conId)) return undefined;
    const broken = this.broken.get(conId);
    if (broken !== undefined) return { conId, broken, at: now };
    if (conId === SPY.conId) return this.#stock(now);
    if (conId === VIX.conId) return { conId, last: price(this.market.vix), at: now };
    return this.#option(contract as OptionContract, now);
  }
  #stock(now: EpochMs): Quote {
    const { spot, iv30, dividend, hasPriorClose } = this.market;
    return {
      conId: SPY.conId,
      bid: price(spot - 0.01),
      ask: price(spot + 0.01),
      last: price(spot),
      ...(hasPriorClose ? { close: price(this.priorClose(now)) } : {}),
      ...(iv30 === undefined ? {} : { impliedVol: iv30 }),
      ...(dividend === undefined ? {} : { dividend: { exDate: dividend.exDate, amount: price(dividend.amount) } }),
      at: now,
    };
  }
  #option(contract: OptionContract, now: EpochMs): Quote {
    const value = worth(this.market, contract, now);
    const bid = Math.max(0, cents(value - this.market.halfSpread));
    const ask = Math.max(bid + 100, cents(value + this.market.halfSpread));
    const { conId } = contract;
    if (this.unoffered.has(conId)) return { conId, bid: priceUnits(bid), ask: null, bidSize: 10, askSize: 0, at: now };
    return { conId, bid: priceUnits(bid), ask: priceUnits(ask), bidSize: 10, askSize: 10, openInterest: 1_000, at: now };
  }

  // ── history ──
  dailyBars(contract: Contract, show: string, now: EpochMs): Bar[] {
    if (show === "OPTION_IMPLIED_VOLATILITY") return this.market.hasIvHistory ? this.#ivBars(now) : [];
    const days = this.#sessions(now, DAYS_BEFORE);
    if (contract.conId === VIX.conId)
      return this.market.hasVixHistory
        ? days.map((day) => barOf(day, day < FIRST_DAY ? this.market.vixBefore : this.market.vix))
        : [];
    return days.map((day) => barOf(day, this.closeOf(day)));
  }
  #sessions(now: EpochMs, daysBefore: number): TradingDay[] {
    const today = newYorkDay(now);
    const inProgress = sessionAt(now)?.day;
    return sessionsBetween(addDays(FIRST_DAY, -daysBefore), today)
      .map(({ day }) => day)
      .filter(
        (day) => day < today || (inProgress === undefined && day === today && now > (sessionsBetween(day, day)[0]?.close ?? 0)),
      );
  }
  /** Evenly spread over the year, in no order; the newest is what it was when the story began. */
  #ivBars(now: EpochMs): Bar[] {
    const [low, high] = this.market.ivYear;
    const days = this.#sessions(now, IV_DAYS_BEFORE);
    return days.map((day, n) =>
      barOf(day, n >= days.length - 1 ? this.ivPriorClose : low + ((high - low) * ((n * 89) % 252)) / 252),
    );
  }
  /** The close of implied volatility on the session before. */
  ivPriorClose = 0.16;

  /** One bar a minute of the session in progress, all at the present price. */
  minuteBars(now: EpochMs): Bar[] {
    const session = sessionAt(now);
    if (session === undefined) return [];
    const bars: Bar[] = [];
    for (let at = session.open as number; at < now; at += 60_000)
      bars.push({ ...barOf(session.day, this.market.spot), at: epochMs(at) });
    return bars;
  }
}
const barOf = (day: TradingDay, close: number): Bar => ({
  day,
  open: close,
  high: close * 1.002,
  low: close * 0.998,
  close,
  volume: 1_000,
});
