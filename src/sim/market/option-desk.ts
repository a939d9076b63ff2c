/**
 * What the synthetic world's options are worth and quoted at: Black on the carried forward under the surface of the moment,
 * never below what exercise would pay. Values are European but for that floor; the premium of early exercise beyond it is
 * left out. All options of an underlying are valued at the same instant, so that parity and convexity hold across a chain.
 */
import { blackPrice } from "../../domain/options/black-scholes-merton.ts";
import type { TradingDay } from "../../domain/units.ts";
import { toTick, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import { PRICE_TICK } from "./instruments.ts";
import type { ListedOption } from "./listings.ts";
import type { MarketQuote } from "./market.ts";
import { fearMultiple, hourMultiple, optionWidth, sidesAround, volumeShare } from "./quoting.ts";
import { drawAt } from "./random.ts";
import type { Smile } from "./surface.ts";
import { smileOf, volAt } from "./surface.ts";
import type { Levels, World } from "./world.ts";

const YEAR_MS = 365 * 86_400_000;
/** Sizes change this often, in milliseconds. */
const SIZE_LASTS_MS = 10_000;
const LARGEST_SIZE = 200;
/** How far from the money, in log-moneyness, open interest has fallen to 60 %. */
const INTEREST_REACH = 0.09;
const THIRD_FRIDAY_FROM = 15;

/** One expiry at one instant: what all of its strikes share. `smile` is absent at and after expiry. */
interface Slice {
  readonly levels: Levels;
  readonly spot: number;
  readonly forward: number;
  readonly logForward: number;
  readonly discount: number;
  readonly years: number;
  readonly smile: Smile | undefined;
}

/** What stays the same all day. */
interface Daily {
  readonly of: Levels;
  readonly close: MarketQuote["close"];
  readonly interest: number;
  readonly volumeOfDay: number;
}

export interface OptionDesk {
  quote(option: ListedOption): MarketQuote;
  /** The model's value now in dollars, before ticks and width. */
  value(option: ListedOption): number;
}

const sliceOf = ({ etf, expires }: ListedOption, levels: Levels, rate: number): Slice => {
  const years = Math.max(0, expires - levels.at) / YEAR_MS;
  const logSpot = levels.logPrice[etf.index];
  const logForward = logSpot + (rate - etf.dividendYield) * years;
  const smile = years === 0 ? undefined : smileOf(etf.smile, levels.logVix, years);
  return {
    levels,
    spot: Math.exp(logSpot),
    forward: Math.exp(logForward),
    logForward,
    discount: Math.exp(-rate * years),
    years,
    smile,
  };
};

const valueIn = ({ spot, forward, logForward, discount, years, smile }: Slice, option: ListedOption): number => {
  const { strike, right, logStrike } = option;
  const exercised = Math.max(0, right === "C" ? spot - strike : strike - spot);
  if (smile === undefined) return exercised;
  return Math.max(exercised, blackPrice({ right, forward, strike, years, discount, vol: volAt(smile, logStrike - logForward) }));
};

const interestIn = (option: ListedOption, of: Levels, seed: number): number => {
  const { etf, strike, right, expiry, conId } = option;
  const distance = (option.logStrike - of.logPrice[etf.index]) / INTEREST_REACH;
  const roundness = strike % 10 === 0 ? 1 : strike % 5 === 0 ? 0.5 : 0.2;
  const dayOfMonth = Number(expiry.slice(8));
  const monthly = dayOfMonth >= THIRD_FRIDAY_FROM && dayOfMonth < THIRD_FRIDAY_FROM + 7 ? 1 : 0.35;
  const taste = (0.4 + 1.2 * drawAt(seed, conId, 0, 3)) * (right === "P" ? 1.3 : 1);
  return Math.floor(etf.roundInterest * Math.exp((-distance * distance) / 2) * roundness * monthly * taste);
};

export const createOptionDesk = (world: World, rate: number, seed: number): OptionDesk => {
  const slices = new Map<string, Slice>();
  const quotes = new Map<number, { readonly version: number; readonly quote: MarketQuote }>();
  const dailies = new Map<number, Daily>();

  const sliceNow = (option: ListedOption): Slice => {
    const key = option.etf.symbol + option.expiry;
    const known = slices.get(key);
    if (known?.levels === world.stock) return known;
    const slice = sliceOf(option, world.stock, rate);
    slices.set(key, slice);
    return slice;
  };

  const dailyOf = (option: ListedOption): Daily => {
    const known = dailies.get(option.conId);
    if (known?.of === world.reference) return known;
    const of = world.reference;
    const interest = interestIn(option, of, seed);
    const daily: Daily = {
      of,
      close: toTick(valueIn(sliceOf(option, of, rate), option) * UNITS_PER_DOLLAR, PRICE_TICK, "near"),
      interest,
      volumeOfDay: interest * 0.12 * (0.3 + 1.4 * drawAt(seed, option.conId, dayBits(world.tape.day), 4)),
    };
    dailies.set(option.conId, daily);
    return daily;
  };

  const sizeAt = (conId: number, side: number): number =>
    1 + Math.floor(LARGEST_SIZE * drawAt(seed, conId, Math.floor(world.stock.at / SIZE_LASTS_MS), side) ** 2);

  const fresh = (option: ListedOption): MarketQuote => {
    const slice = sliceNow(option);
    const { stock, session, tape } = world;
    const value = valueIn(slice, option);
    const intrinsicShare =
      Math.max(0, option.right === "C" ? slice.spot - option.strike : option.strike - slice.spot) / slice.spot;
    const multiple = fearMultiple(Math.exp(stock.logVix)) * hourMultiple(stock.at, session);
    const width = optionWidth(option.etf.liquidity, value, slice.years * 365, intrinsicShare, multiple);
    const { bid, ask } = sidesAround(value, width, PRICE_TICK);
    const { close, interest, volumeOfDay } = dailyOf(option);
    return {
      bid,
      bidSize: bid === null ? 0 : sizeAt(option.conId, 1),
      ask,
      askSize: sizeAt(option.conId, 2),
      last: null,
      lastSize: 0,
      close,
      volume: Math.floor(volumeOfDay * volumeShare(tape.passed)),
      openInterest: interest,
      at: stock.at,
    };
  };

  return {
    value: (option) => valueIn(sliceNow(option), option),
    quote: (option) => {
      const known = quotes.get(option.conId);
      if (known?.version === world.version) return known.quote;
      const quote = fresh(option);
      quotes.set(option.conId, { version: world.version, quote });
      return quote;
    },
  };
};

/** A day as a whole number for streamless draws: `2026-10-05` is 20261005. */
export const dayBits = (day: TradingDay): number => Number(day.replaceAll("-", ""));
