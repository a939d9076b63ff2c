/** Messages of streams beside the lines of market data: 50 real-time bars, 99 trades, quotes and midpoints one by one. */
import type { GatewayEvents, TickAttribBidAsk, TickAttribLast } from "../../gateway-api.ts";
import { real, text, whole } from "../fields.ts";

export const realTimeBar = (
  ...[reqId, epochSeconds, open, high, low, close, volume, average, count]: GatewayEvents["realtimeBar"]
): readonly string[] => [
  "50",
  "3",
  whole(reqId),
  whole(epochSeconds),
  ...[open, high, low, close, volume, average].map((figure) => real(figure)),
  whole(count),
];

export const lastAttributes = (attributes: TickAttribLast | undefined): number =>
  (attributes?.pastLimit === true ? 1 : 0) | (attributes?.unreported === true ? 2 : 0);

const quoteAttributes = (attributes: TickAttribBidAsk): number =>
  (attributes.bidPastLow === true ? 1 : 0) | (attributes.askPastHigh === true ? 2 : 0);

const QUOTE = "3";
const MIDPOINT = "4";

export const trade = (
  ...[reqId, type, epochSeconds, price, size, attributes, exchange, conditions]: GatewayEvents["tickByTickAllLast"]
): readonly string[] => [
  "99",
  whole(reqId),
  whole(type),
  whole(epochSeconds),
  real(price),
  real(size),
  whole(lastAttributes(attributes)),
  text(exchange),
  text(conditions),
];

export const quote = (
  ...[reqId, epochSeconds, bid, ask, bidSize, askSize, attributes]: GatewayEvents["tickByTickBidAsk"]
): readonly string[] => [
  "99",
  whole(reqId),
  QUOTE,
  whole(epochSeconds),
  ...[bid, ask, bidSize, askSize].map((figure) => real(figure)),
  whole(quoteAttributes(attributes)),
];

export const midpoint = (...[reqId, epochSeconds, price]: GatewayEvents["tickByTickMidPoint"]): readonly string[] => [
  "99",
  whole(reqId),
  MIDPOINT,
  whole(epochSeconds),
  real(price),
];
