/**
 * The listed options of one underlying and expiry, kept small: a whole expiry has hundreds of contracts that differ only in
 * three numbers. Prices and choices are made elsewhere.
 */
import { type Contract, type ContractDetails, isOption, type OptionContract, type Right } from "../contract.ts";
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
}

/** The chain that an answer describes: the options of one expiry and trading class; undefined when it has none. */
export const chainOf = (details: readonly ContractDetails[], expiry: TradingDay, tradingClass: string): Chain | undefined => {
  const listed = details
    .map(({ contract }) => contract)
    .filter(isOption)
    .filter((option) => option.expiry === expiry && (option.tradingClass ?? tradingClass) === tradingClass);
  const first = listed[0];
  if (first === undefined) return undefined;
  const conIds = new Set(listed.map(({ conId }) => conId));
  const tick = Math.max(...details.filter(({ contract }) => conIds.has(contract.conId)).map(({ minTick }) => minTick));
  const alike = listed.filter(({ multiplier, currency }) => multiplier === first.multiplier && currency === first.currency);
  return {
    symbol: first.symbol,
    tradingClass,
    exchange: "SMART",
    currency: first.currency,
    multiplier: first.multiplier,
    expiry,
    tick: priceUnits(tick),
    options: alike
      .map(({ conId, strike, right }) => [conId, strike, right] as const)
      .toSorted((a, b) => a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : a[0] - b[0])),
  };
};

export const optionAt = (chain: Chain, strike: Price, right: Right): OptionContract | undefined => {
  const found = chain.options.find(([, at, side]) => at === strike && side === right);
  if (found === undefined) return undefined;
  const { symbol, exchange, currency, multiplier, tradingClass, expiry } = chain;
  return { conId: found[0], secType: "OPT", symbol, exchange, currency, multiplier, tradingClass, expiry, strike, right };
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
