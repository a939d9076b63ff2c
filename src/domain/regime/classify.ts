/**
 * The regime of each day by that day's close: the reference classifier (reference/quant.md 4.1), whose order matters. Without hysteresis.
 *
 * A day that cannot be told is unknown and says why. The stock's bars must be whole: the 5-day return over a session that is missing
 * would be one of six days. A session of which the VIX has a close and the stock none is a hole, and the days that look over it are
 * unknown; one that both lack was no session after all (a closure that the calendar does not know), and is said in `gaps`. Changes
 * of the VIX are over its own closes; a close that it lacks is said too.
 */
import { addDays } from "../calendar/civil-date.ts";
import { sessionsBetween } from "../calendar/market-calendar.ts";
import type { TradingDay } from "../units.ts";
import { isUsable, isUsableClose, type RegimeHistory } from "./history.ts";
import { type AdxState, changeOver, efficiencyRatio, nextAdx, simpleMean } from "./indicators.ts";
import type { Regime } from "./regime.ts";
import type { RegimeConfig } from "./thresholds.ts";

/** VIX in points; `return5d` and `vixChange5d` as shares; `smaRatio` is the mean of 20 closes over that of 50. */
export interface KnownInputs {
  readonly vix: number;
  readonly adx: number;
  readonly efficiency: number;
  readonly return5d: number;
  readonly vixChange5d: number;
  readonly smaRatio: number;
}
export interface KnownDay {
  readonly day: TradingDay;
  readonly known: true;
  readonly regime: Regime;
  readonly inputs: KnownInputs;
  readonly close: number;
  readonly sma20: number;
  readonly sma50: number;
  readonly gaps: readonly string[];
}
export interface UnknownDay {
  readonly day: TradingDay;
  readonly known: false;
  readonly missing: string;
  readonly gaps: readonly string[];
}
export type ClassifiedDay = KnownDay | UnknownDay;

/** The longest mean: so many bars are needed for a first label. */
export const BARS_NEEDED = 50;
const SHORT_MEAN = 20;
const EFFICIENCY_DAYS = 20;
const CHANGE_DAYS = 5;

/** The regime that numbers stand for. */
export const regimeOf = (inputs: KnownInputs, { crash, highVol, lowVol, trending, rangeBound }: RegimeConfig): Regime => {
  const { vix, adx, efficiency, return5d, vixChange5d, smaRatio } = inputs;
  const spikes = vix >= crash.spikeVixPoints && vixChange5d >= crash.spikeVixChange5dPct / 100;
  if (vix >= crash.vixPoints || return5d <= crash.return5dPct / 100 || spikes) return "crash";
  if (vix >= highVol.vixPoints) return "high_vol";
  if (vix < lowVol.vixPoints) return "low_vol";
  if (adx >= trending.adx && Math.abs(smaRatio - 1) >= trending.smaDistancePct / 100) return "trending";
  if (adx < rangeBound.adx && efficiency < rangeBound.efficiency) return "range_bound";
  return "normal";
};

/** Sessions between two days, both excluded, by the calendar. */
const sessionsWithin = (from: TradingDay, to: TradingDay): readonly TradingDay[] =>
  sessionsBetween(addDays(from, 1), addDays(to, -1)).map(({ day }) => day);

/** Every day of the stock's bars, oldest first. Bars and closes that are no prices count as absent. */
export const classifyDays = (history: RegimeHistory, config: RegimeConfig): readonly ClassifiedDay[] => {
  const closesOfVix = history.vix.filter(isUsableClose);
  const vixAt = new Map(closesOfVix.map(({ day }, n) => [day, n]));
  const vix = closesOfVix.map(({ close }) => close);
  const days: TradingDay[] = [];
  const closes: number[] = [];
  /** Sessions without a bar just before the bar of an index. */
  const skipped: (readonly TradingDay[])[] = [];
  let adx: AdxState | undefined;

  /** Of each VIX close, the sessions since the one before it that the stock has and the VIX has not. */
  const barDays = new Set(history.bars.filter(isUsable).map(({ day }) => day));
  const vixSkipped = closesOfVix.map(({ day }, n) => {
    const before = closesOfVix[n - 1];
    return before === undefined ? [] : sessionsWithin(before.day, day).filter((session) => barDays.has(session));
  });

  const classify = (day: TradingDay): ClassifiedDay => {
    const end = closes.length - 1;
    const inWindow = (bars: number): readonly TradingDay[] => skipped.slice(Math.max(1, end - bars + 1)).flat();
    const at = vixAt.get(day);
    const vixHoles = at === undefined ? [] : vixSkipped.slice(Math.max(1, at - CHANGE_DAYS + 1), at + 1).flat();
    const gaps = [
      ...inWindow(BARS_NEEDED - 1).map((hole) => `no bar of ${hole}`),
      ...vixHoles.map((hole) => `no VIX close of ${hole}`),
    ];
    const unknown = (missing: string): UnknownDay => ({ day, known: false, missing, gaps });

    const sma20 = simpleMean(closes, SHORT_MEAN, end);
    const sma50 = simpleMean(closes, BARS_NEEDED, end);
    const return5d = changeOver(closes, CHANGE_DAYS, end);
    if (sma20 === undefined || sma50 === undefined || return5d === undefined)
      return unknown(`${end + 1} daily bars, ${BARS_NEEDED} are needed`);
    const hole = inWindow(EFFICIENCY_DAYS).find((session) => vixAt.has(session));
    if (hole !== undefined) return unknown(`no bar of ${hole}, which was a session`);
    if (at === undefined) return unknown("no VIX close of the day");
    const vixChange5d = changeOver(vix, CHANGE_DAYS, at);
    if (vixChange5d === undefined) return unknown(`${at + 1} VIX closes, ${CHANGE_DAYS + 1} are needed`);
    const efficiency = efficiencyRatio(closes, EFFICIENCY_DAYS, end);
    const strength = adx?.adx ?? null;
    if (efficiency === undefined || strength === null) return unknown("prices that never move");

    const inputs = { vix: vix[at] as number, adx: strength, efficiency, return5d, vixChange5d, smaRatio: sma20 / sma50 };
    return { day, known: true, regime: regimeOf(inputs, config), inputs, close: closes[end] as number, sma20, sma50, gaps };
  };

  return history.bars.map((bar): ClassifiedDay => {
    if (!isUsable(bar)) return { day: bar.day, known: false, missing: "a bar without prices", gaps: [] };
    const before = days.at(-1);
    skipped.push(before === undefined ? [] : sessionsWithin(before, bar.day));
    days.push(bar.day);
    closes.push(bar.close);
    adx = nextAdx(adx, bar);
    return classify(bar.day);
  });
};
