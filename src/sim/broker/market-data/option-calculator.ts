/** calculateImpliedVolatility and calculateOptionPrice: the broker's option model asked for one price or one volatility. */
import { type Contract as IbContract, IBApiTickType as Type } from "@stoqey/ib";
import type { Market } from "../../market/market.ts";
import { type IbError, isError, theListing } from "../resolve.ts";
import type { Listener } from "../session.ts";
import { createOptionModel } from "./option-model.ts";
import { tellComputation } from "./tick.ts";

export interface OptionCalculator {
  /** `price` and `underlying` in dollars. */
  volatility(to: Listener, reqId: number, contract: IbContract, price: number, underlying: number): IbError | undefined;
  /** `volatility` is annual: 0.2 is 20 %. */
  price(to: Listener, reqId: number, contract: IbContract, volatility: number, underlying: number): IbError | undefined;
}

export const createOptionCalculator = (market: Market): OptionCalculator => {
  const model = createOptionModel(market, market.quote);
  const answer = (
    to: Listener,
    reqId: number,
    contract: IbContract,
    given: { readonly price: number } | { readonly volatility: number },
    underlying: number,
  ): IbError | undefined => {
    const details = theListing(market, contract);
    if (isError(details)) return details;
    const invalid = (cause: string): IbError => ({ code: 321, text: `Error validating request.-'b0' : cause - ${cause}` });
    if (details.contract.right === undefined) return invalid("Calculations are for options only");
    const computation = model.calculate(details, given, underlying);
    if (computation === undefined) return invalid("Price, volatility or underlying price is not valid");
    tellComputation(to, reqId, Type.CUST_OPTION_COMPUTATION, computation);
    return undefined;
  };
  return {
    volatility: (to, reqId, contract, price, underlying) => answer(to, reqId, contract, { price }, underlying),
    price: (to, reqId, contract, volatility, underlying) => answer(to, reqId, contract, { volatility }, underlying),
  };
};
