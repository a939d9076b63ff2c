/** What an account is worth and what it may still do: the figures that summaries and account updates tell, by IB's tags. */
import { dollars, type Money, moneyUnits } from "../../../domain/units.ts";
import type { Account } from "../account.ts";

/** Reg-T day-trading buying power on what is available. */
const BUYING_POWER_FACTOR = 4;

export type Figures = { readonly [tag: string]: Money };

export const figuresOf = (account: Account): Figures => {
  const standing = account.standing();
  const available = moneyUnits(standing.equityWithLoan - standing.initial);
  return {
    NetLiquidation: account.netLiquidation(),
    TotalCashValue: account.cash.balance,
    SettledCash: account.cash.balance,
    AccruedDividend: account.accrued,
    EquityWithLoanValue: standing.equityWithLoan,
    GrossPositionValue: account.grossPositionValue(),
    BuyingPower: moneyUnits((account.kind === "margin" ? BUYING_POWER_FACTOR : 1) * Math.max(0, available)),
    AvailableFunds: available,
    ExcessLiquidity: moneyUnits(standing.equityWithLoan - standing.maintenance),
    InitMarginReq: standing.initial,
    MaintMarginReq: standing.maintenance,
    FullInitMarginReq: standing.initial,
    FullMaintMarginReq: standing.maintenance,
  };
};

/** A figure as IB writes it: dollars and cents. */
export const inDollars = (amount: Money): string => dollars(amount).toFixed(2);

/** What a gateway calls the kind of account. */
export const accountType = ({ kind }: Account): string => (kind === "ira" ? "IRA-ROTH" : "INDIVIDUAL");
