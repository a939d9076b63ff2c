/**
 * What the market is like, told by those who watch it: the regime of the whole market, and the state of one underlying. Each is announced
 * when it changes and told to whoever asks, within the step. A figure that is not known is null, and `unknown` says why, by its name.
 */
import type { Contract } from "../contract.ts";
import type { Regime } from "../regime/regime.ts";
import type { EpochMs, Price, TradingDay } from "../units.ts";

/** The numbers that a regime was told by; null where one is not known. */
export interface RegimeInputs {
  readonly vix: number | null;
  readonly adx: number | null;
  readonly efficiency: number | null;
  /** Shares, not percent. */
  readonly return5d: number | null;
  readonly vixChange5d: number | null;
  readonly smaRatio: number | null;
}
export interface RegimeTold {
  readonly type: "regime.told";
  /** After hysteresis. */
  readonly regime: Regime | null;
  readonly since: TradingDay | null;
  /** Without hysteresis. */
  readonly raw: Regime | null;
  /** Why the regime is not known; empty when it is. */
  readonly unknown: string;
  readonly at: EpochMs;
  /** The last session whose close is in it. */
  readonly asOf: TradingDay | null;
  /** The VIX index as the broker lists it, for whoever wants its quotes. */
  readonly vix: Contract | null;
  readonly inputs: RegimeInputs;
}
export type RegimeEvent = RegimeTold | { readonly type: "regime.asked"; readonly replyTo: string };

/** At-the-money volatilities of two expiries of one underlying, nearest to 30 and to 90 days. */
export interface TermStructure {
  readonly nearDays: number;
  readonly nearVol: number;
  readonly farDays: number;
  readonly farVol: number;
}
/** Volatility of the 25-delta put over that of the 25-delta call, same expiry, and the median of a year of such. */
export interface SkewState {
  readonly ratio: number;
  readonly expiry: TradingDay;
  /** Null until a year of days is kept. */
  readonly yearMedian: number | null;
  readonly daysKept: number;
}
export interface DividendExpected {
  readonly exDate: TradingDay;
  readonly amount: Price;
}
export interface UnderlyingTold {
  readonly type: "underlying.told";
  readonly symbol: string;
  readonly at: EpochMs;
  readonly spot: Price | null;
  readonly priorClose: Price | null;
  /** The extremes of the last 60 session minutes; in the first hour of a session the prior close is among them. */
  readonly hourHigh: Price | null;
  readonly hourLow: Price | null;
  /** Minutes of that time which nobody saw: the true extremes may lie further apart. */
  readonly hourMinutesUnseen?: number;
  /** IB's 30-day implied volatility, shares a year: live (tick 24), and at the prior session's close (daily bars). Like with like. */
  readonly iv30: number | null;
  readonly iv30PriorClose: number | null;
  /** 0 to 100, of `iv30` in the year before. */
  readonly ivRank: number | null;
  readonly ivPercentile: number | null;
  readonly term: TermStructure | null;
  readonly skew: SkewState | null;
  readonly dividend: DividendExpected | null;
  /** Why, for each field that is null. */
  readonly unknown: { readonly [field: string]: string };
}
export type UnderlyingEvent = UnderlyingTold | { readonly type: "underlying.asked"; readonly replyTo: string };
