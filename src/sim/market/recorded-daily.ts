/**
 * Daily bars from a file: the past that minute recordings lack (VIX, SPY, QQQ, IWM, an underlying's own days).
 *
 * A row is known when its session is over, and not a moment before: within a day a file of days tells nothing about it, not even
 * the open, because a price that stands still all day would pass for a fresh one. So there is no live quote here.
 *
 * Stock: date,open,high,low,close,volume      Index: date,open,high,low,close
 */
import { parseDay } from "../../domain/calendar/civil-date.ts";
import { type Session, sessionOf, tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import type { Bar } from "../../domain/events/broker.ts";
import { type EpochMs, epochMs, type Price, price, type TradingDay, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import type { BarPart } from "./bars.ts";
import { DAY_MS, merged } from "./bars.ts";
import type { BarsAsked, TimedBar } from "./market.ts";
import { BadRecording, type Row, required, rowsOf } from "./recorded-csv.ts";

const STOCK_COLUMNS = "date,open,high,low,close,volume";
const INDEX_COLUMNS = "date,open,high,low,close";

export interface DailyBars {
  readonly kind: "stock" | "index";
  /** Oldest first; days without a session in our calendar are left out. */
  readonly bars: readonly Bar[];
}

/** Reads a file of days, in their order. Throws a BadRecording. */
export const readDaily = (file: string): DailyBars => {
  const { columns, lines } = rowsOf(file, [STOCK_COLUMNS, INDEX_COLUMNS]);
  const width = columns.split(",").length;
  const bars: Bar[] = [];
  let before = "";
  for (const [i, line] of lines.entries()) {
    const text = line.trimEnd();
    const refuse = (reason: string): never => {
      throw new BadRecording(file, i + 2, reason);
    };
    const row: Row = { fields: text.split(","), refuse };
    if (row.fields.length !== width) refuse(`${width} columns expected, got ${row.fields.length}: ${JSON.stringify(text)}`);
    const day = parseDay(row.fields[0] as string) ?? refuse(`date is not a day: ${JSON.stringify(row.fields[0])}`);
    if (day <= before) refuse(`rows must be in the order of their days, got ${day} after ${before}`);
    before = day;
    const [open, high, low, close] = ["open", "high", "low", "close"].map(
      (name, at) => required(row, at + 1, name, UNITS_PER_DOLLAR) / UNITS_PER_DOLLAR,
    ) as [number, number, number, number];
    const volume = width === 6 ? Number(row.fields[5]) : 0;
    if (!(volume >= 0)) refuse(`volume is not a number: ${JSON.stringify(row.fields[5])}`);
    if (sessionOf(day) !== undefined) bars.push({ day, open, high, low, close, volume });
  }
  return { kind: columns === INDEX_COLUMNS ? "index" : "stock", bars };
};

export interface RecordedDaily {
  /** The newest `days` of the bars before today, oldest first; undefined when there is none. */
  dailyBars(now: EpochMs, days: number): readonly Bar[] | undefined;
  /** Bars of a day and more, of sessions that are over; undefined for smaller ones. */
  bars(now: EpochMs, asked: BarsAsked): readonly TimedBar[] | undefined;
  headTimestamp(now: EpochMs): EpochMs | undefined;
  /** A day's close, when its session is over. */
  settlement(now: EpochMs, day: TradingDay): Price | undefined;
  /** The close of the session before today. */
  priorClose(now: EpochMs): Price | undefined;
}

export const recordedDaily = ({ bars: all }: DailyBars): RecordedDaily => {
  const byDay = new Map(all.map((bar) => [bar.day, bar]));
  const sessionOfBar = ({ day }: Bar): Session => sessionOf(day) as Session;
  const partOf = (bar: Bar): BarPart => {
    const { day, open } = sessionOfBar(bar);
    return { ...bar, at: open, day, opens: open, wap: null, count: null };
  };
  return {
    dailyBars: (now, count) => {
      const today = newYorkDay(now);
      const before = all.filter(({ day }) => day < today);
      return before.length === 0 || count <= 0 ? undefined : before.slice(-count);
    },
    bars: (now, { show, sizeMs, from, to }) => {
      if (show !== "TRADES" || sizeMs < DAY_MS) return undefined;
      const [first, last] = [newYorkDay(epochMs(from - 31 * DAY_MS)), newYorkDay(to)];
      const near = all.filter((bar) => bar.day >= first && bar.day <= last && sessionOfBar(bar).close <= now);
      return merged(near.map(partOf), sizeMs).filter(({ at }) => at >= from && at < to);
    },
    headTimestamp: (now) => {
      const [first] = all;
      return first !== undefined && sessionOfBar(first).close <= now ? sessionOfBar(first).open : undefined;
    },
    settlement: (now, day) => {
      const bar = byDay.get(day);
      return bar !== undefined && sessionOfBar(bar).close <= now ? price(bar.close) : undefined;
    },
    priorClose: (now) => {
      const bar = byDay.get(tradingDayBefore(newYorkDay(now)));
      return bar && price(bar.close);
    },
  };
};
