/**
 * What the synthetic world's options are worth and quoted at: Black on the forward without its dividends, under the surface of
 * the moment, never below what exercise would pay. Calls that may be exercised for a dividend are worth the better of waiting
 * and of exercise just before an ex-day (F. Black, 1975). The premium of a put's early exercise beyond its intrinsic value is
 * left out. All options of an underlying are valued at the same instant, so that parity and convexity hold across a chain.
 */
import { addDays } from "../../domain/calendar/civil-date.ts";
import { tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import { instantOf } from "../../domain/calendar/new-york.ts";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import { normalCdf } from "../../domain/options/normal.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { toTick, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import type { Dividends } from "./dividends.ts";
import type { Etf } from "./instruments.ts";
import { PRICE_TICK } from "./instruments.ts";
import type { ListedOption, Series } from "./listings.ts";
import type { MarketQuote } from "./market.ts";
import type { Sides } from "./quoting.ts";
import { optionWidth, sidesAround } from "./quoting.ts";
import { drawAt } from "./random.ts";
import { EXTRA_DAYS_PER_SESSION, releaseOn } from "./releases.ts";
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
  /** Ex-days before expiry: the last moment to exercise for the dividend, and from which strike on nobody would. */
  readonly early: readonly { readonly slice: Slice; readonly belowStrike: number }[];
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
  /** The same at other levels. */
  valueAt(option: ListedOption, levels: Levels): number;
  /** What is bid and offered around a value at other levels, when quotes are so much wider than usual. */
  sidesAt(option: ListedOption, value: number, levels: Levels, widening: number): Sides;
}

/** Everything around an option that its value depends on beside the levels. */
export interface Pricing {
  readonly dividends: Dividends;
  /** Annual, continuous. */
  readonly rate: number;
  /** Vol points that sellers are paid beyond what is fair. */
  readonly premium: number;
}

const newsAhead = new Map<string, number>();
/** Variance, in ordinary calendar days, that the news of whole days after one and up to an expiry brings. */
const newsDaysAfter = (day: TradingDay, expiry: TradingDay): number => {
  const key = `${day}${expiry}`;
  const known = newsAhead.get(key);
  if (known !== undefined) return known;
  let sum = 0;
  for (let next = addDays(day, 1); next <= expiry; next = addDays(next, 1)) sum += releaseOn(next)?.extraDays ?? 0;
  if (newsAhead.size > 5000) newsAhead.clear();
  newsAhead.set(key, sum);
  return sum;
};
const CALENDAR_PER_SESSION = 365 / 252;
const QUIET_SHARE = 1 / (1 + EXTRA_DAYS_PER_SESSION);

/** Days as variance counts them: ordinary days a little less than whole, so that a year with its news is a year. */
export const varianceDaysOf = ({ at, day }: Pick<Levels, "at" | "day">, expiry: TradingDay, years: number): number => {
  const today = releaseOn(day);
  const due = today !== undefined && instantOf(day, today.minute) > at && day <= expiry ? today.extraDays : 0;
  return QUIET_SHARE * (years * 365 + CALENDAR_PER_SESSION * (due + newsDaysAfter(day, expiry)));
};

const sliceUntil = (etf: Etf, expiry: TradingDay, until: EpochMs, levels: Levels, pricing: Pricing): Slice => {
  const { dividends, rate, premium } = pricing;
  const years = Math.max(0, until - levels.at) / YEAR_MS;
  const spot = Math.exp(levels.logPrice[etf.index]) + dividends.accrued(etf, levels.day);
  const paid = years === 0 ? [] : dividends.upcoming(etf, levels.day, expiry);
  let forward = spot * Math.exp(rate * years);
  const early: Slice["early"][number][] = [];
  for (const { exDay, dollars } of paid) {
    const left = Math.max(0, until - instantOf(exDay, 570)) / YEAR_MS;
    forward -= dollars * Math.exp(rate * left);
    const before = tradingDayBefore(exDay);
    // What is paid must be worth more than the interest on the strike: else waiting is better whatever happens.
    const belowStrike = dollars / (1 - Math.exp(-rate * left));
    if (belowStrike > spot * LEAST_STRIKE && before >= levels.day) {
      const slice = sliceUntil(etf, before, expiryInstant(before), levels, pricing);
      if (slice.smile !== undefined) early.push({ slice, belowStrike });
    }
  }
  const smile =
    years === 0
      ? undefined
      : smileOf(etf.smile, levels.logVix, years, {
          skew: levels.skew,
          premium,
          varianceDays: varianceDaysOf(levels, expiry, years),
        });
  return { levels, spot, forward, logForward: Math.log(forward), discount: Math.exp(-rate * years), years, smile, early };
};
/** The lowest strikes that are listed lie this far down. */
const LEAST_STRIKE = 0.6;
const sliceOf = ({ etf, expiry, expires }: Series, levels: Levels, pricing: Pricing): Slice =>
  sliceUntil(etf, expiry, expires, levels, pricing);

/**
 * Black (1976) with what the slice already knows, as this is the hottest line of a simulated day: log-moneyness instead of a
 * logarithm, and no checks. A test holds it to the domain's `blackPrice`.
 */
const valueIn = (
  { spot, forward, logForward, discount, years, smile, early }: Slice,
  option: Pick<ListedOption, "strike" | "right" | "logStrike">,
): number => {
  const { strike, right, logStrike } = option;
  const sign = right === "C" ? 1 : -1;
  const exercised = Math.max(0, sign * (spot - strike));
  if (smile === undefined) return exercised;
  const logMoneyness = logStrike - logForward;
  const deviation = volAt(smile, logMoneyness) * Math.sqrt(years);
  const d1 = deviation / 2 - logMoneyness / deviation;
  const value = discount * sign * (forward * normalCdf(sign * d1) - strike * normalCdf(sign * (d1 - deviation)));
  let best = Math.max(exercised, value);
  if (sign === 1) {
    for (const { slice, belowStrike } of early) if (strike < belowStrike) best = Math.max(best, valueIn(slice, option));
  }
  return best;
};

const sidesIn = ({ spot, years }: Slice, { right, strike, series }: ListedOption, value: number, widening: number): Sides => {
  const intrinsicShare = Math.max(0, right === "C" ? spot - strike : strike - spot) / spot;
  return sidesAround(value, optionWidth(series.etf.liquidity, value, years * 365, intrinsicShare, widening), PRICE_TICK);
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

export const createOptionDesk = (world: World, pricing: Pricing, seed: number): OptionDesk => {
  // Weak: what expired is forgotten with its listing.
  const slices = new WeakMap<Series, Slice>();
  const kept = new WeakMap<ListedOption, Kept>();

  const sliceNow = (series: Series): Slice => {
    const known = slices.get(series);
    if (known?.levels === world.stock) return known;
    const slice = sliceOf(series, world.stock, pricing);
    slices.set(series, slice);
    return slice;
  };

  const refresh = (cell: Kept, option: ListedOption): void => {
    cell.reference = world.reference;
    cell.close = toTick(valueIn(sliceOf(option.series, world.reference, pricing), option) * UNITS_PER_DOLLAR, PRICE_TICK, "near");
    cell.interest = interestIn(option, world.reference, seed);
    cell.volumeOfDay = cell.interest * 0.12 * (0.3 + 1.4 * drawAt(seed, option.conId, dayBits(world.tape.day), 4));
  };
  const keptOf = (option: ListedOption): Kept => {
    const known = kept.get(option);
    if (known?.reference === world.reference) return known;
    const cell = known ?? { reference: world.reference, close: null, interest: 0, volumeOfDay: 0, version: -1, quote: undefined };
    refresh(cell, option);
    kept.set(option, cell);
    return cell;
  };

  const sizeAt = (conId: number, side: number): number =>
    1 + Math.floor(LARGEST_SIZE * drawAt(seed, conId, Math.floor(world.stock.at / SIZE_LASTS_MS), side) ** 2);

  const fresh = (option: ListedOption, { close, interest, volumeOfDay }: Kept): MarketQuote => {
    const slice = sliceNow(option.series);
    const { stock, tape, widening } = world;
    const { bid, ask } = sidesIn(slice, option, valueIn(slice, option), widening);
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
    valueAt: (option, levels) => valueIn(sliceOf(option.series, levels, pricing), option),
    sidesAt: (option, value, levels, widening) => sidesIn(sliceOf(option.series, levels, pricing), option, value, widening),
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
