/**
 * Regimes laid over the daily law: where the VIX is drawn to, how prices drift, how often they jump. A scenario for
 * demonstrations and tests, either one regime forced throughout or a chain that wanders by itself; without it the law goes its
 * own way, and only then are premiums fair.
 *
 * The chain's matrix was counted on the labels of 5,799 days (SPY and VIX, 1998-2021; reference/quant.md 4.1 defines them).
 * Targets are those of section 3.2 there; the pulls are judgement, so fast that a spell of a week is felt.
 */
import type { RandomStream } from "./random.ts";

export const REGIMES = ["low_vol", "range_bound", "normal", "trending", "high_vol", "crash"] as const;
export type Regime = (typeof REGIMES)[number];

/** What a regime does to a day. */
export interface RegimeLaw {
  /** Of log prices, a year; undefined leaves the ordinary drift. */
  readonly drift: number | undefined;
  readonly logVixTarget: number;
  /** The share of the way to the target that a day goes. */
  readonly vixPull: number;
  readonly jumpMultiple: number;
  /** Log price of the S&P's ETF that prices are drawn back to, and by what share a day. */
  readonly anchor?: { readonly logPrice: number; readonly pull: number };
}

const TO: Readonly<Record<Regime, readonly number[]>> = {
  low_vol: [0.8713, 0.0536, 0.0429, 0.0322, 0, 0],
  range_bound: [0.0394, 0.8403, 0.0961, 0, 0.0235, 0.0007],
  normal: [0.0397, 0.0928, 0.7964, 0.0382, 0.0314, 0.0015],
  trending: [0.0324, 0, 0.0721, 0.8367, 0.0564, 0.0024],
  high_vol: [0, 0.0355, 0.0441, 0.055, 0.8202, 0.0452],
  crash: [0, 0, 0, 0, 0.1331, 0.8669],
};
export const VIX_TARGET: Readonly<Record<Regime, number>> = {
  low_vol: 11.8,
  range_bound: 17.9,
  normal: 17.9,
  trending: 18,
  high_vol: 28.6,
  crash: 43.6,
};
const CALM_PULL = 0.12;
const CRASH_PULL = 0.3;
const TREND = 0.3;
const CRASH_DRIFT = -0.5;
const CRASH_JUMPS = 6;
/** Half of the way back in ten days. */
const ANCHOR_PULL = 1 - 0.5 ** (1 / 10);

/** Where a chain of regimes stands. */
export interface RegimeState {
  readonly regime: Regime;
  /** Where the spell began, for the regimes that remember it. */
  readonly anchor: number;
  readonly up: boolean;
}

export const regimeAfter = (from: Regime, chance: number): Regime => {
  let passed = 0;
  for (const [i, share] of TO[from].entries()) {
    passed += share;
    if (chance < passed) return REGIMES[i] as Regime;
  }
  return from;
};

/** The next session's state: draws twice. `forced` stays; the way of a trend is drawn when its spell begins. */
export const nextRegime = (
  from: RegimeState | undefined,
  forced: Regime | undefined,
  logPrice: number,
  draw: RandomStream,
): RegimeState => {
  const [chance, way] = [draw.uniform(), draw.uniform()];
  const regime = forced ?? (from === undefined ? "normal" : regimeAfter(from.regime, chance));
  return from?.regime === regime ? from : { regime, anchor: logPrice, up: way < 0.5 };
};

export const regimeLaw = ({ regime, anchor, up }: RegimeState): RegimeLaw => {
  const crash = regime === "crash";
  const trend = up ? TREND : -TREND;
  return {
    drift: crash ? CRASH_DRIFT : regime === "trending" ? trend : regime === "range_bound" ? 0 : undefined,
    logVixTarget: Math.log(VIX_TARGET[regime]),
    vixPull: crash ? CRASH_PULL : CALM_PULL,
    jumpMultiple: crash ? CRASH_JUMPS : 1,
    ...(regime === "range_bound" ? { anchor: { logPrice: anchor, pull: ANCHOR_PULL } } : {}),
  };
};
