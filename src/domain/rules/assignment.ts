/**
 * Which short leg of a position its holder is most likely to exercise before expiry. A call is exercised on the eve of an ex-date, so
 * only a dividend of the next session counts; a put at any time. What both are compared with is said in options/early-exercise.ts.
 */
import { newYorkDay } from "../calendar/new-york.ts";
import { sessionsToExpiry, yearsToExpiry } from "../calendar/time-to-expiry.ts";
import type { Leg } from "../contract.ts";
import type { DividendExpected } from "../events/weather.ts";
import { callAssignment, intrinsic, putAssignment, type ShortOption } from "../options/early-exercise.ts";
import { legMid } from "../options/structure-greeks.ts";
import { legName, type QuoteBook } from "../structure-quote.ts";
import { dollars, type EpochMs, type Price } from "../units.ts";
import type { AssignmentRisk } from "./rule.ts";

export interface Exercisable {
  readonly legs: readonly Leg[];
  readonly quotes: QuoteBook;
  readonly spot: Price;
  readonly riskFreeRatePct: number;
  /** Why it is not known, instead. */
  readonly dividend: DividendExpected | { readonly unknown: string };
  readonly now: EpochMs;
}
export const NO_ASSIGNMENT: AssignmentRisk = { kind: "none", leg: "", extrinsic: 0, gain: 0 };

/** What the holder of a short call would get tomorrow: the dividend, nothing, or why that is not known. */
const dividendAhead = (leg: Leg, dividend: Exercisable["dividend"], now: EpochMs): Price | undefined | string => {
  if ("unknown" in dividend) return `dividend ${dividend.unknown}`;
  const today = newYorkDay(now);
  const isNext = dividend.exDate > today && sessionsToExpiry(today, dividend.exDate) <= 1;
  return isNext && dividend.exDate <= leg.contract.expiry ? dividend.amount : undefined;
};

/** The risk that is nearest; a text when a leg in the money cannot be judged. */
export const assignmentRisk = ({ legs, quotes, spot, riskFreeRatePct, dividend, now }: Exercisable): AssignmentRisk | string => {
  let nearest = NO_ASSIGNMENT;
  for (const leg of legs) {
    const { right, strike: strikeUnits, expiry, conId } = leg.contract;
    const strike = dollars(strikeUnits);
    if (leg.ratio > 0 || intrinsic(right, dollars(spot), strike) === 0) continue;
    const gain = right === "C" ? dividendAhead(leg, dividend, now) : undefined;
    if (typeof gain === "string") return gain;
    if (right === "C" && gain === undefined) continue;
    const price = legMid(quotes[conId]);
    if (typeof price === "string") return `${legName(leg)} ${price}`;
    const years = yearsToExpiry(now, expiry);
    const option: ShortOption = { right, price, spot: dollars(spot), strike, years, rate: riskFreeRatePct / 100 };
    const risk = gain === undefined ? putAssignment(option) : callAssignment(option, dollars(gain));
    if (risk.kind === "unknown") return `${legName(leg)} cannot be judged`;
    if (risk.kind === "outOfTheMoney") continue;
    const { extrinsic, gain: gained } = risk;
    if (nearest.kind === "none" || extrinsic - gained < nearest.extrinsic - nearest.gain)
      nearest = { kind: right === "C" ? "dividend" : "carry", leg: legName(leg), extrinsic, gain: gained };
  }
  return nearest;
};
