/**
 * One market data line's ticks, gathered into the newest quote.
 *
 * Three ways of not having a price stay apart, as src/domain/quote.ts wants it: nothing heard, or a figure that is none
 * (undefined); −1 or a size of 0 (null: IB says that there is no such side); a number, also 0.
 */
import type { Quote } from "../../../domain/quote.ts";
import type { EpochMs, Price } from "../../../domain/units.ts";
import { figure, priceFigure } from "./figure.ts";

type Side = "bid" | "ask" | "last" | "close";

/** IB's tick types by number, live and delayed. The others (greeks, volumes, halts) do not make a quote. */
const PRICES: ReadonlyMap<number, Side> = new Map([
  [1, "bid"],
  [2, "ask"],
  [4, "last"],
  [9, "close"],
  [66, "bid"],
  [67, "ask"],
  [68, "last"],
  [75, "close"],
]);
const SIZES: ReadonlyMap<number, Exclude<Side, "close">> = new Map([
  [0, "bid"],
  [3, "ask"],
  [5, "last"],
  [69, "bid"],
  [70, "ask"],
  [71, "last"],
]);

/** What a line has said so far. The price is kept beside the size, because a size of 0 hides it only until the next one. */
export interface Heard {
  readonly prices: { [S in Side]?: Price | null };
  readonly sizes: { [S in Side]?: number };
}
export const nothingHeard = (): Heard => ({ prices: {}, sizes: {} });

/** Takes a price tick in; false when the type is none of a quote's. */
export const hearPrice = (heard: Heard, field: number, value: number | undefined): boolean => {
  const side = PRICES.get(field);
  if (side === undefined) return false;
  const known = priceFigure(value);
  if (known === undefined) delete heard.prices[side];
  else heard.prices[side] = known < 0 || (side === "close" && known === 0) ? null : known;
  // IBApi swallows the bid size that comes with a price (type 0 is false to it). A new price disproves a size of 0.
  if (known !== undefined && known >= 0 && heard.sizes[side] === 0) delete heard.sizes[side];
  return true;
};

/** Takes a size tick in; false when the type is none of a quote's. */
export const hearSize = (heard: Heard, field: number | undefined, value: number | undefined): boolean => {
  const side = field === undefined ? undefined : SIZES.get(field);
  if (side === undefined) return false;
  const known = figure(value);
  if (known === undefined || known < 0) delete heard.sizes[side];
  else heard.sizes[side] = known;
  return true;
};

/** The whole newest quote. */
export const quoteOf = (conId: number, { prices, sizes }: Heard, at: EpochMs): Quote => {
  const priced: { [S in Side]?: Price | null } = {};
  for (const side of ["bid", "ask", "last", "close"] as const) {
    // An index trades no size: a last price counts without one, unless it is 0 itself.
    const none = side === "bid" || side === "ask" ? sizes[side] === 0 : side === "last" && sizes.last === 0 && prices.last === 0;
    const known = none ? null : prices[side];
    if (known !== undefined) priced[side] = known;
  }
  return {
    conId,
    ...priced,
    ...(sizes.bid === undefined ? {} : { bidSize: sizes.bid }),
    ...(sizes.ask === undefined ? {} : { askSize: sizes.ask }),
    at,
  };
};
