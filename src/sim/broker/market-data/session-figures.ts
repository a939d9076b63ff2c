/** What a line says of the day so far, beyond the quote: open, high and low, and the letter of the exchange. */
import { instantOf, newYorkDay } from "../../../domain/calendar/new-york.ts";
import type { Contract } from "../../../domain/contract.ts";
import { dollars, epochMs } from "../../../domain/units.ts";
import type { Market, MarketQuote } from "../../market/market.ts";

export const DAY_MS = 86_400_000;
/** A look costs a walk through the day so far. */
const LOOK_AGAIN_MS = 10 * 60_000;
/** A day's trading begins in the evening before, where it goes on at night. */
const EVENING_BEFORE = -6 * 60;

interface Range {
  open: number;
  high: number;
  low: number;
}

/** Follows a contract's day: taken from its daily bar every ten minutes, and widened by each last price between. */
export const dayRange = (market: Market, conId: number): ((quote: MarketQuote) => Range | undefined) => {
  let range: Range | undefined;
  let dueAt = Number.NEGATIVE_INFINITY;
  return ({ last }) => {
    if (market.now >= dueAt) {
      dueAt = market.now + LOOK_AGAIN_MS;
      const from = instantOf(newYorkDay(market.now), EVENING_BEFORE);
      const to = epochMs(market.now + 1);
      const today = market.bars(conId, { show: "TRADES", sizeMs: DAY_MS, from, to, regularHours: false })?.at(-1);
      range = today === undefined ? undefined : { open: today.open, high: today.high, low: today.low };
    }
    if (range === undefined || last === null) return range;
    const value = dollars(last);
    if (value > range.high) range.high = value;
    if (value < range.low) range.low = value;
    return range;
  };
};

const LETTERS: Readonly<Record<string, string>> = { ARCA: "P", NASDAQ: "Q", NYSE: "N", AMEX: "A", BATS: "Z" };

/** IB's letter for the exchange of a stock's quotes; undefined for what is not a stock, or listed elsewhere. */
export const exchangeLetter = ({ secType, primaryExchange }: Contract): string | undefined =>
  secType === "STK" ? LETTERS[primaryExchange ?? ""] : undefined;
