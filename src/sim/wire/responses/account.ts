/** Messages about the account: 15 managedAccounts, 61 position, 62 its end, 63 accountSummary, 64 its end. */
import type { IbEvents } from "../../../ports/ib-client.ts";
import { real, text, whole } from "../fields.ts";
import { contractFields } from "./contract.ts";

export const managedAccounts = (accounts: string): readonly string[] => ["15", "1", text(accounts)];

export const position = (...[account, contract, held, averageCost]: IbEvents["position"]): readonly string[] => [
  "61",
  "3",
  text(account),
  ...contractFields(contract),
  real(held),
  real(averageCost, "0"),
];

export const positionEnd = (): readonly string[] => ["62", "1"];

export const accountSummary = (...[reqId, ...texts]: IbEvents["accountSummary"]): readonly string[] => [
  "63",
  "1",
  whole(reqId),
  ...texts.map(text),
];

export const accountSummaryEnd = (reqId: number): readonly string[] => ["64", "1", whole(reqId)];
