/**
 * Which days of the recordings are replayed: those of a chain on which the bars of its underlying are there too. A file of several
 * days is cut into days here; what is left out is said in the market's label.
 */
import { sessionOf, tradingDayAfter } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import { epochMs, type TradingDay } from "../../domain/units.ts";
import type { ChainContract, ChainRows, UnderlyingRow } from "./recorded-csv.ts";
import { BadRecording } from "./recorded-csv.ts";

/** What one file says of one class on one day. */
export interface ChainDay {
  readonly file: string;
  readonly rows: ChainRows;
  readonly day: TradingDay;
}

/** The rows from one to another, with only the contracts that they are about. */
const cut = (rows: ChainRows, from: number, to: number): ChainRows => {
  const contracts: ChainContract[] = [];
  const places = new Map<number, number>();
  const contract = rows.contract.subarray(from, to).map((before) => {
    const known = places.get(before);
    if (known !== undefined) return known;
    const place = contracts.push(rows.contracts[before] as ChainContract) - 1;
    places.set(before, place);
    return place;
  });
  return {
    ...rows,
    contracts,
    contract,
    count: to - from,
    stamp: rows.stamp.subarray(from, to),
    bid: rows.bid.subarray(from, to),
    bidSize: rows.bidSize.subarray(from, to),
    ask: rows.ask.subarray(from, to),
    askSize: rows.askSize.subarray(from, to),
    openInterest: rows.openInterest.subarray(from, to),
  };
};

/** The days of a file, in their order. Throws a BadRecording for rows of a day without a session. */
export const daysOfChain = (file: string, rows: ChainRows): ChainDay[] => {
  const days: ChainDay[] = [];
  let from = 0;
  while (from < rows.count) {
    const day = newYorkDay(epochMs(rows.stamp[from] as number));
    if (sessionOf(day) === undefined) throw new BadRecording(file, from + 2, `the exchanges were closed on ${day}`);
    let to = from + 1;
    while (to < rows.count && newYorkDay(epochMs(rows.stamp[to] as number)) === day) to++;
    days.push({ file, day, rows: from === 0 && to === rows.count ? rows : cut(rows, from, to) });
    from = to;
  }
  return days;
};

/** The days of whose session an underlying's bars tell something. */
export const sessionDaysOf = (rows: readonly UnderlyingRow[]): ReadonlySet<TradingDay> => {
  const days = new Set<TradingDay>();
  let [from, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { stamp } of rows) {
    if (stamp >= from && stamp < until) continue;
    const session = sessionOf(newYorkDay(epochMs(stamp)));
    if (session === undefined || stamp < session.open || stamp >= session.close) continue;
    [from, until] = [session.open, session.close];
    days.add(session.day);
  }
  return days;
};

/** Days as a label says them, ascending: sessions that follow each other as `2021-01-05..2021-01-08`. */
export const daysText = (days: readonly TradingDay[]): string => {
  const runs: [TradingDay, TradingDay][] = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run !== undefined && sessionOf(run[1]) !== undefined && tradingDayAfter(run[1]) === day) run[1] = day;
    else runs.push([day, day]);
  }
  return runs.map(([first, last]) => (first === last ? first : `${first}..${last}`)).join(", ");
};

/** Do all sessions follow each other? Then there is nothing to leap over but closed hours. */
export const isUnbroken = (days: readonly TradingDay[]): boolean =>
  days.every((day, i) => i === 0 || tradingDayAfter(days[i - 1] as TradingDay) === day);
