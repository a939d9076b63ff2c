/** Bars as IB sends them: one row each, then one whose time begins with `finished`. Daily rows carry a day, others an instant. */
import { BarSizeSetting, WhatToShow } from "@stoqey/ib";
import { parseDay } from "../../../domain/calendar/civil-date.ts";
import { newYorkDay } from "../../../domain/calendar/new-york.ts";
import type { Effects } from "../../../domain/effects.ts";
import type { Bar } from "../../../domain/events/broker.ts";
import { epochMs } from "../../../domain/units.ts";
import { figure } from "./figure.ts";
import { refuse } from "./refusal.ts";
import { executionTime } from "./time.ts";

export const isLastRow = (time: string): boolean => time.startsWith("finished");

/** `1795000000`: asked with date format 2, IB writes the beginning of a bar in seconds since 1970. */
const SECONDS = /^\d{9,11}$/;

/** The bar, or undefined where IB has no value (−1, 0 or nothing). Refuses a row whose time cannot be read. */
export const barFrom = (
  time: string,
  values: readonly [open: number, high: number, low: number, close: number],
  volume: number | undefined,
): Bar | undefined => {
  const text = time.trim();
  const at = SECONDS.test(text) ? epochMs(Number(text) * 1_000) : text.length > 8 ? executionTime(text) : undefined;
  const day = at === undefined ? (parseDay(text.slice(0, 8)) ?? refuse("bar time", time)) : newYorkDay(at);
  if (!values.every((value) => (figure(value) ?? 0) > 0)) return undefined;
  const [open, high, low, close] = values;
  // Volatility bars carry a volume of −1: nothing was traded, because a volatility is not traded.
  const bar = { day, open, high, low, close, volume: Math.max(0, figure(volume) ?? 0) };
  return at === undefined ? bar : { ...bar, at };
};

/** How IB wants a span to be written: days up to a year, then whole years. */
export const durationOf = (days: number): string => (days <= 365 ? `${Math.ceil(days)} D` : `${Math.ceil(days / 365)} Y`);

const SIZES = {
  day: BarSizeSetting.DAYS_ONE,
  "30min": BarSizeSetting.MINUTES_THIRTY,
  "5min": BarSizeSetting.MINUTES_FIVE,
  "1min": BarSizeSetting.MINUTES_ONE,
} as const;

/** The question in IB's words. */
export const questionOf = ({ days, show, size = "day", regularHours = true }: Effects["bars.request"]) => ({
  span: durationOf(days),
  size: SIZES[size],
  show: show === "TRADES" ? WhatToShow.TRADES : WhatToShow.OPTION_IMPLIED_VOLATILITY,
  regularHours,
  dateFormat: size === "day" ? 1 : 2,
});
