/** What the wire needs of the broker: fresh client sessions, and the one line that announces simulated time. */
import type { GatewayClient } from "./gateway-api.ts";

export interface Desk {
  /** A fresh, unconnected session. It speaks IBApi's own words; `connect(clientId)` logs it in (or answers 326 and closes). */
  client(): GatewayClient;
  /** The text of the notice 2199 that tells clients market time and speed (see docs/gateway.md). */
  announcement(): string;
}
