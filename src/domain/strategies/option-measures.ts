/**
 * Our own implied volatilities and deltas, from mids and the parity forward of the same expiry. A mid that yields no
 * trustworthy volatility yields no delta: that option is no candidate.
 */
import { yearsToExpiry } from "../calendar/time-to-expiry.ts";
import type { OptionContract } from "../contract.ts";
import { blackGreeks, discountFactor, perSpot } from "../options/black-scholes-merton.ts";
import { type ParityForward, parityForward } from "../options/forward.ts";
import { impliedVolatility } from "../options/implied-volatility.ts";
import { midOf } from "../quote.ts";
import { strikeDollars } from "./chain.ts";
import type { Scene } from "./strategy.ts";

/** Half of an option's 0.01 tick, dollars: how exactly a mid can tell its volatility. */
const HALF_TICK = 0.005;

/** The common ground of one expiry's prices. Dollars a share. */
export interface Ground {
  readonly spot: number;
  readonly forward: number;
  readonly years: number;
  readonly discount: number;
}

export interface Measured {
  readonly contract: OptionContract;
  readonly vol: number;
  /** Per dollar of the underlying; negative for puts. */
  readonly delta: number;
}

const midDollars = (scene: Scene, conId: number): number => (midOf(scene.quotes[conId]) ?? Number.NaN) / 10_000;

/** Forward and discount of the scene's expiry; the parity's own refusal when it has none. */
export const groundOf = (scene: Scene): Ground | Exclude<ParityForward, { kind: "ok" }> => {
  const years = yearsToExpiry(scene.now, scene.chain.expiry);
  const rate = scene.riskFreeRatePct / 100;
  const spot = scene.spot / 10_000;
  const mids = new Map<number, { C?: number; P?: number }>();
  for (const [conId, strike, right] of scene.chain.options) {
    if (scene.quotes[conId] === undefined) continue;
    mids.set(strike, { ...mids.get(strike), [right]: midDollars(scene, conId) });
  }
  const pairs = [...mids].map(([strike, { C, P }]) => ({
    strike: strike / 10_000,
    callMid: C ?? Number.NaN,
    putMid: P ?? Number.NaN,
  }));
  const parity = parityForward(pairs, { spot, years, rate, dividendYield: 0 });
  return parity.kind === "ok" ? { spot, forward: parity.forward, years, discount: discountFactor(rate, years) } : parity;
};

/** Volatility and delta of one option, or undefined when its mid does not tell them. */
export const measure = (scene: Scene, ground: Ground, contract: OptionContract): Measured | undefined => {
  const { forward, years, discount, spot } = ground;
  const strike = strikeDollars(contract);
  const price = midDollars(scene, contract.conId);
  const implied = impliedVolatility({ right: contract.right, price, forward, strike, years, discount, halfTick: HALF_TICK });
  if (implied.kind !== "ok") return undefined;
  const greeks = blackGreeks({ right: contract.right, forward, strike, years, discount, vol: implied.vol });
  return { contract, vol: implied.vol, delta: perSpot(greeks, forward, spot).delta };
};
