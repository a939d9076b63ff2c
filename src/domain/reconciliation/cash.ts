/**
 * Cash as far as it can be told: what our own fills and fees should have made of it against what the broker says. Deposits, interest,
 * dividends and whatever others trade in the account move it too, so a difference is a report and never a correction.
 */
import type { Discrepancy, OrderProgress } from "../events/actors.ts";
import { dollars, type EpochMs, type Money, moneyUnits, notional } from "../units.ts";

export interface CashBook {
  /** The broker's cash when it was last taken over; null before the first. */
  readonly from: Money | null;
  /** What our fills and fees have made of it since. */
  readonly flow: Money;
  readonly lastFillAt: EpochMs | null;
  /** Executions whose commission is not known yet. */
  readonly awaited: readonly string[];
  /** Others have traded in the account since: nothing can be told. */
  readonly disturbed: boolean;
}
export const NO_CASH_YET: CashBook = { from: null, flow: moneyUnits(0), lastFillAt: null, awaited: [], disturbed: false };

/** IB updates an account's cash every three minutes or on a change: after a fill it is left alone for so long. */
const SETTLED_AFTER_MS = 600_000;
/** A commission that does not come keeps cash unknown; no more than this many are waited for by name. */
const MOST_AWAITED = 500;

export const cashAfterFill = (book: CashBook, fill: Extract<OrderProgress, { type: "leg.filled" }>, now: EpochMs): CashBook => ({
  ...book,
  flow: moneyUnits(book.flow - notional(fill.price, fill.contract.multiplier, fill.quantity)),
  lastFillAt: now,
  awaited: fill.execId.endsWith("/corrected") ? book.awaited : [...book.awaited, fill.execId].slice(-MOST_AWAITED),
});
export const cashAfterFee = (book: CashBook, execId: string, amount: Money): CashBook => ({
  ...book,
  flow: moneyUnits(book.flow - amount),
  awaited: book.awaited.filter((awaited) => awaited !== execId),
});

/** Whether expectation and cash can be compared at all. */
const isComparable = (book: CashBook, now: EpochMs): boolean =>
  book.from !== null && book.awaited.length === 0 && (book.lastFillAt === null || now - book.lastFillAt >= SETTLED_AFTER_MS);

/**
 * The difference, if there is one that can be told, and the book from now on. Told once: the broker's figure is then where we go on from.
 * When others were active in the account, cash is taken over without a word.
 */
export const compareCash = (
  book: CashBook,
  cash: Money | null,
  { now, toleranceDollars }: { now: EpochMs; toleranceDollars: number },
): { readonly book: CashBook; readonly found: readonly Discrepancy[] } => {
  if (cash === null) return { book, found: [] };
  const anew: CashBook = { ...NO_CASH_YET, from: cash };
  if (book.from === null) return { book: { ...book, from: cash, flow: moneyUnits(0) }, found: [] };
  if (!isComparable(book, now)) return { book, found: [] };
  const expected = moneyUnits(book.from + book.flow);
  if (book.disturbed || Math.abs(dollars(moneyUnits(cash - expected))) <= toleranceDollars) return { book: anew, found: [] };
  return { book: anew, found: [{ kind: "cash", subject: "cash", ours: dollars(expected), theirs: dollars(cash) }] };
};
