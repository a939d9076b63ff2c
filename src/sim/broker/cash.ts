/**
 * An account's cash: the opening balance and everything that was booked since, by kind, so that the sum can be checked.
 *
 * Options and stock move their full price. Futures move only what was realised when they are closed or settled (a real
 * account is settled every day; net liquidation is the same either way). No interest and no borrow fees.
 */
import { type Money, moneyUnits, sumMoney } from "../../domain/units.ts";

export type CashKind = "trades" | "commissions" | "expiries" | "dividends";

export type CashTotals = { readonly [Kind in CashKind]: Money };

export interface Cash {
  readonly opening: Money;
  readonly balance: Money;
  /** What was booked under a kind so far; money paid is negative. */
  total(kind: CashKind): Money;
  totals(): CashTotals;
  book(kind: CashKind, amount: Money): void;
}

const NOTHING: CashTotals = {
  trades: moneyUnits(0),
  commissions: moneyUnits(0),
  expiries: moneyUnits(0),
  dividends: moneyUnits(0),
};

export const createCash = (opening: Money, booked: Partial<CashTotals> = NOTHING): Cash => {
  // A kind that was not known when the account was saved has had nothing booked.
  const totals: Record<CashKind, Money> = { ...NOTHING, ...booked };
  return {
    opening,
    get balance() {
      return sumMoney([opening, ...Object.values(totals)]);
    },
    total: (kind) => totals[kind],
    totals: () => ({ ...totals }),
    book: (kind, amount) => {
      totals[kind] = moneyUnits(totals[kind] + amount);
    },
  };
};
