/**
 * The listed options of one underlying and expiry, kept small: a whole expiry has hundreds of contracts that differ only in
 * three numbers. Prices and choices are made elsewhere.
 */
import { type Contract, type ContractDetails, isOption, type OptionContract, type Right } from "../contract.ts";
import type { RefusedContracts } from "../facts.ts";
import { type Price, priceUnits, type TradingDay } from "../units.ts";

export interface Chain {
  readonly symbol: string;
  readonly tradingClass: string;
  readonly exchange: string;
  readonly currency: string;
  readonly multiplier: number;
  readonly expiry: TradingDay;
  /** The coarsest tick of its options: what the net price of a combo of them must conform to. */
  readonly tick: Price;
  /** conId, strike, right; ascending by strike, calls first. */
  readonly options: readonly (readonly [conId: number, strike: Price, right: Right])[];
  /** Listed for the same expiry and not among them: another class, an adjusted deliverable. */
  readonly refused?: RefusedContracts;
}
/** So many refused contracts are named; the others are counted. */
export const NAMED_AT_MOST = 8;

/** What most of the contracts have: an adjusted one is the exception. Of two as common, the first. */
const commonest = (values: readonly number[]): number | undefined => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
};

/** Why a listed option does not belong to the chain; undefined when it does. */
const strangeness = (option: OptionContract, tradingClass: string, multiplier: number, currency: string): string | undefined => {
  if (option.tradingClass !== undefined && option.tradingClass !== tradingClass) return `of class ${option.tradingClass}`;
  if (option.multiplier !== multiplier) return `delivers ${option.multiplier}, not ${multiplier}: an adjusted contract`;
  return option.currency === currency ? undefined : `in ${option.currency}`;
};

/** The chain that an answer describes: the options of one expiry and trading class; undefined when it has none. */
export const chainOf = (details: readonly ContractDetails[], expiry: TradingDay, tradingClass: string): Chain | undefined => {
  const options = details
    .map(({ contract }) => contract)
    .filter(isOption)
    .filter((option) => option.expiry === expiry);
  const ofClass = options.filter((option) => (option.tradingClass ?? tradingClass) === tradingClass);
  const first = ofClass[0];
  const multiplier = commonest(ofClass.map((option) => option.multiplier));
  if (first === undefined || multiplier === undefined) return undefined;
  const conIds = new Set<number>();
  const strange: { contract: string; reason: string }[] = [];
  for (const option of options) {
    const reason = strangeness(option, tradingClass, multiplier, first.currency);
    if (reason === undefined) conIds.add(option.conId);
    else strange.push({ contract: legLabel(option), reason });
  }
  const tick = Math.max(...details.filter(({ contract }) => conIds.has(contract.conId)).map(({ minTick }) => minTick));
  return {
    symbol: first.symbol,
    tradingClass,
    exchange: "SMART",
    currency: first.currency,
    multiplier,
    expiry,
    tick: priceUnits(tick),
    options: options
      .filter(({ conId }) => conIds.has(conId))
      .map(({ conId, strike, right }) => [conId, strike, right] as const)
      .toSorted((a, b) => a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : a[0] - b[0])),
    ...(strange.length > 0 && { refused: { count: strange.length, named: strange.slice(0, NAMED_AT_MOST) } }),
  };
};

/** `590P`, `612.5C`. */
export const legLabel = ({ strike, right }: { readonly strike: Price; readonly right: Right }): string =>
  `${strike / 10_000}${right}`;

/** The whole contract of one of a chain's options. */
export const contractOf = (chain: Chain, conId: number, strike: Price, right: Right): OptionContract => {
  const { symbol, exchange, currency, multiplier, tradingClass, expiry } = chain;
  return { conId, secType: "OPT", symbol, exchange, currency, multiplier, tradingClass, expiry, strike, right };
};

export const optionAt = (chain: Chain, strike: Price, right: Right): OptionContract | undefined => {
  const found = chain.options.find(([, at, side]) => at === strike && side === right);
  return found && contractOf(chain, found[0], strike, right);
};

/** Listed strikes of one side, ascending. */
export const strikesOf = (chain: Chain, right: Right): Price[] =>
  chain.options.filter(([, , side]) => side === right).map(([, strike]) => strike);

/** The `count` strikes nearest to a price, ascending. */
export const nearestStrikes = (strikes: readonly Price[], to: number, count: number): Price[] =>
  strikes
    .toSorted((a, b) => Math.abs(a - to) - Math.abs(b - to) || a - b)
    .slice(0, count)
    .toSorted((a, b) => a - b)
    .map(priceUnits);

/** Contracts in dollars a share for the models. */
export const strikeDollars = (contract: Contract & { readonly strike: Price }): number => contract.strike / 10_000;
