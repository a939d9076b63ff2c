/** How the smile's shape wanders from session to session: two slow factors on its correlation and its curvature. */
import type { TradingDay } from "../../domain/units.ts";
import type { RandomStream } from "./random.ts";

/** Multiples of the smile's rho and eta; 1 is as fitted. */
export interface Skew {
  readonly rho: number;
  readonly eta: number;
}
export const FITTED_SKEW: Skew = { rho: 1, eta: 1 };

const DECAY_SESSIONS = 20;
const SD = 0.05;
/** Beyond this the surface would not be free of arbitrage for sure. */
export const LARGEST_SHOCK = 0.125;

export interface SkewShocks {
  /** The next session's. Sessions come in order. */
  open(day: TradingDay): void;
  on(day: TradingDay): Skew;
}

export const createSkewShocks = (draw: RandomStream): SkewShocks => {
  const keep = Math.exp(-1 / DECAY_SESSIONS);
  const fresh = SD * Math.sqrt(1 - keep * keep);
  let [rho, eta] = [SD * draw.normal(), SD * draw.normal()];
  const byDay = new Map<TradingDay, Skew>();
  const within = (shock: number): number => 1 + Math.min(LARGEST_SHOCK, Math.max(-LARGEST_SHOCK, shock));
  return {
    open: (day) => {
      rho = keep * rho + fresh * draw.normal();
      eta = keep * eta + fresh * draw.normal();
      byDay.set(day, { rho: within(rho), eta: within(eta) });
    },
    on: (day) => byDay.get(day) ?? FITTED_SKEW,
  };
};
