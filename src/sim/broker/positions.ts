/**
 * A position's arithmetic: what a trade does to quantity, cost and realised profit, exact to the 1/10,000 dollar.
 *
 * Cost is kept as totals (signed like the quantity) and never as an average, so nothing is lost by rounding: what a partial
 * close takes out of the basis stays out, the rest stays in. Where the money goes is the account's business.
 */

import { assert } from "../../domain/assert.ts";
import type { ContractDetails } from "../../domain/contract.ts";
import { type Money, moneyUnits, notional, type Price, roundHalfAway } from "../../domain/units.ts";

export interface Position {
  readonly details: ContractDetails;
  /** Contracts or shares, negative when short. */
  readonly quantity: number;
  /** Price × multiplier × quantity of what is open: positive when long, negative when short. */
  readonly basis: Money;
  /** Commissions paid to open what is open. */
  readonly fees: Money;
}

export interface TradeOutcome {
  readonly position: Position;
  /** Contracts that the trade closed; 0 when it only opened. */
  readonly closed: number;
  /** Profit of what was closed, before commissions. */
  readonly realizedGross: Money;
  /** The same after the commissions of opening and closing it. */
  readonly realizedNet: Money;
}

export const flat = (details: ContractDetails): Position => ({ details, quantity: 0, basis: moneyUnits(0), fees: moneyUnits(0) });

const share = (amount: Money, part: number, whole: number): Money =>
  part === whole ? amount : moneyUnits(roundHalfAway((amount * part) / whole));

/** The position after buying (`quantity` > 0) or selling at a price for a commission. A trade through zero closes, then opens. */
export const traded = (position: Position, quantity: number, price: Price, commission: Money): TradeOutcome => {
  assert(Number.isSafeInteger(quantity) && quantity !== 0, `a trade has a whole quantity, got ${quantity}`);
  const { details } = position;
  const multiplier = details.contract.multiplier;
  const held = Math.abs(position.quantity);
  const closed = Math.sign(quantity) === -Math.sign(position.quantity) ? Math.min(Math.abs(quantity), held) : 0;
  const closing = notional(price, multiplier, Math.sign(quantity) * closed);
  const opening = notional(price, multiplier, quantity - Math.sign(quantity) * closed);
  const closedBasis = closed === 0 ? moneyUnits(0) : share(position.basis, closed, held);
  const closedFees = closed === 0 ? moneyUnits(0) : share(position.fees, closed, held);
  const closingCommission = closed === 0 ? moneyUnits(0) : share(commission, closed, Math.abs(quantity));
  const realizedGross = moneyUnits(-closing - closedBasis);
  return {
    position: {
      details,
      quantity: position.quantity + quantity + 0,
      basis: moneyUnits(position.basis - closedBasis + opening),
      fees: moneyUnits(position.fees - closedFees + commission - closingCommission),
    },
    closed,
    realizedGross,
    realizedNet: moneyUnits(realizedGross - closedFees - closingCommission),
  };
};

/** IB's average cost in dollars: a contract's, with multiplier and commission in it; positive for longs and shorts; 0 when flat. */
export const averageCost = (position: Position): number =>
  position.quantity === 0 ? 0 : (position.basis + position.fees) / position.quantity / 10_000;
