/**
 * When an order may be worked, and when its day is over. Whether a contract trades at all is the market's to say.
 */
import { addDays } from "../../domain/calendar/civil-date.ts";
import { isWeekend } from "../../domain/calendar/holidays.ts";
import { nextSession, sessionAt, sessionOf } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay, newYorkTime } from "../../domain/calendar/new-york.ts";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import type { EpochMs } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import type { BrokerOrder } from "./order.ts";
import type { Ticket } from "./ticket.ts";

const GLOBEX_DAY_ENDS_MINUTE = 17 * 60;

const isGlobex = ({ legs }: Ticket): boolean =>
  legs.some(({ details }) => details.contract.secType === "FUT" || details.contract.secType === "FOP");

/** Can every leg trade now? Stock outside the regular session only if the order asks for it. */
export const isOpen = (market: Market, ticket: Ticket): boolean => {
  if (!ticket.legs.every(({ details }) => market.isOpen(details.contract.conId))) return false;
  const isStock = ticket.legs.some(({ details }) => details.contract.secType === "STK");
  return ticket.outsideRth || !isStock || sessionAt(market.now) !== undefined;
};

/** Triggers of futures orders are looked at in the regular session only, unless the order says otherwise; all others while they trade. */
export const mayTrigger = (market: Market, ticket: Ticket): boolean =>
  ticket.outsideRth || !isGlobex(ticket) || sessionAt(market.now) !== undefined;

/** When an order of the day that is placed now is over: the close of the session in progress, or of the next one. */
export const dayEnd = (ticket: Ticket, now: EpochMs): EpochMs => {
  const { day, minuteOfDay } = newYorkTime(now);
  if (isGlobex(ticket)) {
    let last = minuteOfDay < GLOBEX_DAY_ENDS_MINUTE ? day : addDays(day, 1);
    while (isWeekend(last)) last = addDays(last, 1);
    return instantOf(last, GLOBEX_DAY_ENDS_MINUTE);
  }
  const today = sessionOf(day);
  return today !== undefined && now < today.close ? today.close : nextSession(now).close;
};

/** Is its day over, its date reached, or its contract expired? */
export const isOver = (market: Market, order: BrokerOrder): boolean => {
  const { now } = market;
  const { legs, goodTill } = order.ticket;
  if (legs.some(({ details: { contract } }) => contract.expiry !== undefined && expiryInstant(contract.expiry) <= now))
    return true;
  if (goodTill !== undefined && goodTill <= now) return true;
  if (order.dayEndsAt === undefined || now < order.dayEndsAt) return false;
  // Some options trade a quarter of an hour longer than stock: their market says so.
  return isGlobex(order.ticket) || !isOpen(market, order.ticket) || newYorkDay(now) !== newYorkDay(order.dayEndsAt);
};
