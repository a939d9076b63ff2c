/** What a run was: the closing document of `--json`, and the same in words. */
import { dollars, formatMoney, moneyUnits } from "../domain/units.ts";
import type { Closing } from "./daemon.ts";

export interface ClosingDocument {
  readonly build: string;
  readonly seconds: number;
  readonly fills: number;
  readonly trades: readonly object[];
  /** Dollars; null while unknown. */
  readonly startingCash: number | null;
  readonly cash: number | null;
  readonly equity: number | null;
  readonly commissions: number;
  readonly openPositions: number;
  readonly journal: Closing["journal"];
  readonly violations: readonly string[];
  readonly skippedFilters: readonly object[];
  readonly stateHash: string;
}

export const closingDocument = ({ readModel, journal, stateHash, build, seconds }: Closing): ClosingDocument => {
  const status = readModel.status();
  const money = (amount: number | undefined | null): number | null => (amount === undefined || amount === null ? null : dollars(moneyUnits(amount)));
  return {
    build,
    seconds: Math.round(seconds * 10) / 10,
    fills: status.fills,
    trades: readModel.trades(),
    startingCash: money(status.startingCash),
    cash: money(status.cash),
    equity: money(status.equity),
    commissions: dollars(moneyUnits(status.commissions)),
    openPositions: status.openPositions,
    journal,
    violations: readModel.violations(),
    skippedFilters: readModel.skippedFilters(),
    stateHash,
  };
};

export const tellClosing = (closing: Closing, tell: (sentence: string) => void): void => {
  const { fills, trades, cash, equity, openPositions, violations } = closingDocument(closing);
  const amount = (value: number | null): string => (value === null ? "unknown" : formatMoney(moneyUnits(Math.round(value * 10_000))));
  tell(`stopped: ${fills} leg fills, ${trades.length} trades closed, ${openPositions} positions open, cash ${amount(cash)}, equity ${amount(equity)}`);
  tell(`journal: ${closing.journal.records} records verified, state ${closing.stateHash.slice(0, 16)}…, ${violations.length} violations`);
};
