/**
 * The broker's own books as plain JSON: what `--truth FILE` writes and the auditor compares with what an engine believes.
 * Money and prices are dollars here.
 */
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import { dollars, moneyUnits } from "../../domain/units.ts";
import type { Floor } from "./floor.ts";
import { type BrokerOrder, limitOf, remaining } from "./order.ts";
import { averageCost } from "./positions.ts";

export interface TruthPosition {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: string;
  /** `YYYY-MM-DD`. */
  readonly expiry?: string;
  readonly strike?: number;
  readonly right?: string;
  readonly quantity: number;
  /** A contract's, with multiplier and commissions, as IB reports it. */
  readonly averageCost: number;
}
export interface TruthOrder {
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly status: string;
  readonly filled: number;
  readonly remaining: number;
  /** None at market. */
  readonly limitPrice?: number;
  readonly orderType?: string;
}
export interface TruthAccount {
  readonly id: string;
  readonly cash: number;
  readonly netLiquidation: number;
  readonly positions: readonly TruthPosition[];
  /** Live orders, those not transmitted included. */
  readonly openOrders: readonly TruthOrder[];
  /** Executions that booked something: legs and single contracts, not the summaries of combos. */
  readonly executions: number;
  /** Paid so far, positive. */
  readonly commissions: number;
  /** What expiries, exercise, assignment and dividends have brought (or cost, when negative). */
  readonly otherCash: number;
}
export interface Truth {
  /** Market time, epoch milliseconds, and the day it falls on in New York. */
  readonly at: number;
  readonly day: string;
  readonly accounts: readonly TruthAccount[];
}

const limitPrice = (order: BrokerOrder): number | undefined => {
  const limit = limitOf(order);
  return limit === undefined ? undefined : dollars(limit);
};

export const tellTruth = (floor: Floor): Truth => ({
  at: floor.market.now,
  day: newYorkDay(floor.market.now),
  accounts: [...floor.accounts.values()].map((account) => ({
    id: account.id,
    cash: dollars(account.cash.balance),
    netLiquidation: dollars(account.netLiquidation()),
    positions: account.positions().map((position) => {
      const { conId, symbol, secType, expiry, strike, right } = position.details.contract;
      return {
        conId,
        symbol,
        secType,
        ...(expiry === undefined ? {} : { expiry }),
        ...(strike === undefined ? {} : { strike: dollars(strike) }),
        ...(right === undefined ? {} : { right }),
        quantity: position.quantity,
        averageCost: averageCost(position),
      };
    }),
    openOrders: floor.book
      .live()
      .filter(({ ticket }) => ticket.account === account.id)
      .map((order) => ({
        orderId: order.orderId,
        clientId: order.clientId,
        permId: order.permId,
        orderRef: order.ticket.orderRef,
        status: order.status as string,
        filled: order.filled,
        remaining: remaining(order),
        ...(limitPrice(order) === undefined ? {} : { limitPrice: limitPrice(order) as number }),
        orderType: order.ticket.type,
      })),
    executions:
      (floor.executionsBefore.get(account.id) ?? 0) +
      floor.executions.filter((row) => row.booked !== undefined && row.account === account.id).length,
    commissions: dollars(moneyUnits(-account.cash.total("commissions") + 0)),
    otherCash: dollars(moneyUnits(account.cash.total("expiries") + account.cash.total("dividends"))),
  })),
});
