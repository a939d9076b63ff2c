/** Wrong prices that a gateway has been seen to send: made here from what a feed shows, said by the lines, corrected at the next look. */
import { IBApiTickType as Type } from "@stoqey/ib";
import { dollars, price } from "../../../domain/units.ts";
import type { Feed } from "./feed.ts";
import { delayedType, type Tick } from "./tick.ts";

/**
 * `none` and `zero`: neither side, said as −1 or as 0. `max`: IB's largest double. `crossed`: the bid above the ask. `spike`: a
 * hundred times the price.
 */
export type OddTicks = "none" | "zero" | "max" | "crossed" | "spike";

const SPIKE = 100;
const LEAST_CROSSING = 0.01;

/** Empty when the feed shows nothing that could be crossed or multiplied. */
export const oddTicksOf = (kind: OddTicks, feed: Feed, delayed: boolean): Tick[] => {
  const name = (type: Type): Type => (delayed ? (delayedType(type) ?? type) : type);
  const [bid, ask, last] = [name(Type.BID), name(Type.ASK), name(Type.LAST)];
  const [bidSize, askSize] = [name(Type.BID_SIZE), name(Type.ASK_SIZE)];
  const said = (type: Type, value: number): Tick => ({ kind: "price", type, value });
  const size = (type: Type, value: number): Tick => ({ kind: "size", type, value });
  const shown = new Map<Type, number>();
  for (const { tick } of feed.picture()) if (tick.kind === "price") shown.set(tick.type, tick.value);
  const [bidNow, askNow] = [shown.get(bid), shown.get(ask)];
  if (kind === "none") return [said(bid, -1), size(bidSize, 0), said(ask, -1), size(askSize, 0)];
  if (kind === "zero") return [said(bid, 0), size(bidSize, 0), said(ask, 0), size(askSize, 0)];
  if (kind === "max") return [said(bid, Number.MAX_VALUE), said(ask, Number.MAX_VALUE)];
  if (kind === "spike")
    return [bid, ask, last].flatMap((type) => {
      const value = shown.get(type);
      return value === undefined ? [] : [said(type, value * SPIKE)];
    });
  if (bidNow === undefined || askNow === undefined) return [];
  const over = Math.max(LEAST_CROSSING, askNow - bidNow);
  return [said(bid, dollars(price(askNow + over))), said(ask, bidNow)];
};
