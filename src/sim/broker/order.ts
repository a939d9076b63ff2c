/**
 * One order at the broker, from acceptance to its single end, and how IB's messages describe it.
 *
 * ```text
 *  parked ──transmit──▶ PreSubmitted ──parent filled, good-after time, session open, triggered──▶ Submitted
 *  Submitted ──▶ Filled;  PreSubmitted, Submitted ──▶ Cancelled (asked, over, of its group or with its parent, remainder of IOC)
 *  rejected ──▶ Inactive
 * ```
 */
import type { Order as IbOrder, OrderAction, OrderState, TimeInForce } from "@stoqey/ib";
import { OrderStatus } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import { dollars, type EpochMs, type Money, type Price, priceUnits, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import { type Charges, noCharges } from "./commission.ts";
import type { Ticket } from "./ticket.ts";

export type Ending = "Filled" | "Cancelled" | "Inactive";

interface LegTally {
  shares: number;
  /** Σ price × shares, in price units. */
  value: number;
}

/** Who placed it by hand: somebody at the screen (then client 0 may bind it to an order id), or the broker's risk desk. */
export type ByHand = "trader" | "liquidation";

export interface BrokerOrder {
  readonly clientId: number;
  /** 0 for an order placed by hand that no client has bound. */
  orderId: number;
  /** The account-wide, stable identity. */
  readonly permId: number;
  ticket: Ticket;
  readonly byHand: ByHand | undefined;
  /** The parent's permId, while and after it waits for it. */
  readonly parentPermId: number | undefined;
  /** Held back until the parent has filled. */
  waiting: boolean;
  /** It has no trigger, or its trigger price has been met. */
  triggered: boolean;
  /** The price that sets it off, where it stands now: a trailing one moves. */
  stop: Price | undefined;
  /** The quote that met the trigger price first, where two must. */
  touchedAt: EpochMs | undefined;
  /** What its OCA group takes off it before long. */
  cut: { readonly units: number; readonly dueAt: EpochMs } | undefined;
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

export interface Origin {
  readonly clientId: number;
  readonly orderId: number;
  readonly byHand?: ByHand;
  /** `waits`: it has not filled yet. */
  readonly parent?: { readonly permId: number; readonly waits: boolean };
}

export const newOrder = (from: Origin, permId: number, ticket: Ticket, now: EpochMs): BrokerOrder => ({
  clientId: from.clientId,
  orderId: from.orderId,
  permId,
  ticket,
  byHand: from.byHand,
  parentPermId: from.parent?.permId,
  waiting: from.parent?.waits === true,
  triggered: !hasTrigger(ticket),
  stop: ticket.stop,
  touchedAt: undefined,
  cut: undefined,
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

/** Does the order wait for a price before it is worked? */
export const hasTrigger = ({ type }: Ticket): boolean => type !== "LMT" && type !== "MKT";

/** Placed by hand, and no client has taken it over. */
export const isUnbound = (order: BrokerOrder): boolean => order.byHand !== undefined && order.orderId === 0;

/** The worst net price now; undefined at market, and of a trailing limit whose stop is not known yet. */
export const limitOf = ({ ticket, stop }: BrokerOrder): Price | undefined => {
  if (ticket.type !== "TRAIL LIMIT") return ticket.limit;
  if (stop === undefined || ticket.limitOffset === undefined) return undefined;
  return priceUnits(ticket.action === "BUY" ? stop + ticket.limitOffset : stop - ticket.limitOffset);
};

/** The most that one unit may cost; infinite at market. */
export const maxCost = (order: BrokerOrder): number => {
  const limit = limitOf(order);
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  return order.ticket.action === "BUY" ? limit : -limit;
};

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
    parentId: ticket.parentId,
    ...(ticket.trail === undefined || order.stop === undefined ? {} : { trailStopPrice: dollars(order.stop) }),
    ...(ticket.oca === undefined ? {} : { ocaType: ticket.oca.type }),
  };
};

/** Its state without margin figures; commission once there is one. */
export const stateOf = (order: BrokerOrder): OrderState => ({
  status: order.status,
  ...(order.filled > 0 ? { commission: dollars(order.charges.charged as Money) } : {}),
  commissionCurrency: order.filled > 0 ? "USD" : "",
  warningText: "",
});
