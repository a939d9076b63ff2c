/** The underlying of a recorded chain: its quote as it became known on the main day, and what the file tells of days before. */

import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import type { Bar } from "../../domain/events/broker.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";
import { dollars, epochMs, priceUnits } from "../../domain/units.ts";
import type { MarketQuote } from "./market.ts";
import type { UnderlyingRow } from "./recorded-csv.ts";
import { NONE } from "./recorded-csv.ts";

const BAR_MS = 60_000;
/** A day's bar is told only if trades were recorded this near to its open and to its close. */
const EDGE_MS = 5 * 60_000;

export interface RecordedUnderlying {
  advance(to: EpochMs): void;
  quote(): MarketQuote | undefined;
  /** Bars of whole recorded sessions before a day, oldest first, the newest `days` of them; undefined when there is none. */
  barsBefore(day: TradingDay, days: number): readonly Bar[] | undefined;
  /** The last trade of a day's session; undefined before its close is known, and for days that the file does not hold. */
  settlement(day: TradingDay): Price | undefined;
}

interface Session {
  readonly bar: Bar;
  readonly close: EpochMs;
  readonly whole: boolean;
  readonly lastTrade: Price;
}

/** The sessions of which the file holds trades, oldest first. */
const sessionsOf = (rows: readonly UnderlyingRow[]): Session[] => {
  const byDay = Map.groupBy(rows, (row) => newYorkDay(epochMs(row.stamp)));
  const sessions: Session[] = [];
  for (const [day, ofDay] of byDay) {
    const session = sessionOf(day);
    const inside = ofDay.filter(
      (row) => session !== undefined && row.stamp >= session.open && row.stamp + BAR_MS <= session.close,
    );
    const trades = inside.flatMap(({ trade }) => trade ?? []);
    const [first, last] = [inside.find((row) => row.trade), inside.findLast((row) => row.trade)];
    if (session === undefined || first?.trade === undefined || last?.trade === undefined) continue;
    sessions.push({
      bar: {
        day,
        open: dollars(priceUnits(first.trade.open)),
        high: dollars(priceUnits(Math.max(...trades.map(({ high }) => high)))),
        low: dollars(priceUnits(Math.min(...trades.map(({ low }) => low)))),
        close: dollars(priceUnits(last.trade.close)),
        volume: trades.reduce((sum, { volume }) => sum + volume, 0),
      },
      close: session.close,
      whole: first.stamp < session.open + EDGE_MS && last.stamp + BAR_MS > session.close - EDGE_MS,
      lastTrade: priceUnits(last.trade.close),
    });
  }
  return sessions;
};

const side = (value: number): Price | null => (value === NONE ? null : priceUnits(value));

/** Follows the rows of `day`; rows of later days are never shown. */
export const recordedUnderlying = (rows: readonly UnderlyingRow[], day: TradingDay): RecordedUnderlying => {
  const session = sessionOf(day);
  const sessions = sessionsOf(rows).filter(({ bar }) => bar.day <= day);
  const prior = sessions.findLast(({ bar }) => bar.day < day);
  const today = rows.filter((row) => newYorkDay(epochMs(row.stamp)) === day);
  let taken = 0;
  let now = Number.NEGATIVE_INFINITY;
  let volume = 0;
  let quoted: UnderlyingRow | undefined;
  let last: Price | null = null;
  let newest: UnderlyingRow | undefined;
  return {
    advance: (to) => {
      now = to;
      for (let row = today[taken]; row !== undefined && row.stamp + BAR_MS <= to; row = today[++taken]) {
        newest = row;
        if (row.bid !== NONE || row.ask !== NONE) quoted = row;
        if (row.trade === undefined) continue;
        last = priceUnits(row.trade.close);
        if (session !== undefined && row.stamp >= session.open && row.stamp < session.close) volume += row.trade.volume;
      }
    },
    quote: () =>
      newest && {
        bid: side(quoted?.bid ?? NONE),
        bidSize: quoted?.bidSize ?? 0,
        ask: side(quoted?.ask ?? NONE),
        askSize: quoted?.askSize ?? 0,
        last,
        lastSize: 0,
        close: prior?.lastTrade ?? null,
        volume,
        openInterest: null,
        at: epochMs(newest.stamp + BAR_MS),
      },
    barsBefore: (before, days) => {
      const bars = sessions.filter(({ bar, whole }) => whole && bar.day < before).map(({ bar }) => bar);
      return bars.length === 0 || days <= 0 ? undefined : bars.slice(-days);
    },
    settlement: (of) => {
      const found = sessions.find(({ bar }) => bar.day === of);
      return found !== undefined && now >= found.close ? found.lastTrade : undefined;
    },
  };
};
