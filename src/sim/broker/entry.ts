/**
 * Order entry: what a client's placeOrder and cancelOrder mean. New order, modification, what-if, or one of IB's refusals.
 *
 * Order ids belong to clients: nobody can modify or cancel an order through another client's connection, except all at once.
 */
import { type Contract as IbContract, type Order as IbOrder, type OrderState, OrderStatus } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import { dollars, type Money, moneyUnits, notional } from "../../domain/units.ts";
import type { Account, Standing } from "./account.ts";
import { commissionOf } from "./commission.ts";
import type { Floor } from "./floor.ts";
import { type BrokerOrder, echoed, end, newOrder, remaining } from "./order.ts";
import type { Pit } from "./pit.ts";
import { type IbError, isError } from "./resolve.ts";
import { maxCost, readTicket, sameOrder, type Ticket, unitMultiplier } from "./ticket.ts";

export interface Entry {
  place(clientId: number, orderId: number, contract: IbContract, order: IbOrder): void;
  cancel(clientId: number, orderId: number): void;
  /** reqGlobalCancel: every live order of every client. */
  cancelAll(): void;
}

const DUPLICATE_ID: IbError = { code: 103, text: "Duplicate order id" };

/** What a standing ties up beyond what it has: above zero, the account is short of margin. */
const shortfall = (standing: Standing): number => standing.initial - standing.equityWithLoan;

export const createEntry = (floor: Floor, pit: Pit): Entry => {
  const { market, book, reports, faults, rules } = floor;
  const accountIds = [...floor.accounts.keys()];

  const accountOf = (ticket: Ticket): Account => {
    const account = floor.accounts.get(ticket.account);
    assert(account !== undefined, `account ${ticket.account} exists`);
    return account;
  };
  const commissionFor = (ticket: Ticket, units: number): Money =>
    commissionOf(
      rules.tariffs,
      ticket.legs.map(({ details, ratio }) => ({ secType: details.contract.secType, quantity: units * Math.abs(ratio) })),
    );
  /** The account as if so many units had filled at the limit, and nothing else had happened. */
  const ifFilled = (ticket: Ticket, units: number): Standing =>
    accountOf(ticket).standingAfter(
      ticket.legs.map(({ details, ratio }) => ({ details, quantity: units * ratio })),
      moneyUnits(notional(maxCost(ticket), unitMultiplier(ticket), units) + commissionFor(ticket, units)),
    );

  /** Why the account cannot bear the order next to those already working, or undefined. What lowers the need always passes. */
  const marginRefusal = (ticket: Ticket, units: number, except?: BrokerOrder): string | undefined => {
    const before = shortfall(accountOf(ticket).standing());
    const after = ifFilled(ticket, units);
    if (shortfall(after) <= before) return undefined;
    let reserved = 0;
    for (const other of book.live())
      if (other !== except && !other.parked && other.ticket.account === ticket.account)
        reserved += Math.max(0, shortfall(ifFilled(other.ticket, remaining(other))) - before);
    if (shortfall(after) + reserved <= 0) return undefined;
    const need = dollars(moneyUnits(after.initial + reserved)).toFixed(2);
    const have = dollars(after.equityWithLoan).toFixed(2);
    return `Insufficient margin: equity with loan value [${have} USD] must exceed the initial margin [${need} USD].`;
  };

  const answerWhatIf = (clientId: number, orderId: number, ticket: Ticket): undefined => {
    const before = accountOf(ticket).standing();
    const after = ifFilled(ticket, ticket.quantity);
    const commission = dollars(commissionFor(ticket, ticket.quantity));
    const order = newOrder(clientId, orderId, book.nextPermId(), ticket, market.now);
    const state: OrderState = {
      status: OrderStatus.PreSubmitted,
      initMarginBefore: dollars(before.initial),
      maintMarginBefore: dollars(before.maintenance),
      equityWithLoanBefore: dollars(before.equityWithLoan),
      initMarginChange: dollars(moneyUnits(after.initial - before.initial)),
      maintMarginChange: dollars(moneyUnits(after.maintenance - before.maintenance)),
      equityWithLoanChange: dollars(moneyUnits(after.equityWithLoan - before.equityWithLoan)),
      initMarginAfter: dollars(after.initial),
      maintMarginAfter: dollars(after.maintenance),
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
  const reject = (clientId: number, orderId: number, ticket: Ticket, reason: string): undefined => {
    const order = newOrder(clientId, orderId, book.nextPermId(), ticket, market.now);
    order.silent = faults.acceptSilently;
    end(order, "Inactive", reason, market.now);
    book.add(order);
    reports.orderError(order, 201, `Order rejected - reason:${reason}`);
    reports.openOrder(order);
    reports.status(order);
    floor.changed();
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
    const fault = rejection(order.whatIf === true);
    if (fault !== undefined) {
      if (fault === 201) return reject(clientId, orderId, ticket, "The simulated broker was told to reject this order.");
      return { code: fault, text: "The simulated broker was told to reject this order." };
    }
    if (ticket.unworkable !== undefined) return reject(clientId, orderId, ticket, ticket.unworkable);
    if (order.whatIf) return answerWhatIf(clientId, orderId, ticket);
    const placed = newOrder(clientId, orderId, book.nextPermId(), ticket, market.now);
    placed.silent = faults.acceptSilently;
    if (order.transmit !== true) {
      placed.parked = true;
      book.add(placed);
      return undefined;
    }
    const refusal = marginRefusal(ticket, ticket.quantity);
    if (refusal !== undefined) return reject(clientId, orderId, ticket, refusal);
    book.add(placed);
    pit.arrive(placed);
    return undefined;
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
    const refusal = marginRefusal(ticket, ticket.quantity - before.filled, before);
    if (refusal !== undefined) return { code: 201, text: `Order rejected - reason:${refusal}` };
    if (before.parked) {
      before.ticket = ticket;
      floor.changed();
      if (order.transmit === true) pit.arrive(before);
      return undefined;
    }
    // Not transmitted: the working order stays as it is.
    if (order.transmit !== true) return undefined;
    before.ticket = { ...ticket, orderRef: before.ticket.orderRef };
    pit.rearrive(before);
    return undefined;
  };

  return {
    place: (clientId, orderId, contract, order) => {
      if (faults.blackholeNext > 0) {
        faults.blackholeNext--;
        return;
      }
      const before = book.find(clientId, orderId);
      // Told to whoever asked, also about a silent order: it answers the request.
      const refusal = before === undefined ? placeNew(clientId, orderId, contract, order) : modify(before, contract, order);
      if (refusal !== undefined) reports.error(clientId, orderId, refusal.code, refusal.text);
    },
    cancel: (clientId, orderId) => {
      const order = book.find(clientId, orderId);
      const subject = `OrderId ${orderId} that needs to be cancelled`;
      if (order === undefined) reports.error(clientId, orderId, 10147, `${subject} is not found.`);
      else if (order.ended === undefined) pit.cancel(order);
      else reports.error(clientId, orderId, 10148, `${subject} can not be cancelled, state: ${order.ended.as}.`);
    },
    cancelAll: () => {
      for (const order of book.live()) pit.cancel(order);
    },
  };
};
