/**
 * Reads recorded minute bars from CSV, plain or gzipped: an option chain, and its underlying. Columns of numbers come out as
 * typed arrays; what the columns mean for a market is recorded-market.ts's business.
 *
 * A row that does not read is a BadRecording that names file, line and value: a recording with a hole in it is no evidence.
 * Chain:      ts_utc,underlying,expiry,strike,right,bid,bidSize,ask,askSize,openInterest
 * Stock:      ts_utc,bid,bid_size,ask,ask_size,open,high,low,close,volume
 * Index:      ts_utc,open,high,low,close
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { numberOfDay, parseDay } from "../../domain/calendar/civil-date.ts";
import type { Right } from "../../domain/contract.ts";
import type { TradingDay } from "../../domain/units.ts";
import { UNITS_PER_DOLLAR } from "../../domain/units.ts";

/** A recording that cannot be used. The message is `file:line: reason`. */
export class BadRecording extends Error {
  override name = "BadRecording";
  readonly file: string;
  readonly line: number;
  constructor(file: string, line: number, reason: string) {
    super(`${file}:${line}: ${reason}`);
    this.file = file;
    this.line = line;
  }
}

/** Stands in the price and interest columns where the file has no value. */
export const NONE = -1;

export interface ChainContract {
  readonly tradingClass: string;
  readonly expiry: TradingDay;
  /** Dollars. */
  readonly strike: number;
  readonly right: Right;
}

/** Rows in the file's order, which is the order of their stamps. Prices in 1/10,000 dollar. */
export interface ChainRows {
  /** What the file calls the underlying: of index options it is their trading class (SPXW). */
  readonly underlying: string;
  /** How long after its stamp a row is known: as long as the file's rows lie apart. */
  readonly intervalMs: number;
  readonly contracts: readonly ChainContract[];
  readonly count: number;
  /** The bar's start, epoch milliseconds. */
  readonly stamp: Float64Array;
  /** Index into `contracts`. */
  readonly contract: Int32Array;
  readonly bid: Int32Array;
  readonly bidSize: Int32Array;
  readonly ask: Int32Array;
  readonly askSize: Int32Array;
  readonly openInterest: Int32Array;
}

export interface UnderlyingRow {
  readonly stamp: number;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
  /** Absent when nothing traded in the minute. Prices in 1/10,000 dollar. */
  readonly trade?: {
    readonly open: number;
    readonly high: number;
    readonly low: number;
    readonly close: number;
    readonly volume: number;
  };
}

/** The bars of an underlying: an index has no quotes and no volume. */
export interface UnderlyingBars {
  readonly kind: "stock" | "index";
  readonly rows: readonly UnderlyingRow[];
}

const CHAIN_COLUMNS = "ts_utc,underlying,expiry,strike,right,bid,bidSize,ask,askSize,openInterest";
const STOCK_COLUMNS = "ts_utc,bid,bid_size,ask,ask_size,open,high,low,close,volume";
const INDEX_COLUMNS = "ts_utc,open,high,low,close";

const NUMBER_FORM = /^-?\d+(?:\.\d+)?$/;
const STAMP_FORM = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z$/;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The fields of one line, with the words to complain about them. */
export interface Row {
  readonly fields: readonly string[];
  refuse(reason: string): never;
}

const textOf = (file: string): string => {
  const bytes = readFileSync(file);
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
};

/** The lines after the header, which must be one of some. */
export const rowsOf = <Columns extends string>(
  file: string,
  columns: readonly Columns[],
): { readonly columns: Columns; readonly lines: readonly string[] } => {
  const lines = textOf(file).split("\n");
  if (lines.at(-1) === "") lines.pop();
  const header = lines.shift()?.trimEnd() ?? "";
  const found = columns.find((known) => known === header);
  if (found === undefined)
    throw new BadRecording(file, 1, `the columns must be ${columns.join(" or ")}, got ${JSON.stringify(header)}`);
  if (lines.length === 0) throw new BadRecording(file, 1, "there are no rows");
  return { columns: found, lines };
};

/** Calls `take` for each line. Stamps may repeat but not go back. */
const eachRow = (
  file: string,
  lines: readonly string[],
  width: number,
  take: (row: Row, stamp: number, index: number) => void,
): void => {
  let stampText = "";
  let stamp = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < lines.length; i++) {
    const text = (lines[i] as string).trimEnd();
    const fields = text.split(",");
    const refuse = (reason: string): never => {
      throw new BadRecording(file, i + 2, reason);
    };
    if (fields.length !== width) refuse(`${width} columns expected, got ${fields.length}: ${JSON.stringify(text)}`);
    if (fields[0] !== stampText) {
      stampText = fields[0] as string;
      const next = stampOf(stampText) ?? refuse(`ts_utc is written YYYY-MM-DDTHH:MM:SSZ, got ${JSON.stringify(stampText)}`);
      if (next < stamp) refuse(`rows must be in the order of ts_utc, got ${stampText} after a later one`);
      stamp = next;
    }
    take({ fields, refuse }, stamp, i);
  }
};

const stampOf = (text: string): number | undefined => {
  const parts = STAMP_FORM.exec(text);
  const day = parts === null ? undefined : parseDay(parts[1] as string);
  if (parts === null || day === undefined) return undefined;
  return numberOfDay(day) * DAY_MS + (Number(parts[2]) * 3600 + Number(parts[3]) * 60 + Number(parts[4])) * 1000;
};

/** A number that may be left empty: NONE then. Never below 0. */
const optional = (row: Row, index: number, name: string, scale: number): number => {
  const text = row.fields[index] as string;
  if (text === "") return NONE;
  const value = NUMBER_FORM.test(text) ? Number(text) : row.refuse(`${name} is not a number: ${JSON.stringify(text)}`);
  if (value < 0) row.refuse(`${name} is below 0: ${JSON.stringify(text)}`);
  if (value * scale > 0x7fffffff) row.refuse(`${name} is too large: ${JSON.stringify(text)}`);
  return Math.round(value * scale);
};

export const required = (row: Row, index: number, name: string, scale: number): number => {
  const value = optional(row, index, name, scale);
  return value === NONE ? row.refuse(`${name} is missing`) : value;
};

const contractOf = (row: Row): ChainContract => {
  const [, tradingClass, expiryText, , right] = row.fields;
  const expiry = parseDay(expiryText as string) ?? row.refuse(`expiry is not a day: ${JSON.stringify(expiryText)}`);
  if (right !== "C" && right !== "P") return row.refuse(`right must be C or P, got ${JSON.stringify(right)}`);
  const strike = required(row, 3, "strike", UNITS_PER_DOLLAR) / UNITS_PER_DOLLAR;
  if (strike === 0) row.refuse("strike must be above 0");
  return { tradingClass: tradingClass as string, expiry, strike, right };
};

/**
 * How far apart a file's rows are: the least time between two stamps of a day, from a minute to an hour. A lone stamp is taken
 * for an hour's: too late does no harm. Refuses one row a day: nobody could say when it was known.
 */
const intervalOf = (file: string, stamp: Float64Array): number => {
  let least = Number.POSITIVE_INFINITY;
  let sameDay = false;
  for (let i = 1; i < stamp.length; i++) {
    const apart = (stamp[i] as number) - (stamp[i - 1] as number);
    if (apart > 0 && apart < DAY_MS / 2) [least, sameDay] = [Math.min(least, apart), true];
  }
  if (!sameDay && stamp.length > 0 && stamp[0] !== stamp[stamp.length - 1])
    throw new BadRecording(file, 2, "the rows are a day apart: it cannot be known when in the day they were told");
  return Math.min(HOUR_MS, Math.max(MINUTE_MS, least));
};

/** Reads a chain. All rows are of one underlying. Throws a BadRecording. */
export const readChain = (file: string): ChainRows => {
  const { lines } = rowsOf(file, [CHAIN_COLUMNS]);
  const column = (): Int32Array => new Int32Array(lines.length);
  const stamp = new Float64Array(lines.length);
  const [contract, bid, bidSize, ask, askSize, openInterest] = [column(), column(), column(), column(), column(), column()];
  const contracts: ChainContract[] = [];
  // By spelling, so that a strike is parsed once; and by value, so that 590 and 590.0 are one contract.
  const spelled = new Map<string, number>();
  const known = new Map<string, number>();
  const indexOf = (row: Row): number => {
    const spelling = `${row.fields[2]},${row.fields[3]},${row.fields[4]}`;
    const seen = spelled.get(spelling);
    if (seen !== undefined) return seen;
    const listed = contractOf(row);
    const name = `${listed.expiry},${listed.strike},${listed.right}`;
    const index = known.get(name) ?? contracts.push(listed) - 1;
    known.set(name, index);
    spelled.set(spelling, index);
    return index;
  };
  const underlying = (lines[0] as string).split(",")[1] ?? "";
  eachRow(file, lines, 10, (row, at, i) => {
    const symbol = row.fields[1] as string;
    if (symbol === "") row.refuse("underlying is missing");
    if (symbol !== underlying) row.refuse(`a file holds one underlying, ${underlying}, got ${JSON.stringify(symbol)}`);
    stamp[i] = at;
    contract[i] = indexOf(row);
    bid[i] = optional(row, 5, "bid", UNITS_PER_DOLLAR);
    bidSize[i] = Math.max(0, optional(row, 6, "bidSize", 1));
    ask[i] = optional(row, 7, "ask", UNITS_PER_DOLLAR);
    askSize[i] = Math.max(0, optional(row, 8, "askSize", 1));
    openInterest[i] = optional(row, 9, "openInterest", 1);
  });
  const quotes = { stamp, contract, bid, bidSize, ask, askSize, openInterest };
  return { underlying, intervalMs: intervalOf(file, stamp), contracts, count: lines.length, ...quotes };
};

/** Open, high, low and close from a column on. */
const rangeOf = (row: Row, from: number): Omit<NonNullable<UnderlyingRow["trade"]>, "volume"> => {
  const [open, high, low, close] = ["open", "high", "low", "close"].map((name, i) =>
    required(row, from + i, name, UNITS_PER_DOLLAR),
  ) as [number, number, number, number];
  return { open, high, low, close };
};

const stockRow = (row: Row, stamp: number): UnderlyingRow => {
  const traded = row.fields.slice(5).some((field) => field !== "");
  return {
    stamp,
    bid: optional(row, 1, "bid", UNITS_PER_DOLLAR),
    bidSize: Math.max(0, optional(row, 2, "bid_size", 1)),
    ask: optional(row, 3, "ask", UNITS_PER_DOLLAR),
    askSize: Math.max(0, optional(row, 4, "ask_size", 1)),
    ...(traded ? { trade: { ...rangeOf(row, 5), volume: required(row, 9, "volume", 1) } } : {}),
  };
};
const indexRow = (row: Row, stamp: number): UnderlyingRow => ({
  stamp,
  bid: NONE,
  bidSize: 0,
  ask: NONE,
  askSize: 0,
  trade: { ...rangeOf(row, 1), volume: 0 },
});

/** Reads an underlying's bars: quotes where the file has them, trades where there were any. Throws a BadRecording. */
export const readUnderlying = (file: string): UnderlyingBars => {
  const { columns, lines } = rowsOf(file, [STOCK_COLUMNS, INDEX_COLUMNS]);
  const kind = columns === INDEX_COLUMNS ? "index" : "stock";
  const rowOf = kind === "index" ? indexRow : stockRow;
  const rows: UnderlyingRow[] = [];
  eachRow(file, lines, columns.split(",").length, (row, stamp) => rows.push(rowOf(row, stamp)));
  return { kind, rows };
};
