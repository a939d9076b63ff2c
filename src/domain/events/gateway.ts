/**
 * What the gateway said about the connection itself. `epoch` numbers connections: one fresh IB client each, never reused.
 * Every fact of an epoch that is over is ignored by whoever hears it.
 */
export type GatewayEvent =
  /** The TCP connection stands and the versions are agreed. */
  | { readonly type: "gateway.connected"; readonly epoch: number; readonly serverVersion: number }
  /** Accounts and the next valid order id have both arrived: requests may be sent. */
  | {
      readonly type: "gateway.identified";
      readonly epoch: number;
      readonly accounts: readonly string[];
      readonly nextOrderId: number;
      readonly clientId: number;
    }
  /** The epoch is over: socket closed, heartbeat missed, framing violated, or we closed it. */
  | { readonly type: "gateway.lost"; readonly epoch: number; readonly reason: string }
  /** A notice that concerns no single request (id −1): 1100, 1101, 1102, 2103-2108, 326, ... */
  | { readonly type: "gateway.noticed"; readonly epoch: number; readonly code: number; readonly text: string };
