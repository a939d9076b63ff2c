/**
 * The quarterly contracts of ES, NQ and RTY: when each expires, which one is in front, and when to roll out of it.
 */
import { assert } from "../assert.ts";
import type { TradingDay } from "../units.ts";
import { addDays, civilDateOf, dayOfNumber, FRIDAY, nthWeekday } from "./civil-date.ts";
import { isTradingDay, tradingDayBefore } from "./market-calendar.ts";

export interface FuturesQuarter {
  /** The delivery month as IB writes it: `YYYYMM`. */
  readonly contractMonth: string;
  /** The last trading day: it ends at the open of the stock session, 09:30. */
  readonly expiry: TradingDay;
}

/** The third Friday of March, June, September or December; the trading day before, when the exchanges are closed on it. */
export const quarterlyExpiry = (year: number, month: number): TradingDay => {
  assert(month % 3 === 0 && month >= 3 && month <= 12, `a quarter ends in month 3, 6, 9 or 12, got ${month}`);
  const thirdFriday = dayOfNumber(nthWeekday(year, month, FRIDAY, 3));
  return isTradingDay(thirdFriday) ? thirdFriday : tradingDayBefore(thirdFriday);
};

const quarterOf = (year: number, month: number): FuturesQuarter => ({
  contractMonth: `${year}${month < 10 ? "0" : ""}${month}`,
  expiry: quarterlyExpiry(year, month),
});

/** The quarter that follows. */
export const quarterAfter = ({ contractMonth }: FuturesQuarter): FuturesQuarter => {
  const [year, month] = [Number(contractMonth.slice(0, 4)), Number(contractMonth.slice(4, 6))];
  return month === 12 ? quarterOf(year + 1, 3) : quarterOf(year, month + 3);
};

/** The day on which the quarter's place in front passes to the next: so many calendar days before it expires. */
export const contractRollDay = (quarter: FuturesQuarter, rollDaysBefore: number): TradingDay =>
  addDays(quarter.expiry, -rollDaysBefore);

/**
 * The quarter in front on a day, when one rolls `rollDaysBefore` calendar days before expiry: on the roll day itself the next
 * one. With 0 the expiring contract stays in front until the day before its expiry.
 */
export const frontQuarter = (day: TradingDay, rollDaysBefore: number): FuturesQuarter => {
  assert(rollDaysBefore >= 0 && rollDaysBefore < 60, `a roll comes 0 to 59 days before expiry, got ${rollDaysBefore}`);
  const { year, month } = civilDateOf(day);
  let quarter = quarterOf(year, Math.ceil(month / 3) * 3);
  while (day >= contractRollDay(quarter, rollDaysBefore)) quarter = quarterAfter(quarter);
  return quarter;
};
