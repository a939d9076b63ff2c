/**
 * Messages that keep a client up to date about its account: 6 values, 7 positions, 8 their time, 54 end of the first download;
 * 71 to 74 the same by request, 94 and 95 profit and loss.
 */
import type { GatewayEvents } from "../../gateway-api.ts";
import { real, text, UNSET_REAL, whole } from "../fields.ts";
import { contractFields } from "./contract.ts";

export const accountValue = (...words: GatewayEvents["updateAccountValue"]): readonly string[] => ["6", "2", ...words.map(text)];

/** The one message with eleven fields of a contract that names the primary exchange in place of the exchange. */
export const portfolioValue = (
  ...[contract, held, price, value, averageCost, unrealized, realized, account]: GatewayEvents["updatePortfolio"]
): readonly string[] => [
  "7",
  "8",
  ...contractFields({ ...contract, exchange: contract.primaryExch ?? "" }),
  real(held),
  real(price),
  real(value),
  real(averageCost, UNSET_REAL),
  real(unrealized, UNSET_REAL),
  real(realized, UNSET_REAL),
  text(account),
];

export const accountUpdateTime = (clock: string): readonly string[] => ["8", "1", text(clock)];

export const accountDownloadEnd = (account: string): readonly string[] => ["54", "1", text(account)];

export const positionMulti = (
  ...[reqId, account, model, contract, held, averageCost]: GatewayEvents["positionMulti"]
): readonly string[] => [
  "71",
  "1",
  whole(reqId),
  text(account),
  ...contractFields(contract),
  real(held),
  real(averageCost),
  text(model),
];

export const positionMultiEnd = (reqId: number): readonly string[] => ["72", "1", whole(reqId)];

export const accountUpdateMulti = (...[reqId, ...words]: GatewayEvents["accountUpdateMulti"]): readonly string[] => [
  "73",
  "1",
  whole(reqId),
  ...words.map(text),
];

export const accountUpdateMultiEnd = (reqId: number): readonly string[] => ["74", "1", whole(reqId)];

export const profitAndLoss = (...[reqId, ...figures]: GatewayEvents["pnl"]): readonly string[] => [
  "94",
  whole(reqId),
  ...figures.map((figure) => real(figure, UNSET_REAL)),
];

export const profitAndLossOfOne = (...[reqId, held, ...figures]: GatewayEvents["pnlSingle"]): readonly string[] => [
  "95",
  whole(reqId),
  real(held),
  ...figures.map((figure) => real(figure, UNSET_REAL)),
];
