/** Daily bars as IB sends them: one row a day, then one whose time begins with `finished`. */
import { parseDay } from "../../../domain/calendar/civil-date.ts";
import type { Bar } from "../../../domain/events/broker.ts";
import { figure } from "./figure.ts";
import { refuse } from "./refusal.ts";

export const isLastRow = (time: string): boolean => time.startsWith("finished");

/** The bar, or undefined for a day on which IB has no value (−1, 0 or nothing). Refuses a row whose day cannot be read. */
export const barFrom = (
  time: string,
  values: readonly [open: number, high: number, low: number, close: number],
  volume: number | undefined,
): Bar | undefined => {
  const day = parseDay(time.trim().slice(0, 8)) ?? refuse("bar time", time);
  if (!values.every((value) => (figure(value) ?? 0) > 0)) return undefined;
  const [open, high, low, close] = values;
  // Volatility bars carry a volume of −1: nothing was traded, because a volatility is not traded.
  return { day, open, high, low, close, volume: Math.max(0, figure(volume) ?? 0) };
};

/** How IB wants a span to be written: days up to a year, then whole years. */
export const durationOf = (days: number): string => (days <= 365 ? `${Math.ceil(days)} D` : `${Math.ceil(days / 365)} Y`);
