/**
 * A market of recorded minute bars: one day of an option chain and of its underlying, shown as it became known.
 *
 * A bar is stamped at its start and known a minute later; nothing is ever shown earlier. A contract's quote stands until its
 * next row. After the recorded session the market is closed for good: quotes stand, no order can trade.
 *
 * What the files do not tell is unknown: prior closes and volumes of options, implied volatility history, hours before the
 * first row. Single options tick in 0.05 here; the class rule of names outside the penny programme is 0.05 below $3 and 0.10
 * above, which one `minTick` cannot say.
 */
import { assert } from "../../domain/assert.ts";
import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import type { Contract, ContractDetails, ContractQuery } from "../../domain/contract.ts";
import type { Bar, OptionParameters } from "../../domain/events/broker.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";
import { epochMs, price, priceUnits } from "../../domain/units.ts";
import { matches, occSymbol } from "./contract-match.ts";
import { stockHours } from "./hours.ts";
import type { Market, MarketQuote } from "./market.ts";
import type { ChainRows, UnderlyingRow } from "./recorded-csv.ts";
import { BadRecording, NONE, readChain, readUnderlying } from "./recorded-csv.ts";
import { recordedUnderlying } from "./recorded-underlying.ts";

/** How long after its stamp a minute bar is known. */
export const BAR_MS = 60_000;

const UNDERLYING_CON_ID = 1_000_000;
const FIRST_OPTION_CON_ID = 1_000_001;
const OPTION_TICK = price(0.05);
const STOCK_TICK = price(0.01);
const OPTION_MULTIPLIER = 100;

export interface RecordedMarketFiles {
  readonly chainFile: string;
  readonly underlyingFile: string;
}

/** Contracts by expiry, strike and right: the same chain always gets the same conIds. */
const rankOf = ({ contracts }: ChainRows): Int32Array => {
  const order = contracts.map((_, i) => i);
  order.sort((a, b) => {
    const [x, y] = [contracts[a]!, contracts[b]!];
    return x.expiry < y.expiry ? -1 : x.expiry > y.expiry ? 1 : x.strike - y.strike || (x.right < y.right ? -1 : 1);
  });
  const rank = new Int32Array(order.length);
  for (const [position, index] of order.entries()) rank[index] = position;
  return rank;
};

const optionDetails = (chain: ChainRows, index: number, conId: number, day: TradingDay): ContractDetails => {
  const { expiry, strike, right } = chain.contracts[index]!;
  const symbol = chain.underlying;
  return {
    contract: {
      conId,
      secType: "OPT",
      symbol,
      exchange: "SMART",
      currency: "USD",
      multiplier: OPTION_MULTIPLIER,
      localSymbol: occSymbol(symbol, expiry, right, strike),
      tradingClass: symbol,
      expiry,
      strike: price(strike),
      right,
    },
    minTick: OPTION_TICK,
    longName: symbol,
    contractMonth: expiry.slice(0, 7).replace("-", ""),
    underlyingConId: UNDERLYING_CON_ID,
    ...stockHours(day),
  };
};

const stockDetails = (symbol: string, day: TradingDay): ContractDetails => {
  const contract: Contract = {
    conId: UNDERLYING_CON_ID,
    secType: "STK",
    symbol,
    exchange: "SMART",
    primaryExchange: "NASDAQ",
    currency: "USD",
    multiplier: 1,
    localSymbol: symbol,
    tradingClass: symbol,
  };
  return { contract, minTick: STOCK_TICK, longName: symbol, contractMonth: "", underlyingConId: 0, ...stockHours(day) };
};

/** The day of the chain: all of its rows lie on it, and the exchanges traded. */
const dayOfChain = (file: string, chain: ChainRows): TradingDay => {
  const day = newYorkDay(epochMs(chain.stamp[0]!));
  const last = newYorkDay(epochMs(chain.stamp[chain.count - 1]!));
  if (last !== day)
    throw new BadRecording(file, chain.count + 1, `a chain file holds one day, this one goes from ${day} to ${last}`);
  if (sessionOf(day) === undefined) throw new BadRecording(file, 2, `the exchanges were closed on ${day}`);
  return day;
};

/** The market of a day's files. Reads them at once. Throws a BadRecording naming file, line and value. */
export const createRecordedMarket = ({ chainFile, underlyingFile }: RecordedMarketFiles): Market => {
  const chain = readChain(chainFile);
  const day = dayOfChain(chainFile, chain);
  const rows: UnderlyingRow[] = readUnderlying(underlyingFile);
  if (!rows.some((row) => newYorkDay(epochMs(row.stamp)) === day)) {
    throw new BadRecording(underlyingFile, 2, `there is no row of ${day}, the day of ${chainFile}`);
  }
  const session = sessionOf(day)!;
  const rank = rankOf(chain);
  const indexOfRank = new Int32Array(rank.length);
  for (const [index, position] of rank.entries()) indexOfRank[position] = index;
  const options = Array.from(indexOfRank, (index, position) => optionDetails(chain, index, FIRST_OPTION_CON_ID + position, day));
  const stock = stockDetails(chain.underlying, day);
  const underlying = recordedUnderlying(rows, day);

  /** The newest known row of each contract, by rank; −1 before the first. */
  const newest = new Int32Array(options.length).fill(-1);
  let taken = 0;
  const begins = epochMs(chain.stamp[0]! + BAR_MS);
  let now = begins;

  const advance = (to: EpochMs): void => {
    assert(to >= now, `time moves forward only: at ${now}, asked for ${to}`);
    now = to;
    while (taken < chain.count && chain.stamp[taken]! + BAR_MS <= now) {
      newest[rank[chain.contract[taken]!]!] = taken;
      taken++;
    }
    underlying.advance(now);
  };

  const side = (value: number): Price | null => (value === NONE ? null : priceUnits(value));
  const optionQuote = (position: number): MarketQuote | undefined => {
    const row = newest[position];
    if (row === undefined || row < 0) return undefined;
    const interest = chain.openInterest[row]!;
    return {
      bid: side(chain.bid[row]!),
      bidSize: chain.bidSize[row]!,
      ask: side(chain.ask[row]!),
      askSize: chain.askSize[row]!,
      last: null,
      lastSize: 0,
      close: null,
      volume: null,
      openInterest: interest === NONE ? null : interest,
      at: epochMs(chain.stamp[row]! + BAR_MS),
    };
  };
  const detailsOf = (conId: number): ContractDetails | undefined =>
    conId === UNDERLYING_CON_ID ? stock : options[conId - FIRST_OPTION_CON_ID];

  advance(begins);
  return {
    label: `recorded ${chain.underlying} ${day} (${options.length} contracts)`,
    begins,
    ends: session.close,
    get now() {
      return now;
    },
    advance,
    find: (query: ContractQuery) => [stock, ...options].filter(({ contract }) => matches(query, contract)),
    byConId: detailsOf,
    optionParameters: (underlyingConId): readonly OptionParameters[] =>
      underlyingConId !== UNDERLYING_CON_ID
        ? []
        : [
            {
              exchange: "SMART",
              tradingClass: chain.underlying,
              multiplier: OPTION_MULTIPLIER,
              expirations: [...new Set(chain.contracts.map(({ expiry }) => expiry))].sort(),
              strikes: [...new Set(chain.contracts.map(({ strike }) => price(strike)))].sort((a, b) => a - b),
            },
          ],
    quote: (conId) => (conId === UNDERLYING_CON_ID ? underlying.quote() : optionQuote(conId - FIRST_OPTION_CON_ID)),
    isOpen: (conId) => detailsOf(conId) !== undefined && now >= session.open && now < session.close,
    dailyBars: (conId, show, days): readonly Bar[] | undefined =>
      conId === UNDERLYING_CON_ID && show === "TRADES" ? underlying.barsBefore(day, days) : undefined,
    settlement: (underlyingConId, of) => (underlyingConId === UNDERLYING_CON_ID ? underlying.settlement(of) : undefined),
  };
};
