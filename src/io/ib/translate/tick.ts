/**
 * One market data line's ticks, gathered into the newest quote.
 *
 * Three ways of not having a price stay apart, as src/domain/quote.ts wants it: nothing heard, or a figure that is none
 * (undefined); −1 or a size of 0 (null: IB says that there is no such side); a number, also 0.
 */
import type { Contract } from "../../../domain/contract.ts";
import type { NextDividend, Quote, QuoteSource } from "../../../domain/quote.ts";
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

type Figure = "volume" | "openInterest" | "impliedVol";
const FUTURES_FIGURES: ReadonlyMap<number, Figure> = new Map([
  [8, "volume"],
  [74, "volume"],
  [86, "openInterest"],
  [24, "impliedVol"],
]);
/** IB may tell the interest in calls (27) and in puts (28) on the line of either: the other one's is not its own. */
const CALL_FIGURES: ReadonlyMap<number, Figure> = new Map([[27, "openInterest"]]);
const PUT_FIGURES: ReadonlyMap<number, Figure> = new Map([[28, "openInterest"]]);
const UNDERLYING_FIGURES: ReadonlyMap<number, Figure> = new Map([[24, "impliedVol"]]);
const NO_FIGURES: ReadonlyMap<number, Figure> = new Map();

/** Which figures a contract's line tells of it, by tick type; live, and a future's volume delayed too. */
const figuresOf = ({ secType, right }: Pick<Contract, "secType" | "right">): ReadonlyMap<number, Figure> => {
  if (secType === "FUT") return FUTURES_FIGURES;
  if (secType === "OPT" || secType === "FOP") return right === "C" ? CALL_FIGURES : PUT_FIGURES;
  return secType === "STK" || secType === "IND" ? UNDERLYING_FIGURES : NO_FIGURES;
};

/** What a line has said so far. The price is kept beside the size, because a size of 0 hides it only until the next one. */
export interface Heard {
  readonly prices: { [S in Side]?: Price | null };
  readonly sizes: { [S in Side]?: number };
  readonly figures: { [F in Figure]?: number };
  dividend?: NextDividend | undefined;
  /** Its prices may honestly be negative. */
  readonly signed: boolean;
}
export const nothingHeard = (signed = false): Heard => ({ prices: {}, sizes: {}, figures: {}, signed });

/** Net prices of combos, and futures (April 2020), go below zero; everything else that is negative is a sentinel. */
export const isSigned = ({ secType }: Contract): boolean => secType === "BAG" || secType === "FUT";
/** The price that says "no such side". */
const NO_SIDE = -10_000;
/** Where prices are signed, −1 is a price only beside a size. */
const priceOf = ({ prices, sizes, signed }: Heard, side: Side): Price | null | undefined =>
  signed && prices[side] === NO_SIDE && (side === "close" || !sizes[side]) ? null : prices[side];

/** Takes a price tick in; false when the type is none of a quote's. */
export const hearPrice = (heard: Heard, field: number, value: number | undefined): boolean => {
  const side = PRICES.get(field);
  if (side === undefined) return false;
  const known = priceFigure(value);
  if (known === undefined) delete heard.prices[side];
  else heard.prices[side] = (known < 0 && !heard.signed) || (side === "close" && known === 0) ? null : known;
  if (known === undefined || side === "close") return true;
  // IBApi swallows the bid size that comes with a price (type 0 is false to it). A new price disproves a size of 0, and a signed
  // −1 counts as a price only if a size follows it.
  if (heard.signed && known === NO_SIDE) delete heard.sizes[side];
  else if ((known >= 0 || heard.signed) && heard.sizes[side] === 0) delete heard.sizes[side];
  return true;
};

/**
 * Notes a figure of the contract's. True when it is worth telling by itself; a volume changes with every trade, and is told with the next
 * price.
 */
export const hearFigure = (
  heard: Heard,
  contract: Pick<Contract, "secType" | "right">,
  field: number | undefined,
  value: number | undefined,
): boolean => {
  const name = field === undefined ? undefined : figuresOf(contract).get(field);
  if (name === undefined) return false;
  const before = heard.figures[name];
  const known = figure(value);
  if (known === undefined || known < 0) delete heard.figures[name];
  else heard.figures[name] = known;
  return name !== "volume" && heard.figures[name] !== before;
};

/** Notes what IB says of dividends; true when it is news. */
export const hearDividend = (heard: Heard, next: NextDividend | undefined): boolean => {
  const before = heard.dividend;
  heard.dividend = next;
  return before?.exDate !== next?.exDate || before?.amount !== next?.amount;
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

/** The whole newest quote. `source` is left out where it is live. */
export const quoteOf = (conId: number, heard: Heard, at: EpochMs, source: QuoteSource = "live"): Quote => {
  const { prices, sizes, signed } = heard;
  const priced: { [S in Side]?: Price | null } = {};
  for (const side of ["bid", "ask", "last", "close"] as const) {
    // An index trades no size: a last price counts without one, unless it is 0 itself.
    const none = side === "bid" || side === "ask" ? sizes[side] === 0 : side === "last" && sizes.last === 0 && prices.last === 0;
    const known = none ? null : priceOf(heard, side);
    if (known !== undefined) priced[side] = known;
  }
  const { bid, ask } = priced;
  return {
    conId,
    ...priced,
    ...(source === "live" ? {} : { source }),
    ...(signed ? { signed } : {}),
    ...(typeof bid === "number" && typeof ask === "number" && bid > ask ? { crossed: true as const } : {}),
    ...(sizes.bid === undefined ? {} : { bidSize: sizes.bid }),
    ...(sizes.ask === undefined ? {} : { askSize: sizes.ask }),
    ...heard.figures,
    ...(heard.dividend === undefined ? {} : { dividend: heard.dividend }),
    at,
  };
};
