/**
 * The pit: where working orders meet quotes. It fills, cancels and expires them as market time passes.
 */
import { OrderStatus } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import { addDays } from "../../domain/calendar/civil-date.ts";
import { isWeekend } from "../../domain/calendar/holidays.ts";
import { nextSession, sessionOf } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay, newYorkTime } from "../../domain/calendar/new-york.ts";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import type { SecurityType } from "../../domain/contract.ts";
import { type EpochMs, epochMs, priceUnits } from "../../domain/units.ts";
import { charge } from "./commission.ts";
import { type ExecutionRow, executionId, executionStem } from "./execution.ts";
import type { Floor } from "./floor.ts";
import { createLiquidity } from "./liquidity.ts";
import { insideTheSpread, natural, type Offer, restingHazard } from "./matching.ts";
import { type BrokerOrder, end, remaining } from "./order.ts";
import type { SavedPit } from "./saved.ts";
import { isCombo, maxCost, netPrice, type Ticket } from "./ticket.ts";

/** Where quotes are computed, a displayed size that we took is shown again after this long even if its price stays. */
const REFILL_MS = 5_000;
const GLOBEX_DAY_ENDS_MINUTE = 17 * 60;

export interface Pit {
  /** An accepted order reaches the market: it is announced, and may fill at once. */
  arrive(order: BrokerOrder): void;
  /** A live order has new terms. */
  rearrive(order: BrokerOrder): void;
  /** Starts a cancel; it takes effect after its latency, unless a fill comes first. */
  cancel(order: BrokerOrder): void;
  isOpen(ticket: Ticket): boolean;
  /** Works every order up to the market's now. */
  advance(): void;
  saved(): SavedPit;
}

/** When a DAY order that is placed now is over: the close of the session in progress, or of the next one. */
const dayEnd = (secType: SecurityType, now: EpochMs): EpochMs => {
  const { day, minuteOfDay } = newYorkTime(now);
  if (secType === "FUT" || secType === "FOP") {
    let last = minuteOfDay < GLOBEX_DAY_ENDS_MINUTE ? day : addDays(day, 1);
    while (isWeekend(last)) last = addDays(last, 1);
    return instantOf(last, GLOBEX_DAY_ENDS_MINUTE);
  }
  const today = sessionOf(day);
  return today !== undefined && now < today.close ? today.close : nextSession(now).close;
};

export const createPit = (floor: Floor, restored?: SavedPit): Pit => {
  const { market, book, reports, faults, chance, rules } = floor;
  const recorded = rules.fills === "recorded";
  const liquidity = createLiquidity(market, recorded ? Number.POSITIVE_INFINITY : REFILL_MS, [...(restored?.taken ?? [])]);
  const isLate = new Set(restored?.lateCommissions);
  const lateCommissions = floor.executions.filter(({ execId }) => isLate.has(execId));
  let fills = restored?.fills ?? 0;

  const isOpen = (ticket: Ticket): boolean => ticket.legs.every(({ details }) => market.isOpen(details.contract.conId));

  const drawHazard = (order: BrokerOrder): void => {
    order.hazard = 0;
    order.hazardToFill = -Math.log(1 - chance.draw("fill", order.permId, order.filled, order.arrivedAt));
  };

  /** What the order may trade against now; undefined when nothing. Counts the time it has rested. */
  const offerFor = (order: BrokerOrder): Offer | undefined => {
    const { ticket } = order;
    const { now } = market;
    const until = Math.min(now, order.cancelDueAt ?? now);
    // A night between two looks is not time in which anybody could have traded.
    const rested = newYorkDay(order.seenAt) === newYorkDay(now) ? Math.max(0, until - order.seenAt) : 0;
    order.seenAt = now;
    if (!isOpen(ticket)) return undefined;
    const offer = natural(ticket.legs, liquidity.left);
    if (offer === undefined || offer.units < 1) return undefined;
    const limit = maxCost(ticket);
    if (offer.cost <= limit) {
      if (recorded && offer.at <= order.arrivedAt) return undefined;
      const reachedAt = Math.max(offer.at, order.arrivedAt);
      return order.cancelDueAt !== undefined && reachedAt >= order.cancelDueAt ? undefined : offer;
    }
    if (recorded) return undefined;
    order.hazard += restingHazard(ticket.legs, limit, liquidity.left) * rested;
    return order.hazard >= order.hazardToFill ? insideTheSpread(ticket.legs, offer, limit, liquidity.left) : undefined;
  };

  const bookFill = (order: BrokerOrder, offer: Offer): ExecutionRow[] => {
    const { ticket } = order;
    const { now } = market;
    const account = floor.accounts.get(ticket.account);
    assert(account !== undefined, `account ${ticket.account} exists`);
    assert(offer.cost <= maxCost(ticket), `a fill at ${offer.cost} keeps the limit ${maxCost(ticket)}`);
    const units = Math.min(offer.units, remaining(order));
    const stem = executionStem(++fills, now);
    const combo = isCombo(ticket);
    const common = {
      orderId: order.orderId,
      clientId: order.clientId,
      permId: order.permId,
      orderRef: ticket.orderRef,
      account: ticket.account,
      at: now,
      commissionAt: epochMs(now + faults.delayCommissionMs),
    };
    const rows: ExecutionRow[] = ticket.legs.map(({ details, ratio }, index) => {
      const shares = units * Math.abs(ratio);
      const each = offer.legPrices[index];
      const tally = order.legTallies[index];
      assert(each !== undefined && tally !== undefined, "every leg has a price and a tally");
      const commission = charge(order.charges, rules.tariffs, details.contract.secType, shares);
      const realized = account.trade(details, units * ratio, each, commission);
      tally.shares += shares;
      tally.value += each * shares;
      return {
        ...common,
        execId: executionId(stem, combo ? index + 2 : 1),
        contract: details.contract,
        booked: details,
        side: ratio > 0 ? "BOT" : "SLD",
        shares,
        price: each,
        cumulative: tally.shares,
        cumulativeValue: tally.value,
        commission,
        realized,
      };
    });
    const net = priceUnits(netPrice(ticket, offer.cost));
    order.filled += units;
    order.value += net * units;
    order.lastPrice = net;
    if (combo)
      rows.unshift({
        ...common,
        execId: executionId(stem, 1),
        contract: ticket.contract,
        booked: undefined,
        side: ticket.action === "BUY" ? "BOT" : "SLD",
        shares: units,
        price: net,
        cumulative: order.filled,
        cumulativeValue: order.value,
        commission: undefined,
        realized: undefined,
      });
    liquidity.take(ticket.legs, units);
    floor.executions.push(...rows);
    drawHazard(order);
    if (remaining(order) === 0) {
      end(order, "Filled", "Filled", now);
      book.close(order);
    }
    floor.changed();
    return rows;
  };

  /** Tells of a fill: executions, order, statuses, commissions (legs only), positions. */
  const reportFill = (order: BrokerOrder, rows: readonly ExecutionRow[]): void => {
    reports.executed(order, rows);
    reports.openOrder(order);
    reports.status(order, 2);
    for (const row of rows) {
      if (row.booked === undefined || order.silent) continue;
      if (row.commissionAt > market.now) lateCommissions.push(row);
      else reports.commission(row);
    }
    for (const row of rows) {
      const position = row.booked && floor.accounts.get(row.account)?.position(row.contract.conId);
      if (position) reports.position(row.account, position);
    }
  };

  const fillIfOffered = (order: BrokerOrder): void => {
    const offer = offerFor(order);
    if (offer !== undefined) reportFill(order, bookFill(order, offer));
  };

  const work = (order: BrokerOrder): void => {
    order.status = OrderStatus.Submitted;
    reports.openOrder(order);
    reports.status(order, 2);
    floor.changed();
  };

  const noteClosed = (order: BrokerOrder): void => {
    const { day, ...opening } = newYorkTime(nextSession(market.now).open);
    const clock = `${String(Math.floor(opening.minuteOfDay / 60)).padStart(2, "0")}:${String(opening.minuteOfDay % 60).padStart(2, "0")}:00`;
    const { ticket } = order;
    reports.orderError(
      order,
      399,
      `Order Message:\n${ticket.action} ${ticket.quantity} ${ticket.contract.symbol} ${ticket.contract.exchange}\n` +
        `Warning: your order will not be placed at the exchange until ${day} ${clock} US/Eastern`,
    );
  };

  const finishCancelled = (order: BrokerOrder, why: string, asked: boolean): void => {
    end(order, "Cancelled", why, market.now);
    book.close(order);
    reports.status(order, 2);
    if (asked) reports.orderError(order, 202, "Order Canceled - reason:");
    floor.changed();
  };

  /** A DAY order whose session is over, or any order in a contract that has expired. */
  const isOver = (order: BrokerOrder): boolean => {
    const { now } = market;
    const { legs, contract } = order.ticket;
    if (legs.some(({ details: { contract: leg } }) => leg.expiry !== undefined && expiryInstant(leg.expiry) <= now)) return true;
    if (order.dayEndsAt === undefined || now < order.dayEndsAt) return false;
    const globex = contract.secType === "FUT" || legs.some(({ details }) => details.contract.secType === "FOP");
    // Some options trade a quarter of an hour longer than stock: their market says so.
    return globex || !isOpen(order.ticket) || newYorkDay(now) !== newYorkDay(order.dayEndsAt);
  };

  const workOn = (order: BrokerOrder): void => {
    if (order.parked) return;
    if (order.cancelDueAt !== undefined && order.cancelDueAt <= market.now) {
      fillIfOffered(order);
      if (order.ended === undefined) finishCancelled(order, "Cancelled by Trader", true);
      return;
    }
    if (isOver(order)) finishCancelled(order, "Expired", false);
    else {
      if (order.status === OrderStatus.PreSubmitted && isOpen(order.ticket)) work(order);
      fillIfOffered(order);
    }
  };

  return {
    isOpen,
    arrive: (order) => {
      const { ticket } = order;
      order.parked = false;
      order.arrivedAt = market.now;
      order.seenAt = market.now;
      order.dayEndsAt = ticket.tif === "DAY" ? dayEnd(ticket.legs[0]?.details.contract.secType ?? "STK", market.now) : undefined;
      drawHazard(order);
      floor.changed();
      const open = isOpen(ticket);
      if (open && faults.execBeforeOpenOrder) {
        const offer = offerFor(order);
        if (offer !== undefined) {
          order.status = OrderStatus.Submitted;
          return reportFill(order, bookFill(order, offer));
        }
      }
      order.status = OrderStatus.PreSubmitted;
      reports.openOrder(order);
      reports.status(order);
      if (!open) return noteClosed(order);
      work(order);
      fillIfOffered(order);
    },
    rearrive: (order) => {
      order.arrivedAt = market.now;
      order.seenAt = market.now;
      drawHazard(order);
      reports.openOrder(order);
      reports.status(order, 2);
      floor.changed();
      fillIfOffered(order);
    },
    cancel: (order) => {
      if (order.parked) return finishCancelled(order, "Cancelled by Trader", true);
      if (order.cancelDueAt !== undefined) return;
      const { from, to } = rules.cancelLatencyMs;
      const latency = chance.between(from, to, "cancel", order.permId, market.now);
      if (latency === 0) return finishCancelled(order, "Cancelled by Trader", true);
      order.cancelDueAt = epochMs(market.now + latency);
      // The real gateway does not always say so.
      if (chance.draw("pendingCancel", order.permId) < 0.5) reports.status(order, 1, OrderStatus.PendingCancel);
      floor.changed();
    },
    advance: () => {
      for (const order of book.live()) workOn(order);
      for (let index = 0; index < lateCommissions.length; ) {
        const row = lateCommissions[index] as ExecutionRow;
        if (row.commissionAt > market.now) index++;
        else {
          lateCommissions.splice(index, 1);
          reports.commission(row);
          floor.changed();
        }
      }
    },
    saved: () => ({ fills, lateCommissions: lateCommissions.map(({ execId }) => execId), taken: liquidity.taken() }),
  };
};
