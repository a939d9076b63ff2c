/**
 * The Greeks of a structure, from the mids of its legs: each leg's own implied volatility on the forward that the spot carries to.
 *
 * A wing whose price hardly tells its volatility has Greeks that hardly matter, so the volatility that fits is taken; one that costs
 * nothing has none. What trades at or below its intrinsic value deep in the money moves like the underlying. A leg whose price makes
 * no sense makes the structure unknown, by name. What early exercise does to a leg in the money is in priced-option.ts, with a dividend
 * that is known; one that is not is in the carry.
 */
import { yearsToExpiry } from "../calendar/time-to-expiry.ts";
import type { Leg, OptionContract } from "../contract.ts";
import type { DividendExpected } from "../events/weather.ts";
import { multiplierOf } from "../payoff.ts";
import type { Quote } from "../quote.ts";
import type { PositionGreeks } from "../risk/greeks.ts";
import { legName, type QuoteBook } from "../structure-quote.ts";
import type { EpochMs, Price } from "../units.ts";
import { dividendsAhead } from "./cash-dividends.ts";
import { type Ground, groundOn, isEarlyExerciseNear, isInTheMoney } from "./expiry-ground.ts";
import { greeksAt, type OptionGreeks, volatilityOf } from "./priced-option.ts";

/** Of one year and a volatility of 10 %: nearer to the money, a price below intrinsic contradicts the spot. */
const DEEP = 0.1;

/** Of one unit. Delta in shares a share, gamma of that per dollar; USD of a whole unit a calendar day, and per vol point. */
export interface UnitGreeks {
  readonly delta: number;
  readonly gamma: number;
  readonly thetaUsd: number;
  readonly vegaUsd: number;
}
export type StructureGreeks =
  | { readonly known: true; readonly greeks: UnitGreeks }
  | { readonly known: false; readonly missing: readonly string[] };

export interface Valued {
  readonly legs: readonly Leg[];
  /** Fresh ones only. */
  readonly quotes: QuoteBook;
  readonly spot: Price;
  /** ln(forward / spot) a year. */
  readonly carry: number;
  readonly riskFreeRatePct: number;
  readonly now: EpochMs;
  /** Its legs may be exercised early. */
  readonly american: boolean;
  /** The underlying's next; absent: not known. */
  readonly dividend?: DividendExpected | null | undefined;
}

/** What a leg is worth in dollars a share, or why that is not known. A side that nobody bids is worth 0, as in structure-quote.ts. */
export const legMid = (quote: Quote | undefined): number | string => {
  if (quote === undefined || quote.bid === undefined || quote.ask === undefined) return "not quoted";
  if (quote.ask === null) return "no offer";
  const bid = quote.bid ?? 0;
  return quote.ask < bid ? "crossed" : (bid + quote.ask) / 20_000;
};

type LegGreeks = Omit<OptionGreeks, "premium">;
const NONE: LegGreeks = { delta: 0, gamma: 0, vega: 0, theta: 0 };

const legGreeks = ({ right, strike: units }: OptionContract, price: number, ground: Ground): LegGreeks | string => {
  const { forward, years } = ground;
  const strike = units / 10_000;
  const implied = volatilityOf(ground, right, strike, price);
  switch (implied.kind) {
    case "ok":
    case "ill-conditioned":
      return greeksAt(ground, right, strike, implied.vol);
    case "zero-price":
      return isInTheMoney(right, strike, forward) ? "worth nothing in the money" : NONE;
    case "zero-vol":
    case "below-intrinsic":
      return Math.abs(Math.log(forward / strike)) < DEEP * Math.sqrt(years)
        ? "below its intrinsic value at the money"
        : { ...NONE, delta: right === "C" ? 1 : -1 };
    case "above-upper-bound":
      return "dearer than it can be";
    case "expired":
      return "expired";
    case "nan":
      return "not priceable";
  }
};

/** The forward is the one that the spot carries to. */
const groundUnder = ({ legs, spot: units, carry, riskFreeRatePct, now, american, dividend }: Valued): Ground => {
  const { expiry } = (legs[0] as Leg).contract;
  const years = yearsToExpiry(now, expiry);
  const spot = units / 10_000;
  const forward = spot * Math.exp(carry * years);
  const european = groundOn(forward, { spot, years, rate: riskFreeRatePct / 100, american: false });
  const isNear = ({ contract: { right, strike } }: Leg): boolean => isEarlyExerciseNear(european, right, strike / 10_000);
  // A condor out of the money is looked at every second and need not know of dividends.
  if (!american || !legs.some(isNear)) return european;
  const dividends = dividendsAhead(dividend, now, expiry);
  return groundOn(forward, { spot, years, rate: riskFreeRatePct / 100, american, dividends });
};

/** The Greeks of one unit, or what is missing. Legs must share expiry and multiplier. */
export const structureGreeks = (valued: Valued): StructureGreeks => {
  const { legs, quotes } = valued;
  const multiplier = multiplierOf(legs);
  const ground = groundUnder(valued);
  const missing: string[] = [];
  let [delta, gamma, vega, theta] = [0, 0, 0, 0];
  for (const leg of legs) {
    const mid = legMid(quotes[leg.contract.conId]);
    const greeks = typeof mid === "string" ? mid : legGreeks(leg.contract, mid, ground);
    if (typeof greeks === "string") {
      missing.push(`${legName(leg)} ${greeks}`);
      continue;
    }
    delta += leg.ratio * greeks.delta;
    gamma += leg.ratio * greeks.gamma;
    vega += leg.ratio * greeks.vega;
    theta += leg.ratio * greeks.theta;
  }
  if (missing.length > 0) return { known: false, missing };
  return { known: true, greeks: { delta, gamma, thetaUsd: (theta * multiplier) / 365, vegaUsd: (vega * multiplier) / 100 } };
};

/** The same of a whole position, in units that can be added. */
export const greeksOfUnits = (
  { delta, gamma, thetaUsd, vegaUsd }: UnitGreeks,
  units: number,
  multiplier: number,
): PositionGreeks => ({
  deltaShares: delta * units * multiplier,
  gammaShares: gamma * units * multiplier,
  thetaUsd: thetaUsd * units,
  vegaUsd: vegaUsd * units,
});
