/**
 * Order entry: what a client's placeOrder and cancelOrder mean. New order, modification, what-if, or one of IB's refusals. Also
 * orders that somebody places by hand.
 *
 * Order ids belong to clients: nobody can modify or cancel an order through another client's connection, except all at once.
 * An order placed by hand has no id; client 0 may bind it to one of its own.
 */
import { type Contract as IbContract, type Order as IbOrder, type OrderState, OrderStatus } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import { dollars, moneyUnits } from "../../domain/units.ts";
import type { Account } from "./account.ts";
import { isGroupSpent } from "./family.ts";
import type { Floor } from "./floor.ts";
import { type BrokerOrder, type ByHand, echoed, end, newOrder, type Origin } from "./order.ts";
import type { Pit } from "./pit.ts";
import { type IbError, isError } from "./resolve.ts";
import { createSolvency } from "./solvency.ts";
import { readTicket, sameOrder, type Ticket } from "./ticket.ts";

export interface Entry {
  place(clientId: number, orderId: number, contract: IbContract, order: IbOrder): void;
  cancel(clientId: number, orderId: number): void;
  /** reqGlobalCancel: every live order of every client. */
  cancelAll(): void;
  /** An order at the screen, with the checks of any other; a liquidation is not asked whether it can be afforded. */
  placeByHand(byHand: ByHand, contract: IbContract, order: IbOrder): BrokerOrder | IbError;
}

const DUPLICATE_ID: IbError = { code: 103, text: "Duplicate order id" };

const READ_ONLY: IbError = {
  code: 321,
  text: "Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode.",
};
const NO_PERMISSION: IbError = { code: 460, text: "No trading permissions." };
const MISSING_PARENT: IbError = { code: 10006, text: "Missing parent order." };

export const createEntry = (floor: Floor, pit: Pit): Entry => {
  const { market, book, reports, faults, rules } = floor;
  const accountIds = [...floor.accounts.keys()];

  const accountOf = (ticket: Ticket): Account => {
    const account = floor.accounts.get(ticket.account);
    assert(account !== undefined, `account ${ticket.account} exists`);
    return account;
  };
  const { commissionFor, ifFilled, refusal: marginRefusal } = createSolvency(floor, accountOf);

  const answerWhatIf = (clientId: number, orderId: number, ticket: Ticket): undefined => {
    const before = accountOf(ticket).standing();
    const after = ifFilled(ticket, ticket.quantity);
    const commission = dollars(commissionFor(ticket, ticket.quantity));
    const order = newOrder({ clientId, orderId }, book.nextPermId(), ticket, market.now);
    const change = (name: "initial" | "maintenance" | "equityWithLoan"): number =>
      dollars(moneyUnits(after[name] - before[name]));
    const state: OrderState = {
      status: OrderStatus.PreSubmitted,
      initMarginBefore: dollars(before.initial),
      maintMarginBefore: dollars(before.maintenance),
      equityWithLoanBefore: dollars(before.equityWithLoan),
      // What depends on a price that nobody quotes is not known: IB's largest double on the wire.
      ...(after.known
        ? {
            initMarginChange: change("initial"),
            maintMarginChange: change("maintenance"),
            initMarginAfter: dollars(after.initial),
            maintMarginAfter: dollars(after.maintenance),
          }
        : {}),
      equityWithLoanChange: change("equityWithLoan"),
      equityWithLoanAfter: dollars(after.equityWithLoan),
      commission,
      minCommission: commission,
      maxCommission: commission,
      commissionCurrency: "USD",
      warningText: marginRefusal(ticket, ticket.quantity) ?? "",
    };
    reports.openOrderOf(clientId, orderId, ticket.ibContract, { ...echoed(order), whatIf: true }, state);
  };

  /** 201: the order is known, was never worked, and is told as Inactive. */
  const reject = (from: Origin, ticket: Ticket, reason: string): BrokerOrder => {
    const order = newOrder(from, book.nextPermId(), ticket, market.now);
    order.silent = faults.acceptSilently;
    end(order, "Inactive", reason, market.now);
    book.add(order);
    reports.orderError(order, 201, `Order rejected - reason:${reason}`);
    reports.openOrder(order);
    reports.status(order);
    floor.changed();
    return order;
  };

  /** The code with which a fault rejects this new order, used up by it. */
  const rejection = (whatIf: boolean): number | undefined => {
    const { rejectNext, rejectOrders } = faults;
    if (rejectNext !== undefined) {
      faults.rejectNext = undefined;
      return rejectNext;
    }
    if (whatIf || rejectOrders === undefined || rejectOrders.left <= 0) return undefined;
    faults.rejectOrders = { ...rejectOrders, left: rejectOrders.left - 1 };
    return rejectOrders.code;
  };

  const placeNew = (clientId: number, orderId: number, contract: IbContract, order: IbOrder): IbError | undefined => {
    if (!Number.isSafeInteger(orderId) || orderId < book.nextId(clientId)) return DUPLICATE_ID;
    book.useId(clientId, orderId);
    // Even a refusal uses up the id, and a what-if a permId: both have been told.
    floor.changed();
    const ticket = readTicket(market, accountIds, contract, order);
    if (isError(ticket)) return ticket;
    if (isForbidden(ticket)) return NO_PERMISSION;
    const from: Origin = { clientId, orderId };
    const fault = rejection(order.whatIf === true);
    if (fault !== undefined) {
      const reason = "The simulated broker was told to reject this order.";
      if (fault !== 201) return { code: fault, text: reason };
      reject(from, ticket, reason);
      return undefined;
    }
    if (ticket.unworkable !== undefined) {
      reject(from, ticket, ticket.unworkable);
      return undefined;
    }
    if (order.whatIf) return answerWhatIf(clientId, orderId, ticket);
    const parent = ticket.parentId === 0 ? undefined : book.find(clientId, ticket.parentId);
    if (ticket.parentId !== 0 && parent === undefined) return MISSING_PARENT;
    accept(from, ticket, parent, order.transmit === true);
    return undefined;
  };

  const isForbidden = (ticket: Ticket): boolean =>
    ticket.legs.some(({ details }) => !accountOf(ticket).mayTrade(details.contract.secType));

  /** Why an order cannot take its place among those it names: a spent group, a parent that is no more. */
  const tieRefusal = (ticket: Ticket, parent: BrokerOrder | undefined): string | undefined => {
    const orders = [...book.live(), ...book.done()];
    if (ticket.oca !== undefined && isGroupSpent(orders, ticket.account, ticket.oca.group))
      return `The OCA group ${ticket.oca.group} has already been filled.`;
    if (parent?.ended !== undefined && orders.some(({ parentPermId, filled }) => parentPermId === parent.permId && filled > 0))
      return "Another order attached to the same parent has already been filled.";
    const hasGone = parent?.ended !== undefined && parent.ended.as !== "Filled";
    return hasGone || parent?.cancelDueAt !== undefined ? "Parent order is being cancelled." : undefined;
  };

  /** A new order onto the book: parked, rejected, or into the market with all of its family that waited for it. */
  const accept = (from: Origin, ticket: Ticket, parent: BrokerOrder | undefined, transmit: boolean): BrokerOrder => {
    const tied = tieRefusal(ticket, parent);
    if (tied !== undefined) return reject(from, ticket, tied);
    const waits = parent?.ended === undefined;
    const refusal = transmit
      ? marginRefusal(ticket, ticket.quantity, parent !== undefined && waits ? { parent } : {})
      : undefined;
    if (refusal !== undefined && from.byHand !== "liquidation") return reject(from, ticket, refusal);
    const origin = parent === undefined ? from : { ...from, parent: { permId: parent.permId, waits } };
    const placed = newOrder(origin, book.nextPermId(), ticket, market.now);
    placed.silent = faults.acceptSilently;
    placed.parked = true;
    book.add(placed);
    if (transmit) transmitFamily(placed);
    return placed;
  };

  /** The last of a bracket to be transmitted transmits it: the parent first, then its children in their order. */
  const transmitFamily = (last: BrokerOrder): void => {
    const parent = last.parentPermId === undefined || !last.waiting ? undefined : book.withPermId(last.parentPermId);
    if (parent?.parked === true) {
      const refusal = marginRefusal(parent.ticket, parent.ticket.quantity, { except: parent });
      if (refusal !== undefined) {
        // Its children go with it, the last one included.
        pit.rejectParked(parent, refusal);
        return;
      }
      transmitFamily(parent);
    }
    const family = book
      .live()
      .filter(
        ({ parked, parentPermId, permId }) =>
          parked && (permId === last.permId || (parent !== undefined && parentPermId === parent.permId && permId < last.permId)),
      );
    // All at once: the first to fill on arrival finds its siblings there to be reduced.
    for (const order of family) order.parked = false;
    for (const order of family) if (order.ended === undefined) pit.arrive(order);
  };

  const modify = (before: BrokerOrder, contract: IbContract, order: IbOrder): IbError | undefined => {
    if (before.ended?.as === "Filled") return { code: 104, text: "Cannot modify a filled order." };
    if (before.ended !== undefined || order.whatIf) return DUPLICATE_ID;
    const ticket = readTicket(market, accountIds, contract, order);
    if (isError(ticket)) return ticket;
    const fault = faults.rejectNext;
    if (fault !== undefined) {
      faults.rejectNext = undefined;
      return { code: fault, text: "The simulated broker was told to reject this modification." };
    }
    if (ticket.unworkable !== undefined) return { code: 201, text: `Order rejected - reason:${ticket.unworkable}` };
    if (!sameOrder(before.ticket, ticket)) return { code: 105, text: "Order being modified does not match original order." };
    if (ticket.quantity <= before.filled) return { code: 104, text: "Cannot modify a filled order." };
    if (before.cancelDueAt !== undefined) return { code: 201, text: "Order rejected - reason:The order is being cancelled." };
    const parent = before.waiting && before.parentPermId !== undefined ? book.withPermId(before.parentPermId) : undefined;
    const also = parent === undefined ? { except: before } : { except: before, parent };
    const refusal = marginRefusal(ticket, ticket.quantity - before.filled, also);
    if (refusal !== undefined) return { code: 201, text: `Order rejected - reason:${refusal}` };
    if (before.parked) {
      before.ticket = { ...ticket, parentId: before.ticket.parentId };
      before.stop = ticket.stop;
      floor.changed();
      if (order.transmit === true) transmitFamily(before);
      return undefined;
    }
    // Not transmitted: the working order stays as it is.
    if (order.transmit !== true) return undefined;
    before.ticket = { ...ticket, orderRef: before.ticket.orderRef, parentId: before.ticket.parentId };
    pit.rearrive(before);
    return undefined;
  };

  return {
    place: (clientId, orderId, contract, order) => {
      if (faults.blackholeNext > 0) {
        faults.blackholeNext--;
        return;
      }
      if (rules.readOnly) return reports.error(clientId, orderId, READ_ONLY.code, READ_ONLY.text);
      const before = book.find(clientId, orderId);
      // Told to whoever asked, also about a silent order: it answers the request.
      const refusal = before === undefined ? placeNew(clientId, orderId, contract, order) : modify(before, contract, order);
      if (refusal !== undefined) reports.error(clientId, orderId, refusal.code, refusal.text);
    },
    cancel: (clientId, orderId) => {
      if (rules.readOnly) return reports.error(clientId, orderId, READ_ONLY.code, READ_ONLY.text);
      const order = book.find(clientId, orderId);
      const subject = `OrderId ${orderId} that needs to be cancelled`;
      if (order === undefined) reports.error(clientId, orderId, 10147, `${subject} is not found.`);
      else if (order.ended === undefined) pit.cancel(order);
      else reports.error(clientId, orderId, 10148, `${subject} can not be cancelled, state: ${order.ended.as}.`);
    },
    cancelAll: () => {
      if (rules.readOnly) return;
      for (const order of book.live()) if (order.ended === undefined) pit.cancel(order);
    },
    placeByHand: (byHand, contract, order) => {
      const ticket = readTicket(market, accountIds, contract, order);
      if (isError(ticket)) return ticket;
      floor.changed();
      const from: Origin = { clientId: 0, orderId: 0, byHand };
      return ticket.unworkable === undefined ? accept(from, ticket, undefined, true) : reject(from, ticket, ticket.unworkable);
    },
  };
};
