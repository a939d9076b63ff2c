/**
 * Historical bars: asked, answered one query at a time in the order of asking (other requests pass between), kept up to date if so
 * asked, or cancelled. Times are New York's; a bar carries the time at which it begins, from a day on the trading day, from a week on its last one.
 */
import type { Contract as IbContract } from "@stoqey/ib";
import { addDays, MONDAY, weekday } from "../../../domain/calendar/civil-date.ts";
import { sessionsBetween, tradingDayBefore } from "../../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../../domain/calendar/new-york.ts";
import type { ContractDetails } from "../../../domain/contract.ts";
import { type EpochMs, epochMs, type TradingDay, tradingDay } from "../../../domain/units.ts";
import type { Scheduler } from "../../../ports/clock.ts";
import type { BarShow, Market, TimedBar } from "../../market/market.ts";
import { compactDay, ibTime, utcTime } from "../ib-words.ts";
import { type IbError, isError, theListing } from "../resolve.ts";
import type { Listener } from "../session.ts";
import {
  barSizeOf,
  DAY_MS,
  endOf,
  MINUTE_MS,
  type Show,
  type Span,
  showOf,
  spanOf,
  tradingDayAt,
  WEEK_MS,
} from "./bar-request.ts";
import { createHistoricalPacing, type HistoricalPacing } from "./historical-pacing.ts";

/** Queries of a client that may wait or be kept up to date at once. */
const MOST_OUTSTANDING = 50;
/** What IB would send in one answer at the most, near enough: clients choke on more. */
const MOST_BARS = 10_000;
const TRADING_MINUTES = { byDay: 390, withNight: 1_380 } as const;

/** Market time between two updates of the bar in progress. */
const UPDATE_MS = 5_000;
/** IB's number for what a bar does not have. */
const NONE = -1;

export interface HistoryAsked {
  readonly contract: IbContract;
  /** An instant in IB's words, or "" for now. */
  readonly end: string;
  readonly duration: string;
  readonly barSize: string;
  readonly show: string;
  readonly regularHours: boolean;
  /** Seconds since 1970 instead of a date, in bars below a day. */
  readonly epochDates: boolean;
  readonly keepUpToDate: boolean;
}

export interface History {
  open(to: Listener, reqId: number, asked: HistoryAsked): IbError | undefined;
  cancel(to: Listener, reqId: number): IbError | undefined;
  head(to: Listener, reqId: number, contract: IbContract, show: string, epochDates: boolean): IbError | undefined;
  closeAll(to: Listener): void;
  advance(): void;
}

interface Query {
  readonly to: Listener;
  readonly reqId: number;
  readonly details: ContractDetails;
  readonly show: Show;
  readonly sizeMs: number;
  readonly span: Span;
  readonly asked: HistoryAsked;
  /** The bar in progress when it was last told, of a query that is kept up to date. */
  last: TimedBar | undefined;
  updateDueAt: number;
}

const serviceError = (text: string): IbError => ({ code: 162, text: `Historical Market Data Service error message:${text}` });

/** The last trading day of a bar's week or month. */
const lastDayOf = (day: TradingDay, sizeMs: number): TradingDay => {
  if (sizeMs === WEEK_MS) return tradingDayBefore(addDays(day, 7 - ((weekday(day) - MONDAY + 7) % 7)));
  const [year, month] = day.split("-").map(Number) as [number, number];
  const next = month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, "0")}-01`;
  return tradingDayBefore(tradingDay(next));
};

/** When a bar was, as its size is dated. */
const dateOf = (at: EpochMs, sizeMs: number, epochDates: boolean): string => {
  if (sizeMs >= DAY_MS) {
    const day = tradingDayAt(at);
    return compactDay(sizeMs === DAY_MS ? day : lastDayOf(day, sizeMs));
  }
  return epochDates ? String(Math.floor(at / 1_000)) : ibTime(at);
};

export const createHistory = (rules: {
  readonly market: Market;
  readonly scheduler: Scheduler;
  readonly historicalPacing: () => HistoricalPacing;
}): History => {
  const { market, scheduler } = rules;
  const mayPass = createHistoricalPacing(() => scheduler.now(), rules.historicalPacing);
  const clients = new Map<Listener, Map<number, Query>>();
  const waiting: Query[] = [];
  let scheduled = false;

  const error = (to: Listener, reqId: number, { code, text }: IbError): void => to.tell("error", new Error(text), code, reqId);
  const isOpen = (query: Query): boolean => clients.get(query.to)?.get(query.reqId) === query;
  const forget = (query: Query): void => {
    if (isOpen(query)) clients.get(query.to)?.delete(query.reqId);
  };

  const barsIn = (
    details: ContractDetails,
    show: BarShow,
    sizeMs: number,
    { from, to }: Span,
    regularHours: boolean,
  ): readonly TimedBar[] => {
    const { conId } = details.contract;
    const bars = market.bars(conId, { show, sizeMs, from, to, regularHours });
    if (bars !== undefined) return bars;
    if (sizeMs !== DAY_MS || (show !== "TRADES" && show !== "OPTION_IMPLIED_VOLATILITY")) return [];
    // A market without minutes may have the days that came before it.
    const first = tradingDayAt(from);
    const sessions = sessionsBetween(first, newYorkDay(market.now)).length;
    return (market.dailyBars(conId, show, sessions) ?? [])
      .map(({ day, ...rest }) => ({ at: instantOf(day, 9 * 60 + 30), ...rest, wap: null, count: null }))
      .filter(({ at }) => at >= from && at < to);
  };

  const words = ({ open, high, low, close, volume, count, wap }: TimedBar, show: Show) => {
    // Middles of two prices carry the dust of doubles.
    const clean = (value: number): number => Number(value.toFixed(6));
    const prices = [clean(open), clean(high), clean(low), clean(close)] as const;
    const traded = show === "TRADES";
    return [...prices, traded ? (volume ?? NONE) : NONE, traded ? (count ?? NONE) : NONE, traded ? (wap ?? NONE) : NONE] as const;
  };

  const schedule = ({ to, reqId, details, span, asked }: Query): void => {
    const { timeZone, contract } = details;
    const behindMs = timeZone === "US/Central" ? 3_600_000 : 0;
    const text = (at: number): string => {
      const [day, clock] = ibTime(epochMs(at - behindMs)).split(" ") as [string, string];
      return `${day}-${clock}`;
    };
    const atNight = contract.secType === "FUT" && !asked.regularHours;
    const sessions = sessionsBetween(tradingDayAt(span.from), newYorkDay(span.to)).map(({ day, open, close }) => ({
      startDateTime: text(atNight ? instantOf(day, -6 * 60) : open),
      endDateTime: text(atNight ? close + 3_600_000 : close),
      refDate: compactDay(day),
    }));
    const [first, last] = [sessions[0], sessions.at(-1)];
    if (first === undefined || last === undefined) error(to, reqId, noData(details, "Schedule"));
    else to.tell("historicalSchedule", reqId, first.startDateTime, last.endDateTime, timeZone, sessions);
  };

  const noData = ({ contract }: ContractDetails, what: string): IbError =>
    serviceError(`HMDS query returned no data: ${contract.symbol}@${contract.exchange} ${what}`);

  const answer = (query: Query): void => {
    const { to, reqId, details, show, sizeMs, span, asked } = query;
    if (show === "SCHEDULE") {
      forget(query);
      schedule(query);
      return;
    }
    const bars = barsIn(details, show, sizeMs, span, asked.regularHours);
    if (bars.length === 0 && !asked.keepUpToDate) {
      forget(query);
      error(to, reqId, noData(details, asked.show));
      return;
    }
    for (const bar of bars) to.tell("historicalData", reqId, dateOf(bar.at, sizeMs, asked.epochDates), ...words(bar, show));
    to.tell(
      "historicalData",
      reqId,
      `finished-${ibTime(span.from)}-${ibTime(span.to)}`,
      NONE,
      NONE,
      NONE,
      NONE,
      NONE,
      NONE,
      NONE,
    );
    if (!asked.keepUpToDate) {
      forget(query);
      return;
    }
    query.last = bars.at(-1);
    query.updateDueAt = market.now + UPDATE_MS;
  };

  const work = (): void => {
    scheduled = false;
    const next = waiting.shift();
    if (waiting.length > 0) arrange();
    if (next !== undefined && isOpen(next)) answer(next);
  };
  const arrange = (): void => {
    if (scheduled) return;
    scheduled = true;
    scheduler.after(0, work);
  };

  /** Tells the bar in progress if it has changed, after the last word on the one before if it is over. */
  const update = (query: Query): void => {
    const { to, reqId, details, sizeMs, show, asked, last } = query;
    if (show === "SCHEDULE" || market.now < query.updateDueAt) return;
    query.updateDueAt = market.now + UPDATE_MS;
    const span = { from: last?.at ?? epochMs(market.now - Math.max(sizeMs, DAY_MS)), to: epochMs(market.now + 1) };
    for (const bar of barsIn(details, show, sizeMs, span, asked.regularHours)) {
      const known = query.last;
      if (known !== undefined && (bar.at < known.at || (bar.at === known.at && isSame(bar, known)))) continue;
      query.last = bar;
      to.tell("historicalDataUpdate", reqId, dateOf(bar.at, sizeMs, asked.epochDates), ...words(bar, show));
    }
  };

  return {
    open: (to, reqId, asked) => {
      const own = clients.get(to) ?? new Map<number, Query>();
      const invalid = (cause: string): IbError => ({ code: 321, text: `Error validating request.-'bI' : cause - ${cause}` });
      if (own.has(reqId)) return { code: 322, text: "Error processing request.-'bI' : cause - Duplicate ticker id" };
      const sizeMs = barSizeOf(asked.barSize);
      if (typeof sizeMs !== "number") return sizeMs;
      const show = showOf(asked.show);
      if (typeof show !== "string") return show;
      if (show === "SCHEDULE" && sizeMs !== DAY_MS) return invalid("Schedules are told with a bar size of 1 day only");
      if (asked.keepUpToDate && (asked.end.trim() !== "" || show === "SCHEDULE"))
        return invalid("Bars that are kept up to date have no end time");
      const end = endOf(asked.end, market.now);
      if (typeof end !== "number") return end;
      const span = spanOf(asked.duration, end);
      if (isError(span)) return span;
      if (asked.contract.secType === "BAG") return noDataOfCombo;
      const details = theListing(market, asked.contract);
      if (isError(details)) return details;
      const { conId, exchange } = details.contract;
      const kind = `${conId}/${exchange}/${show}`;
      const whole = `${kind}/${asked.end}/${asked.duration}/${asked.barSize}/${asked.regularHours}`;
      const small = sizeMs < MINUTE_MS;
      if (!mayPass({ whole, kind, small, weight: show === "BID_ASK" ? 2 : 1 }))
        return serviceError("Historical data request pacing violation");
      if (small)
        return serviceError(`${noData(details, asked.show).text.split(":")[1]}: bars below a minute are not kept by this market`);
      const atNight = details.contract.secType === "FUT" && !asked.regularHours;
      const minutes = TRADING_MINUTES[atNight ? "withNight" : "byDay"];
      const tradingDays = (((span.to - span.from) / DAY_MS) * 5) / 7;
      if (sizeMs < DAY_MS && (tradingDays * minutes * MINUTE_MS) / sizeMs > MOST_BARS)
        return serviceError("Time length exceed max.");
      if (own.size >= MOST_OUTSTANDING)
        return serviceError(`Max number of simultaneous historical data queries has been reached: ${MOST_OUTSTANDING}`);
      const query: Query = {
        to,
        reqId,
        details,
        show,
        sizeMs,
        // A bar that begins at this very instant is in progress; in the past, an end is not part of what is asked for.
        span: { from: span.from, to: end === market.now ? epochMs(end + 1) : end },
        asked,
        last: undefined,
        updateDueAt: Number.POSITIVE_INFINITY,
      };
      own.set(reqId, query);
      clients.set(to, own);
      waiting.push(query);
      arrange();
      return undefined;
    },
    cancel: (to, reqId) => {
      const query = clients.get(to)?.get(reqId);
      if (query === undefined) return { code: 366, text: `No historical data query found for ticker id:${reqId}` };
      forget(query);
      return serviceError(`API historical data query cancelled: ${reqId}`);
    },
    head: (to, reqId, contract, shown, epochDates) => {
      const show = showOf(shown);
      if (typeof show !== "string") return show;
      const details = theListing(market, contract);
      if (isError(details)) return details;
      const at = show === "SCHEDULE" ? undefined : market.headTimestamp(details.contract.conId, show);
      if (at === undefined) return serviceError("No head time stamp");
      to.tell("headTimestamp", reqId, epochDates ? String(Math.floor(at / 1_000)) : utcTime(at));
      return undefined;
    },
    closeAll: (to) => {
      clients.delete(to);
    },
    advance: () => {
      for (const own of clients.values()) for (const query of own.values()) update(query);
    },
  };
};

const noDataOfCombo = serviceError("HMDS query returned no data: combos have no history of their own");

const isSame = (a: TimedBar, b: TimedBar): boolean =>
  a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;
