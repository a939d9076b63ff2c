/**
 * The price ladder: what a working order is willing to pay, step by step. Net prices as everywhere: the combo is bought, a
 * credit is negative, so every step up is a concession.
 *
 * Entries and rolls start at the mid and concede a quarter of the half-spread a step, to natural at most and never past `worstPrice`; then
 * they give up. Exits climb the same ladder and, because leaving matters more than the price, go on beyond natural, up to the
 * structure's width: a structure is never worth more.
 */
import type { OrderIntent, Urgency } from "../events/actors.ts";
import { type Price, priceUnits, toTick } from "../units.ts";

/** Seconds of market time between two exit steps (design section 4). */
export const EXIT_STEP_SECONDS: { readonly [U in Urgency]: number } = { immediate: 5, high: 15, normal: 45, low: 120 };
/** Steps from mid to natural. */
export const STEPS_TO_NATURAL = 4;

/** It adds risk, so it must not be made at any price, nor in any weather: it waits for nothing, and ends when its ladder has. */
export const givesUp = (purpose: OrderIntent["purpose"]): boolean => purpose === "entry" || purpose === "roll";

type Bounds = Pick<OrderIntent, "purpose" | "tick" | "width" | "worstPrice">;

/** What is never exceeded: natural and the worst acceptable price for what gives up, the width for all else. */
const boundOf = ({ purpose, width, worstPrice }: Bounds, natural: number): number =>
  givesUp(purpose) ? Math.min(natural, worstPrice ?? natural) : width;

/**
 * The limit at a step (0 is the mid), on the tick grid. `mid` and `natural` are net prices in price units; the mid is rounded in
 * our favour (down), every later step to the nearest tick, and none past the last tick within the bound.
 */
export const limitAtStep = (intent: Bounds, mid: number, natural: number, step: number): Price => {
  const halfSpread = Math.max(0, natural - mid);
  // A spread of nothing still concedes: a tick in four steps.
  const quarter = Math.max(halfSpread / STEPS_TO_NATURAL, step > 0 ? intent.tick / STEPS_TO_NATURAL : 0);
  const wished = toTick(mid + quarter * step, intent.tick, step === 0 ? "down" : "near");
  return priceUnits(Math.min(wished, toTick(boundOf(intent, natural), intent.tick, "down")));
};
