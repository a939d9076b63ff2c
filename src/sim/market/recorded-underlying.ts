/**
 * A recorded stock or index: its quote as it became known on the market's days, and what the file tells of days before. An index
 * has a last price and nothing else; what is calculated soon after the bell is still its session's.
 */

import { sessionOf, tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import type { Bar } from "../../domain/events/broker.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";
import { dollars, epochMs, priceUnits, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import type { BarPart } from "./bars.ts";
import { bidAskBars, merged } from "./bars.ts";
import type { Settles } from "./index-options.ts";
import type { BarShow, BarsAsked, MarketQuote, TimedBar } from "./market.ts";
import { quotedPart } from "./recorded-chain.ts";
import type { UnderlyingBars, UnderlyingRow } from "./recorded-csv.ts";
import { NONE } from "./recorded-csv.ts";

const BAR_MS = 60_000;
/** A day's bar is told only if trades were recorded this near to its open and to its close. */
const EDGE_MS = 5 * 60_000;
/** An index's official close is told in the minutes after the bell, when the last of its stocks has closed. */
const OFFICIAL_CLOSE_MS = 30 * 60_000;

export interface RecordedUnderlying {
  advance(to: EpochMs): void;
  quote(): MarketQuote | undefined;
  /** Bars of whole recorded sessions before today, oldest first, the newest `days` of them; undefined when there is none. */
  dailyBars(days: number): readonly Bar[] | undefined;
  /** Bars of what the file holds, up to now; undefined when it holds none of the kind. */
  bars(asked: BarsAsked): readonly TimedBar[] | undefined;
  headTimestamp(show: BarShow): EpochMs | undefined;
  /** A day's first or last trade (an index's official close); undefined before it is known, and for days that the file does not hold. */
  settlement(day: TradingDay, on: Settles): Price | undefined;
}

interface Session {
  readonly bar: Bar;
  /** When the bar is known for good. */
  readonly known: EpochMs;
  readonly whole: boolean;
  readonly firstTrade: Price;
  readonly lastTrade: Price;
}

/** The sessions of which the file holds trades, oldest first. */
const sessionsOf = (rows: readonly UnderlyingRow[], afterBellMs: number): Session[] => {
  const byDay = Map.groupBy(rows, (row) => newYorkDay(epochMs(row.stamp)));
  const sessions: Session[] = [];
  for (const [day, ofDay] of byDay) {
    const session = sessionOf(day);
    const inside = ofDay.filter(
      (row) => session !== undefined && row.stamp >= session.open && row.stamp + BAR_MS <= session.close + afterBellMs,
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
      known: epochMs(Math.max(session.close, last.stamp + BAR_MS)),
      whole: first.stamp < session.open + EDGE_MS && last.stamp + BAR_MS > session.close - EDGE_MS,
      firstTrade: priceUnits(first.trade.open),
      lastTrade: priceUnits(last.trade.close),
    });
  }
  return sessions;
};

const side = (value: number): Price | null => (value === NONE ? null : priceUnits(value));

const KINDS: ReadonlySet<BarShow> = new Set(["TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK"]);

/** The minute of a row as a bar; undefined when the file tells nothing of that kind. Values in dollars. */
const partOf = (row: UnderlyingRow, before: UnderlyingRow | undefined, show: BarShow): BarPart | undefined => {
  const session = sessionOf(newYorkDay(epochMs(row.stamp)));
  if (session === undefined) return undefined;
  const place = { at: epochMs(row.stamp), day: session.day, opens: session.open };
  if (show !== "TRADES") return quotedPart(place, row, before, show);
  if (row.trade === undefined) return undefined;
  const [open, high, low, close] = [row.trade.open, row.trade.high, row.trade.low, row.trade.close].map(
    (units) => units / UNITS_PER_DOLLAR,
  ) as [number, number, number, number];
  return { ...place, open, high, low, close, volume: row.trade.volume, wap: (open + high + low + close) / 4, count: null };
};

/** Shows the rows from the first of `days` to the last; rows of later days never. */
export const recordedUnderlying = ({ kind, rows }: UnderlyingBars, days: readonly TradingDay[]): RecordedUnderlying => {
  const [first, last] = [days[0] as TradingDay, days.at(-1) as TradingDay];
  const known = rows.filter(({ stamp }) => newYorkDay(epochMs(stamp)) <= last);
  const sessions = sessionsOf(known, kind === "index" ? OFFICIAL_CLOSE_MS : 0);
  let taken = known.findIndex(({ stamp }) => newYorkDay(epochMs(stamp)) >= first);
  if (taken < 0) taken = known.length;
  let now = epochMs(0);
  let day: TradingDay | undefined;
  let volume = 0;
  let quoted: UnderlyingRow | undefined;
  let trade: Price | null = null;
  let newest: UnderlyingRow | undefined;

  const partsFor = (show: BarShow, { from, to, sizeMs, regularHours }: BarsAsked): BarPart[] => {
    const parts: BarPart[] = [];
    let before: UnderlyingRow | undefined;
    for (const row of known) {
      if (row.stamp + BAR_MS > now) break;
      const part = row.stamp > from - sizeMs && row.stamp < to + sizeMs ? partOf(row, before, show) : undefined;
      if (row.bid !== NONE && row.ask !== NONE) before = row;
      if (part === undefined) continue;
      const { open, close } = sessionOf(part.day)!;
      if (!regularHours || (row.stamp >= open && row.stamp < close)) parts.push(part);
    }
    return parts;
  };

  return {
    advance: (to) => {
      now = to;
      for (let row = known[taken]; row !== undefined && row.stamp + BAR_MS <= to; row = known[++taken]) {
        newest = row;
        const of = newYorkDay(epochMs(row.stamp));
        if (of !== day) [day, volume] = [of, 0];
        if (row.bid !== NONE || row.ask !== NONE) quoted = row;
        if (row.trade === undefined) continue;
        trade = priceUnits(row.trade.close);
        const session = sessionOf(of);
        if (session !== undefined && row.stamp >= session.open && row.stamp < session.close) volume += row.trade.volume;
      }
    },
    quote: () =>
      newest && {
        bid: side(quoted?.bid ?? NONE),
        bidSize: quoted?.bidSize ?? 0,
        ask: side(quoted?.ask ?? NONE),
        askSize: quoted?.askSize ?? 0,
        last: trade,
        lastSize: 0,
        close: sessions.find(({ bar }) => bar.day === tradingDayBefore(day as TradingDay))?.lastTrade ?? null,
        volume: kind === "index" ? null : volume,
        openInterest: null,
        at: epochMs(newest.stamp + BAR_MS),
      },
    dailyBars: (count) => {
      const today = newYorkDay(now);
      const bars = sessions.filter(({ bar, whole }) => whole && bar.day < today).map(({ bar }) => bar);
      return bars.length === 0 || count <= 0 ? undefined : bars.slice(-count);
    },
    bars: (asked) => {
      const { show, sizeMs, from, to } = asked;
      if (!KINDS.has(show)) return undefined;
      const bars =
        show === "BID_ASK"
          ? bidAskBars(partsFor("BID", asked), partsFor("ASK", asked), sizeMs)
          : merged(partsFor(show, asked), sizeMs);
      return bars.filter(({ at }) => at >= from && at < to);
    },
    headTimestamp: (show) => {
      if (!KINDS.has(show)) return undefined;
      const row = known.find((one) => partOf(one, undefined, show === "BID_ASK" ? "MIDPOINT" : show) !== undefined);
      return row && row.stamp + BAR_MS <= now ? epochMs(row.stamp) : undefined;
    },
    settlement: (of, on) => {
      const found = sessions.find(({ bar }) => bar.day === of);
      return found !== undefined && now >= found.known ? (on === "open" ? found.firstTrade : found.lastTrade) : undefined;
    },
  };
};
