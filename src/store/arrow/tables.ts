/** Which tables there are, and what of a step becomes a row of which. Orders' names come from the read model. */
import type { EpochMs } from "../../domain/units.ts";
import type { Step } from "../../ports/journal.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { factsOf, timeOf } from "../../projections/spoken.ts";
import type { Row, TableShape } from "./columns.ts";

export const TABLES = {
  fills: {
    table: "fills",
    version: 1,
    columns: [
      { name: "at", kind: "instant" },
      { name: "seq", kind: "big" },
      { name: "orderRef", kind: "text" },
      { name: "execId", kind: "text" },
      { name: "owner", kind: "text", nullable: true },
      { name: "purpose", kind: "text", nullable: true },
      { name: "symbol", kind: "text" },
      { name: "conId", kind: "big" },
      { name: "secType", kind: "text" },
      { name: "expiry", kind: "text", nullable: true },
      { name: "strike", kind: "money", nullable: true },
      { name: "right", kind: "text", nullable: true },
      { name: "multiplier", kind: "integer" },
      { name: "quantity", kind: "integer" },
      { name: "price", kind: "money" },
      /** Null until it is reported; only a report of the same New York day is taken. */
      { name: "commission", kind: "money", nullable: true },
    ],
  },
  equity: {
    table: "equity",
    version: 1,
    columns: [
      { name: "at", kind: "instant" },
      { name: "seq", kind: "big" },
      { name: "equity", kind: "money" },
      { name: "cash", kind: "money" },
      { name: "value", kind: "money" },
      { name: "brokerNetLiquidation", kind: "money", nullable: true },
      { name: "brokerCash", kind: "money", nullable: true },
    ],
  },
  /** Each full minute of an open market; null is unknown. Changes are shares of the earlier price of the same contract. */
  futures_snapshots: {
    table: "futures_snapshots",
    version: 2,
    columns: [
      { name: "at", kind: "instant" },
      { name: "seq", kind: "big" },
      { name: "root", kind: "text" },
      { name: "conId", kind: "big" },
      { name: "localSymbol", kind: "text", nullable: true },
      { name: "expiry", kind: "text", nullable: true },
      { name: "multiplier", kind: "integer" },
      { name: "phase", kind: "text" },
      /** `front` or `next`. */
      { name: "place", kind: "text" },
      { name: "bid", kind: "money", nullable: true },
      { name: "ask", kind: "money", nullable: true },
      { name: "last", kind: "money", nullable: true },
      { name: "volume", kind: "big", nullable: true },
      { name: "openInterest", kind: "big", nullable: true },
      { name: "impliedVol", kind: "real", nullable: true },
      { name: "change1h", kind: "real", nullable: true },
      { name: "change4h", kind: "real", nullable: true },
      { name: "changeOvernight", kind: "real", nullable: true },
      { name: "changeDay", kind: "real", nullable: true },
    ],
  },
} as const satisfies { readonly [name: string]: TableShape };
export type TableName = keyof typeof TABLES;

/** Column positions that the writer needs to find again. */
export const AT = 0;
export const SEQ = 1;
export const EXEC_ID = 3;
export const COMMISSION = 15;

const EQUITY_EVERY_MS = 10_000;

/** The rows of a step. `lastEquityAt` is the instant of the day's last equity row. The read model has taken the step already. */
export const rowsIn = (
  step: Step,
  readModel: ReadModel,
  lastEquityAt: number | undefined,
): readonly (readonly [TableName, Row])[] => {
  const rows: (readonly [TableName, Row])[] = [];
  const at: EpochMs = timeOf(step);
  for (const fact of factsOf(step)) {
    if (fact.type === "fill.booked") {
      const { contract, orderRef, execId, quantity, price } = fact;
      const intentId = orderRef.slice(orderRef.lastIndexOf("/") + 1);
      const order = readModel.orderIntent(intentId);
      rows.push([
        "fills",
        [
          at,
          step.seq,
          orderRef,
          execId,
          order?.owner ?? null,
          order?.purpose ?? null,
          contract.symbol,
          contract.conId,
          contract.secType,
          contract.expiry ?? null,
          contract.strike ?? null,
          contract.right ?? null,
          contract.multiplier,
          quantity,
          price,
          null,
        ],
      ]);
    } else if (fact.type === "future.sampled") {
      const { root, contract, phase, isFront } = fact;
      rows.push([
        "futures_snapshots",
        [
          at,
          step.seq,
          root,
          contract.conId,
          contract.localSymbol ?? null,
          contract.expiry ?? null,
          contract.multiplier,
          phase,
          isFront ? "front" : "next",
          fact.bid,
          fact.ask,
          fact.last,
          fact.volume,
          fact.openInterest,
          fact.impliedVol,
          fact.change1h,
          fact.change4h,
          fact.changeOvernight,
          fact.changeDay,
        ],
      ]);
    }
  }
  if (readModel.changedAt.equity === step.seq && (lastEquityAt === undefined || at - lastEquityAt >= EQUITY_EVERY_MS)) {
    const { equity, cash, value, broker } = readModel.equity;
    if (equity !== undefined && cash !== undefined && value !== undefined) {
      rows.push(["equity", [at, step.seq, equity, cash, value, broker.netLiquidation ?? null, broker.cash ?? null]]);
    }
  }
  return rows;
};
