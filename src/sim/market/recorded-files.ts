/** The files that a recorded market is made of: which underlying each is of, and which days of them fit together. */

import { basename } from "node:path";
import type { TradingDay } from "../../domain/units.ts";
import { underlyingOf } from "./index-options.ts";
import type { UnderlyingBars } from "./recorded-csv.ts";
import { BadRecording, readChain, readUnderlying } from "./recorded-csv.ts";
import { type DailyBars, readDaily } from "./recorded-daily.ts";
import { type ChainDay, daysOfChain, daysText, sessionDaysOf } from "./recorded-days.ts";

export interface RecordedMarketFiles {
  /** Each of one class of options, of one day or several. */
  readonly chainFile: string | readonly string[];
  /**
   * One file per stock or index, `SYMBOL=FILE`; without `SYMBOL=` it is of the chains' only underlying, or of the one that the
   * file's name begins with (`goog-minute.csv.gz`). Underlyings without a chain are welcome.
   */
  readonly underlyingFile: string | readonly string[];
  /** `SYMBOL=FILE`: daily bars, of underlyings above and of others (VIX, SPY). */
  readonly dailyFile?: readonly string[];
  /** Only these days are replayed; all that the files have, if left out. */
  readonly days?: readonly TradingDay[];
  /** Annual, continuous: what the options were discounted with (0). */
  readonly rate?: number;
}

/** An underlying and what is recorded of it. */
export interface UnderlyingFiles {
  readonly file: string;
  readonly symbol: string;
  readonly kind: "stock" | "index";
  /** Absent of those of which only days are known. */
  readonly minutes?: UnderlyingBars;
  readonly daily?: DailyBars;
  /** By class, each ascending by day: only days that are replayed. */
  readonly chains: readonly (readonly ChainDay[])[];
  /** The days of its own that are replayed, ascending. */
  readonly days: readonly TradingDay[];
}

export interface OpenedFiles {
  readonly underlyings: readonly UnderlyingFiles[];
  /** The days of the market, ascending; at least one. */
  readonly days: readonly TradingDay[];
  /** Days of chains for which there are no bars, by underlying. */
  readonly leftOut: ReadonlyMap<string, readonly TradingDay[]>;
}

const listOf = (files: string | readonly string[]): readonly string[] => (typeof files === "string" ? [files] : files);
const ascending = <Item extends string>(items: Iterable<Item>): Item[] => [...new Set(items)].sort();

const SYMBOL_FORM = /^([A-Z][A-Z.]{0,9})=(.+)$/;

const chainDaysOf = (files: readonly string[]): ChainDay[] => {
  const days = files.flatMap((file) => daysOfChain(file, readChain(file)));
  days.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  for (const [i, { file, rows, day }] of days.entries()) {
    const twin = days.slice(0, i).find((other) => other.day === day && other.rows.underlying === rows.underlying);
    if (twin !== undefined) throw new BadRecording(file, 2, `${twin.file} holds ${rows.underlying} on ${day} already`);
  }
  return days;
};

/** Whose bars a file holds: as it is told, or else as far as it can only be one. */
const barsOf = (named: string, symbols: readonly string[]) => {
  const [, told, of] = SYMBOL_FORM.exec(named) ?? [undefined, undefined, named];
  const file = of as string;
  const begins = basename(file)
    .split(/[^A-Za-z]/)[0]!
    .toUpperCase();
  const symbol = told ?? (symbols.length === 1 ? symbols[0] : symbols.find((one) => one === begins));
  const minutes = readUnderlying(file);
  if (symbol === undefined)
    throw new BadRecording(file, 1, `of which stock are these bars? Write SYMBOL=${file}, e.g. ${symbols[0] ?? "SPY"}=${file}`);
  return { file, symbol, minutes };
};

const dailyOf = (named: string) => {
  const [, symbol, file] = SYMBOL_FORM.exec(named) ?? [];
  if (symbol === undefined || file === undefined)
    throw new BadRecording(named, 1, `daily bars are named SYMBOL=FILE, e.g. VIX=${named}`);
  return { symbol, file, daily: readDaily(file) };
};

const noTwins = (files: readonly { readonly symbol: string; readonly file: string }[], what: string): void => {
  for (const [i, { symbol, file }] of files.entries()) {
    const twin = files.slice(0, i).find((other) => other.symbol === symbol);
    if (twin !== undefined) throw new BadRecording(file, 1, `${twin.file} holds the ${what} of ${symbol} already`);
  }
};

/** Reads all files at once. Throws a BadRecording naming file, line and value. */
export const openFiles = (files: RecordedMarketFiles): OpenedFiles => {
  const chainDays = chainDaysOf(listOf(files.chainFile));
  const symbols = [...new Set(chainDays.map(({ rows }) => underlyingOf(rows.underlying)))];
  const stocks = listOf(files.underlyingFile).map((file) => barsOf(file, symbols));
  const dailies = (files.dailyFile ?? []).map(dailyOf);
  noTwins(stocks, "bars");
  noTwins(dailies, "days");
  for (const { file, rows } of chainDays) {
    const symbol = underlyingOf(rows.underlying);
    if (!stocks.some((stock) => stock.symbol === symbol))
      throw new BadRecording(file, 2, `the bars of ${symbol} are missing: name a file of them too`);
  }

  const wanted = (day: TradingDay): boolean => files.days === undefined || files.days.includes(day);
  const leftOut = new Map<string, readonly TradingDay[]>();
  const told = stocks.map((stock) => ({ ...stock, sessions: sessionDaysOf(stock.minutes.rows) }));
  const replayed = new Map<string, ChainDay[]>();
  const fittingDays: TradingDay[] = [];
  for (const { symbol, sessions, file } of told) {
    const own = chainDays.filter(({ rows }) => underlyingOf(rows.underlying) === symbol);
    const fitting = own.filter(({ day }) => sessions.has(day));
    fittingDays.push(...fitting.map(({ day }) => day));
    const [first] = own;
    if (first !== undefined && fitting.length === 0)
      throw new BadRecording(file, 2, `there is no row of ${first.day}, the day of ${first.file}`);
    const missing = ascending(own.flatMap(({ day }) => (sessions.has(day) || !wanted(day) ? [] : [day])));
    if (missing.length > 0) leftOut.set(symbol, missing);
    replayed.set(
      symbol,
      fitting.filter(({ day }) => wanted(day)),
    );
  }
  const possible = ascending(chainDays.length > 0 ? fittingDays : told.flatMap(({ sessions }) => [...sessions]));
  const days = possible.filter(wanted);
  if (days.length === 0)
    throw new BadRecording(
      told[0]?.file ?? "",
      2,
      `none of the days asked for can be replayed: ${files.days?.join(", ") ?? "all"}; those that can: ${daysText(possible)}`,
    );

  const underlyings = told.map(({ file, symbol, minutes, sessions }): UnderlyingFiles => {
    const chain = replayed.get(symbol) ?? [];
    const ownDays = chain.length > 0 ? ascending(chain.map(({ day }) => day)) : days.filter((day) => sessions.has(day));
    if (ownDays.length === 0) throw new BadRecording(file, 2, `there is no row of the market's days, ${days.join(", ")}`);
    const daily = dailies.find((one) => one.symbol === symbol)?.daily;
    const classes = ascending(chain.map(({ rows }) => rows.underlying));
    const chains = classes.map((name) => chain.filter(({ rows }) => rows.underlying === name));
    return { file, symbol, kind: minutes.kind, minutes, ...(daily === undefined ? {} : { daily }), chains, days: ownDays };
  });
  const others = dailies
    .filter(({ symbol }) => !stocks.some((stock) => stock.symbol === symbol))
    .map(({ symbol, file, daily }): UnderlyingFiles => ({ file, symbol, kind: daily.kind, daily, chains: [], days: [] }));
  return { underlyings: [...underlyings, ...others], days, leftOut };
};
