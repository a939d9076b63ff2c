/**
 * Reference requests: contract details, option parameters, daily bars. Asked, answered from the market, forgotten; or refused
 * with the error that they return.
 */
import type { BarSizeSetting, Contract as IbContract, WhatToShow } from "@stoqey/ib";
import { parseDay } from "../../domain/calendar/civil-date.ts";
import { sessionsBetween } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import { dollars } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { compactDay, ibDetails, ibTime } from "./ib-words.ts";
import { type IbError, isError, listings, theListing } from "./resolve.ts";
import type { Listener } from "./session.ts";

const NOT_FOUND: IbError = { code: 200, text: "No security definition has been found for the request" };

/** 200 without an end marker when nothing fits; combos have no details (321). */
export const answerContractDetails = (market: Market, to: Listener, reqId: number, contract: IbContract): IbError | undefined => {
  if (contract.secType === "BAG") {
    const cause = "'BAG' isn't supported for contract data request. Please enter a valid security type";
    return { code: 321, text: `Error validating request.-'bI' : cause - ${cause}` };
  }
  const found = listings(market, contract);
  if (found.length === 0) return NOT_FOUND;
  for (const details of found) to.tell("contractDetails", reqId, ibDetails(details, market.byConId(details.underlyingConId)));
  to.tell("contractDetailsEnd", reqId);
  return undefined;
};

export const answerOptionParameters = (
  market: Market,
  to: Listener,
  reqId: number,
  underlyingConId: number,
): IbError | undefined => {
  if (market.byConId(underlyingConId) === undefined) return NOT_FOUND;
  for (const { exchange, tradingClass, multiplier, expirations, strikes } of market.optionParameters(underlyingConId))
    to.tell(
      "securityDefinitionOptionParameter",
      reqId,
      exchange,
      underlyingConId,
      tradingClass,
      String(multiplier),
      expirations.map(compactDay),
      strikes.map(dollars),
    );
  to.tell("securityDefinitionOptionParameterEnd", reqId);
  return undefined;
};

const SESSIONS_IN: { readonly [unit: string]: number } = { D: 1, W: 5, M: 21, Y: 252 };

/** Sessions in a duration such as `30 D`, `6 M`, `1 Y`; undefined for seconds and anything else. */
const sessionsIn = (duration: string): number | undefined => {
  const parts = /^(\d+) ([DWMY])$/.exec(duration.trim());
  const each = SESSIONS_IN[parts?.[2] ?? ""];
  return parts === null || each === undefined ? undefined : Number(parts[1]) * each;
};

export interface BarsAsked {
  readonly contract: IbContract;
  readonly endDateTime: string | undefined;
  readonly duration: string;
  readonly barSize: BarSizeSetting;
  readonly show: WhatToShow;
  readonly keepUpToDate: boolean;
}

/**
 * Daily bars of trades or implied volatility; everything else this market has no data for (162). Count and weighted average
 * are −1: not available. The answer ends with the row `finished-…`, which `IBApi` makes of IB's start and end.
 */
export const answerBars = (market: Market, to: Listener, reqId: number, asked: BarsAsked): IbError | undefined => {
  const details = theListing(market, asked.contract);
  if (isError(details)) return details;
  const { contract } = details;
  const noData: IbError = {
    code: 162,
    text: `Historical Market Data Service error message:HMDS query returned no data: ${contract.symbol}@${contract.exchange} ${asked.show}`,
  };
  if (asked.keepUpToDate)
    return {
      code: 321,
      text: "Error validating request.-'bD' : cause - bars that keep up to date are not supported by this gateway",
    };
  const sessions = sessionsIn(asked.duration);
  if (sessions === undefined || (asked.barSize as string) !== "1 day") return noData;
  if (asked.show !== "TRADES" && asked.show !== "OPTION_IMPLIED_VOLATILITY") return noData;
  const today = newYorkDay(market.now);
  const last = parseDay((asked.endDateTime ?? "").slice(0, 8)) ?? today;
  const later = last < today ? sessionsBetween(last, today).length : 0;
  const bars = market.dailyBars(contract.conId, asked.show, sessions + later)?.filter(({ day }) => day <= last);
  const wanted = bars?.slice(-sessions);
  const [first] = wanted ?? [];
  if (wanted === undefined || first === undefined) return noData;
  for (const { day, open, high, low, close, volume } of wanted)
    to.tell("historicalData", reqId, compactDay(day), open, high, low, close, volume, -1, -1);
  const span = `${compactDay(first.day)} 00:00:00 US/Eastern-${ibTime(market.now)}`;
  to.tell("historicalData", reqId, `finished-${span}`, -1, -1, -1, -1, -1, -1, -1);
  return undefined;
};
