/** Contracts, both ways: IB's loose record and our resolved one. What a contract means is the domain's business. */
import { type Contract as IbContract, type ContractDetails as IbContractDetails, OptionType, SecType } from "@stoqey/ib";
import { parseDay } from "../../../domain/calendar/civil-date.ts";
import type { Contract, ContractDetails, ContractQuery, SecurityType } from "../../../domain/contract.ts";
import type { OptionParameters } from "../../../domain/events/broker.ts";
import { dollars, type TradingDay } from "../../../domain/units.ts";
import { figure, figureOf, priceFigure } from "./figure.ts";
import { NotOurs, Refusal, refuse } from "./refusal.ts";

const OURS: { readonly [Type in SecurityType]: SecType } = {
  STK: SecType.STK,
  IND: SecType.IND,
  FUT: SecType.FUT,
  OPT: SecType.OPT,
  FOP: SecType.FOP,
  BAG: SecType.BAG,
};
const isOurs = (secType: string | undefined): secType is SecurityType => secType !== undefined && Object.hasOwn(OURS, secType);
const THEIRS: ReadonlySet<string> = new Set(Object.values(SecType).filter((type) => !isOurs(type)));

const filled = (text: string | undefined): text is string => text !== undefined && text !== "";

/** The day of `20261218`, also of `20261218 08:30 US/Central`; a bare month (`202612`) is no day. */
const dayOf = (text: string | undefined): TradingDay | undefined =>
  filled(text) ? parseDay(text.trim().slice(0, 8)) : undefined;

const multiplierOf = (secType: SecurityType, value: number | undefined): number => {
  const known = figure(value);
  if (known !== undefined && known > 0) return known;
  // IB leaves it empty (0 here) where it is 1, and on combos, whose legs have their own.
  return secType === "STK" || secType === "IND" || secType === "BAG" ? 1 : refuse(`the multiplier of ${secType}`, value);
};

/** A contract as IB reports it. Refuses an option without expiry, strike or right; a security type we do not trade is NotOurs. */
export const contractFrom = (ib: IbContract): Contract => {
  const secType: string | undefined = ib.secType;
  if (!isOurs(secType)) {
    if (filled(secType) && THEIRS.has(secType)) throw new NotOurs(`${secType} ${ib.localSymbol ?? ib.symbol ?? ""}`);
    return refuse("secType", secType);
  }
  const conId = ib.conId ?? 0;
  if (!Number.isSafeInteger(conId) || conId < 0 || (conId === 0 && secType !== "BAG")) refuse("conId", ib.conId);
  if (!filled(ib.symbol)) refuse("symbol", ib.symbol);
  const option = secType === "OPT" || secType === "FOP";
  const expiry = option || secType === "FUT" ? dayOf(ib.lastTradeDateOrContractMonth) : undefined;
  const strike = option ? priceFigure(ib.strike) : undefined;
  if (option) {
    if (expiry === undefined) refuse("expiry", ib.lastTradeDateOrContractMonth);
    if (strike === undefined || strike <= 0) refuse("strike", ib.strike);
    if (ib.right !== OptionType.Call && ib.right !== OptionType.Put) refuse("right", ib.right);
  }
  return {
    conId,
    secType,
    symbol: ib.symbol as string,
    exchange: ib.exchange ?? "",
    currency: ib.currency ?? "",
    multiplier: multiplierOf(secType, ib.multiplier),
    ...(filled(ib.localSymbol) ? { localSymbol: ib.localSymbol } : {}),
    ...(filled(ib.tradingClass) ? { tradingClass: ib.tradingClass } : {}),
    ...(filled(ib.primaryExch) ? { primaryExchange: ib.primaryExch } : {}),
    ...(expiry === undefined ? {} : { expiry }),
    ...(strike === undefined ? {} : { strike }),
    ...(option ? { right: ib.right === OptionType.Call ? "C" : "P" } : {}),
  };
};

const rightTo = (right: "C" | "P"): OptionType => (right === "C" ? OptionType.Call : OptionType.Put);
const dayTo = (day: TradingDay): string => day.replaceAll("-", "");

/** What IB needs to know about a resolved contract. The conId decides; the rest only lets a reader of the wire see what it is. */
export const contractTo = (contract: Contract): IbContract => {
  if (contract.secType === "BAG") throw new Refusal("a combo has no contract of its own");
  if (!Number.isSafeInteger(contract.conId) || contract.conId <= 0) refuse("conId", contract.conId);
  // A position row comes without an exchange. Options on futures and futures have none that could be guessed.
  const guess = contract.secType === "STK" || contract.secType === "OPT" ? "SMART" : "";
  const exchange = contract.exchange || contract.primaryExchange || guess;
  if (exchange === "") refuse("exchange", contract.exchange);
  return {
    conId: contract.conId,
    symbol: contract.symbol,
    secType: OURS[contract.secType],
    exchange,
    currency: contract.currency,
    ...(contract.expiry === undefined ? {} : { lastTradeDateOrContractMonth: dayTo(contract.expiry) }),
    ...(contract.strike === undefined ? {} : { strike: dollars(contract.strike) }),
    ...(contract.right === undefined ? {} : { right: rightTo(contract.right) }),
    ...(contract.multiplier === 1 ? {} : { multiplier: contract.multiplier }),
    ...(contract.tradingClass === undefined ? {} : { tradingClass: contract.tradingClass }),
  };
};

/** A question about contracts: only what is known is said. */
export const queryTo = (query: ContractQuery): IbContract => ({
  symbol: query.symbol,
  secType: OURS[query.secType] ?? refuse("secType", query.secType),
  ...(query.exchange === undefined ? {} : { exchange: query.exchange }),
  ...(query.currency === undefined ? {} : { currency: query.currency }),
  ...(query.conId === undefined ? {} : { conId: query.conId }),
  ...(query.expiry === undefined ? {} : { lastTradeDateOrContractMonth: dayTo(query.expiry) }),
  ...(query.strike === undefined ? {} : { strike: dollars(query.strike) }),
  ...(query.right === undefined ? {} : { right: rightTo(query.right) }),
  ...(query.tradingClass === undefined ? {} : { tradingClass: query.tradingClass }),
});

/** A row of contract details. `brief` leaves the sessions empty. */
export const detailsFrom = (ib: IbContractDetails, brief: boolean): ContractDetails => {
  const minTick = priceFigure(ib.minTick);
  if (minTick === undefined || minTick <= 0) refuse("minTick", ib.minTick);
  return {
    contract: contractFrom(ib.contract),
    minTick: minTick as NonNullable<typeof minTick>,
    longName: ib.longName ?? "",
    contractMonth: ib.contractMonth ?? "",
    underlyingConId: figure(ib.underConId) ?? 0,
    timeZone: ib.timeZoneId ?? "",
    tradingHours: brief ? "" : (ib.tradingHours ?? ""),
    liquidHours: brief ? "" : (ib.liquidHours ?? ""),
  };
};

/** One exchange's and trading class's expirations and strikes. IB declares the multiplier as text; IBApi parses it. */
export const optionParametersFrom = (
  exchange: string,
  tradingClass: string,
  multiplier: string | number,
  expirations: readonly string[],
  strikes: readonly number[],
): OptionParameters => ({
  exchange,
  tradingClass,
  multiplier: figureOf("multiplier", Number(multiplier)),
  expirations: expirations.map((text) => dayOf(text) ?? refuse("expiration", text)),
  strikes: strikes.map((strike) => priceFigure(strike) ?? refuse("strike", strike)),
});
