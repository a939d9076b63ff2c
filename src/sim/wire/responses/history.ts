/** Messages about the past: 88 where it begins, 90 the bar in progress, 96 to 98 ticks, 106 sessions. Sets of bars are in bar-sets.ts. */
import type { GatewayEvents } from "../../gateway-api.ts";
import { flag, list, real, text, whole } from "../fields.ts";
import { lastAttributes } from "./tick-by-tick.ts";

export const headTimestamp = (...[reqId, time]: GatewayEvents["headTimestamp"]): readonly string[] => [
  "88",
  whole(reqId),
  text(time),
];

/** Close before high and low, and the average before the volume: not the order of a bar in a set. */
export const barUpdate = (
  ...[reqId, time, open, high, low, close, volume, count, average]: GatewayEvents["historicalDataUpdate"]
): readonly string[] => [
  "90",
  whole(reqId),
  whole(count, "-1"),
  text(time),
  ...[open, close, high, low, average, volume].map((figure) => real(figure)),
];

/** The fourth field of a midpoint is there only to make it like the others. */
export const historicalMidpoints = (...[reqId, ticks, done]: GatewayEvents["historicalTicks"]): readonly string[] => [
  "96",
  whole(reqId),
  ...list(ticks, ({ time, price, size }) => [whole(time), "0", real(price, "0"), real(size, "0")]),
  flag(done),
];

/** Here bit 0 is the ask's and bit 1 the bid's, the other way round than in live quotes: so IB's own client reads them. */
const pastAttributes = (attributes: { readonly bidPastLow?: boolean; readonly askPastHigh?: boolean } | undefined): number =>
  (attributes?.askPastHigh === true ? 1 : 0) | (attributes?.bidPastLow === true ? 2 : 0);

export const historicalQuotes = (...[reqId, ticks, done]: GatewayEvents["historicalTicksBidAsk"]): readonly string[] => [
  "97",
  whole(reqId),
  ...list(ticks, ({ time, tickAttribBidAsk, priceBid, priceAsk, sizeBid, sizeAsk }) => [
    whole(time),
    whole(pastAttributes(tickAttribBidAsk)),
    ...[priceBid, priceAsk, sizeBid, sizeAsk].map((figure) => real(figure, "0")),
  ]),
  flag(done),
];

export const historicalTrades = (...[reqId, ticks, done]: GatewayEvents["historicalTicksLast"]): readonly string[] => [
  "98",
  whole(reqId),
  ...list(ticks, ({ time, tickAttribLast, price, size, exchange, specialConditions }) => [
    whole(time),
    whole(lastAttributes(tickAttribLast)),
    real(price, "0"),
    real(size, "0"),
    text(exchange),
    text(specialConditions),
  ]),
  flag(done),
];

export const schedule = (...[reqId, start, end, timeZone, sessions]: GatewayEvents["historicalSchedule"]): readonly string[] => [
  "106",
  whole(reqId),
  text(start),
  text(end),
  text(timeZone),
  ...list(sessions, ({ startDateTime, endDateTime, refDate }) => [text(startDateTime), text(endDateTime), text(refDate)]),
];
