/**
 * One order at the broker, from acceptance to its single end, and how IB's messages describe it.
 *
 * ```text
 *  parked ──transmit──▶ PreSubmitted ──session open──▶ Submitted ──▶ Filled | Cancelled (asked, DAY ended, contract expired)
 *  rejected ──▶ Inactive
 * ```
 */
import type { Order as IbOrder, OrderAction, OrderState, TimeInForce } from "@stoqey/ib";
import { OrderStatus } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import { dollars, type EpochMs, type Money, type Price, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import { type Charges, noCharges } from "./commission.ts";
import type { Ticket } from "./ticket.ts";

export type Ending = "Filled" | "Cancelled" | "Inactive";

interface LegTally {
  shares: number;
  /** Σ price × shares, in price units. */
  value: number;
}

export interface BrokerOrder {
  readonly clientId: number;
  readonly orderId: number;
  /** The account-wide, stable identity. */
  readonly permId: number;
  ticket: Ticket;
  /** Not transmitted: known to nobody but its owner, and not worked. */
  parked: boolean;
  /** Its owner hears nothing of it (fault acceptSilently). */
  silent: boolean;
  status: OrderStatus;
  ended: { readonly as: Ending; readonly why: string; readonly at: EpochMs } | undefined;
  /** Units filled. */
  filled: number;
  /** Σ net price × units, in price units and the order's own direction. */
  value: number;
  lastPrice: Price | undefined;
  readonly legTallies: readonly LegTally[];
  readonly charges: Charges;
  /** When it, or its last modification, reached the market. */
  arrivedAt: EpochMs;
  /** Up to when its chances of a fill have been counted. */
  seenAt: EpochMs;
  /** Accumulated hazard, and where it fills: exponential, drawn anew for each fill. */
  hazard: number;
  hazardToFill: number;
  /** When its DAY is over. */
  dayEndsAt: EpochMs | undefined;
  /** When a cancel that is under way takes effect. */
  cancelDueAt: EpochMs | undefined;
}

export const newOrder = (clientId: number, orderId: number, permId: number, ticket: Ticket, now: EpochMs): BrokerOrder => ({
  clientId,
  orderId,
  permId,
  ticket,
  parked: false,
  silent: false,
  status: OrderStatus.PreSubmitted,
  ended: undefined,
  filled: 0,
  value: 0,
  lastPrice: undefined,
  legTallies: ticket.legs.map(() => ({ shares: 0, value: 0 })),
  charges: noCharges(),
  arrivedAt: now,
  seenAt: now,
  hazard: 0,
  hazardToFill: Number.POSITIVE_INFINITY,
  dayEndsAt: undefined,
  cancelDueAt: undefined,
});

export const remaining = (order: BrokerOrder): number => order.ticket.quantity - order.filled;

/** Average net price in dollars; 0 before the first fill, as IB reports it. */
export const averagePrice = (order: BrokerOrder): number =>
  order.filled === 0 ? 0 : order.value / order.filled / UNITS_PER_DOLLAR;

const STATUS_OF: { readonly [As in Ending]: OrderStatus } = {
  Filled: OrderStatus.Filled,
  Cancelled: OrderStatus.Cancelled,
  Inactive: OrderStatus.Inactive,
};

/** Ends the order; it has one end only. */
export const end = (order: BrokerOrder, as: Ending, why: string, at: EpochMs): void => {
  assert(order.ended === undefined, `order ${order.permId} has already ended as ${order.ended?.as}`);
  order.ended = { as, why, at };
  order.status = STATUS_OF[as];
  order.cancelDueAt = undefined;
};

/** The order as openOrder carries it: what the client sent, with the broker's ids and current terms. */
export const echoed = (order: BrokerOrder): IbOrder => {
  const { transmit: _, ...sent } = order.ticket.order;
  const { ticket } = order;
  return {
    ...sent,
    orderId: order.orderId,
    clientId: order.clientId,
    permId: order.permId,
    account: ticket.account,
    action: ticket.action as OrderAction,
    totalQuantity: ticket.quantity,
    tif: ticket.tif as TimeInForce,
    orderRef: ticket.orderRef,
    parentId: 0,
  };
};

/** Its state without margin figures; commission once there is one. */
export const stateOf = (order: BrokerOrder): OrderState => ({
  status: order.status,
  ...(order.filled > 0 ? { commission: dollars(order.charges.charged as Money) } : {}),
  commissionCurrency: order.filled > 0 ? "USD" : "",
  warningText: "",
});
