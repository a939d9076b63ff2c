/**
 * From the contract that a client sends to the listings it means: by conId if it has one, else by description.
 */
import type { Contract as IbContract } from "@stoqey/ib";
import type { ContractDetails } from "../../domain/contract.ts";
import type { Market } from "../market/market.ts";
import { compactDay, contractQuery } from "./ib-words.ts";
import type { TradingLeg } from "./matching.ts";

/** IB's error as the broker answers it. */
export interface IbError {
  readonly code: number;
  readonly text: string;
}

const NOT_FOUND: IbError = { code: 200, text: "No security definition has been found for the request" };

/** Every listing that fits, possibly none. */
export const listings = (market: Market, contract: IbContract): readonly ContractDetails[] => {
  if (contract.conId) {
    const known = market.byConId(contract.conId);
    return known === undefined ? [] : [known];
  }
  const asked = contractQuery(contract);
  if (asked === undefined) return [];
  const found = market.find(asked.query);
  const { month } = asked;
  if (month === undefined) return found;
  return found.filter((details) => {
    const { expiry } = details.contract;
    return details.contractMonth === month || (expiry !== undefined && compactDay(expiry).startsWith(month));
  });
};

/** The one listing that is meant, or error 200: nothing fits, or too much does. */
export const theListing = (market: Market, contract: IbContract): ContractDetails | IbError => {
  const found = listings(market, contract);
  const [only] = found;
  if (only === undefined) return NOT_FOUND;
  if (found.length > 1)
    return { code: 200, text: `The contract description specified for ${contract.symbol ?? ""} is ambiguous.` };
  return only;
};

/** The legs that a contract means: itself, or those of a combo with signed ratios. */
export const theLegs = (market: Market, contract: IbContract): { legs: TradingLeg[]; combo: boolean } | IbError => {
  if (contract.secType !== "BAG") {
    const details = theListing(market, contract);
    return isError(details) ? details : { legs: [{ details, ratio: 1 }], combo: false };
  }
  const legs: TradingLeg[] = [];
  for (const { conId, ratio, action } of contract.comboLegs ?? []) {
    const details = theListing(market, { conId: conId ?? -1 });
    if (isError(details)) return details;
    legs.push({ details, ratio: (ratio ?? 1) * (action === "BUY" ? 1 : -1) });
  }
  return legs.length === 0 ? NOT_FOUND : { legs, combo: true };
};

export const isError = (answer: object): answer is IbError => "code" in answer;
