/**
 * Cash dividends of the synthetic ETFs: ex-days by rule, amounts fixed a quarter ahead, so that they surprise nobody.
 *
 * An ETF holds what its stocks have paid until it pays it out: it is worth its index and a share of the next dividend that
 * grows to the whole by the session before the ex-day, and falls by it at the next open. Amounts follow the yield
 * (judgement: reference/quant.md 3.4) on the price when the quarter began.
 */
import { addDays, civilDateOf, dayOfNumber, daysBetween, FRIDAY, nthWeekday } from "../../domain/calendar/civil-date.ts";
import { isTradingDay, tradingDayAfter, tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import type { TradingDay } from "../../domain/units.ts";
import { price } from "../../domain/units.ts";
import type { Etf, IndexNumber } from "./instruments.ts";
import { ETFS } from "./instruments.ts";
import type { Dividend } from "./market.ts";

const trading = (day: TradingDay): TradingDay => (isTradingDay(day) ? day : tradingDayAfter(day));
const thirdFriday = (year: number, month: number): TradingDay => dayOfNumber(nthWeekday(year, month, FRIDAY, 3));
const lastTradingDayOf = (year: number, month: number): TradingDay =>
  tradingDayBefore((month === 12 ? `${year + 1}-01-01` : `${year}-${`${month + 1}`.padStart(2, "0")}-01`) as TradingDay);
const sessionsAfter = (day: TradingDay, count: number): TradingDay => {
  let after = day;
  for (let i = 0; i < count; i++) after = tradingDayAfter(after);
  return after;
};

/** The third Friday, the Monday after, the Tuesday before; paid at the end of the next month, of the same, four sessions later. */
const EX_RULES = {
  0: (year: number, month: number) => {
    const exDay = thirdFriday(year, month);
    return {
      exDay: isTradingDay(exDay) ? exDay : tradingDayBefore(exDay),
      payDay: month === 12 ? lastTradingDayOf(year + 1, 1) : lastTradingDayOf(year, month + 1),
    };
  },
  1: (year: number, month: number) => ({
    exDay: trading(addDays(thirdFriday(year, month), 3)),
    payDay: lastTradingDayOf(year, month),
  }),
  2: (year: number, month: number) => {
    const exDay = trading(addDays(thirdFriday(year, month), -3));
    return { exDay, payDay: sessionsAfter(exDay, 4) };
  },
} as const satisfies Record<IndexNumber, (year: number, month: number) => Pick<Dividend, "exDay" | "payDay">>;

/** The ex-day of an ETF that comes first after a day. */
const nextExDay = (etf: Etf, after: TradingDay): Pick<Dividend, "exDay" | "payDay"> => {
  const { year, month } = civilDateOf(after);
  for (let quarter = Math.ceil(month / 3); ; quarter++) {
    const found = EX_RULES[etf.index](year + Math.floor((quarter - 1) / 4), (((quarter - 1) % 4) + 1) * 3);
    if (found.exDay > after) return found;
  }
};

export interface Dividends {
  /** Fixes what a quarter will pay, once its first day has come. Days come in order; `logIndex` is the close before. */
  open(day: TradingDay, logIndex: readonly number[]): void;
  /** Dollars of the next dividend that a share is worth on a day, beyond its index. */
  accrued(etf: Etf, day: TradingDay): number;
  /** Dividends that a share bought on a day will still get with ex-days up to `until`, ascending: those after the next as it. */
  upcoming(etf: Etf, day: TradingDay, until: TradingDay): readonly { readonly exDay: TradingDay; readonly dollars: number }[];
  /** All from the first quarter to the next to come. */
  all(etf: Etf): readonly Dividend[];
}

interface Quarter extends Dividend {
  readonly begins: TradingDay;
  readonly lastDay: TradingDay;
  readonly dollars: number;
}

export const createDividends = (): Dividends => {
  const quarters = ETFS.map((): Quarter[] => []);
  const quarterOf = (etf: Etf, day: TradingDay): Quarter => {
    const of = quarters[etf.index] as Quarter[];
    for (let i = of.length - 1; i > 0; i--) if ((of[i] as Quarter).begins <= day) return of[i] as Quarter;
    return of[0] as Quarter;
  };
  const begin = (etf: Etf, begins: TradingDay, logIndex: number): void => {
    const { exDay, payDay } = nextExDay(etf, begins);
    const dollars = Math.round(((Math.exp(logIndex) * etf.dividendYield) / 4) * 100) / 100;
    quarters[etf.index]?.push({ begins, exDay, payDay, lastDay: tradingDayBefore(exDay), dollars, amount: price(dollars) });
  };
  const outlooks = new Map<string, readonly { readonly exDay: TradingDay; readonly dollars: number }[]>();
  return {
    open: (day, logIndex) => {
      for (const etf of ETFS) {
        const newest = quarters[etf.index]?.at(-1);
        // History may begin within a quarter: taken to have begun three months before its end.
        if (newest === undefined) begin(etf, addDays(nextExDay(etf, day).exDay, -91), logIndex[etf.index] as number);
        else if (day >= newest.exDay) begin(etf, newest.exDay, logIndex[etf.index] as number);
      }
    },
    accrued: (etf, day) => {
      const { begins, lastDay, dollars } = quarterOf(etf, day);
      return dollars * Math.min(1, Math.max(0, daysBetween(begins, day) / daysBetween(begins, lastDay)));
    },
    upcoming: (etf, day, until) => {
      const key = `${etf.index}${day}${until}`;
      const known = outlooks.get(key);
      if (known !== undefined) return known;
      const { exDay, dollars } = quarterOf(etf, day);
      const days: { readonly exDay: TradingDay; readonly dollars: number }[] = [];
      for (let next = exDay; next <= until; next = nextExDay(etf, next).exDay) days.push({ exDay: next, dollars });
      if (outlooks.size > 2000) outlooks.clear();
      outlooks.set(key, days);
      return days;
    },
    all: (etf) => (quarters[etf.index] ?? []).map(({ exDay, payDay, amount }) => ({ exDay, payDay, amount })),
  };
};
