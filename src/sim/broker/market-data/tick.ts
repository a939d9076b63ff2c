/**
 * What a market data line can say: one tick as IBApi emits it, without the request id. Which ticks belong to which generic tick
 * number, and what a delayed line calls them, is in here; their values are others' business.
 */
import { IBApiTickType as Type } from "@stoqey/ib";
import type { Listener } from "../session.ts";

/** A model's figures for an option; undefined is not computed. IB's units: vega per vol point, theta per day. */
export interface Computation {
  readonly volatility?: number;
  readonly delta?: number;
  readonly price?: number;
  readonly pvDividend?: number;
  readonly gamma?: number;
  readonly vega?: number;
  readonly theta?: number;
  readonly underlying?: number;
}

export type Tick =
  | { readonly kind: "price"; readonly type: Type; readonly value: number }
  | { readonly kind: "size"; readonly type: Type; readonly value: number }
  | { readonly kind: "generic"; readonly type: Type; readonly value: number }
  | { readonly kind: "string"; readonly type: Type; readonly value: string }
  | { readonly kind: "computation"; readonly type: Type; readonly value: Computation };

/** IB's delayed names for live ticks. */
const DELAYED: ReadonlyMap<Type, Type> = new Map([
  [Type.BID, Type.DELAYED_BID],
  [Type.ASK, Type.DELAYED_ASK],
  [Type.LAST, Type.DELAYED_LAST],
  [Type.BID_SIZE, Type.DELAYED_BID_SIZE],
  [Type.ASK_SIZE, Type.DELAYED_ASK_SIZE],
  [Type.LAST_SIZE, Type.DELAYED_LAST_SIZE],
  [Type.HIGH, Type.DELAYED_HIGH],
  [Type.LOW, Type.DELAYED_LOW],
  [Type.VOLUME, Type.DELAYED_VOLUME],
  [Type.CLOSE, Type.DELAYED_CLOSE],
  [Type.OPEN, Type.DELAYED_OPEN],
  [Type.BID_OPTION, Type.DELAYED_BID_OPTION],
  [Type.ASK_OPTION, Type.DELAYED_ASK_OPTION],
  [Type.LAST_OPTION, Type.DELAYED_LAST_OPTION],
  [Type.MODEL_OPTION, Type.DELAYED_MODEL_OPTION],
  [Type.LAST_TIMESTAMP, Type.DELAYED_LAST_TIMESTAMP],
  [Type.HALTED, Type.DELAYED_HALTED],
]);

/** The type that a delayed line says instead; undefined where delayed data have no such tick. */
export const delayedType = (type: Type): Type | undefined => DELAYED.get(type);

export const tellTick = (to: Listener, reqId: number, tick: Tick): void => {
  if (tick.kind === "price") to.tell("tickPrice", reqId, tick.type, tick.value, false);
  else if (tick.kind === "size") to.tell("tickSize", reqId, tick.type, tick.value);
  else if (tick.kind === "generic") to.tell("tickGeneric", reqId, tick.type, tick.value);
  else if (tick.kind === "string") to.tell("tickString", reqId, tick.type, tick.value);
  else tellComputation(to, reqId, tick.type, tick.value);
};

/** Computed from prices (1), as this broker always does, not from returns (0). */
const PRICE_BASED = 1;

export const tellComputation = (to: Listener, reqId: number, type: Type, value: Computation): void => {
  const { volatility, delta, price, pvDividend, gamma, vega, theta, underlying } = value;
  to.tell(
    "tickOptionComputation",
    reqId,
    type,
    PRICE_BASED,
    volatility,
    delta,
    price,
    pvDividend,
    gamma,
    vega,
    theta,
    underlying,
  );
};
