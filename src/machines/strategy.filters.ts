/** The filters of an entry that need no option prices, and the last choice of a look. Each says what it saw and what it asked. Pure. */
import type { WhenUnknown } from "../domain/config.ts";
import type { Candidate } from "../domain/events/actors.ts";
import type { FunnelStep } from "../domain/facts.ts";
import { REGIMES, type Regime } from "../domain/regime/regime.ts";
import type { Fact } from "../domain/rules/rule.ts";
import { type Cradle, newborn } from "../domain/strategies/newborn.ts";
import { type Choice, type Stopped, stopAt } from "../domain/strategies/strategy.ts";
import type { EpochMs } from "../domain/units.ts";
import {
  asFarAsHeard,
  freshSpot,
  legFault,
  type StrategyContext,
  sceneOf,
  spotFault,
  strategyOf,
  vixNow,
  type Way,
  windowOpen,
} from "./strategy.context.ts";

interface Filtered {
  readonly step: FunnelStep;
  readonly stopped?: Stopped;
}
/** A filter lets a candidate pass, stops it, or could not tell: then the configuration says what that means. */
const passes = (stage: string, actual: number, limit: number, distance: number, unit: string): Filtered => ({
  step: { stage, verdict: "passed", actual, limit, distance, unit },
});
const stops = (stage: string, reason: string, numbers: { actual: number; limit: number; unit: string } | undefined): Filtered => {
  const distance = numbers === undefined ? {} : { distance: -Math.abs(numbers.actual - numbers.limit) };
  return {
    step: { stage, verdict: "stopped", reason, ...numbers, ...distance },
    stopped: stopAt(stage, reason, numbers).stopped,
  };
};
const cannotTell = (
  stage: string,
  missing: string,
  whenUnknown: WhenUnknown,
  asked?: { limit: number; unit: string },
): Filtered =>
  whenUnknown === "skip"
    ? { step: { stage, verdict: "skipped", reason: missing, ...asked } }
    : { step: { stage, verdict: "stopped", reason: missing, ...asked }, stopped: stopAt(stage, missing, asked).stopped };

/** No filter is asked about a market that is not seen. */
const freshness = (context: StrategyContext, now: EpochMs): Filtered => {
  if (freshSpot(context, now) !== undefined) return { step: { stage: "data", verdict: "passed" } };
  const reason = `no fresh quote of ${context.config.symbol}: ${spotFault(context, now)}`;
  return { step: { stage: "data", verdict: "stopped", reason }, stopped: stopAt("data", reason).stopped };
};
const regimeFilter = ({ config, weather }: StrategyContext): Filtered => {
  const { allowed = REGIMES, whenUnknown = "deny" } = config.filters.regime ?? {};
  const told = weather.regime;
  if (told === null || told.regime === null)
    return cannotTell("regime", told === null ? "the regime's watcher does not answer" : told.unknown, whenUnknown);
  const { regime } = told;
  if (regime === "crash") return stops("regime", "no entry in a crash", undefined);
  return allowed.includes(regime)
    ? { step: { stage: "regime", verdict: "passed", reason: regime } }
    : stops("regime", `the regime is ${regime}`, undefined);
};
const vixFilter = (context: StrategyContext, now: EpochMs): Filtered => {
  const { maxVix, whenUnknown } = context.config.filters.vix;
  const vix = vixNow(context, now);
  if ("missing" in vix) return cannotTell("vix", vix.missing, whenUnknown, { limit: maxVix, unit: "points" });
  return vix.points <= maxVix
    ? passes("vix", vix.points, maxVix, maxVix - vix.points, "points")
    : stops("vix", "VIX is too high", { actual: vix.points, limit: maxVix, unit: "points" });
};
const ivFilter = (
  { weather }: StrategyContext,
  stage: "ivPercentile" | "ivRank",
  least: number,
  whenUnknown: WhenUnknown,
): Filtered => {
  const { state } = weather;
  const actual = state?.[stage] ?? null;
  if (actual === null) {
    const missing = state === null ? "the underlying's watcher does not answer" : (state.unknown[stage] ?? "not known");
    return cannotTell(stage, missing, whenUnknown, { limit: least, unit: "%" });
  }
  return actual >= least
    ? passes(stage, actual, least, actual - least, "%")
    : stops(stage, "implied volatility is too low in its year", { actual, limit: least, unit: "%" });
};

/** All filters in their order, up to the one that stops. */
const filtersOf = (context: StrategyContext, now: EpochMs): readonly Filtered[] => {
  const { ivPercentile, ivRank } = context.config.filters;
  const asked = [
    () => freshness(context, now),
    () => regimeFilter(context),
    () => vixFilter(context, now),
    () => ivFilter(context, "ivPercentile", ivPercentile.minIvPercentile, ivPercentile.whenUnknown),
    () => ivFilter(context, "ivRank", ivRank?.minIvRank ?? 0, ivRank?.whenUnknown ?? "skip"),
  ];
  const filtered: Filtered[] = [];
  for (const ask of asked) {
    const one = ask();
    filtered.push(one);
    if (one.stopped !== undefined) break;
  }
  return filtered;
};

/** The way with more steps; those that were skipped are to be made known. */
export const wayWith = (way: Way, steps: readonly FunnelStep[]): Way => ({
  ...way,
  passed: [...way.passed, ...steps.filter(({ verdict }) => verdict !== "stopped")],
  skips: [
    ...way.skips,
    ...steps
      .filter(({ verdict }) => verdict === "skipped")
      .map(({ stage, reason = "not known" }) => ({ filter: stage, missing: reason })),
  ],
});

/** The context after the filters: a longer way, and what stopped it, if anything did. */
export const filteredBy = (context: StrategyContext, now: EpochMs): Partial<StrategyContext> => {
  const filtered = filtersOf(context, now);
  const stopped = filtered.at(-1)?.stopped;
  const way = wayWith(
    context.way,
    filtered.map(({ step }) => step),
  );
  return stopped === undefined ? { way } : { way, stopped };
};

// ── the last choice ──
const cradleOf = (context: StrategyContext, now: EpochMs): Choice<{ readonly cradle: Cradle }> => {
  const view = sceneOf(context, now);
  if (!view.found) return view;
  const { regime, state } = context.weather;
  const vix = vixNow(context, now);
  const known: Fact<Regime> =
    regime !== null && regime.regime !== null
      ? { value: regime.regime, source: "regime", at: regime.at }
      : { unknown: regime?.unknown ?? "the regime's watcher does not answer" };
  return {
    found: true,
    cradle: {
      quotes: context.quotes,
      rules: context.engine.rules,
      riskFreeRatePct: context.engine.riskFreeRatePct,
      spot: { value: view.scene.spot, source: context.config.symbol, at: now },
      vix: "points" in vix ? { value: vix.points, source: "VIX", at: now } : { unknown: vix.missing },
      regime: known,
      ...(state === null ? {} : { underlying: state }),
      now,
    },
  };
};

/** Would the position live? A step of the funnel, and what stops it. */
const newbornStep = (context: StrategyContext, candidate: Candidate, now: EpochMs): Filtered => {
  const cradle = cradleOf(context, now);
  if (!cradle.found) return { step: { stage: "newborn", verdict: "stopped" }, stopped: cradle.stopped };
  const born = newborn(candidate, cradle.cradle);
  switch (born.verdict) {
    case "lives":
      return { step: { stage: "newborn", verdict: "passed" } };
    case "dies":
      return { step: { stage: "newborn", verdict: "stopped" }, stopped: born.stopped };
    case "unknown":
      return cannotTell("newborn", born.missing, context.config.filters.newborn?.whenUnknown ?? "deny");
  }
};

/** The last choice of a look: a structure on real quotes, in time, that no rule would close at once. */
export const chosen = (context: StrategyContext, now: EpochMs): Partial<StrategyContext> => {
  if (context.roll === null && !windowOpen(context, now))
    return { stopped: stopAt("schedule", "the entry window is over").stopped };
  const view = sceneOf(context, now);
  if (!view.found) return { stopped: view.stopped };
  const choice = strategyOf(context).select(view.scene);
  const way = { ...wayWith(context.way, choice.passed ?? []), refused: choice.refused ?? context.way.refused };
  if (!choice.found) return { way, stopped: asFarAsHeard(context, choice.stopped) };
  const { candidate } = choice;
  const fault = legFault(context, candidate.legs, now);
  if (fault !== undefined) return { way, stopped: stopAt("data", fault).stopped };
  const { step, stopped } = newbornStep(context, candidate, now);
  if (stopped !== undefined) return { way, stopped };
  return { way: wayWith(way, [step]), candidate };
};
