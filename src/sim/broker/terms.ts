/**
 * The terms of an order: its type and prices, how long it stands, what it is tied to. Read from a client's order, checked
 * against the tick, and refused here when the broker does not work them.
 *
 * Worked: LMT, MKT, STP, STP LMT, TRAIL, TRAIL LIMIT, MIT and LIT; DAY, GTC, GTD, IOC and FOK; good-after times, trigger
 * methods, parents, OCA groups. Other types that IB has are 387; conditions, algos, all-or-none and per-leg prices 201.
 */
import { type Order as IbOrder, OrderType } from "@stoqey/ib";
import { dollars, type EpochMs, type Price, price } from "../../domain/units.ts";
import { instantFrom } from "./ib-instant.ts";
import type { IbError } from "./resolve.ts";
import { TRIGGER_METHODS, type TriggerMethod } from "./trigger.ts";

export const WORKED_TYPES = ["LMT", "MKT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"] as const;
export type WorkedType = (typeof WORKED_TYPES)[number];
const WORKED_TIFS = ["DAY", "GTC", "GTD", "IOC", "FOK"] as const;
export type WorkedTif = (typeof WORKED_TIFS)[number];

export interface OcaTie {
  readonly group: string;
  /** 1: a fill cancels the others; 2: it reduces them at once; 3: it reduces them after a while, and they may fill meanwhile. */
  readonly type: 1 | 2 | 3;
}

export interface Terms {
  readonly type: WorkedType;
  /** The worst net price; none at market. A TRAIL LIMIT's follows its stop. */
  readonly limit?: Price;
  /** The price that sets the order off: of a trailing order the first one, if the client named it. */
  readonly stop?: Price;
  readonly trail?: { readonly amount: Price } | { readonly percent: number };
  /** How far a TRAIL LIMIT's limit is beyond its stop. */
  readonly limitOffset?: Price;
  readonly trigger: TriggerMethod;
  readonly tif: WorkedTif;
  readonly goodTill?: EpochMs;
  readonly goodAfter?: EpochMs;
  readonly outsideRth: boolean;
  readonly oca?: OcaTie;
  /** The parent's order id at the same client; 0 is none. */
  readonly parentId: number;
  /** A combo's legs fill together or not at all. */
  readonly guaranteed: boolean;
}

/** What the security decides about terms. */
export interface Traded {
  readonly isCombo: boolean;
  readonly isOption: boolean;
  readonly legs: number;
  readonly tick: Price;
  /** A coarser step at a price, where the class has one there. */
  tickAt?(price: Price): Price | undefined;
}

/** Terms that are not worked: an error code alone, or a reason for which the order is rejected (201, Inactive). */
export type TermsRefused = IbError | { readonly unworkable: string };

export const invalid = (cause: string): IbError => ({ code: 321, text: `Error validating request.-'bN' : cause - ${cause}` });
const OFF_TICK: IbError = {
  code: 110,
  text: "The price does not conform to the minimum price variation for this contract.",
};
const KNOWN_TYPES: readonly string[] = Object.values(OrderType);
const isWorkedType = (type: string): type is WorkedType => (WORKED_TYPES as readonly string[]).includes(type);
const isWorkedTif = (tif: string): tif is WorkedTif => (WORKED_TIFS as readonly string[]).includes(tif);

const unworkableBecause = (order: IbOrder, traded: Traded): string | undefined => {
  if (order.tif && !isWorkedTif(order.tif))
    return `Time in force ${order.tif} is not supported: use ${WORKED_TIFS.slice(0, -1).join(", ")} or FOK.`;
  if (order.conditions !== undefined && order.conditions.length > 0)
    return "Conditional orders are not supported by this gateway.";
  if (order.algoStrategy) return "Algo orders are not supported by this gateway.";
  if (order.allOrNone) return "All-or-none orders are not supported by this gateway.";
  if (order.orderComboLegs?.some((leg) => leg.price !== undefined)) return "Per-leg prices are not supported by this gateway.";
  if (traded.isCombo && traded.legs > 3 && isNonGuaranteed(order)) return "Combos of four or more legs must be guaranteed.";
  return undefined;
};

const isNonGuaranteed = (order: IbOrder): boolean =>
  order.smartComboRoutingParams?.some(({ tag, value }) => tag === "NonGuaranteed" && value === "1") === true;

/** A price of the order: on the tick, positive unless a combo's net. */
const onTick = (value: number, { tick, tickAt, isCombo }: Traded): Price | IbError => {
  if (!Number.isFinite(value)) return OFF_TICK;
  const read = price(value);
  const offTick = read % (tickAt?.(read) ?? tick) !== 0 || Math.abs(dollars(read) - value) > 1e-7;
  return offTick || (read <= 0 && !isCombo) ? OFF_TICK : read;
};

interface Prices {
  limit?: Price;
  stop?: Price;
  trail?: NonNullable<Terms["trail"]>;
  limitOffset?: Price;
}

const readPrices = (type: WorkedType, order: IbOrder, traded: Traded): Prices | IbError => {
  const prices: Prices = {};
  const set = (name: "limit" | "stop", value: number | undefined, what: string): IbError | undefined => {
    if (value === undefined || !Number.isFinite(value)) return invalid(`${what} is missing`);
    const read = onTick(value, traded);
    if (typeof read === "object") return read;
    prices[name] = read;
    return undefined;
  };
  const trailing = type === "TRAIL" || type === "TRAIL LIMIT";
  if (type === "LMT" || type === "STP LMT" || type === "LIT") {
    const refused = set("limit", order.lmtPrice, "the limit price");
    if (refused !== undefined) return refused;
  }
  if (type === "STP" || type === "STP LMT" || type === "MIT" || type === "LIT") {
    const refused = set("stop", order.auxPrice, "the trigger price (auxPrice)");
    if (refused !== undefined) return refused;
  }
  if (!trailing) return prices;
  if (order.trailStopPrice) {
    const refused = set("stop", order.trailStopPrice, "the stop price");
    if (refused !== undefined) return refused;
  }
  if (order.trailingPercent && order.trailingPercent > 0 && order.trailingPercent < 100)
    prices.trail = { percent: order.trailingPercent };
  else if (order.auxPrice && Number.isFinite(order.auxPrice) && order.auxPrice > 0)
    prices.trail = { amount: price(order.auxPrice) };
  else return invalid("a trailing order needs an amount (auxPrice) or a percentage");
  if (type !== "TRAIL LIMIT") return prices;
  const offset =
    order.lmtPriceOffset ??
    (order.lmtPrice === undefined || !order.trailStopPrice ? undefined : Math.abs(order.trailStopPrice - order.lmtPrice));
  if (offset === undefined || !Number.isFinite(offset) || offset < 0)
    return invalid("a trailing limit order needs a limit price offset, or stop and limit price");
  prices.limitOffset = price(offset);
  return prices.limitOffset % traded.tick === 0 ? prices : OFF_TICK;
};

interface Times {
  goodTill?: EpochMs;
  goodAfter?: EpochMs;
}
const readTimes = (order: IbOrder, tif: WorkedTif, now: EpochMs): Times | IbError => {
  const times: Times = {};
  if (order.goodAfterTime) {
    const at = instantFrom(order.goodAfterTime);
    if (at === undefined) return { code: 391, text: "The time or time-zone entered for goodAfterTime is invalid." };
    times.goodAfter = at;
  }
  if (tif !== "GTD") return times;
  const at = instantFrom(order.goodTillDate ?? "");
  if (at === undefined || at <= now) return { code: 391, text: "The time or time-zone entered for goodTillDate is invalid." };
  times.goodTill = at;
  return times;
};

/** Reads the terms, or says why the order is refused. */
export const readTerms = (order: IbOrder, traded: Traded, now: EpochMs): Terms | TermsRefused => {
  const type = order.orderType as string;
  if (!isWorkedType(type)) {
    if (!type || !KNOWN_TYPES.includes(type)) return invalid(`Invalid order type was entered: ${type}`);
    return { code: 387, text: `Unsupported order type for this exchange and security type. (${type})` };
  }
  const unworkable = unworkableBecause(order, traded);
  if (unworkable !== undefined) return { unworkable };
  const tif = (order.tif || "DAY") as WorkedTif;
  const method = order.triggerMethod || (traded.isOption && !traded.isCombo ? 1 : 2);
  const trigger = TRIGGER_METHODS.find((known) => known === method);
  if (trigger === undefined) return invalid(`invalid trigger method: ${method}`);
  const prices = readPrices(type, order, traded);
  if ("code" in prices) return prices;
  const times = readTimes(order, tif, now);
  if ("code" in times) return times;
  const ocaType = order.ocaType === 1 || order.ocaType === 2 ? order.ocaType : 3;
  return {
    type,
    ...prices,
    ...times,
    trigger,
    tif,
    outsideRth: order.outsideRth === true,
    ...(order.ocaGroup ? { oca: { group: order.ocaGroup, type: ocaType } } : {}),
    parentId: order.parentId ?? 0,
    guaranteed: !(traded.isCombo && isNonGuaranteed(order)),
  };
};
