/**
 * The broker's contracts in IB's words and back: field for field what `IBApi` emits after decoding, with its way of saying
 * "none" (strike 0, multiplier 0 for stock, no right, "").
 */
import type { ComboLeg, Contract as IbContract, ContractDetails as IbDetails, OptionType, SecType } from "@stoqey/ib";
import { parseDay } from "../../domain/calendar/civil-date.ts";
import { formatNewYork, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { Contract, ContractDetails, ContractQuery, Right, SecurityType } from "../../domain/contract.ts";
import { dollars, type EpochMs, price, type TradingDay } from "../../domain/units.ts";
import { marketRuleOf } from "./market-data/market-rules.ts";

/** IB gives every combo this conId until it has a native one. */
export const BAG_CON_ID = 28_812_380;

/** `20261120`. */
export const compactDay = (day: TradingDay): string => day.replaceAll("-", "");

/** `20261120 11:43:28 US/Eastern`: one space, and the zone by name, as executions carry it. */
export const ibTime = (at: EpochMs): string => `${compactDay(newYorkDay(at))} ${formatNewYork(at)} US/Eastern`;

/** `20261120-16:43:28`: UTC, as head timestamps are written. */
export const utcTime = (at: EpochMs): string => {
  const [day = "", clock = ""] = new Date(at).toISOString().split("T");
  return `${day.replaceAll("-", "")}-${clock.slice(0, 8)}`;
};

/** A contract as positions, executions and orders carry it. */
export const ibContract = (contract: Contract): IbContract => ({
  conId: contract.conId,
  symbol: contract.symbol,
  secType: contract.secType as SecType,
  lastTradeDateOrContractMonth: contract.expiry === undefined ? "" : compactDay(contract.expiry),
  strike: contract.strike === undefined ? 0 : dollars(contract.strike),
  ...(contract.right === undefined ? {} : { right: contract.right as OptionType }),
  multiplier: contract.expiry === undefined ? 0 : contract.multiplier,
  exchange: contract.exchange,
  currency: contract.currency,
  localSymbol: contract.localSymbol ?? contract.symbol,
  tradingClass: contract.tradingClass ?? contract.symbol,
});

const SECURITY_NAMES: { readonly [Type in SecurityType]: string } = {
  STK: "COMMON",
  IND: "",
  FUT: "",
  OPT: "",
  FOP: "",
  BAG: "",
};

/** Contract details as `IBApi` emits them. What the market does not know is "" or 0, as IB leaves it. */
export const ibDetails = (details: ContractDetails, underlying: ContractDetails | undefined): IbDetails => {
  const { contract } = details;
  return {
    contract: { ...ibContract(contract), lastTradeDate: "", primaryExch: contract.primaryExchange ?? "" },
    marketName: contract.tradingClass ?? contract.symbol,
    minTick: dollars(details.minTick),
    orderTypes: "DAY,FOK,GAT,GTC,GTD,IOC,LIT,LMT,MIT,MKT,OCA,STP,STPLMT,TRAIL,TRAILLMT,WHATIF",
    validExchanges: contract.exchange,
    priceMagnifier: 1,
    underConId: details.underlyingConId,
    longName: details.longName,
    contractMonth: details.contractMonth,
    industry: "",
    category: "",
    subcategory: "",
    timeZoneId: details.timeZone,
    tradingHours: details.tradingHours,
    liquidHours: details.liquidHours,
    evRule: "",
    evMultiplier: 0,
    aggGroup: 1,
    underSymbol: underlying?.contract.symbol ?? "",
    ...(underlying === undefined ? {} : { underSecType: underlying.contract.secType as SecType }),
    marketRuleIds: String(marketRuleOf(details)),
    realExpirationDate: contract.expiry === undefined ? "" : compactDay(contract.expiry),
    stockType: SECURITY_NAMES[contract.secType],
    minSize: 1,
    sizeIncrement: 1,
    suggestedSizeIncrement: 1,
  };
};

const SECURITY_TYPES: readonly string[] = ["STK", "IND", "FUT", "OPT", "FOP"];

/** What a client's contract asks for; `month` (`YYYYMM`) still has to be matched. Undefined when it names no security type we list. */
export const contractQuery = (contract: IbContract): { query: ContractQuery; month: string | undefined } | undefined => {
  const secType = contract.secType as string | undefined;
  if (secType === undefined || !SECURITY_TYPES.includes(secType)) return undefined;
  const date = contract.lastTradeDateOrContractMonth ?? "";
  const expiry = parseDay(date);
  const right = contract.right === undefined ? undefined : ((contract.right as string).slice(0, 1) as Right);
  return {
    query: {
      secType: secType as SecurityType,
      symbol: contract.symbol ?? "",
      ...(contract.exchange ? { exchange: contract.exchange } : {}),
      ...(contract.currency ? { currency: contract.currency } : {}),
      ...(contract.conId ? { conId: contract.conId } : {}),
      ...(expiry === undefined ? {} : { expiry }),
      ...(contract.strike ? { strike: price(contract.strike) } : {}),
      ...(right === "C" || right === "P" ? { right } : {}),
      ...(contract.tradingClass ? { tradingClass: contract.tradingClass } : {}),
    },
    month: /^\d{6}$/.test(date) ? date : undefined,
  };
};

/** A leg as openOrder echoes it: with the fields that a client leaves to IB filled in. */
export const echoedLeg = (leg: ComboLeg): ComboLeg => ({
  openClose: 0,
  shortSaleSlot: 0,
  designatedLocation: "",
  exemptCode: -1,
  ...leg,
});
