/**
 * What one order's fill or end means for the orders tied to it: the children of a bracket, the other members of an OCA group.
 *
 * Children wait for their parent: they are set free when it has filled, for the filled part when it ends with less, and cancelled
 * when it ends with nothing. Once free, children of one parent are an OCA group of type 2, unless they name a group of their own.
 * A group is the account's, whoever its members' clients are. Its type is that of the member that fills.
 */
import type { EpochMs } from "../../domain/units.ts";
import { epochMs } from "../../domain/units.ts";
import type { Floor } from "./floor.ts";
import { type BrokerOrder, remaining } from "./order.ts";

/** What the pit does with an order when its family says so. */
export interface FamilyOrders {
  cancelNow(order: BrokerOrder, why: string): void;
  /** An order that need not wait any more enters the market. */
  release(order: BrokerOrder): void;
}

export interface Family {
  /** So much of an order was left, and has traded since. */
  filled(order: BrokerOrder, before: number): void;
  /** An order has ended. */
  ended(order: BrokerOrder): void;
  /** Takes off what a group of type 3 has taken off the order, once that is due. */
  cutIfDue(order: BrokerOrder): void;
}

const groupOf = ({ ticket, parentPermId, waiting }: BrokerOrder): string | undefined => {
  if (ticket.oca !== undefined) return `${ticket.account}/${ticket.oca.group}`;
  return parentPermId === undefined || waiting ? undefined : `#${parentPermId}`;
};

/** Has the OCA group that a new order names done its work already? */
export const isGroupSpent = (orders: Iterable<BrokerOrder>, account: string, group: string): boolean => {
  for (const { ticket, filled, ended } of orders)
    if (ticket.account === account && ticket.oca?.group === group && filled > 0)
      if (ticket.oca.type === 1 || ended?.as === "Filled") return true;
  return false;
};

export const createFamily = (floor: Floor, orders: FamilyOrders): Family => {
  const { market, book, reports, chance, rules } = floor;

  const resize = (order: BrokerOrder, units: number): void => {
    if (order.ended !== undefined || units <= 0) return;
    const before = order.ticket.quantity;
    const left = remaining(order) - units;
    if (left <= 0) {
      orders.cancelNow(order, "Cancelled: nothing is left of it");
      return;
    }
    order.ticket = { ...order.ticket, quantity: order.filled + left };
    floor.changed();
    reports.openOrder(order);
    reports.status(order);
    for (const child of childrenOf(order)) shrink(child, order.ticket.quantity / before);
  };

  /** A child's size follows its parent's; of a fraction of a contract nothing is left. */
  const shrink = (child: BrokerOrder, share: number): void => {
    if (share < 1) resize(child, child.ticket.quantity - Math.floor(child.ticket.quantity * share + 1e-9));
  };

  const childrenOf = (order: BrokerOrder): BrokerOrder[] =>
    book.live().filter(({ waiting, parentPermId }) => waiting && parentPermId === order.permId);

  const cutDueAt = (order: BrokerOrder): EpochMs => {
    const { from, to } = rules.cancelLatencyMs;
    return epochMs(market.now + chance.between(from, to, "oca", order.permId, market.now));
  };

  const cutIfDue = (order: BrokerOrder): void => {
    if (order.cut === undefined || order.cut.dueAt > market.now) return;
    const { units } = order.cut;
    order.cut = undefined;
    floor.changed();
    resize(order, Math.min(units, remaining(order)));
  };

  return {
    cutIfDue,
    filled: (order, before) => {
      const group = groupOf(order);
      const left = Math.max(0, remaining(order));
      if (group === undefined || left === before) return;
      const type = order.ticket.oca?.type ?? 2;
      for (const other of book.live()) {
        if (other === order || other.ended !== undefined || other.parked || groupOf(other) !== group) continue;
        if (type === 1) {
          orders.cancelNow(other, "Cancelled by its OCA group");
          continue;
        }
        const units = Math.floor(remaining(other) * (1 - left / before) + 1e-9);
        if (type === 2) resize(other, units);
        else {
          other.cut = { units: units + (other.cut?.units ?? 0), dueAt: other.cut?.dueAt ?? cutDueAt(other) };
          floor.changed();
          cutIfDue(other);
        }
      }
    },
    ended: (order) => {
      const share = order.filled / order.ticket.quantity;
      const children = childrenOf(order);
      for (const child of children)
        if (order.filled === 0) orders.cancelNow(child, "Cancelled with its parent");
        else shrink(child, share);
      // All are free before the first of them trades, so that what it takes comes off the others.
      const free = children.filter(({ ended }) => ended === undefined);
      for (const child of free) child.waiting = false;
      for (const child of free) if (child.ended === undefined) orders.release(child);
    },
  };
};
