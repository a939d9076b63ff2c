/** Messages about fills: 11 execDetails, 55 its end, 59 commissionReport. */
import type { CommissionReport, Contract, Execution } from "@stoqey/ib";
import { flag, real, text, UNSET_REAL, whole } from "../fields.ts";
import { contractFields } from "./contract.ts";

export const execDetails = (
  serverVersion: number,
  reqId: number,
  contract: Contract,
  execution: Execution,
): readonly string[] => [
  "11",
  whole(reqId),
  whole(execution.orderId),
  ...contractFields(contract),
  text(execution.execId),
  // Older gateways put two spaces between date and time, which makes some clients misread the zone.
  text(execution.time).replace(/ +/g, " "),
  text(execution.acctNumber),
  text(execution.exchange),
  text(execution.side),
  real(execution.shares, "0"),
  real(execution.price, "0"),
  whole(execution.permId),
  whole(execution.clientId),
  whole(execution.liquidation),
  real(execution.cumQty, "0"),
  real(execution.avgPrice, "0"),
  text(execution.orderRef),
  text(execution.evRule),
  real(execution.evMultiplier),
  text(execution.modelCode),
  whole(execution.lastLiquidity),
  ...(serverVersion >= 178 ? [flag(execution.pendingPriceRevision)] : []),
];

export const execDetailsEnd = (reqId: number): readonly string[] => ["55", "1", whole(reqId)];

/** An unknown profit or yield is the largest double; the redemption date is whole or empty, never a fraction. */
export const commissionReport = (report: CommissionReport): readonly string[] => [
  "59",
  "1",
  text(report.execId),
  real(report.commission, "0"),
  text(report.currency),
  real(report.realizedPNL, UNSET_REAL),
  real(report.yield, UNSET_REAL),
  whole(report.yieldRedemptionDate, ""),
];
