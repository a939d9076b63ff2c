/**
 * The IB client as Caretaker uses it: the subset of @stoqey/ib's `IBApi` that we call and the events that we hear.
 *
 * Two things fulfil it: the real `IBApi` (over TCP), and a session of the simulated broker (`sim/broker`, no socket), so that
 * `src/io/ib` runs unchanged in both. Names, argument orders and enums are IBApi's; undefined is how IBApi says "unset".
 */
import type {
  BarSizeSetting,
  CommissionReport,
  Contract,
  ContractDetails,
  Execution,
  ExecutionFilter,
  MarketDataType,
  Order,
  OrderState,
  OrderStatus,
  TickType,
  WhatToShow,
} from "@stoqey/ib";

/** Event name → listener arguments, as IBApi emits them. */
export interface IbEvents {
  connected: [];
  disconnected: [];
  server: [serverVersion: number, connectionTime: string];
  info: [message: string, code: number];
  error: [error: Error, code: number, reqId: number, advancedOrderReject?: unknown];
  managedAccounts: [accountsList: string];
  nextValidId: [orderId: number];
  currentTime: [epochSeconds: number];
  position: [account: string, contract: Contract, pos: number, avgCost?: number];
  positionEnd: [];
  accountSummary: [reqId: number, account: string, tag: string, value: string, currency: string];
  accountSummaryEnd: [reqId: number];
  contractDetails: [reqId: number, details: ContractDetails];
  contractDetailsEnd: [reqId: number];
  securityDefinitionOptionParameter: [
    reqId: number,
    exchange: string,
    underlyingConId: number,
    tradingClass: string,
    multiplier: string,
    expirations: string[],
    strikes: number[],
  ];
  securityDefinitionOptionParameterEnd: [reqId: number];
  historicalData: [
    reqId: number,
    time: string,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    count: number | undefined,
    WAP: number,
  ];
  marketDataType: [reqId: number, marketDataType: number];
  tickPrice: [reqId: number, field: TickType, value: number, attribs?: unknown];
  tickSize: [reqId: number, field?: TickType, value?: number];
  tickString: [reqId: number, field: TickType, value: string];
  tickGeneric: [reqId: number, field: TickType, value: number];
  tickOptionComputation: [
    reqId: number,
    field: TickType,
    tickAttrib: number | undefined,
    impliedVolatility?: number,
    delta?: number,
    optPrice?: number,
    pvDividend?: number,
    gamma?: number,
    vega?: number,
    theta?: number,
    undPrice?: number,
  ];
  tickSnapshotEnd: [reqId: number];
  openOrder: [orderId: number, contract: Contract, order: Order, orderState: OrderState];
  openOrderEnd: [];
  orderStatus: [
    orderId: number,
    status: OrderStatus,
    filled: number,
    remaining: number,
    avgFillPrice: number,
    permId?: number,
    parentId?: number,
    lastFillPrice?: number,
    clientId?: number,
    whyHeld?: string,
    mktCapPrice?: number,
  ];
  execDetails: [reqId: number, contract: Contract, execution: Execution];
  execDetailsEnd: [reqId: number];
  commissionReport: [report: CommissionReport];
  completedOrder: [contract: Contract, order: Order, orderState: OrderState];
  completedOrdersEnd: [];
}
export type IbEventName = keyof IbEvents;

export interface IbClient {
  on<E extends IbEventName>(event: E, listener: (...args: IbEvents[E]) => void): unknown;
  removeAllListeners(): unknown;
  connect(clientId?: number): unknown;
  disconnect(): unknown;
  reqIds(): unknown;
  reqCurrentTime(): unknown;
  reqMarketDataType(type: MarketDataType): unknown;
  reqPositions(): unknown;
  cancelPositions(): unknown;
  reqAccountSummary(reqId: number, group: string, tags: string): unknown;
  cancelAccountSummary(reqId: number): unknown;
  reqContractDetails(reqId: number, contract: Contract): unknown;
  reqSecDefOptParams(
    reqId: number,
    underlyingSymbol: string,
    futFopExchange: string,
    underlyingSecType: string,
    underlyingConId: number,
  ): unknown;
  reqMktData(
    reqId: number,
    contract: Contract,
    genericTickList: string | null,
    snapshot: boolean,
    regulatorySnapshot: boolean,
  ): unknown;
  cancelMktData(reqId: number): unknown;
  reqHistoricalData(
    reqId: number,
    contract: Contract,
    endDateTime: string | undefined,
    durationStr: string,
    barSizeSetting: BarSizeSetting,
    whatToShow: WhatToShow,
    useRTH: number | boolean,
    formatDate: number,
    keepUpToDate: boolean,
  ): unknown;
  cancelHistoricalData(reqId: number): unknown;
  placeOrder(id: number, contract: Contract, order: Order): unknown;
  cancelOrder(orderId: number): unknown;
  reqGlobalCancel(): unknown;
  reqOpenOrders(): unknown;
  reqAllOpenOrders(): unknown;
  reqExecutions(reqId: number, filter: ExecutionFilter): unknown;
  reqCompletedOrders(apiOnly: boolean): unknown;
}
