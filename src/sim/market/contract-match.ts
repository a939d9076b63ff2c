/** Whether a listing is what a query asks for. A conId decides alone, as at IB; otherwise every field that is given must fit. */
import type { Contract, ContractQuery } from "../../domain/contract.ts";

/** An exchange left out or empty fits every listing; a listing's primary exchange fits as well as its routing exchange. */
const exchangeFits = (asked: string | undefined, { exchange, primaryExchange }: Contract): boolean =>
  asked === undefined || asked === "" || asked === exchange || asked === primaryExchange;

export const matches = (query: ContractQuery, contract: Contract): boolean => {
  if (query.conId !== undefined && query.conId !== 0) return query.conId === contract.conId;
  return (
    query.secType === contract.secType &&
    query.symbol === contract.symbol &&
    exchangeFits(query.exchange, contract) &&
    (query.currency === undefined || query.currency === contract.currency) &&
    (query.expiry === undefined || query.expiry === contract.expiry) &&
    (query.strike === undefined || query.strike === contract.strike) &&
    (query.right === undefined || query.right === contract.right) &&
    (query.tradingClass === undefined || query.tradingClass === contract.tradingClass)
  );
};

/** The 21 characters by which the options clearing house names an option: `SPY   261120C00670000`. */
export const occSymbol = (symbol: string, expiry: string, right: string, strikeDollars: number): string =>
  symbol.padEnd(6) + expiry.replaceAll("-", "").slice(2) + right + String(Math.round(strikeDollars * 1000)).padStart(8, "0");
