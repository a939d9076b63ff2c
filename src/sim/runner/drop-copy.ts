/**
 * The drop copy: a client of its own at the broker, beside the engine's, that hears of every execution and every commission.
 *
 * It is the auditor's window on the broker's fills. Executions are told to whoever owns their order, so it asks for them;
 * commissions are told to everybody.
 */
import type { CommissionReport, Contract, Execution } from "@stoqey/ib";
import { executionFamily } from "../../domain/identity.ts";
import type { IbClient } from "../../ports/ib-client.ts";

export interface DropCopyRow {
  readonly execId: string;
  readonly orderRef: string;
  readonly conId: number;
  readonly symbol: string;
  readonly secType: string;
  /** Signed, and the price in 1/10,000 dollar. */
  readonly quantity: number;
  readonly price: number;
  readonly multiplier: number;
  /** `YYYYMMDD`; empty for what does not expire. */
  readonly expiry: string;
}

export interface DropCopy {
  /** Asks for today's executions; `complete` is called once they have all been told. */
  ask(complete: () => void): void;
  close(): void;
}

/** No client of the engine's has this id. */
export const DROP_COPY_CLIENT_ID = 999_999;
const UNITS = 10_000;

const rowOf = (contract: Contract, execution: Execution): DropCopyRow => ({
  execId: execution.execId ?? "",
  orderRef: execution.orderRef ?? "",
  conId: contract.conId ?? 0,
  symbol: contract.symbol ?? "",
  secType: contract.secType ?? "",
  quantity: (execution.side === "BOT" ? 1 : -1) * (execution.shares ?? 0),
  price: Math.round((execution.price ?? 0) * UNITS),
  multiplier: Math.max(1, contract.multiplier ?? 1),
  expiry: contract.lastTradeDateOrContractMonth ?? "",
});

export const openDropCopy = (
  client: IbClient,
  heard: {
    /**
     * Once for each execution that booked something; summaries of combos are left out. A correction is told as two: what it replaces
     * taken back (the same row with its quantity turned round), and what now stands.
     */
    readonly executed: (row: DropCopyRow) => void;
    /** Once for each execution; `amount` in 1/10,000 dollar, positive when paid. */
    readonly commissioned: (execId: string, amount: number) => void;
  },
): DropCopy => {
  const executions = new Set<string>();
  /** What stands of each execution, by its id without the count of corrections. */
  const standing = new Map<string, DropCopyRow>();
  const commissions = new Set<string>();
  const waiting = new Map<number, () => void>();
  let lastReqId = 0;
  client.on("execDetails", (_reqId, contract, execution) => {
    const row = rowOf(contract, execution);
    if (row.secType === "BAG" || executions.has(row.execId)) return;
    executions.add(row.execId);
    const { family, revision } = executionFamily(row.execId);
    const before = standing.get(family);
    if (before !== undefined) {
      if (executionFamily(before.execId).revision > revision) return;
      heard.executed({ ...before, quantity: -before.quantity });
    }
    standing.set(family, row);
    heard.executed(row);
  });
  client.on("execDetailsEnd", (reqId) => {
    waiting.get(reqId)?.();
    waiting.delete(reqId);
  });
  client.on("commissionReport", (report: CommissionReport) => {
    if (report.execId === undefined || commissions.has(report.execId)) return;
    commissions.add(report.execId);
    heard.commissioned(report.execId, Math.round((report.commission ?? 0) * UNITS));
  });
  client.connect(DROP_COPY_CLIENT_ID);
  return {
    ask: (complete) => {
      waiting.set(++lastReqId, complete);
      client.reqExecutions(lastReqId, {});
    },
    close: () => void client.disconnect(),
  };
};
