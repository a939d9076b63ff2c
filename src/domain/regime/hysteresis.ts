/**
 * A regime that does not flap: the day's label counts when it has stood for some sessions, and a threshold that was crossed is left at
 * the far edge of its band. A crash counts at once, on whatever day it comes, and is left like any other regime.
 *
 * A pure fold over classified days. An unknown day confirms nothing: it breaks a row, and the regime stands.
 */
import type { TradingDay } from "../units.ts";
import { type ClassifiedDay, regimeOf } from "./classify.ts";
import type { Regime } from "./regime.ts";
import type { RegimeConfig } from "./thresholds.ts";

export interface RegimeState {
  /** Null before the first day that is known. */
  readonly regime: Regime | null;
  /** The session on which it began. */
  readonly since: TradingDay | null;
  /** The last day that was folded in. */
  readonly through: TradingDay | null;
  /** What the last days showed instead, and for how many sessions in a row. */
  readonly candidate: Regime | null;
  readonly days: number;
}

export const NO_REGIME: RegimeState = { regime: null, since: null, through: null, candidate: null, days: 0 };

/**
 * The thresholds as they are for whoever is in a regime already: what was entered is left at the far edge of its band. So a day shows
 * either the regime that one is in or its own label, and there can never be more spells than labels have.
 */
export const thresholdsIn = (regime: Regime | null, config: RegimeConfig): RegimeConfig => {
  const { crash, highVol, lowVol } = config;
  switch (regime) {
    case "crash":
      return { ...config, crash: { ...crash, vixPoints: crash.leaveVixPoints } };
    case "high_vol":
      return { ...config, highVol: { ...highVol, vixPoints: highVol.leaveVixPoints } };
    case "low_vol":
      return { ...config, lowVol: { ...lowVol, vixPoints: lowVol.leaveVixPoints } };
    default:
      return config;
  }
};

/** A crash that was seen on a day, be it before the close: it counts from that day. */
export const crashOn = (state: RegimeState, day: TradingDay): RegimeState =>
  state.regime === "crash"
    ? { ...state, candidate: null, days: 0 }
    : { ...state, regime: "crash", since: day, candidate: null, days: 0 };

/** One close further. */
export const nextRegimeState = (state: RegimeState, day: ClassifiedDay, config: RegimeConfig): RegimeState => {
  const calm = { ...state, through: day.day, candidate: null, days: 0 };
  if (!day.known) return calm;
  if (state.regime === null) return { ...calm, regime: day.regime, since: day.day };
  const shown = regimeOf(day.inputs, thresholdsIn(state.regime, config));
  if (shown === "crash") return crashOn(calm, day.day);
  // A crash that began before this very close is not left by it.
  if (shown === state.regime || state.since === day.day) return calm;
  const days = shown === state.candidate ? state.days + 1 : 1;
  return days >= config.confirmDays ? { ...calm, regime: shown, since: day.day } : { ...calm, candidate: shown, days };
};

/** Folds in the days that come after what was folded in already. */
export const regimeThrough = (state: RegimeState, days: readonly ClassifiedDay[], config: RegimeConfig): RegimeState => {
  let now = state;
  for (const day of days) if (now.through === null || day.day > now.through) now = nextRegimeState(now, day, config);
  return now;
};
