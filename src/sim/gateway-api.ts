/**
 * All that the simulated gateway answers: IBApi's requests and events, beyond the few that Caretaker itself uses (ports/ib-client).
 *
 * The wire turns any client's bytes into these calls and these events into bytes; the broker answers them. Names, argument
 * orders and units are IBApi's, whatever language the client is written in.
 */
import type { Contract, ContractDescription, HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, IBApi } from "@stoqey/ib";
import type { IbClient, IbEvents } from "../ports/ib-client.ts";

/** Attributes of a trade and of a quote, tick by tick. */
export interface TickAttribLast {
  readonly pastLimit?: boolean;
  readonly unreported?: boolean;
}
export interface TickAttribBidAsk {
  readonly bidPastLow?: boolean;
  readonly askPastHigh?: boolean;
}

/** One trading session of a historical schedule, as IB prints it. */
export interface ScheduledSession {
  readonly startDateTime: string;
  readonly endDateTime: string;
  readonly refDate: string;
}

/** Event name → arguments. Those that IBApi decodes are as IBApi emits them. */
export interface GatewayEvents extends IbEvents {
  updateAccountValue: [key: string, value: string, currency: string, account: string];
  updatePortfolio: [
    contract: Contract,
    position: number,
    marketPrice: number,
    marketValue: number,
    averageCost: number | undefined,
    unrealizedPnl: number | undefined,
    realizedPnl: number | undefined,
    account: string,
  ];
  updateAccountTime: [clock: string];
  accountDownloadEnd: [account: string];
  accountUpdateMulti: [reqId: number, account: string, model: string, key: string, value: string, currency: string];
  accountUpdateMultiEnd: [reqId: number];
  positionMulti: [reqId: number, account: string, model: string, contract: Contract, position: number, averageCost: number];
  positionMultiEnd: [reqId: number];
  /** A figure that is not known is undefined (IB's largest double on the wire). */
  pnl: [reqId: number, daily: number | undefined, unrealized: number | undefined, realized: number | undefined];
  pnlSingle: [
    reqId: number,
    position: number,
    daily: number | undefined,
    unrealized: number | undefined,
    realized: number | undefined,
    value: number | undefined,
  ];
  realtimeBar: [
    reqId: number,
    epochSeconds: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    wap: number,
    count: number,
  ];
  /** A bar of a query that is kept up to date: the one in progress, or the next. */
  historicalDataUpdate: [
    reqId: number,
    time: string,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    count: number,
    wap: number,
  ];
  historicalSchedule: [reqId: number, start: string, end: string, timeZone: string, sessions: readonly ScheduledSession[]];
  historicalTicks: [reqId: number, ticks: readonly HistoricalTick[], done: boolean];
  historicalTicksBidAsk: [reqId: number, ticks: readonly HistoricalTickBidAsk[], done: boolean];
  historicalTicksLast: [reqId: number, ticks: readonly HistoricalTickLast[], done: boolean];
  headTimestamp: [reqId: number, time: string];
  symbolSamples: [reqId: number, descriptions: readonly ContractDescription[]];
  marketRule: [ruleId: number, increments: readonly { readonly lowEdge: number; readonly increment: number }[]];
  /** `tickType`: 1 Last, 2 AllLast. Times in epoch seconds. */
  tickByTickAllLast: [
    reqId: number,
    tickType: number,
    epochSeconds: number,
    price: number,
    size: number,
    attributes: TickAttribLast,
    exchange: string,
    conditions: string,
  ];
  tickByTickBidAsk: [
    reqId: number,
    epochSeconds: number,
    bid: number,
    ask: number,
    bidSize: number,
    askSize: number,
    attributes: TickAttribBidAsk,
  ];
  tickByTickMidPoint: [reqId: number, epochSeconds: number, mid: number];
  tickReqParams: [reqId: number, minTick: number, bboExchange: string, snapshotPermissions: number];
  orderBound: [permId: number, clientId: number, orderId: number];
  userInfo: [reqId: number, whiteBrandingId: string];
}
export type GatewayEventName = keyof GatewayEvents;

/** Requests beyond IbClient's, by IBApi's names. */
export const MORE_REQUESTS = [
  "reqManagedAccts",
  "reqAutoOpenOrders",
  "reqAccountUpdates",
  "reqAccountUpdatesMulti",
  "cancelAccountUpdatesMulti",
  "reqPositionsMulti",
  "cancelPositionsMulti",
  "reqPnL",
  "cancelPnL",
  "reqPnLSingle",
  "cancelPnLSingle",
  "exerciseOptions",
  "reqRealTimeBars",
  "cancelRealTimeBars",
  "reqTickByTickData",
  "cancelTickByTickData",
  "reqHistoricalTicks",
  "reqHeadTimestamp",
  "cancelHeadTimestamp",
  "reqMarketRule",
  "reqMatchingSymbols",
  "calculateImpliedVolatility",
  "cancelCalculateImpliedVolatility",
  "calculateOptionPrice",
  "cancelCalculateOptionPrice",
  "reqUserInfo",
] as const;
export type MoreRequests = {
  readonly [Name in (typeof MORE_REQUESTS)[number]]: (...words: Parameters<IBApi[Name]>) => unknown;
};

/** One client's session at the gateway, in process. */
export interface GatewayClient extends Omit<IbClient, "on">, MoreRequests {
  on<E extends GatewayEventName>(event: E, listener: (...args: GatewayEvents[E]) => void): unknown;
}
