/**
 * A market of recorded minute bars: option chains of one or more underlyings and days, and bars of stocks, shown as they became
 * known.
 *
 * A bar is stamped at its start and known a minute later; nothing is ever shown earlier. A contract's quote stands until its
 * next row. The market is open in the sessions that the files record; after the last one it is closed for good.
 *
 * What the files do not tell is unknown: prior closes, volumes and trades of options, volatility history, dividends, hours
 * before the first row, the rate (given with the files, else 0). Single options tick in 0.05 here; the class rule of names outside the penny
 * programme is 0.05 below $3 and 0.10 above, which one `minTick` cannot say.
 */
import { basename } from "node:path";
import { assert } from "../../domain/assert.ts";
import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import type { Contract, ContractDetails, ContractQuery } from "../../domain/contract.ts";
import type { OptionParameters } from "../../domain/events/broker.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { epochMs, price } from "../../domain/units.ts";
import { matches, occSymbol } from "./contract-match.ts";
import { stockHours } from "./hours.ts";
import type { Market } from "./market.ts";
import type { RecordedChain } from "./recorded-chain.ts";
import { BAR_MS, recordedChain } from "./recorded-chain.ts";
import type { ChainContract, ChainRows, UnderlyingRow } from "./recorded-csv.ts";
import { BadRecording, readChain, readUnderlying } from "./recorded-csv.ts";
import type { RecordedUnderlying } from "./recorded-underlying.ts";
import { recordedUnderlying } from "./recorded-underlying.ts";

/** The first underlying's conId; each further one and its options have as many numbers after it. */
const FIRST_CON_ID = 1_000_000;
const CON_IDS_EACH = 100_000;
const OPTION_TICK = price(0.05);
const STOCK_TICK = price(0.01);
const OPTION_MULTIPLIER = 100;

export interface RecordedMarketFiles {
  /** One file per underlying and day. */
  readonly chainFile: string | readonly string[];
  /**
   * One file per stock, `SYMBOL=FILE`; without `SYMBOL=` the stock is the chains' only underlying, or the one that the file's
   * name begins with (`goog-minute.csv.gz`). Stocks without a chain are welcome.
   */
  readonly underlyingFile: string | readonly string[];
  /** Annual, continuous: what the options were discounted with (0). */
  readonly rate?: number;
}

const optionDetails = (
  symbol: string,
  { expiry, strike, right }: ChainContract,
  conId: number,
  stockConId: number,
): ContractDetails => ({
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
  underlyingConId: stockConId,
  timeZone: "US/Eastern",
  tradingHours: "",
  liquidHours: "",
});

const stockDetails = (symbol: string, conId: number): ContractDetails => {
  const contract: Contract = {
    conId,
    secType: "STK",
    symbol,
    exchange: "SMART",
    primaryExchange: "NASDAQ",
    currency: "USD",
    multiplier: 1,
    localSymbol: symbol,
    tradingClass: symbol,
  };
  const hours = { timeZone: "US/Eastern", tradingHours: "", liquidHours: "" };
  return { contract, minTick: STOCK_TICK, longName: symbol, contractMonth: "", underlyingConId: 0, ...hours };
};

/** The day of a chain file: all of its rows lie on it, and the exchanges traded. */
const dayOfChain = (file: string, chain: ChainRows): TradingDay => {
  const day = newYorkDay(epochMs(chain.stamp[0]!));
  const last = newYorkDay(epochMs(chain.stamp[chain.count - 1]!));
  if (last !== day)
    throw new BadRecording(file, chain.count + 1, `a chain file holds one day, this one goes from ${day} to ${last}`);
  if (sessionOf(day) === undefined) throw new BadRecording(file, 2, `the exchanges were closed on ${day}`);
  return day;
};

interface ChainFile {
  readonly file: string;
  readonly rows: ChainRows;
  readonly day: TradingDay;
}
interface StockFile {
  readonly file: string;
  readonly symbol: string;
  readonly rows: readonly UnderlyingRow[];
}

const listOf = (files: string | readonly string[]): readonly string[] => (typeof files === "string" ? [files] : files);

const chainFilesOf = (files: readonly string[]): ChainFile[] => {
  const chains = files.map((file): ChainFile => {
    const rows = readChain(file);
    return { file, rows, day: dayOfChain(file, rows) };
  });
  chains.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  for (const [i, { file, rows, day }] of chains.entries()) {
    const twin = chains.slice(0, i).find((other) => other.day === day && other.rows.underlying === rows.underlying);
    if (twin !== undefined) throw new BadRecording(file, 2, `${twin.file} holds ${rows.underlying} on ${day} already`);
  }
  return chains;
};

/** Whose bars a file holds: as it is told, or else as far as it can only be one. */
const stockFileOf = (named: string, symbols: readonly string[]): StockFile => {
  const [, told, file] = /^([A-Z][A-Z.]{0,9})=(.+)$/.exec(named) ?? [undefined, undefined, named];
  const begins = basename(file as string)
    .split(/[^A-Za-z]/)[0]!
    .toUpperCase();
  const symbol = told ?? (symbols.length === 1 ? symbols[0] : symbols.find((one) => one === begins));
  const rows = readUnderlying(file as string);
  if (symbol === undefined)
    throw new BadRecording(
      file as string,
      1,
      `of which stock are these bars? Write SYMBOL=${file}, e.g. ${symbols[0] ?? "SPY"}=${file}`,
    );
  return { file: file as string, symbol, rows };
};

/** One stock with its options: what is recorded under one range of conIds. */
interface Recorded {
  readonly symbol: string;
  readonly stockConId: number;
  readonly days: ReadonlySet<TradingDay>;
  readonly stock: RecordedUnderlying;
  readonly chain: RecordedChain | undefined;
  readonly listed: readonly ContractDetails[];
}

const recordedOf = (
  { file, symbol, rows }: StockFile,
  place: number,
  chains: readonly ChainFile[],
  allDays: readonly TradingDay[],
): Recorded => {
  const own = chains.filter((chain) => chain.rows.underlying === symbol);
  const stockConId = FIRST_CON_ID + place * CON_IDS_EACH;
  const recordedDays = new Set(rows.map(({ stamp }) => newYorkDay(epochMs(stamp))));
  for (const { day, file: chainFile } of own)
    if (!recordedDays.has(day)) throw new BadRecording(file, 2, `there is no row of ${day}, the day of ${chainFile}`);
  const days = own.length > 0 ? own.map(({ day }) => day) : allDays.filter((day) => recordedDays.has(day));
  if (days.length === 0) throw new BadRecording(file, 2, `there is no row of the market's days, ${allDays.join(", ")}`);
  const chain = own.length === 0 ? undefined : recordedChain(own.map((one) => one.rows));
  if (chain !== undefined && chain.contracts.length >= CON_IDS_EACH)
    throw new BadRecording(own[0]!.file, 2, `${chain.contracts.length} contracts are too many, at most ${CON_IDS_EACH - 1}`);
  const options = chain?.contracts.map((contract, i) => optionDetails(symbol, contract, stockConId + 1 + i, stockConId)) ?? [];
  return {
    symbol,
    stockConId,
    days: new Set(days),
    stock: recordedUnderlying(rows, days),
    chain,
    listed: [stockDetails(symbol, stockConId), ...options],
  };
};

/** The market of some files. Reads them at once. Throws a BadRecording naming file, line and value. */
export const createRecordedMarket = ({ chainFile, underlyingFile, rate = 0 }: RecordedMarketFiles): Market => {
  assert(rate > -0.05 && rate < 0.5, `rate must be an annual fraction such as 0.035, got ${rate}`);
  const chains = chainFilesOf(listOf(chainFile));
  const symbols = [...new Set(chains.map(({ rows }) => rows.underlying))];
  const stocks = listOf(underlyingFile).map((file) => stockFileOf(file, symbols));
  for (const [i, { symbol, file }] of stocks.entries()) {
    const twin = stocks.slice(0, i).find((other) => other.symbol === symbol);
    if (twin !== undefined) throw new BadRecording(file, 1, `${twin.file} holds the bars of ${symbol} already`);
  }
  for (const { file, rows } of chains) {
    if (!stocks.some(({ symbol }) => symbol === rows.underlying))
      throw new BadRecording(file, 2, `the bars of ${rows.underlying} are missing: name a file of them too`);
  }
  const stockDays = stocks.flatMap(({ rows }) => rows.map(({ stamp }) => newYorkDay(epochMs(stamp))));
  const daysTold = chains.length > 0 ? chains.map(({ day }) => day) : stockDays.filter((day) => sessionOf(day) !== undefined);
  const days = [...new Set(daysTold)].sort();
  const [firstDay, lastDay] = [days[0], days.at(-1)];
  assert(firstDay !== undefined && lastDay !== undefined, "a recorded market needs a file with a session");
  const recorded = stocks.map((stock, place) => recordedOf(stock, place, chains, days));

  const firstStamps = recorded.flatMap(({ chain }) => chain?.begins ?? []);
  const begins = epochMs(firstStamps.length > 0 ? Math.min(...firstStamps) : sessionOf(firstDay)!.open + BAR_MS);
  let now = begins;
  const advance = (to: EpochMs): void => {
    assert(to >= now, `time moves forward only: at ${now}, asked for ${to}`);
    now = to;
    for (const { chain, stock } of recorded) {
      chain?.advance(to);
      stock.advance(to);
    }
  };

  const ofConId = (conId: number): Recorded | undefined => recorded[Math.floor((conId - FIRST_CON_ID) / CON_IDS_EACH)];
  const positionOf = (one: Recorded, conId: number): number => conId - one.stockConId - 1;
  const stockOf = (conId: number): Recorded | undefined => recorded.find(({ stockConId }) => stockConId === conId);

  let hours = stockHours(firstDay);
  let hoursOf = firstDay;
  const described = (details: ContractDetails): ContractDetails => {
    const today = newYorkDay(now);
    if (today !== hoursOf) [hoursOf, hours] = [today, stockHours(today)];
    return { ...details, ...hours };
  };
  const listed = recorded.flatMap((one) => one.listed);
  const byConId = new Map<number, ContractDetails>();
  const detailsOf = (conId: number): ContractDetails | undefined => {
    const known = byConId.get(conId);
    if (known !== undefined && known.tradingHours === hours.tradingHours && hoursOf === newYorkDay(now)) return known;
    const one = ofConId(conId);
    const plain = one?.listed[conId - one.stockConId];
    if (plain === undefined) return undefined;
    const fresh = described(plain);
    byConId.set(conId, fresh);
    return fresh;
  };

  advance(begins);
  const contractCount = recorded.reduce((sum, { chain }) => sum + (chain?.contracts.length ?? 0), 0);
  const span = firstDay === lastDay ? firstDay : `${firstDay}..${lastDay}`;
  return {
    label: `recorded ${recorded.map(({ symbol }) => symbol).join("+")} ${span} (${contractCount} contracts)`,
    begins,
    ends: sessionOf(lastDay)!.close,
    get now() {
      return now;
    },
    advance,
    find: (query: ContractQuery) =>
      listed.filter(({ contract }) => matches(query, contract)).flatMap(({ contract }) => detailsOf(contract.conId) ?? []),
    byConId: detailsOf,
    optionParameters: (underlyingConId): readonly OptionParameters[] => {
      const one = stockOf(underlyingConId);
      if (one?.chain === undefined) return [];
      const { contracts } = one.chain;
      return [
        {
          exchange: "SMART",
          tradingClass: one.symbol,
          multiplier: OPTION_MULTIPLIER,
          expirations: [...new Set(contracts.map(({ expiry }) => expiry))].sort(),
          strikes: [...new Set(contracts.map(({ strike }) => price(strike)))].sort((a, b) => a - b),
        },
      ];
    },
    quote: (conId) => {
      const one = ofConId(conId);
      return one?.stockConId === conId ? one.stock.quote() : one?.chain?.quote(positionOf(one, conId));
    },
    isOpen: (conId) => {
      const one = ofConId(conId);
      const session = one && sessionOf(newYorkDay(now));
      if (session === undefined || one?.listed[conId - one.stockConId] === undefined) return false;
      return one.days.has(session.day) && now >= session.open && now < session.close;
    },
    dailyBars: (conId, show, count) => (show === "TRADES" ? stockOf(conId)?.stock.dailyBars(count) : undefined),
    bars: (conId, asked) => {
      const one = ofConId(conId);
      return one?.stockConId === conId ? one.stock.bars(asked) : one?.chain?.bars(positionOf(one, conId), asked);
    },
    headTimestamp: (conId, show) => {
      const one = ofConId(conId);
      return one?.stockConId === conId ? one.stock.headTimestamp(show) : one?.chain?.headTimestamp(positionOf(one, conId), show);
    },
    dividends: () => [],
    impliedVolatility: () => undefined,
    rate,
    settlement: (underlyingConId, of) => stockOf(underlyingConId)?.stock.settlement(of),
  };
};
