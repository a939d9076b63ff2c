/** What a run was: the closing document of `--json`, and the same in words. */
import { isForeign } from "../domain/reconciliation/policy.ts";
import { dollars, formatMoney, type Money } from "../domain/units.ts";
import type { ReadModel } from "../projections/read-model.ts";
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
  /** Why there is no equity; absent when there is one. */
  readonly equityUnknown?: string;
  readonly commissions: number;
  readonly openPositions: number;
  readonly journal: Closing["journal"];
  readonly violations: readonly string[];
  readonly skippedFilters: readonly object[];
  readonly stateHash: string;
}

export const closingDocument = ({ readModel, journal, stateHash, build, seconds }: Closing): ClosingDocument => {
  const { status } = readModel;
  const inDollars = (amount: Money | undefined): number | null => (amount === undefined ? null : dollars(amount));
  return {
    build,
    seconds: Math.round(seconds * 10) / 10,
    fills: status.fills,
    trades: readModel.trades.trades,
    startingCash: inDollars(status.startingCash),
    cash: inDollars(status.cash),
    equity: inDollars(status.equity),
    ...(status.equityUnknown === undefined ? {} : { equityUnknown: status.equityUnknown }),
    commissions: dollars(status.commissions),
    openPositions: status.openPositions,
    journal,
    violations: violationsOf(readModel),
    skippedFilters: readModel.decisions.funnels.flatMap(({ strategy, symbol, skipped }) =>
      skipped.map(({ filter, missing, count }) => ({ strategy, symbol, filter, missing, count })),
    ),
    stateHash,
  };
};

/** What should never be: an actor that threw, books that differ from the broker's. */
const violationsOf = ({ status, session }: ReadModel): readonly string[] => [
  ...(status.poisonings > 0 ? [`${status.poisonings} events could not be taken by their actors`] : []),
  // What others hold in the account is theirs.
  ...session.discrepancies
    .filter((one) => !isForeign(one))
    .map(({ kind, subject, ours, theirs }) => `the broker differs: ${subject} ${kind}, ours ${ours}, theirs ${theirs}`),
];

export const tellClosing = (closing: Closing, tell: (sentence: string) => void): void => {
  const { status } = closing.readModel;
  const amount = (value: Money | undefined): string => (value === undefined ? "unknown" : formatMoney(value));
  tell(
    `stopped: ${status.fills} leg fills, ${status.trades} trades closed, ${status.openPositions} positions open, cash ${amount(status.cash)}, equity ${amount(status.equity)}`,
  );
  tell(
    `journal: ${closing.journal.records} records verified, state ${closing.stateHash.slice(0, 16)}…, ${violationsOf(closing.readModel).length} violations`,
  );
};
