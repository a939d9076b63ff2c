/**
 * When the right to exercise early matters: how much it can be worth at most, without a tree, and whether a short option is likely to be
 * assigned before it expires. What it is worth exactly is said in leisen-reimer.ts.
 */
import type { Right } from "../contract.ts";
import type { AmericanOption } from "./american-option.ts";
import { dividendsWorth } from "./cash-dividends.ts";
import { normalCdf } from "./normal.ts";

/**
 * The greatest probability, at any time up to expiry, that the stock stands where early exercise pays: beyond `level`. Of the two
 * measures that price the stock and the strike, the one under which it is greater.
 */
const mostLikelyBeyond = (level: number, sign: 1 | -1, stock: number, option: AmericanOption): number => {
  const { years, rate, dividendYield, vol } = option;
  const away = sign * Math.log(level / stock);
  if (!(away > 0) || !(vol > 0)) return 1;
  const drift = sign * (rate - dividendYield) + (vol * vol) / 2;
  // The chance rises until the drift has carried the stock as far as the level is away, and falls thereafter.
  const most = drift > 0 ? Math.min(years, away / drift) : years;
  return normalCdf((drift * most - away) / (vol * Math.sqrt(most)));
};

/** The cash that a call can gain at its best ex-date: the dividends from there on, less the interest on the strike to expiry. */
const cashGain = ({ strike, years, rate, dividends = [] }: AmericanOption): number => {
  let most = 0;
  for (const { years: ex } of dividends) {
    if (ex <= 0 || ex > years) continue;
    let ahead = 0;
    for (const later of dividends) {
      if (later.years >= ex && later.years <= years) ahead += later.amount * Math.exp(-rate * later.years);
    }
    most = Math.max(most, ahead - strike * (Math.exp(-rate * ex) - Math.exp(-rate * years)));
  }
  return most;
};

/**
 * An upper bound of what the right to exercise early is worth, in dollars a share; 0 where it is worth nothing.
 *
 * A put can earn no more than the interest on its strike to expiry. A call can earn the dividends from an ex-date on, less the interest
 * on its strike (R. Merton, "Theory of rational option pricing", 1973), and the yield on the stock. Rates and yields below zero change
 * sides. All that is weighed with the chance of ever standing where it pays: in the money, and for a yield against a rate of the same
 * sign, where the yield on the stock exceeds the interest on the strike (or the other way round).
 *
 * Where the bound is below half a tick, the European price is as good as the American one.
 */
export const earlyExerciseBound = (option: AmericanOption): number => {
  const { right, spot, strike, years, rate, dividendYield, dividends } = option;
  if (!(years > 0)) return 0;
  const bare = dividends === undefined ? spot : spot - dividendsWorth(dividends, years, rate);
  const interest = strike * -Math.expm1(-rate * years);
  const yielded = bare * -Math.expm1(-dividendYield * years);
  if (right === "P") {
    const most = Math.max(0, interest) + Math.max(0, -yielded);
    if (most === 0) return 0;
    const level = rate > 0 && dividendYield > rate ? (strike * rate) / dividendYield : strike;
    return most * mostLikelyBeyond(level, -1, bare, option);
  }
  const cash = dividends === undefined ? 0 : cashGain(option);
  const most = Math.max(0, yielded) + Math.max(0, -interest);
  // A cash dividend pays part of the interest, so that the yield may be enough sooner. The whole stock must pass the level.
  const alone = bare === spot && dividendYield > 0 && rate > dividendYield;
  const level = alone ? (strike * rate) / dividendYield : strike;
  return (
    (cash === 0 ? 0 : cash * mostLikelyBeyond(strike, 1, spot, option)) +
    (most === 0 ? 0 : most * mostLikelyBeyond(level, 1, spot, option))
  );
};

/** What exercise pays now, in dollars a share (spot and strike likewise). */
export const intrinsic = (right: Right, spot: number, strike: number): number =>
  Math.max(0, right === "C" ? spot - strike : strike - spot);

/** What the price has beyond its intrinsic value, in dollars a share: what exercise would throw away. Below zero, the price is stale. */
export const extrinsic = (price: number, spot: number, strike: number, right: Right): number =>
  price - intrinsic(right, spot, strike);

/** A short option as its holder sees it. Dollars a share; rates annual and continuous. */
export interface ShortOption {
  readonly right: Right;
  readonly price: number;
  readonly spot: number;
  readonly strike: number;
  readonly years: number;
  readonly rate: number;
}

/**
 * Whether assignment is to be expected, and both sides of the comparison, in dollars a share. `unknown`: a figure is missing or is none
 * that a market has.
 */
export type AssignmentRisk =
  | { readonly kind: "expected"; readonly extrinsic: number; readonly gain: number }
  | { readonly kind: "unlikely"; readonly extrinsic: number; readonly gain: number }
  | { readonly kind: "outOfTheMoney" }
  | { readonly kind: "unknown" };

const riskOf = ({ right, price, spot, strike }: ShortOption, gain: number): AssignmentRisk => {
  if (![price, spot, strike, gain].every(Number.isFinite) || price < 0 || spot <= 0 || strike <= 0) return { kind: "unknown" };
  if (intrinsic(right, spot, strike) === 0) return { kind: "outOfTheMoney" };
  const left = extrinsic(price, spot, strike, right);
  return { kind: left < gain ? "expected" : "unlikely", extrinsic: left, gain };
};

/**
 * A short call before an ex-date: its holder exercises when the extrinsic value is less than the dividend. The dividend is the next one
 * whose ex-date lies before expiry, in dollars a share; whether it is near is the caller's question.
 */
export const callAssignment = (call: ShortOption, dividend: number): AssignmentRisk =>
  call.right === "C" ? riskOf(call, dividend) : { kind: "unknown" };

/**
 * A short put: its holder exercises when the extrinsic value is less than the carry, which is the interest on the strike to expiry. The
 * dividends that the holder would miss being short the stock are not counted, so that it errs to the side of expecting assignment.
 */
export const putAssignment = (put: ShortOption): AssignmentRisk =>
  put.right === "P" && put.years >= 0 ? riskOf(put, put.strike * -Math.expm1(-put.rate * put.years)) : { kind: "unknown" };
