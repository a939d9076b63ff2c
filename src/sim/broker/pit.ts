/**
 * The pit: the life of an accepted order, as market time passes. It is announced, held back, set off, worked, cancelled, over.
 */
import { OrderStatus } from "@stoqey/ib";
import { nextSession } from "../../domain/calendar/market-calendar.ts";
import { newYorkTime } from "../../domain/calendar/new-york.ts";
import { epochMs } from "../../domain/units.ts";
import { createFamily } from "./family.ts";
import { createFills } from "./fills.ts";
import type { Floor } from "./floor.ts";
import { dayEnd, isOpen, isOver, mayTrigger } from "./hours.ts";
import { type BrokerOrder, end, remaining } from "./order.ts";
import type { SavedPit } from "./saved.ts";
import { tickOf } from "./ticket.ts";
import { isDouble, netQuote, trailed, waitsForRise, watched } from "./trigger.ts";

export interface Pit {
  /** An accepted order reaches the market: it is announced, and may fill at once. */
  arrive(order: BrokerOrder): void;
  /** A live order has new terms. */
  rearrive(order: BrokerOrder): void;
  /** Starts a cancel; it takes effect after its latency, unless a fill comes first. */
  cancel(order: BrokerOrder): void;
  /** An order that was parked is rejected (201), and its children with it. */
  rejectParked(order: BrokerOrder, reason: string): void;
  /** Works every order up to the market's now. */
  advance(): void;
  /** An execution was replaced by its correction. */
  replaced(execId: string): void;
  saved(): SavedPit;
}

export const createPit = (floor: Floor, restored?: SavedPit): Pit => {
  const { market, book, reports, faults, chance, rules } = floor;
  const fills = createFills(floor, restored);

  const isImmediate = ({ ticket }: BrokerOrder): boolean => ticket.tif === "IOC" || ticket.tif === "FOK";

  /** When the day of an order of the day begins: with it, or with the time that it waits for. */
  const dayOf = ({ ticket }: BrokerOrder) => epochMs(Math.max(market.now, ticket.goodAfter ?? 0));

  /** Ends an order unfilled, or its rest; 202 goes with it unless it simply was over. */
  const finishCancelled = (order: BrokerOrder, why: string, notice: boolean): void => {
    end(order, "Cancelled", why, market.now);
    book.close(order);
    const noticeFirst = notice && faults.cancelNoticeFirst > chance.draw("202first", order.permId);
    if (noticeFirst) reports.orderError(order, 202, "Order Canceled - reason:");
    reports.status(order, 2);
    if (notice && !noticeFirst) reports.orderError(order, 202, "Order Canceled - reason:");
    floor.changed();
    family.ended(order);
  };

  const family = createFamily(floor, {
    cancelNow: (order, why) => finishCancelled(order, why, true),
    release: (order) => {
      floor.changed();
      if (order.parked) return;
      restart(order);
      if (isOpen(market, order.ticket)) progress(order);
      else noteClosed(order);
    },
  });

  /** From now on it has been in the market. */
  const restart = (order: BrokerOrder): void => {
    order.arrivedAt = market.now;
    order.seenAt = market.now;
    fills.drawHazard(order);
    floor.changed();
  };

  const trade = (order: BrokerOrder): void => {
    const before = remaining(order);
    const wasBeingCancelled = order.cancelDueAt !== undefined;
    if (!fills.trade(order)) return;
    if (order.ended !== undefined && wasBeingCancelled)
      reports.orderError(order, 161, `Cancel attempted when order is not in a cancellable state.  Order permId =${order.permId}`);
    family.filled(order, before);
    if (order.ended !== undefined) family.ended(order);
  };

  const startWork = (order: BrokerOrder): void => {
    order.status = OrderStatus.Submitted;
    reports.openOrder(order);
    reports.status(order, 2);
    floor.changed();
  };

  /** Looks at the price that an order waits for, moves a trailing stop, and says whether the order is set off now. */
  const isSetOff = (order: BrokerOrder): boolean => {
    const { ticket } = order;
    if (order.triggered) return true;
    const quote = mayTrigger(market, ticket) ? netQuote(ticket.legs, ticket.action, market.quote) : undefined;
    const rise = waitsForRise(ticket, ticket.action);
    const price = quote === undefined ? undefined : watched(quote, ticket.trigger, rise);
    if (quote === undefined || price === undefined) return false;
    const stop = trailed(ticket, order.stop, price, rise, tickOf(ticket.legs));
    if (stop !== order.stop) {
      order.stop = stop;
      floor.changed();
    }
    if (stop === undefined) return false;
    if (rise ? price < stop : price > stop) {
      order.touchedAt = undefined;
      return false;
    }
    if (isDouble(ticket.trigger) && (order.touchedAt === undefined || quote.at <= order.touchedAt)) {
      order.touchedAt ??= quote.at;
      floor.changed();
      return false;
    }
    order.triggered = true;
    restart(order);
    return true;
  };

  /** Takes a live order in an open market one step further. */
  const progress = (order: BrokerOrder): void => {
    if (order.waiting || (order.ticket.goodAfter ?? 0) > market.now) return;
    if (!isOpen(market, order.ticket) || !isSetOff(order)) return;
    if (order.status === OrderStatus.PreSubmitted) startWork(order);
    const decided = isImmediate(order) && fills.met(order);
    trade(order);
    if (decided && order.ended === undefined) finishCancelled(order, "Cancelled: immediate or not at all", true);
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

  /** Options know no hours but their session's. */
  const noteIgnored = (order: BrokerOrder): void => {
    const { outsideRth, legs } = order.ticket;
    if (!outsideRth || legs.some(({ details }) => details.contract.secType !== "OPT")) return;
    reports.orderError(
      order,
      2109,
      "Order Event Warning:Attention: your order attribute 'Outside Regular Trading Hours' is ignored based on the order type " +
        "and destination. PlaceOrder is now being processed.",
    );
  };

  const workOn = (order: BrokerOrder): void => {
    if (order.parked || order.ended !== undefined) return;
    family.cutIfDue(order);
    if (order.ended !== undefined) return;
    if (order.cancelDueAt !== undefined && order.cancelDueAt <= market.now) {
      if (order.status === OrderStatus.Submitted) trade(order);
      if (order.ended === undefined) finishCancelled(order, "Cancelled by Trader", true);
      return;
    }
    if (isOver(market, order)) finishCancelled(order, "Expired", false);
    else if (!isOpen(market, order.ticket)) order.seenAt = market.now;
    else progress(order);
  };

  return {
    arrive: (order) => {
      const { ticket } = order;
      order.parked = false;
      order.dayEndsAt = ticket.tif === "GTC" || ticket.tif === "GTD" ? undefined : dayEnd(ticket, dayOf(order));
      restart(order);
      const open = isOpen(market, ticket);
      if (open && !order.waiting && order.triggered && faults.execBeforeOpenOrder) {
        trade(order);
        if (order.filled > 0) return;
      }
      order.status = OrderStatus.PreSubmitted;
      reports.openOrder(order);
      reports.status(order);
      noteIgnored(order);
      if (order.waiting) return;
      if (open) return progress(order);
      if (isImmediate(order)) finishCancelled(order, "Cancelled: immediate or not at all", true);
      else noteClosed(order);
    },
    rearrive: (order) => {
      if (order.ticket.trail === undefined && order.stop !== order.ticket.stop) {
        order.stop = order.ticket.stop;
        order.touchedAt = undefined;
      }
      restart(order);
      reports.openOrder(order);
      reports.status(order, 2);
      progress(order);
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
    rejectParked: (order, reason) => {
      end(order, "Inactive", reason, market.now);
      book.close(order);
      reports.orderError(order, 201, `Order rejected - reason:${reason}`);
      reports.openOrder(order);
      reports.status(order);
      floor.changed();
      family.ended(order);
    },
    advance: () => {
      for (const order of book.live()) workOn(order);
      fills.tellLate();
    },
    replaced: fills.replaced,
    saved: fills.saved,
  };
};
