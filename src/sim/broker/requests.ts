/**
 * Reference requests: contract details and option parameters. Asked, answered from the market, forgotten; or refused with the
 * error that they return.
 */
import type { Contract as IbContract } from "@stoqey/ib";
import { dollars } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { compactDay, ibDetails } from "./ib-words.ts";
import { type IbError, listings } from "./resolve.ts";
import type { Listener } from "./session.ts";

const NOT_FOUND: IbError = { code: 200, text: "No security definition has been found for the request" };

/** 200 without an end marker when nothing fits; combos have no details (321). */
export const answerContractDetails = (market: Market, to: Listener, reqId: number, contract: IbContract): IbError | undefined => {
  if (contract.secType === "BAG") {
    const cause = "'BAG' isn't supported for contract data request. Please enter a valid security type";
    return { code: 321, text: `Error validating request.-'bI' : cause - ${cause}` };
  }
  const found = listings(market, contract);
  if (found.length === 0) return NOT_FOUND;
  for (const details of found) to.tell("contractDetails", reqId, ibDetails(details, market.byConId(details.underlyingConId)));
  to.tell("contractDetailsEnd", reqId);
  return undefined;
};

export const answerOptionParameters = (
  market: Market,
  to: Listener,
  reqId: number,
  underlyingConId: number,
): IbError | undefined => {
  if (market.byConId(underlyingConId) === undefined) return NOT_FOUND;
  for (const { exchange, tradingClass, multiplier, expirations, strikes } of market.optionParameters(underlyingConId))
    to.tell(
      "securityDefinitionOptionParameter",
      reqId,
      exchange,
      underlyingConId,
      tradingClass,
      String(multiplier),
      expirations.map(compactDay),
      strikes.map(dollars),
    );
  to.tell("securityDefinitionOptionParameterEnd", reqId);
  return undefined;
};
