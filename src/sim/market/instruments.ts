/**
 * What the synthetic world is made of: three ETFs with options, the VIX, three index futures. Levels are near those of autumn
 * 2026 but invented; what they do is index-path.ts's business. ConIds of the ETFs and of the VIX are IB's own, so that
 * scripts written against IB work unchanged; all others are ours.
 */
import type { Price } from "../../domain/units.ts";
import { price } from "../../domain/units.ts";
import type { SmileLaw } from "./surface.ts";

/** Which of the walk's indices an instrument follows. */
export type IndexNumber = 0 | 1 | 2;

export interface Etf {
  readonly kind: "etf";
  readonly symbol: string;
  readonly longName: string;
  readonly primaryExchange: string;
  readonly conId: number;
  readonly index: IndexNumber;
  /** The close, in dollars, before the world begins, beside what has accrued of the next dividend. */
  readonly startsAt: number;
  /** A year's dividends over the price; paid each quarter (dividends.ts). */
  readonly dividendYield: number;
  readonly smile: SmileLaw;
  /** The constant of the options' width law; lower is tighter. */
  readonly liquidity: number;
  /** Shares on an ordinary day. */
  readonly dailyShares: number;
  /** Open interest of a round strike at the money, in contracts. */
  readonly roundInterest: number;
}

export interface FutureRoot {
  readonly kind: "future";
  readonly symbol: string;
  readonly longName: string;
  readonly index: IndexNumber;
  readonly multiplier: number;
  readonly tick: Price;
  /** Index points per dollar of the ETF. */
  readonly pointsPerDollar: number;
  /** What expiries of this root settle against: the index's opening price, in points. */
  readonly underlyingConId: number;
  /** The delivery month `YYYYMM` is added to it. */
  readonly conIdBase: number;
  readonly dailyContracts: number;
}

export const ETFS: readonly [Etf, Etf, Etf] = [
  {
    kind: "etf",
    symbol: "SPY",
    longName: "SPDR S&P 500 ETF TRUST",
    primaryExchange: "ARCA",
    conId: 756_733,
    index: 0,
    startsAt: 670,
    dividendYield: 0.012,
    smile: { rho: -0.75, beta: 1, ownVol: 0, multiplier: 1 },
    liquidity: -4.6,
    dailyShares: 70_000_000,
    roundInterest: 30_000,
  },
  {
    kind: "etf",
    symbol: "QQQ",
    longName: "INVESCO QQQ TRUST SERIES 1",
    primaryExchange: "NASDAQ",
    conId: 320_227_571,
    index: 1,
    startsAt: 600,
    dividendYield: 0.006,
    smile: { rho: -0.65, beta: 1.065, ownVol: 0.076, multiplier: 0.975 },
    liquidity: -4.4,
    dailyShares: 45_000_000,
    roundInterest: 18_000,
  },
  {
    kind: "etf",
    symbol: "IWM",
    longName: "ISHARES RUSSELL 2000 ETF",
    primaryExchange: "ARCA",
    conId: 9_579_970,
    index: 2,
    startsAt: 245,
    dividendYield: 0.012,
    smile: { rho: -0.6, beta: 1.146, ownVol: 0.097, multiplier: 0.975 },
    liquidity: -4.0,
    dailyShares: 30_000_000,
    roundInterest: 12_000,
  },
];

export const FUTURES: readonly [FutureRoot, FutureRoot, FutureRoot] = [
  {
    kind: "future",
    symbol: "ES",
    longName: "E-mini S&P 500",
    index: 0,
    multiplier: 50,
    tick: price(0.25),
    pointsPerDollar: 10.02,
    underlyingConId: 500_000_001,
    conIdBase: 600_000_000,
    dailyContracts: 1_400_000,
  },
  {
    kind: "future",
    symbol: "NQ",
    longName: "E-mini NASDAQ 100",
    index: 1,
    multiplier: 20,
    tick: price(0.25),
    pointsPerDollar: 41.1,
    underlyingConId: 500_000_002,
    conIdBase: 610_000_000,
    dailyContracts: 600_000,
  },
  {
    kind: "future",
    symbol: "RTY",
    longName: "E-mini Russell 2000",
    index: 2,
    multiplier: 50,
    tick: price(0.1),
    pointsPerDollar: 10.05,
    underlyingConId: 500_000_003,
    conIdBase: 620_000_000,
    dailyContracts: 200_000,
  },
];

export const VIX_CON_ID = 13_455_763;
export const PRICE_TICK: Price = price(0.01);
