/** A broker's books in a written story: orders, executions at their limits, what is held, and to the cent what all of it has brought. */
import type { OptionContract } from "../../src/domain/contract.ts";
import type { OrderTicket } from "../../src/domain/effects.ts";
import type { BrokerOrder, Execution } from "../../src/domain/events/broker.ts";
import { type EpochMs, priceUnits } from "../../src/domain/units.ts";

export const CLIENT = 7;
/** Commission of one contract, in ten-thousandths of a dollar. */
export const FEE = 6_500;

export interface StoryOrder {
  readonly ticket: OrderTicket;
  readonly permId: number;
  status: "Submitted" | "Filled" | "Cancelled";
  limit: number;
  filled: number;
  /** New prices that it was given. */
  repriced: number;
}
/** What a contract is worth now, in price units on the cent. */
export type MidOf = (contract: OptionContract) => number;

export class Books {
  readonly orders: StoryOrder[] = [];
  readonly executions: Execution[] = [];
  /** Every contract that was ever listed. */
  readonly contracts = new Map<number, OptionContract>();

  place(ticket: OrderTicket): StoryOrder {
    const permId = 1_000 + this.orders.length;
    const order: StoryOrder = { ticket, permId, status: "Submitted", limit: ticket.limitPrice, filled: 0, repriced: 0 };
    this.orders.push(order);
    return order;
  }
  workingAs(orderId: number): StoryOrder | undefined {
    return this.working.find(({ ticket }) => ticket.orderId === orderId);
  }
  get working(): StoryOrder[] {
    return this.orders.filter(({ status }) => status === "Submitted");
  }

  /** What one unit of an order trades. */
  legsOf({ ticket }: StoryOrder): readonly (readonly [OptionContract, number])[] {
    return ticket.combo === undefined
      ? [[ticket.contract as OptionContract, ticket.action === "BUY" ? 1 : -1]]
      : ticket.combo.legs.map(({ conId, ratio, action }) => [
          this.contracts.get(conId) as OptionContract,
          action === "BUY" ? ratio : -ratio,
        ]);
  }
  /** What its limit would be in the middle of the market. */
  midOf(order: StoryOrder, midOf: MidOf): number {
    const net = this.legsOf(order).reduce((sum, [contract, ratio]) => sum + ratio * midOf(contract), 0);
    return order.ticket.action === "SELL" ? -net : net;
  }
  /** Whole, at its limit: all legs at their mids but one, which gives the limit. */
  fill(order: StoryOrder, midOf: MidOf, now: EpochMs): Execution[] {
    const { ticket, permId } = order;
    const { quantity, orderId, orderRef, account } = ticket;
    const legs = this.legsOf(order);
    const net = ticket.action === "SELL" ? -order.limit : order.limit;
    const mids = legs.map(([contract]) => midOf(contract));
    // The dearest leg takes what the limit is beside the mids: it stays a price above zero.
    const dearest = mids.indexOf(Math.max(...mids));
    const others = legs.reduce((sum, [, ratio], n) => (n === dearest ? sum : sum + ratio * (mids[n] as number)), 0);
    order.status = "Filled";
    order.filled = quantity;
    const made = legs.map(
      ([contract, ratio], n): Execution => ({
        execId: `0000e0d5.65a1b2c3.${permId}.0${n + 1}.01`,
        orderId,
        clientId: CLIENT,
        permId,
        orderRef,
        account,
        contract,
        side: ratio > 0 ? "BOT" : "SLD",
        shares: quantity * Math.abs(ratio),
        price: priceUnits(n === dearest ? (net - others) / ratio : (mids[n] as number)),
        cumulative: quantity,
        at: now,
      }),
    );
    this.executions.push(...made);
    return made;
  }

  /** Contracts held, by conId: of all orders, or of some. */
  held(isOurs: (orderRef: string) => boolean = () => true): Map<number, number> {
    const sums = new Map<number, number>();
    for (const { contract, side, shares, orderRef } of this.executions)
      if (isOurs(orderRef)) sums.set(contract.conId, (sums.get(contract.conId) ?? 0) + (side === "BOT" ? shares : -shares));
    for (const [conId, quantity] of sums) if (quantity === 0) sums.delete(conId);
    return sums;
  }
  /** All that executions and their commissions have brought, in ten-thousandths of a dollar. */
  cash(isOurs: (orderRef: string) => boolean = () => true): number {
    return this.executions
      .filter(({ orderRef }) => isOurs(orderRef))
      .reduce(
        (sum, { side, shares, price, contract }) =>
          sum + (side === "BOT" ? -1 : 1) * shares * price * contract.multiplier - FEE * shares,
        0,
      );
  }
}

/** As the broker describes it. */
export const rowOf = ({ ticket, permId, status, limit }: StoryOrder): BrokerOrder => ({
  orderId: ticket.orderId,
  clientId: CLIENT,
  permId,
  orderRef: ticket.orderRef,
  account: ticket.account,
  contract: ticket.contract ?? { conId: 0, secType: "BAG", symbol: "SPY", exchange: "SMART", currency: "USD", multiplier: 100 },
  action: ticket.action,
  quantity: ticket.quantity,
  limitPrice: priceUnits(limit),
  status,
});
