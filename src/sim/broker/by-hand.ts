/**
 * The hand at the screen: orders that no client of the API has sent. A trader's, and those with which the broker itself closes
 * positions of an account that is short of margin.
 *
 * They belong to client 0 and have no order id until it binds them: by asking for its open orders, or for good with
 * reqAutoOpenOrders. Unbound, only their executions are told.
 */
import { type Contract as IbContract, type Order as IbOrder, OrderAction, OrderType } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import type { Entry } from "./entry.ts";
import type { Floor } from "./floor.ts";
import { ibContract } from "./ib-words.ts";
import { type BrokerOrder, type ByHand, isUnbound } from "./order.ts";
import type { Pit } from "./pit.ts";
import { type IbError, isError } from "./resolve.ts";
import type { Listener } from "./session.ts";

/** What somebody does at the screen. */
export interface Manual {
  /** Places an order, as a client would (transmit is implied); its permId, or the error that the screen shows. */
  place(contract: IbContract, order: IbOrder): number | IbError;
  /** Starts to cancel any live order, whoever placed it; false when there is none of that permId. */
  cancel(permId: number): boolean;
  /** Closes a position at market; its order's permId, or undefined when there is nothing to close. */
  close(account: string, conId: number): number | IbError | undefined;
}

export interface HandOrders {
  readonly manual: Manual;
  /** The broker closes so much of a position (all, if undefined) at market, whether the account agrees or not. */
  liquidate(account: string, conId: number, quantity?: number): number | IbError | undefined;
  /** Client 0 takes over what was placed by hand: what is there now, and with `for good` what comes. */
  bind(forGood?: boolean): void;
  autoBind(from: Listener, on: boolean): void;
  /** Client 0 has left: nothing is bound any more when it comes. */
  letGo(): void;
}

export const createHandOrders = (floor: Floor, entry: Entry, pit: Pit): HandOrders => {
  const { book, reports } = floor;
  let binding = false;

  const bindAll = (): void => {
    for (const order of book.live()) {
      if (!isUnbound(order)) continue;
      book.bind(order);
      floor.changed();
      reports.bound(order);
    }
  };

  const placed = (order: BrokerOrder | IbError): number | IbError => {
    if (isError(order)) return order;
    if (binding) bindAll();
    if (order.ended === undefined && !isUnbound(order)) {
      reports.openOrder(order);
      reports.status(order);
    }
    return order.permId;
  };

  const close = (byHand: ByHand, accountId: string, conId: number, quantity?: number): number | IbError | undefined => {
    const position = floor.accounts.get(accountId)?.position(conId);
    if (position === undefined || position.quantity === 0) return undefined;
    const held = Math.abs(position.quantity);
    assert(quantity === undefined || (quantity > 0 && quantity <= held), `${quantity} of ${held} held can be closed`);
    return placed(
      entry.placeByHand(byHand, ibContract(position.details.contract), {
        action: position.quantity > 0 ? OrderAction.SELL : OrderAction.BUY,
        totalQuantity: quantity ?? held,
        orderType: OrderType.MKT,
        account: accountId,
        transmit: true,
      }),
    );
  };

  return {
    manual: {
      place: (contract, order) => placed(entry.placeByHand("trader", contract, order)),
      cancel: (permId) => {
        const order = book.withPermId(permId);
        if (order === undefined || order.ended !== undefined) return false;
        pit.cancel(order);
        return true;
      },
      close: (account, conId) => close("trader", account, conId),
    },
    liquidate: (account, conId, quantity) => close("liquidation", account, conId, quantity),
    bind: bindAll,
    autoBind: (from, on) => {
      if (from.clientId !== 0) {
        const cause = "Only the default client (i.e 0) can auto bind orders.";
        from.tell("error", new Error(`Error validating request.-'bT' : cause - ${cause}`), 321, -1);
        return;
      }
      binding = on;
    },
    letGo: () => {
      binding = false;
    },
  };
};
