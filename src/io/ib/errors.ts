/**
 * What an error or notice of IB's concerns: its id and code, sorted. What follows from it is decided elsewhere.
 *
 * IB numbers orders and requests in one sequence; ours are kept apart (`FIRST_REQUEST_ID`), so the id alone tells which.
 */
import { FIRST_REQUEST_ID } from "./translate/order.ts";

export type Concern =
  /** No single request: farms, connectivity, pacing. */
  | { readonly of: "gateway" }
  /** The connection is over; `said` by the gateway (to be passed on) or found out by the client. */
  | { readonly of: "connection"; readonly said: boolean }
  | { readonly of: "order"; readonly orderId: number }
  /** `advisory`: the request lives on. */
  | { readonly of: "request"; readonly reqId: number; readonly advisory: boolean };

/** 326: the client id is taken. 1300: the gateway moves to another port. */
const GATEWAY_ENDS: ReadonlySet<number> = new Set([326, 1300]);
/** IBApi's own: cannot connect or socket error, server too old, not connected, unsupported version. */
const CLIENT_ENDS: ReadonlySet<number> = new Set([502, 503, 504, 506]);
/** IBApi's own: a message could not be decoded. When it was one of these, a fact about money was lost. */
const DECODING = 505;
const LOST_FACT =
  /Underrun error on (ORDER_STATUS|OPEN_ORDER|OPEN_ORDER_END|EXECUTION_DATA|EXECUTION_DATA_END|COMMISSION_REPORT|COMPLETED_ORDER|COMPLETED_ORDERS_END|POSITION|POSITION_END|ERR_MSG)\b/;

/**
 * The codes that leave a request alive: warnings (2100-2199), notes on precision and delayed data (492, 10089-10091, 10167),
 * an order's message that strayed (399), and the answers to cancelling what is already gone (300, 366).
 */
const isAdvisory = (code: number): boolean =>
  (code >= 2100 && code < 2200) || [300, 366, 399, 492, 10089, 10090, 10091, 10167].includes(code);

/** Notice 2199 is our simulated gateway's: market time and speed. IB does not use it. */
export const ANNOUNCEMENT = 2199;
/** Connectivity is back, but IB has dropped every market data line. */
export const DATA_LOST = 1101;

export const concernOf = (id: number, code: number, text: string): Concern => {
  if (id >= FIRST_REQUEST_ID) return { of: "request", reqId: id, advisory: isAdvisory(code) };
  if (id > 0) return { of: "order", orderId: id };
  if (GATEWAY_ENDS.has(code)) return { of: "connection", said: true };
  if (CLIENT_ENDS.has(code) || (code === DECODING && LOST_FACT.test(text))) return { of: "connection", said: false };
  return { of: "gateway" };
};
