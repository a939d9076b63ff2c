/** What a request for a line asks for, read before anybody looks whether there is room: contracts, and groups of ticks. */
import type { Contract as IbContract } from "@stoqey/ib";
import type { Market } from "../../market/market.ts";
import type { TradingLeg } from "../matching.ts";
import { type IbError, isError, theLegs } from "../resolve.ts";
import { type Entitlements, entitlementOf, type Grant } from "./entitlement.ts";
import { COMPUTATIONS, EVERYBODY } from "./feed.ts";
import { type GenericTicks, readGenericTicks } from "./generic-ticks.ts";

export interface LineRequest {
  readonly legs: readonly TradingLeg[];
  readonly combo: boolean;
  readonly generic: GenericTicks;
}

export const readLineRequest = (
  market: Market,
  contract: IbContract,
  genericTicks: string,
  snapshot: boolean,
): LineRequest | IbError => {
  const generic = readGenericTicks(genericTicks);
  if (isError(generic)) return generic;
  if (snapshot && generic.groups.length > 0) {
    const cause = "Snapshot market data subscription is not applicable to generic ticks";
    return { code: 321, text: `Error validating request.-'bN' : cause - ${cause}` };
  }
  const found = theLegs(market, contract);
  return isError(found) ? found : { legs: found.legs, combo: found.combo, generic };
};

const isOption = ({ legs, combo }: LineRequest): boolean => !combo && legs[0]?.details.contract.right !== undefined;

/** Are an option's computations withheld, as its underlying may not be seen as the option may? */
export const lacksUnderlying = (
  request: LineRequest,
  { delayed }: Grant,
  { market, judgedBy }: { readonly market: Market; readonly judgedBy: Entitlements },
): boolean => {
  const details = request.legs[0]?.details;
  if (!isOption(request) || details === undefined) return false;
  const underlying = market.byConId(details.underlyingConId);
  if (underlying === undefined) return false;
  const may = entitlementOf(judgedBy, underlying);
  return delayed ? may === "none" : may !== "live" && may !== "partial";
};

/** The groups of ticks that the line shows, as its grant allows. */
export const groupsShown = (request: LineRequest, { partial }: Grant, computations: boolean): ReadonlySet<number> => {
  const { generic } = request;
  const groups = new Set<number>(partial ? [] : generic.groups);
  if (!generic.quotesOff) groups.add(EVERYBODY);
  if (isOption(request) && computations && !partial) groups.add(COMPUTATIONS);
  return groups;
};
