/**
 * A market made from one seed: SPY, QQQ, IWM and their options, the VIX, ES, NQ and RTY futures, with two years of history.
 *
 * The same seed gives the same market, whatever is asked and in whichever steps time moves. Everything in it is SIMULATED: a
 * calibrated shape (reference/quant.md section 3), no real quote, and no evidence of profit. Indices and VIX move as measured;
 * options are priced so that selling premium earns nothing on average (surface.ts), which costs them a little of the measured
 * distance to the VIX. Puts sold alone still earn and calls sold alone lose: the skew is the measured one, and shares have a
 * premium of their own. Left out: the premium of a put's early exercise beyond its intrinsic value, trades in options (`last`
 * is null), splits and other corporate actions, halts of single names.
 */
import { assert } from "../../domain/assert.ts";
import { futuresSessionState } from "../../domain/calendar/futures-session.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { ContractDetails, ContractQuery } from "../../domain/contract.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";
import { price } from "../../domain/units.ts";
import { matches } from "./contract-match.ts";
import { createDividends } from "./dividends.ts";
import type { DayRecord } from "./history.ts";
import { ETFS, FUTURES, VIX_CON_ID } from "./instruments.ts";
import { createListings } from "./listings.ts";
import type { Market } from "./market.ts";
import { createOptionDesk } from "./option-desk.ts";
import { seedWord } from "./random.ts";
import type { Regime } from "./regimes.ts";
import { VIX_TARGET } from "./regimes.ts";
import { atmOf30Days } from "./surface.ts";
import { createPast } from "./synthetic-past.ts";
import { createQuotes, FINAL_SETTLEMENT_MINUTE } from "./synthetic-quotes.ts";
import { createWorld } from "./world.ts";

/** Monday 2026-10-05, 09:25 in New York: five minutes before an ordinary session, ten weeks before the December expiry. */
export const DEFAULT_BEGINS: EpochMs = instantOf("2026-10-05" as TradingDay, 9 * 60 + 25);

/** Annual, continuous. */
export const DEFAULT_RATE = 0.035;

export interface SyntheticMarketOptions {
  /** 7 and "7" are the same seed. */
  readonly seed: number | string;
  readonly begins?: EpochMs;
  /** The VIX at the close before the first day, 8.5 to 95. Without it, wherever two years of chance have led. */
  readonly vix0?: number;
  readonly rate?: number;
  /**
   * Plants a signal: within the session the ETFs and their options follow the futures by so many whole seconds (0). Real
   * futures lead by milliseconds; any other value is for testing whether a lead is found, and is told in the label.
   */
  readonly futuresLeadSeconds?: number;
  /**
   * Vol points by which options are priced above what is fair (0): what sellers of premium earn on average. The measured
   * surface lies half a point above the fair one at a VIX of 18, a point at 12. Other than 0 is told in the label.
   */
  readonly premiumEdge?: number;
  /**
   * A regime for all days, or `wandering`: a chain of them from the measured transitions. Told in the label; premiums are fair
   * without a regime only.
   */
  readonly regime?: Regime | "wandering";
}

/** A synthetic market, and what may be done to it from outside. */
export interface SyntheticMarket extends Market {
  /** Halts all trading, or lets it go on: nothing can trade and quotes stand still; the world goes on meanwhile. */
  halt(on: boolean): void;
  readonly halted: boolean;
  /** The regime in force; undefined when the market was made without. */
  readonly regime: Regime | undefined;
}

/** A market. Throws when an option is out of range. */
export const createSyntheticMarket = (options: SyntheticMarketOptions): SyntheticMarket => {
  const { seed, begins = DEFAULT_BEGINS, rate = DEFAULT_RATE, futuresLeadSeconds = 0, premiumEdge = 0, regime } = options;
  const vix0 = options.vix0 ?? (regime === undefined || regime === "wandering" ? undefined : VIX_TARGET[regime]);
  assert(vix0 === undefined || (vix0 >= 8.5 && vix0 <= 95), `vix0 must be 8.5 to 95, got ${vix0}`);
  assert(rate > -0.05 && rate < 0.5, `rate must be an annual fraction such as 0.035, got ${rate}`);
  assert(
    Number.isInteger(futuresLeadSeconds) && futuresLeadSeconds >= 0 && futuresLeadSeconds <= 600,
    "futuresLeadSeconds must be 0 to 600",
  );
  assert(premiumEdge >= -2 && premiumEdge <= 20, `premiumEdge must be -2 to 20 vol points, got ${premiumEdge}`);
  const chance = seedWord(seed);
  const listings = createListings();
  const dividends = createDividends();
  const world = createWorld({
    seed,
    begins,
    vix0,
    futuresLeadSeconds,
    regime,
    onClose: dividends.open,
    onDay: (day, { logPrice }) =>
      listings.open(
        day,
        ETFS.map((etf) => Math.exp(logPrice[etf.index]) + dividends.accrued(etf, day)),
      ),
  });
  const desk = createOptionDesk(world, { dividends, rate, premium: premiumEdge }, chance);
  const quotes = createQuotes({ world, listings, desk, dividends, rate, premium: premiumEdge, chance });
  const past = createPast({ world, listings, quotes, dividends, premium: premiumEdge });
  const { etfOf } = quotes;

  const recordOn = (day: TradingDay): DayRecord | undefined => world.records.findLast((record) => record.day === day);

  const settlement = (underlyingConId: number, day: TradingDay): Price | undefined => {
    const etf = etfOf(underlyingConId);
    const record = recordOn(day);
    if (etf !== undefined)
      return record && price(Math.round((record.prices[etf.index].close + dividends.accrued(etf, day)) * 100) / 100);
    const root = FUTURES.find((one) => one.underlyingConId === underlyingConId);
    if (root === undefined) return undefined;
    const opened = world.session.day === day ? world.opening : undefined;
    const open = opened === undefined ? record?.prices[root.index].open : Math.exp(opened.logPrice[root.index]);
    return open === undefined ? undefined : price(Math.round(open * root.pointsPerDollar * 100) / 100);
  };

  const listedNow = (query: ContractQuery): number[] => {
    if (query.conId !== undefined && query.conId !== 0) return [query.conId];
    const day = world.today;
    switch (query.secType) {
      case "STK":
        return ETFS.map(({ conId }) => conId);
      case "IND":
        return [VIX_CON_ID];
      case "FUT":
        return listings.futures(day).map(({ conId }) => conId);
      case "OPT": {
        const etf = ETFS.find(({ symbol }) => symbol === query.symbol);
        if (etf === undefined) return [];
        const chains = listings.chain(etf, day).filter(([expiry]) => query.expiry === undefined || expiry === query.expiry);
        return chains.flatMap(([, chain]) => chain.map(({ conId }) => conId));
      }
      default:
        return [];
    }
  };

  const details = (conId: number): ContractDetails | undefined => listings.details(conId, world.today);
  const edge = premiumEdge === 0 ? "" : `, premium edge ${premiumEdge} vol points`;
  const weather = regime === undefined ? "" : regime === "wandering" ? ", regimes wander" : `, regime forced: ${regime}`;
  const planted = futuresLeadSeconds === 0 ? "" : `, futures lead planted: ${futuresLeadSeconds} s`;
  return {
    label: `synthetic, seed ${seed}, from ${newYorkDay(begins)} (SIMULATED${planted}${weather}${edge})`,
    begins,
    ends: undefined,
    get now() {
      return world.now;
    },
    advance: world.advance,
    find: (query) =>
      listedNow(query)
        .flatMap((conId) => details(conId) ?? [])
        .filter(({ contract }) => matches(query, contract)),
    byConId: details,
    optionParameters: (underlyingConId) => {
      const etf = etfOf(underlyingConId);
      if (etf === undefined) return [];
      const chains = listings.chain(etf, world.today);
      const strikes = new Set(chains.flatMap(([, chain]) => chain.map(({ contract }) => contract.strike as Price)));
      return [
        {
          exchange: "SMART",
          tradingClass: etf.symbol,
          multiplier: 100,
          expirations: chains.map(([expiry]) => expiry),
          strikes: [...strikes].sort((a, b) => a - b),
        },
      ];
    },
    quote: quotes.quote,
    isOpen: (conId) => {
      const { now, session, halted } = world;
      if (halted) return false;
      const option = listings.option(conId);
      if (option !== undefined || etfOf(conId) !== undefined) {
        return now >= session.open && now < session.close && (option === undefined || option.series.expiry >= session.day);
      }
      const listed = listings.future(conId);
      if (listed === undefined) return false;
      return futuresSessionState(now) === "open" && now < instantOf(listed.expiry, FINAL_SETTLEMENT_MINUTE);
    },
    dailyBars: past.dailyBars,
    settlement,
    bars: past.bars,
    headTimestamp: past.headTimestamp,
    dividends: (underlyingConId) => {
      const etf = etfOf(underlyingConId);
      return etf === undefined ? [] : dividends.all(etf);
    },
    halt: world.halt,
    get halted() {
      return world.halted;
    },
    get regime() {
      return world.regime;
    },
    impliedVolatility: (underlyingConId) => {
      const etf = etfOf(underlyingConId);
      return etf && atmOf30Days(etf.smile, Math.exp(world.stock.logVix), premiumEdge);
    },
    rate,
  };
};
