/**
 * A market as the simulated gateway sees it: listings, quotes that move with time, daily bars. Two kinds fulfil it, a synthetic
 * world from one seed and recorded quotes from files; the broker cannot tell them apart.
 *
 * Time only moves forward, by `advance`. Between two advances every answer is the same: quotes are computed on demand and
 * do not depend on who asks, or in which order.
 */
import type { ContractDetails, ContractQuery } from "../../domain/contract.ts";
import type { Bar, OptionParameters } from "../../domain/events/broker.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";

/** What is bid and offered now. `null` is "no such side"; sizes are contracts or shares; `at` is when it last changed. */
export interface MarketQuote {
  readonly bid: Price | null;
  readonly bidSize: number;
  readonly ask: Price | null;
  readonly askSize: number;
  readonly last: Price | null;
  readonly lastSize: number;
  /** Prior session's close; null when unknown. */
  readonly close: Price | null;
  /** Shares or contracts traded in this session, where known. */
  readonly volume: number | null;
  readonly openInterest: number | null;
  readonly at: EpochMs;
}

/** What bars can be made of. BID_ASK bars have the average bid as open, the greatest ask as high, the least bid as low, the average ask as close. */
export type BarShow = "TRADES" | "MIDPOINT" | "BID" | "ASK" | "BID_ASK" | "HISTORICAL_VOLATILITY" | "OPTION_IMPLIED_VOLATILITY";

export interface BarsAsked {
  readonly show: BarShow;
  /** A minute or more: divisors of a day; from a day on, whole sessions. */
  readonly sizeMs: number;
  /** Bars that begin in [from, to). */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Only the regular session (09:30-16:00 in New York). */
  readonly regularHours: boolean;
}

/** A bar by the instant at which it begins; `at` of a daily bar is its session's opening. `volume` and `count` are null where unknown. */
export interface TimedBar {
  readonly at: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
  readonly wap: number | null;
  readonly count: number | null;
}

/** A cash dividend per share: who holds at the close before `exDay` receives it on `payDay`. */
export interface Dividend {
  readonly exDay: TradingDay;
  readonly payDay: TradingDay;
  readonly amount: Price;
}

export interface Market {
  /** One line for the operator: what this market is, e.g. `recorded GOOG 2015-12-24 (2192 contracts)`. */
  readonly label: string;
  /** Of a recorded market: the classes of options that it has, in the order of their underlyings. */
  readonly optionClasses?: readonly string[];
  /** Where time starts and, for recorded markets, ends. */
  readonly begins: EpochMs;
  readonly ends: EpochMs | undefined;
  readonly now: EpochMs;
  /** The only days that there are, ascending, where sessions between them are missing: time leaps over those. */
  readonly days?: readonly TradingDay[];
  /** Moves to `to` (never backward). */
  advance(to: EpochMs): void;
  /** Every listing that fits the query, as IB's contract details; empty when none does. */
  find(query: ContractQuery): readonly ContractDetails[];
  byConId(conId: number): ContractDetails | undefined;
  optionParameters(underlyingConId: number): readonly OptionParameters[];
  /** The quote now, or undefined when the contract is unknown or nothing has been quoted yet. */
  quote(conId: number): MarketQuote | undefined;
  /** Whether an order in this contract can trade now (its session is open). */
  isOpen(conId: number): boolean;
  /** Up to `days` daily bars before today, oldest first; undefined when this market has none of that kind. */
  dailyBars(conId: number, show: "TRADES" | "OPTION_IMPLIED_VOLATILITY", days: number): readonly Bar[] | undefined;
  /**
   * Bars of any size, oldest first, the one in progress last if it began before now; undefined when this market has none of that
   * kind (the past of one contract may be shorter than asked for: then what there is).
   */
  bars(conId: number, asked: BarsAsked): readonly TimedBar[] | undefined;
  /** The earliest instant of which there are bars of a kind; undefined when there are none. */
  headTimestamp(conId: number, show: BarShow): EpochMs | undefined;
  /** Cash dividends known by now (declared ones to come too), by ex-day. */
  dividends(underlyingConId: number): readonly Dividend[];
  /** The 30-day implied volatility of an underlying now, annual; undefined when unknown. */
  impliedVolatility(underlyingConId: number): number | undefined;
  /** Annual, continuous: what the market discounts with. */
  readonly rate: number;
  /**
   * Settlement of an expiring contract: the underlying's closing price of that day, or its opening price for those that settle on it;
   * undefined while unknown.
   */
  settlement(underlyingConId: number, day: TradingDay, on?: "open" | "close"): Price | undefined;
}
