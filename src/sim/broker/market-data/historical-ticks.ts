/**
 * Historical ticks, derived from minute bars: one at the end of each minute, with what was then bid, asked or last traded. Bars tell no
 * sizes of quotes (0), and of trades only how many in the whole minute. Where the market has no such bars, as of trades in
 * options, the answer is 162.
 */
import type { Contract as IbContract } from "@stoqey/ib";
import { type EpochMs, epochMs } from "../../../domain/units.ts";
import type { BarShow, Market, TimedBar } from "../../market/market.ts";
import { type IbError, isError, theListing } from "../resolve.ts";
import type { Listener } from "../session.ts";
import { DAY_MS, endOf, MINUTE_MS } from "./bar-request.ts";

export const MOST_TICKS = 1_000;
/** How far ahead or back ticks are looked for, until there are enough. */
const REACH_DAYS = [1, 4, 10] as const;

export interface HistoricalTicksAsked {
  readonly contract: IbContract;
  /** One of the two is "". */
  readonly start: string;
  readonly end: string;
  readonly count: number;
  readonly show: string;
  readonly regularHours: boolean;
  /** Leaves out ticks that differ from the one before in nothing but size. */
  readonly ignoreSize: boolean;
}

export type TickShow = "TRADES" | "BID_ASK" | "MIDPOINT";

export interface PastTick {
  readonly epochSeconds: number;
  /** The trade or midpoint, or the bid. */
  readonly price: number;
  readonly ask: number;
  readonly size: number;
}

export interface Stretch {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly regularHours: boolean;
}

/** The ticks of finished minutes in a stretch of time, oldest first; undefined when the market has none of the kind. */
export const pastTicks = (market: Market, conId: number, show: TickShow, stretch: Stretch): readonly PastTick[] | undefined => {
  // A tick at the end of a minute belongs to the minute before.
  const from = epochMs(stretch.from - MINUTE_MS);
  const minutes = (kind: BarShow): readonly TimedBar[] | undefined =>
    market
      .bars(conId, { show: kind, sizeMs: MINUTE_MS, from, to: stretch.to, regularHours: stretch.regularHours })
      ?.filter(({ at }) => at + MINUTE_MS <= Math.min(stretch.to, market.now) && at + MINUTE_MS >= stretch.from);
  const secondsOf = ({ at }: TimedBar): number => (at + MINUTE_MS) / 1_000;
  if (show === "BID_ASK") {
    const asks = new Map(minutes("ASK")?.map((bar) => [bar.at as number, bar.close]));
    return minutes("BID")?.flatMap((bid) => {
      const ask = asks.get(bid.at);
      return ask === undefined ? [] : [{ epochSeconds: secondsOf(bid), price: bid.close, ask, size: 0 }];
    });
  }
  const ticks = minutes(show)?.map((bar) => ({ epochSeconds: secondsOf(bar), price: bar.close, ask: 0, size: bar.volume ?? 0 }));
  // A minute in which nothing traded has no trade.
  return show === "TRADES" ? ticks?.filter(({ size }) => size > 0) : ticks;
};

export const tellPastTicks = (
  to: Listener,
  reqId: number,
  show: TickShow,
  ticks: readonly PastTick[],
  exchange: string,
): void => {
  if (show === "MIDPOINT") {
    const rows = ticks.map(({ epochSeconds, price }) => ({ time: epochSeconds, price, size: 0 }));
    to.tell("historicalTicks", reqId, rows, true);
  } else if (show === "BID_ASK") {
    const rows = ticks.map(({ epochSeconds, price, ask, size }) => ({
      time: epochSeconds,
      tickAttribBidAsk: {},
      priceBid: price,
      priceAsk: ask,
      sizeBid: size,
      sizeAsk: size,
    }));
    to.tell("historicalTicksBidAsk", reqId, rows, true);
  } else {
    const rows = ticks.map(({ epochSeconds, price, size }) => ({
      time: epochSeconds,
      tickAttribLast: {},
      price,
      size,
      exchange,
      specialConditions: "",
    }));
    to.tell("historicalTicksLast", reqId, rows, true);
  }
};

const isSame = (a: PastTick | undefined, b: PastTick): boolean => a !== undefined && a.price === b.price && a.ask === b.ask;

export const answerHistoricalTicks = (
  market: Market,
  to: Listener,
  reqId: number,
  asked: HistoricalTicksAsked,
): IbError | undefined => {
  const { start, end, count, regularHours, ignoreSize } = asked;
  const invalid = (cause: string): IbError => ({ code: 321, text: `Error validating request.-'cb' : cause - ${cause}` });
  const show = (["TRADES", "BID_ASK", "MIDPOINT"] as const).find((known) => known === asked.show);
  if (show === undefined) return invalid(`Historical ticks show TRADES, BID_ASK or MIDPOINT, not ${asked.show}`);
  if (!(count >= 1 && count <= MOST_TICKS)) return invalid(`The number of ticks must be 1 to ${MOST_TICKS}`);
  if ((start === "") === (end === "")) return invalid("Either the start or the end time must be given, and not both");
  const anchor = endOf(start === "" ? end : start, market.now);
  if (typeof anchor !== "number") return anchor;
  const details = theListing(market, asked.contract);
  if (isError(details)) return details;
  const { conId, symbol, exchange } = details.contract;
  let found: readonly PastTick[] | undefined;
  for (const days of REACH_DAYS) {
    const [from, until] = start === "" ? [anchor - days * DAY_MS, anchor] : [anchor, anchor + days * DAY_MS];
    const stretch = { from: epochMs(from), to: epochMs(Math.min(until, market.now)), regularHours };
    const ticks = pastTicks(market, conId, show, stretch);
    found = ignoreSize ? ticks?.filter((tick, i) => !isSame(ticks[i - 1], tick)) : ticks;
    if (found === undefined || found.length >= count) break;
  }
  if (found === undefined || found.length === 0) {
    const text = `Historical Market Data Service error message:HMDS query returned no data: ${symbol}@${exchange} ${asked.show}`;
    return { code: 162, text };
  }
  tellPastTicks(to, reqId, show, start === "" ? found.slice(-count) : found.slice(0, count), exchange);
  return undefined;
};
