/**
 * Messages of a market data line: 1 tickPrice, 2 tickSize, 21 option computation, 45 and 46 generic and text, 57 end of a snapshot,
 * 58 its type, 81 its parameters.
 */
import type { IbEvents } from "../../../ports/ib-client.ts";
import type { GatewayEvents } from "../../gateway-api.ts";
import { real, text, UNSET_REAL, whole } from "../fields.ts";

/** The attributes of a price: bit 0 can execute automatically, bit 1 past limit, bit 2 pre-open. IBApi knows only the first. */
const attributeMask = (attributes: unknown): number => {
  if (typeof attributes === "boolean") return attributes ? 1 : 0;
  if (typeof attributes !== "object" || attributes === null) return 0;
  const bits = ["canAutoExecute", "pastLimit", "preOpen"];
  return bits.reduce((mask, name, bit) => mask | (Reflect.get(attributes, name) === true ? 1 << bit : 0), 0);
};

export const tickPrice = (reqId: number, field: number, price: number, size: number, attributes: unknown): readonly string[] => [
  "1",
  "6",
  whole(reqId),
  whole(field),
  real(price, UNSET_REAL),
  real(size),
  whole(attributeMask(attributes)),
];

export const tickSize = (reqId: number, field: number | undefined, size: number | undefined): readonly string[] => [
  "2",
  "6",
  whole(reqId),
  whole(field),
  real(size),
];

/** What is not computed is −1 for prices and volatility, −2 for Greeks: both may be values of nothing else. */
export const tickOptionComputation = (
  ...[
    reqId,
    field,
    attribute,
    volatility,
    delta,
    price,
    dividend,
    gamma,
    vega,
    theta,
    underlying,
  ]: IbEvents["tickOptionComputation"]
): readonly string[] => [
  "21",
  whole(reqId),
  whole(field),
  whole(attribute),
  real(volatility, "-1"),
  real(delta, "-2"),
  real(price, "-1"),
  real(dividend, "-1"),
  real(gamma, "-2"),
  real(vega, "-2"),
  real(theta, "-2"),
  real(underlying, "-1"),
];

export const tickGeneric = (...[reqId, field, value]: IbEvents["tickGeneric"]): readonly string[] => [
  "45",
  "6",
  whole(reqId),
  whole(field),
  real(value),
];

export const tickString = (...[reqId, field, value]: IbEvents["tickString"]): readonly string[] => [
  "46",
  "6",
  whole(reqId),
  whole(field),
  text(value),
];

export const tickSnapshotEnd = (reqId: number): readonly string[] => ["57", "1", whole(reqId)];

export const marketDataType = (reqId: number, type: number): readonly string[] => ["58", "1", whole(reqId), whole(type)];

export const tickParameters = (
  ...[reqId, minTick, bboExchange, snapshotPermissions]: GatewayEvents["tickReqParams"]
): readonly string[] => ["81", whole(reqId), real(minTick), text(bboExchange), whole(snapshotPermissions)];
