/**
 * The quoted part of a chain, laid out as a trader's board: each side by strike, with what may be done with every contract, and its
 * measures as far as somebody asks for them. A whole chain is laid out once and only the strikes that are looked at are solved.
 */
import { yearsToExpiry } from "../calendar/time-to-expiry.ts";
import type { Right } from "../contract.ts";
import { isAmericanOn } from "../options/american-option.ts";
import { dividendsAhead } from "../options/cash-dividends.ts";
import { type Ground, groundFrom } from "../options/expiry-ground.ts";
import type { ParityForward } from "../options/forward.ts";
import { type Measures, measuresOf } from "../options/priced-option.ts";
import { midOf } from "../quote.ts";
import type { Price } from "../units.ts";
import { type Hygiene, hygieneOf } from "./hygiene.ts";
import type { Scene } from "./strategy.ts";

export interface Row {
  readonly conId: number;
  readonly strike: Price;
  readonly right: Right;
  /** Dollars; NaN when the quote has no middle that counts. */
  readonly mid: number;
  /** Dollars, of an option that nobody bids for: between nothing and the ask. It says roughly what a wing is like; else NaN. */
  readonly guess: number;
  readonly canBuy: boolean;
  readonly canSell: boolean;
}

export interface Board {
  readonly hygiene: Hygiene;
  /** Ascending by strike. */
  readonly rows: { readonly [R in Right]: readonly Row[] };
  /** What the pairs near the money say; the ground is there when they tell a forward that belongs to the spot. */
  readonly parity: ParityForward;
  readonly ground?: Ground;
  /** What the underlying pays until the expiry, dollars a share in all; undefined when that is not known. */
  readonly dividends: number | undefined;
  /** Undefined when its mid tells no volatility. Solved once. */
  readonly measure: (row: Row) => Measures | undefined;
}

/** Share of spot; a little more than the parity forward looks at. */
export const NEAR_THE_MONEY = 0.07;

const rowsOf = ({ chain, quotes }: Scene, { refusals }: Hygiene): { readonly [R in Right]: Row[] } => {
  const rows: { readonly [R in Right]: Row[] } = { C: [], P: [] };
  for (const [conId, strike, right] of chain.options) {
    const quote = quotes[conId];
    const still = refusals.get(conId)?.still;
    if (quote === undefined || still === "nothing") continue;
    const mid = midOf(quote);
    const unbid = mid === undefined && quote.bid === null && typeof quote.ask === "number";
    rows[right].push({
      conId,
      strike,
      right,
      mid: (mid ?? Number.NaN) / 10_000,
      guess: (unbid ? (quote.ask ?? 0) / 2 : Number.NaN) / 10_000,
      canBuy: still !== "measure" && (quote.ask ?? 0) > 0,
      canSell: still === undefined && (quote.bid ?? 0) > 0 && typeof quote.ask === "number",
    });
  }
  return rows;
};

export const boardOf = (scene: Scene): Board => {
  const hygiene = hygieneOf(scene);
  const rows = rowsOf(scene, hygiene);
  const spot = scene.spot / 10_000;
  const mids: { readonly [R in Right]: ReadonlyMap<number, number> } = {
    C: new Map(rows.C.map(({ strike, mid }) => [strike, mid])),
    P: new Map(rows.P.map(({ strike, mid }) => [strike, mid])),
  };
  const pairs = rows.C.filter(({ strike }) => Math.abs(strike - scene.spot) <= NEAR_THE_MONEY * scene.spot).map(
    ({ strike, mid }) => ({ strike: strike / 10_000, callMid: mid, putMid: mids.P.get(strike) ?? Number.NaN }),
  );
  const years = yearsToExpiry(scene.now, scene.chain.expiry);
  const dividends = dividendsAhead(scene.state?.dividend, scene.now, scene.chain.expiry);
  const rate = scene.riskFreeRatePct / 100;
  const { parity, ground } = groundFrom(pairs, {
    spot,
    years,
    rate,
    american: isAmericanOn(scene.config.underlyingSecType),
    dividends,
  });
  const solved = new Map<number, Measures | undefined>();
  return {
    hygiene,
    rows,
    parity,
    ...(ground !== undefined && { ground }),
    dividends: dividends?.reduce((sum, { amount }) => sum + amount, 0),
    measure: ({ conId, strike, right, mid, guess }) => {
      if (ground === undefined) return undefined;
      if (solved.has(conId)) return solved.get(conId);
      const otherSide = mids[right === "C" ? "P" : "C"].get(strike) ?? Number.NaN;
      const told = measuresOf(ground, right, strike / 10_000, { own: mid, otherSide });
      const guessed =
        told === undefined ? measuresOf(ground, right, strike / 10_000, { own: guess, otherSide: Number.NaN }) : undefined;
      const measures = told ?? (guessed && { ...guessed, sure: false });
      solved.set(conId, measures);
      return measures;
    },
  };
};
