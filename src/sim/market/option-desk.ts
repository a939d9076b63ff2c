/**
 * What the synthetic world's options are worth and quoted at: Black on the carried forward under the surface of the moment,
 * never below what exercise would pay. Values are European but for that floor; the premium of early exercise beyond it is
 * left out. All options of an underlying are valued at the same instant, so that parity and convexity hold across a chain.
 */
import { normalCdf } from "../../domain/options/normal.ts";
import type { TradingDay } from "../../domain/units.ts";
import { toTick, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import { PRICE_TICK } from "./instruments.ts";
import type { ListedOption, Series } from "./listings.ts";
import type { MarketQuote } from "./market.ts";
import { optionWidth, sidesAround } from "./quoting.ts";
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

/** What is kept of an option between two questions. The daily figures hold for one reference, the quote for one version. */
interface Kept {
  reference: Levels;
  close: MarketQuote["close"];
  interest: number;
  volumeOfDay: number;
  version: number;
  quote: MarketQuote | undefined;
}

export interface OptionDesk {
  quote(option: ListedOption): MarketQuote;
  /** The model's value now in dollars, before ticks and width. */
  value(option: ListedOption): number;
}

const sliceOf = ({ etf, expires }: Series, levels: Levels, rate: number): Slice => {
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

/**
 * Black (1976) with what the slice already knows, as this is the hottest line of a simulated day: log-moneyness instead of a
 * logarithm, and no checks. A test holds it to the domain's `blackPrice`.
 */
const valueIn = (
  { spot, forward, logForward, discount, years, smile }: Slice,
  { strike, right, logStrike }: ListedOption,
): number => {
  const sign = right === "C" ? 1 : -1;
  const exercised = Math.max(0, sign * (spot - strike));
  if (smile === undefined) return exercised;
  const logMoneyness = logStrike - logForward;
  const deviation = volAt(smile, logMoneyness) * Math.sqrt(years);
  const d1 = deviation / 2 - logMoneyness / deviation;
  const value = discount * sign * (forward * normalCdf(sign * d1) - strike * normalCdf(sign * (d1 - deviation)));
  return Math.max(exercised, value);
};

const interestIn = (option: ListedOption, of: Levels, seed: number): number => {
  const { strike, right, conId } = option;
  const { etf, expiry } = option.series;
  const distance = (option.logStrike - of.logPrice[etf.index]) / INTEREST_REACH;
  const roundness = strike % 10 === 0 ? 1 : strike % 5 === 0 ? 0.5 : 0.2;
  const dayOfMonth = Number(expiry.slice(8));
  const monthly = dayOfMonth >= THIRD_FRIDAY_FROM && dayOfMonth < THIRD_FRIDAY_FROM + 7 ? 1 : 0.35;
  const taste = (0.4 + 1.2 * drawAt(seed, conId, 0, 3)) * (right === "P" ? 1.3 : 1);
  return Math.floor(etf.roundInterest * Math.exp((-distance * distance) / 2) * roundness * monthly * taste);
};

export const createOptionDesk = (world: World, rate: number, seed: number): OptionDesk => {
  const slices = new Map<Series, Slice>();
  const kept = new Map<number, Kept>();

  const sliceNow = (series: Series): Slice => {
    const known = slices.get(series);
    if (known?.levels === world.stock) return known;
    const slice = sliceOf(series, world.stock, rate);
    slices.set(series, slice);
    return slice;
  };

  const refresh = (cell: Kept, option: ListedOption): void => {
    cell.reference = world.reference;
    cell.close = toTick(valueIn(sliceOf(option.series, world.reference, rate), option) * UNITS_PER_DOLLAR, PRICE_TICK, "near");
    cell.interest = interestIn(option, world.reference, seed);
    cell.volumeOfDay = cell.interest * 0.12 * (0.3 + 1.4 * drawAt(seed, option.conId, dayBits(world.tape.day), 4));
  };
  const keptOf = (option: ListedOption): Kept => {
    const known = kept.get(option.conId);
    if (known?.reference === world.reference) return known;
    const cell = known ?? { reference: world.reference, close: null, interest: 0, volumeOfDay: 0, version: -1, quote: undefined };
    refresh(cell, option);
    kept.set(option.conId, cell);
    return cell;
  };

  const sizeAt = (conId: number, side: number): number =>
    1 + Math.floor(LARGEST_SIZE * drawAt(seed, conId, Math.floor(world.stock.at / SIZE_LASTS_MS), side) ** 2);

  const fresh = (option: ListedOption, { close, interest, volumeOfDay }: Kept): MarketQuote => {
    const slice = sliceNow(option.series);
    const { stock, tape, widening } = world;
    const value = valueIn(slice, option);
    const intrinsicShare =
      Math.max(0, option.right === "C" ? slice.spot - option.strike : option.strike - slice.spot) / slice.spot;
    const width = optionWidth(option.series.etf.liquidity, value, slice.years * 365, intrinsicShare, widening);
    const { bid, ask } = sidesAround(value, width, PRICE_TICK);
    return {
      bid,
      bidSize: bid === null ? 0 : sizeAt(option.conId, 1),
      ask,
      askSize: sizeAt(option.conId, 2),
      last: null,
      lastSize: 0,
      close,
      volume: Math.floor(volumeOfDay * tape.volumeShare),
      openInterest: interest,
      at: stock.at,
    };
  };

  return {
    value: (option) => valueIn(sliceNow(option.series), option),
    quote: (option) => {
      const cell = keptOf(option);
      if (cell.quote === undefined || cell.version !== world.version) {
        cell.quote = fresh(option, cell);
        cell.version = world.version;
      }
      return cell.quote;
    },
  };
};

/** A day as a whole number for streamless draws: `2026-10-05` is 20261005. */
export const dayBits = (day: TradingDay): number => Number(day.replaceAll("-", ""));
