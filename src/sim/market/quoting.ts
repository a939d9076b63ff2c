/**
 * From a value to what is bid and offered: widths, ticks and sizes. Widths follow reference/quant.md 3.5; sizes and open
 * interest are plausible numbers, not measured.
 */
import type { Session } from "../../domain/calendar/market-calendar.ts";
import type { EpochMs, Price } from "../../domain/units.ts";
import { priceUnits, UNITS_PER_DOLLAR } from "../../domain/units.ts";

/** The hectic first and last five minutes of a session widen quotes. */
const OPENING_MS = 5 * 60_000;
const OPENING_MULTIPLE = 3;
const CLOSING_MULTIPLE = 2;

/** How much wider than usual quotes are at a moment of a session. Before its open they are those of the close before. */
export const hourMultiple = (at: EpochMs, { open, close }: Session): number => {
  if (at < open || at >= close - OPENING_MS) return CLOSING_MULTIPLE;
  return at < open + OPENING_MS ? OPENING_MULTIPLE : 1;
};

/** How much wider quotes are at a level of the VIX: gently at first, steeply above 35. */
export const fearMultiple = (vix: number): number => (vix / 18) ** 0.8 * (1 + 3 * Math.min(1, Math.max(0, (vix - 35) / 25)));

/** In-the-money options trade less: up to ten times as wide, reached when they are in the money by 3 % of the spot. */
const DEEP_MULTIPLE = 10;
const DEEP_FROM = 0.03;

/** Judgement: however wide markets get, a dime or this share of the value is the most: makers must quote narrower than that. */
const WIDEST_DOLLARS = 0.1;
const WIDEST_SHARE = 0.4;

/**
 * The width of an option's market in dollars, before rounding to ticks. `liquidity` is the law's constant, about −4.6 for SPY;
 * `intrinsicShare` what exercise would pay over the spot; `multiple` what hour and VIX do.
 */
export const optionWidth = (liquidity: number, value: number, days: number, intrinsicShare: number, multiple: number): number => {
  const depth = 1 + (DEEP_MULTIPLE - 1) * Math.min(1, intrinsicShare / DEEP_FROM);
  const usual = Math.exp(liquidity + 0.55 * Math.log(Math.max(value, 0.01)) - 0.05 * Math.log(Math.max(days, 0.1)));
  return Math.min(usual * multiple * depth, Math.max(WIDEST_DOLLARS, WIDEST_SHARE * value));
};

export interface Sides {
  readonly bid: Price | null;
  readonly ask: Price;
}

/** Below this value in dollars nobody bids at all; above it, but below half a tick or so, the bid is an honest 0. */
const WORTHLESS = 0.001;

/** Bid and ask around a value, on ticks, at least one tick apart; their middle is within half a tick of the value, or at 0. */
export const sidesAround = (value: number, width: number, tick: Price): Sides => {
  const tickDollars = tick / UNITS_PER_DOLLAR;
  const widthTicks = Math.max(1, Math.round(width / tickDollars));
  const bidTicks = Math.round(value / tickDollars - widthTicks / 2);
  if (bidTicks > 0) return { bid: priceUnits(bidTicks * tick), ask: priceUnits((bidTicks + widthTicks) * tick) };
  const askTicks = Math.max(1, Math.round(value / tickDollars + widthTicks / 2));
  return { bid: value < WORTHLESS ? null : priceUnits(0), ask: priceUnits(askTicks * tick) };
};

/** Volume of the 13 half-hours of a session, relative: from 1.65 at the open over 0.52 at noon to 2.22 at the close. */
const HALF_HOUR_VOLUME = [1.65, 1.1, 0.92, 0.8, 0.7, 0.62, 0.55, 0.52, 0.58, 0.66, 0.78, 1.0, 2.22];
const VOLUME_TOTAL = HALF_HOUR_VOLUME.reduce((sum, share) => sum + share, 0);

/** The share of a session's volume that has traded when `passed` (0 to 1) of the session is over. */
export const volumeShare = (passed: number): number => {
  const halfHours = Math.min(1, Math.max(0, passed)) * HALF_HOUR_VOLUME.length;
  let sum = 0;
  for (const [i, share] of HALF_HOUR_VOLUME.entries()) sum += share * Math.min(1, Math.max(0, halfHours - i));
  return sum / VOLUME_TOTAL;
};
