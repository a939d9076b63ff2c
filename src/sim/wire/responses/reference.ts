/** Messages about what can be traded: 10 contractData, 52 its end, 75 option parameters, 76 their end, 79 symbols, 93 tick sizes. */
import type { ContractDetails } from "@stoqey/ib";
import type { IbEvents } from "../../../ports/ib-client.ts";
import type { GatewayEvents } from "../../gateway-api.ts";
import { ascii7, flag, list, real, text, whole } from "../fields.ts";
import { tagValueFields } from "./contract.ts";

/** The last trade date, with the time behind a dash when there is one: the form that every client takes apart alike. */
const lastTrade = ({ contract, lastTradeTime }: ContractDetails): string => {
  const date = text(contract.lastTradeDateOrContractMonth);
  return date === "" || lastTradeTime === undefined || lastTradeTime === "" ? date : `${date}-${text(lastTradeTime)}`;
};

const fundFields = (details: ContractDetails): readonly string[] => [
  text(details.fundName),
  text(details.fundFamily),
  text(details.fundType),
  text(details.fundFrontLoad),
  text(details.fundBackLoad),
  text(details.fundBackLoadTimeInterval),
  text(details.fundManagementFee),
  flag(details.fundClosed),
  flag(details.fundClosedForNewInvestors),
  flag(details.fundClosedForNewMoney),
  text(details.fundNotifyAmount),
  text(details.fundMinimumInitialPurchase),
  text(details.fundSubsequentMinimumPurchase),
  text(details.fundBlueSkyStates),
  text(details.fundBlueSkyTerritories),
  text(details.fundDistributionPolicyIndicator),
  text(details.fundAssetType),
];

/** The rules of order sizes: three numbers since 164, one in 163, none before. */
const sizeFields = (details: ContractDetails, serverVersion: number): readonly string[] => {
  if (serverVersion < 163) return [];
  if (serverVersion === 163) return [real(details.minSize)];
  return [real(details.minSize), real(details.sizeIncrement), real(details.suggestedSizeIncrement)];
};

export const contractDetails = (serverVersion: number, reqId: number, details: ContractDetails): readonly string[] => [
  "10",
  ...(serverVersion < 164 ? ["8"] : []),
  whole(reqId),
  text(details.contract.symbol),
  text(details.contract.secType),
  lastTrade(details),
  ...(serverVersion >= 182 ? [text(details.contract.lastTradeDate ?? details.contract.lastTradeDateOrContractMonth)] : []),
  real(details.contract.strike, "0"),
  text(details.contract.right),
  text(details.contract.exchange),
  text(details.contract.currency),
  text(details.contract.localSymbol),
  text(details.marketName),
  text(details.contract.tradingClass),
  whole(details.contract.conId),
  real(details.minTick, "0"),
  ...(serverVersion < 164 ? ["100"] : []), // a size multiplier that no client uses any more
  real(details.contract.multiplier),
  text(details.orderTypes),
  text(details.validExchanges),
  whole(details.priceMagnifier, "1"),
  whole(details.underConId),
  ascii7(details.longName),
  text(details.contract.primaryExch),
  text(details.contractMonth),
  text(details.industry),
  text(details.category),
  text(details.subcategory),
  text(details.timeZoneId),
  text(details.tradingHours),
  text(details.liquidHours),
  text(details.evRule),
  real(details.evMultiplier),
  ...list(details.secIdList, tagValueFields),
  whole(details.aggGroup),
  text(details.underSymbol),
  text(details.underSecType),
  text(details.marketRuleIds),
  text(details.realExpirationDate),
  text(details.stockType),
  ...sizeFields(details, serverVersion),
  ...(serverVersion >= 179 && details.contract.secType === "FUND" ? fundFields(details) : []),
  ...(serverVersion >= 186 ? list(details.ineligibilityReasonList, ({ id, description }) => [text(id), text(description)]) : []),
];

export const contractDetailsEnd = (reqId: number): readonly string[] => ["52", "1", whole(reqId)];

export const optionParameters = (
  ...[reqId, exchange, underConId, tradingClass, multiplier, expirations, strikes]: IbEvents["securityDefinitionOptionParameter"]
): readonly string[] => [
  "75",
  whole(reqId),
  text(exchange),
  whole(underConId),
  text(tradingClass),
  text(String(multiplier)),
  ...list(expirations, (expiry) => [text(expiry)]),
  ...list(strikes, (strike) => [real(strike)]),
];

export const optionParametersEnd = (reqId: number): readonly string[] => ["76", whole(reqId)];

export const symbolSamples = (
  serverVersion: number,
  ...[reqId, descriptions]: GatewayEvents["symbolSamples"]
): readonly string[] => [
  "79",
  whole(reqId),
  ...list(descriptions, ({ contract, derivativeSecTypes }) => [
    whole(contract?.conId),
    text(contract?.symbol),
    text(contract?.secType),
    text(contract?.primaryExch),
    text(contract?.currency),
    ...list(derivativeSecTypes, (secType) => [text(secType)]),
    ...(serverVersion >= 176 ? [text(contract?.description), text(contract?.issuerId)] : []),
  ]),
];

export const marketRule = (...[ruleId, increments]: GatewayEvents["marketRule"]): readonly string[] => [
  "93",
  whole(ruleId),
  ...list(increments, ({ lowEdge, increment }) => [real(lowEdge), real(increment)]),
];
