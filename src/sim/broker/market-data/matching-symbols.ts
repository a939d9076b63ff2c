/**
 * Symbols that fit a pattern. A market cannot be asked what it lists, only for what it lists under a symbol: so the pattern is taken
 * for a symbol, in any case of letters, and names and beginnings are not searched.
 */
import type { SecType } from "@stoqey/ib";
import type { SecurityType } from "../../../domain/contract.ts";
import type { Market } from "../../market/market.ts";
import { ibContract } from "../ib-words.ts";
import type { Listener } from "../session.ts";

const KINDS: readonly SecurityType[] = ["STK", "IND"];
const DERIVATIVES: readonly SecurityType[] = ["OPT", "FUT"];

/** One description for each stock or index, with the kinds of derivatives on it; an empty list when nothing fits. */
export const answerMatchingSymbols = (market: Market, to: Listener, reqId: number, pattern: string): void => {
  const symbol = pattern.trim().toUpperCase();
  const derivativeSecTypes = DERIVATIVES.filter(
    (secType) => market.find({ secType, symbol }).length > 0,
  ) as string[] as SecType[];
  const descriptions = KINDS.flatMap((secType) => market.find({ secType, symbol })).map((details) => {
    const { primaryExchange, exchange } = details.contract;
    const contract = {
      ...ibContract(details.contract),
      primaryExch: primaryExchange ?? exchange,
      description: details.longName,
      issuerId: "",
    };
    return { contract, derivativeSecTypes };
  });
  to.tell("symbolSamples", reqId, descriptions);
};
