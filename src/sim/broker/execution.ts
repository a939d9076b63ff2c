/**
 * Executions: the broker's record of fills. One row a fill for single contracts; for combos a summary row at the net price
 * (`.01`), which books nothing, and one row for each leg (`.02`, `.03`, ...), which book the positions.
 */
import type { ExecutionFilter, Execution as IbExecution } from "@stoqey/ib";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { Contract, ContractDetails } from "../../domain/contract.ts";
import { dollars, type EpochMs, type Money, type Price, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import { ibTime } from "./ib-words.ts";

export interface ExecutionRow {
  readonly execId: string;
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly account: string;
  readonly contract: Contract;
  /** The contract that was booked; undefined for a combo's summary. */
  readonly booked: ContractDetails | undefined;
  readonly side: "BOT" | "SLD";
  readonly shares: number;
  readonly price: Price;
  readonly cumulative: number;
  /** Σ price × shares of this order and contract, in price units. */
  readonly cumulativeValue: number;
  readonly at: EpochMs;
  /** Summaries have none. */
  readonly commission: Money | undefined;
  /** Of what this execution closed, net of commissions; undefined when it closed nothing. */
  readonly realized: Money | undefined;
  /** When its commission report leaves the broker. */
  readonly commissionAt: EpochMs;
  /** It took what was shown (2) or was met while it rested (1). Undefined: not noted, taken for the latter. */
  readonly liquidity?: 1 | 2;
  /** The broker itself closed the position. */
  readonly liquidation?: true;
}

const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");

/** The common stem of one fill's ids: a running number and the second of the fill, like `0000e0d5.65a1b2c3`. */
export const executionStem = (running: number, at: EpochMs): string => `${hex8(running)}.${hex8(Math.floor(at / 1000))}`;

/** The id of a fill's n-th row (from 1), uncorrected: the last part would count corrections. */
export const executionId = (stem: string, row: number): string => `${stem}.${String(row).padStart(2, "0")}.01`;

/** The id of the next correction of an execution: only the last part counts up. */
export const revisedId = (execId: string): string =>
  execId.replace(/\d+$/, (part) => String(Number(part) + 1).padStart(part.length, "0"));

export const ibExecution = (row: ExecutionRow): IbExecution => ({
  orderId: row.orderId,
  execId: row.execId,
  time: ibTime(row.at),
  acctNumber: row.account,
  exchange: row.contract.exchange,
  side: row.side,
  shares: row.shares,
  price: dollars(row.price),
  permId: row.permId,
  clientId: row.clientId,
  liquidation: row.liquidation === true ? 1 : 0,
  cumQty: row.cumulative,
  avgPrice: row.cumulative === 0 ? 0 : row.cumulativeValue / row.cumulative / UNITS_PER_DOLLAR,
  orderRef: row.orderRef,
  evRule: "",
  evMultiplier: 0,
  modelCode: "",
  lastLiquidity: row.liquidity ?? 1,
  pendingPriceRevision: false,
});

/** `20261120-09:30:00` or `20261120 09:30:00 …` → sortable text; the zone is taken to be New York's. */
const filterTime = (text: string): string => text.slice(0, 17).replace("-", " ");

/** The rows that reqExecutions answers: since midnight in New York, and what the filter leaves. */
export const executionsFor = (rows: readonly ExecutionRow[], filter: ExecutionFilter, now: EpochMs): ExecutionRow[] => {
  const midnight = instantOf(newYorkDay(now), 0);
  const clientId = Number(filter.clientId || 0);
  const side = filter.side === "BUY" ? "BOT" : filter.side === "SELL" ? "SLD" : filter.side;
  return rows.filter(
    (row) =>
      row.at >= midnight &&
      (clientId === 0 || row.clientId === clientId) &&
      (!filter.acctCode || row.account === filter.acctCode) &&
      (!filter.symbol || row.contract.symbol === filter.symbol) &&
      (!filter.secType || row.contract.secType === (filter.secType as string)) &&
      (!filter.exchange || row.contract.exchange === filter.exchange) &&
      (!side || row.side === side) &&
      (!filter.time || ibTime(row.at).slice(0, 17) >= filterTime(filter.time)),
  );
};
