/**
 * The units of the house: branded numbers, their constructors and the one rounding.
 *
 * Price and Money are integers in ten-thousandths of a dollar (exact for 0.01 and 0.05 option ticks, 0.25 and 0.10 futures
 * ticks, half-cent mids and four-decimal commissions). A Price may be negative: a credit is a negative net price. Greeks,
 * volatilities and probabilities are plain doubles and never enter a ledger.
 */
import { assert } from "./assert.ts";

declare const unit: unique symbol;
type Unit<Base, Name extends string> = Base & { readonly [unit]: Name };

/** Price of one share, contract point or net combo, in 1/10,000 dollar. May be negative. */
export type Price = Unit<number, "Price">;
/** An amount of dollars in 1/10,000 dollar. */
export type Money = Unit<number, "Money">;
/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Unit<number, "EpochMs">;
/** A calendar day in exchange time (New York), `YYYY-MM-DD`: a session's day or an expiry. */
export type TradingDay = Unit<string, "TradingDay">;

/** How many units of Price and Money make a dollar. */
export const UNITS_PER_DOLLAR = 10_000;

const wholeUnits = (value: number, what: string): number => {
  assert(Number.isSafeInteger(value), () => `${what} must be a whole number of 1/10,000 dollar, got ${value}`);
  return value === 0 ? 0 : value;
};

/** Rounds half away from zero: the only rounding of prices and money. */
export const roundHalfAway = (value: number): number => (value < 0 ? -Math.round(-value) : Math.round(value)) + 0;

/** A price from dollars, rounded to the nearest 1/10,000. Throws on a number that is not finite. */
export const price = (dollars: number): Price => wholeUnits(roundHalfAway(dollars * UNITS_PER_DOLLAR), "price") as Price;
/** Money from dollars, rounded to the nearest 1/10,000. Throws on a number that is not finite. */
export const money = (dollars: number): Money => wholeUnits(roundHalfAway(dollars * UNITS_PER_DOLLAR), "money") as Money;
/** A price from whole units of 1/10,000 dollar. */
export const priceUnits = (units: number): Price => wholeUnits(units, "price") as Price;
/** Money from whole units of 1/10,000 dollar. */
export const moneyUnits = (units: number): Money => wholeUnits(units, "money") as Money;

/** Dollars as a double: for display, for the wire and for models, never for a ledger. */
export const dollars = (amount: Price | Money): number => amount / UNITS_PER_DOLLAR;

/** The value of `quantity` contracts at a price: price × multiplier × quantity, exact. */
export const notional = (each: Price, multiplier: number, quantity: number): Money => moneyUnits(each * multiplier * quantity);

/** The sum of amounts, exact. */
export const sumMoney = (amounts: Iterable<Money>): Money => {
  let total = 0;
  for (const amount of amounts) total += amount;
  return moneyUnits(total);
};

/** The nearest multiple of `tick` at or below (`down`), at or above (`up`), or nearest (`near`) to the price. */
export const toTick = (value: number, tick: Price, direction: "down" | "up" | "near"): Price => {
  assert(tick > 0, () => `tick must be positive, got ${tick}`);
  const ticks = value / tick;
  const whole = direction === "down" ? Math.floor(ticks) : direction === "up" ? Math.ceil(ticks) : roundHalfAway(ticks);
  return priceUnits(whole * tick);
};

/** Two decimals, or four where the third or fourth is not zero: `-1.25`, `0.0125`. */
export const formatPrice = (value: Price | Money): string => {
  const digits = value % 100 === 0 ? 2 : 4;
  return dollars(value).toFixed(digits);
};

/** Dollars with thousands separators and two decimals: `$100,012.40`, `-$1.30`. */
export const formatMoney = (value: Money): string => {
  const [whole = "0", cents = "00"] = Math.abs(dollars(value)).toFixed(2).split(".");
  return `${value < 0 ? "-" : ""}$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
};

/** An instant from whole milliseconds. Throws on anything that is not a safe integer. */
export const epochMs = (milliseconds: number): EpochMs => {
  assert(Number.isSafeInteger(milliseconds), () => `an instant is whole milliseconds, got ${milliseconds}`);
  return milliseconds as EpochMs;
};

const DAY_FORM = /^\d{4}-\d{2}-\d{2}$/;
/** A day from `YYYY-MM-DD`. Throws on another form; the calendar says whether the day exists. */
export const tradingDay = (text: string): TradingDay => {
  assert(DAY_FORM.test(text), () => `a day is written YYYY-MM-DD, got ${JSON.stringify(text)}`);
  return text as TradingDay;
};
