/**
 * Real-time bars of five seconds, made of the quotes that the broker sees as time moves on. A bar that time jumps over, or that falls into hours
 * without trading, is not sent: nothing is known of it.
 */
import type { Contract as IbContract } from "@stoqey/ib";
import { sessionAt } from "../../../domain/calendar/market-calendar.ts";
import { dollars } from "../../../domain/units.ts";
import type { Market, MarketQuote } from "../../market/market.ts";
import { type IbError, isError, theListing } from "../resolve.ts";
import type { Listener } from "../session.ts";

const BAR_SECONDS = 5;
const BAR_MS = BAR_SECONDS * 1_000;
const SHOWS = ["TRADES", "MIDPOINT", "BID", "ASK"] as const;
type Show = (typeof SHOWS)[number];

interface Bar {
  readonly begins: number;
  readonly open: number;
  high: number;
  low: number;
  close: number;
  readonly volumeBefore: number;
  volume: number;
  trades: number;
  sum: number;
  looks: number;
}
interface Stream {
  readonly conId: number;
  readonly show: Show;
  readonly regularHours: boolean;
  readonly subscribers: Set<{ readonly to: Listener; readonly reqId: number }>;
  bar: Bar | undefined;
  seen: MarketQuote | undefined;
}

export interface BarStreams {
  open(
    to: Listener,
    reqId: number,
    contract: IbContract,
    barSeconds: number,
    show: string,
    regularHours: boolean,
  ): IbError | undefined;
  close(to: Listener, reqId: number): IbError | undefined;
  closeAll(to: Listener): void;
  advance(): void;
}

const priceOf = ({ bid, ask, last }: MarketQuote, show: Show): number | undefined => {
  if (show === "TRADES") return last === null ? undefined : dollars(last);
  if (show === "BID") return bid === null ? undefined : dollars(bid);
  if (show === "ASK") return ask === null ? undefined : dollars(ask);
  return bid === null || ask === null ? undefined : (dollars(bid) + dollars(ask)) / 2;
};

export const createBarStreams = (market: Market): BarStreams => {
  const streams = new Map<string, Stream>();
  const clients = new Map<Listener, Map<number, () => void>>();

  const tell = ({ bar, subscribers, show }: Stream): void => {
    if (bar === undefined) return;
    const { begins, open, high, low, close, volume, volumeBefore, sum, looks, trades } = bar;
    const traded = show === "TRADES";
    const wap = traded ? Number((sum / looks).toFixed(6)) : -1;
    for (const { to, reqId } of subscribers)
      to.tell(
        "realtimeBar",
        reqId,
        begins / 1_000,
        open,
        high,
        low,
        close,
        traded ? volume - volumeBefore : -1,
        wap,
        traded ? trades : -1,
      );
  };

  const look = (stream: Stream): void => {
    const { now } = market;
    const begins = Math.floor(now / BAR_MS) * BAR_MS;
    if (stream.bar !== undefined && stream.bar.begins !== begins) {
      tell(stream);
      stream.bar = undefined;
    }
    const trading = market.isOpen(stream.conId) && (!stream.regularHours || sessionAt(now) !== undefined);
    const quote = trading ? market.quote(stream.conId) : undefined;
    const price = quote === undefined ? undefined : priceOf(quote, stream.show);
    if (quote === undefined || price === undefined) return;
    const volume = quote.volume ?? 0;
    const isTrade = quote.last !== stream.seen?.last || quote.volume !== stream.seen.volume ? 1 : 0;
    const { bar } = stream;
    if (bar === undefined) {
      const volumeBefore = stream.seen?.volume ?? volume;
      stream.bar = {
        begins,
        open: price,
        high: price,
        low: price,
        close: price,
        volumeBefore: Math.min(volumeBefore, volume),
        volume,
        trades: isTrade,
        sum: price,
        looks: 1,
      };
    } else {
      bar.high = Math.max(bar.high, price);
      bar.low = Math.min(bar.low, price);
      bar.close = price;
      bar.volume = volume;
      bar.trades += isTrade;
      bar.sum += price;
      bar.looks++;
    }
    stream.seen = quote;
  };

  return {
    open: (to, reqId, contract, barSeconds, show, regularHours) => {
      const invalid = (cause: string): IbError => ({ code: 321, text: `Error validating request.-'bP' : cause - ${cause}` });
      const own = clients.get(to) ?? new Map<number, () => void>();
      if (own.has(reqId)) return { code: 322, text: "Error processing request.-'bP' : cause - Duplicate ticker id" };
      if (barSeconds !== BAR_SECONDS) return invalid(`Real-time bars last ${BAR_SECONDS} seconds`);
      const kind = SHOWS.find((known) => known === show);
      if (kind === undefined) return invalid(`Real-time bars show ${SHOWS.join(", ")}`);
      if (contract.secType === "BAG") return invalid("Combos have no real-time bars");
      const details = theListing(market, contract);
      if (isError(details)) return details;
      const { conId } = details.contract;
      const key = `${conId}/${kind}/${regularHours}`;
      const stream = streams.get(key) ?? {
        conId,
        show: kind,
        regularHours,
        subscribers: new Set(),
        bar: undefined,
        seen: undefined,
      };
      const subscriber = { to, reqId };
      stream.subscribers.add(subscriber);
      streams.set(key, stream);
      own.set(reqId, () => {
        stream.subscribers.delete(subscriber);
        if (stream.subscribers.size === 0) streams.delete(key);
      });
      clients.set(to, own);
      if (stream.bar === undefined) look(stream);
      return undefined;
    },
    close: (to, reqId) => {
      const leave = clients.get(to)?.get(reqId);
      if (leave === undefined) return { code: 300, text: `Can't find EId with tickerId:${reqId}` };
      clients.get(to)?.delete(reqId);
      leave();
      return undefined;
    },
    closeAll: (to) => {
      for (const leave of clients.get(to)?.values() ?? []) leave();
      clients.delete(to);
    },
    advance: () => {
      for (const stream of streams.values()) look(stream);
    },
  };
};
