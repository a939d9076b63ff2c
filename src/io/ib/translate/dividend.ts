/**
 * IB's word on a stock's dividends (tick type 59, asked for by generic tick 456): `past 12 months,next 12 months,next ex-date,next amount`,
 * for example `0.83,0.92,20130219,0.23`. Only the next one matters here; what IB leaves empty is not known.
 */
import { parseDay } from "../../../domain/calendar/civil-date.ts";
import type { NextDividend } from "../../../domain/quote.ts";
import { priceFigure } from "./figure.ts";

export const DIVIDENDS_TICK = 59;

/** The next dividend; undefined when IB knows none, or says it in a way that cannot be read. */
export const dividendFrom = (text: string | undefined): NextDividend | undefined => {
  const [, , day, dollarsText] = (text ?? "").split(",").map((part) => part.trim());
  const exDate = day === undefined || !/^\d{8}$/.test(day) ? undefined : parseDay(day);
  const amount = dollarsText === undefined || dollarsText === "" ? undefined : priceFigure(Number(dollarsText));
  return exDate === undefined || amount === undefined || amount <= 0 ? undefined : { exDate, amount };
};
