/** What the rules' thresholds must hold among each other, and what is allowed of rules, strategies and limits but hardly meant. Sentences; nothing is changed. */
import type { CaretakerConfig } from "../config-schema.ts";

type Path = readonly (string | number)[];
export interface Sentence {
  readonly path: Path;
  readonly message: string;
}

/** `rules.dteRoll.forceDays: with a time exit at ...` */
export const formatWarning = ({ path, message }: Sentence): string => `${path.join(".")}: ${message}`;

/** Thresholds that contradict each other. */
export const thresholdProblems = ({ dteRoll, ivPercentile, trailingStop }: CaretakerConfig["rules"]): readonly Sentence[] => {
  const problems: Sentence[] = [];
  const { forceDays, fromDays, targetDays } = dteRoll;
  if (!(forceDays <= fromDays && fromDays < targetDays)) {
    problems.push({
      path: ["rules", "dteRoll", "fromDays"],
      message: `forceDays ≤ fromDays < targetDays must hold, got ${forceDays}, ${fromDays}, ${targetDays}: a roll into its own window would be rolled again`,
    });
  }
  if (ivPercentile.below > ivPercentile.atEntry) {
    problems.push({
      path: ["rules", "ivPercentile", "below"],
      message: `must not be above atEntry (${ivPercentile.atEntry}), got ${ivPercentile.below}: a position could be closed for what it was opened with`,
    });
  }
  if (trailingStop.keepPctOfPeak >= 100) {
    problems.push({
      path: ["rules", "trailingStop", "keepPctOfPeak"],
      message: `must be below 100, got ${trailingStop.keepPctOfPeak}: every peak would fire at once`,
    });
  }
  return problems;
};

/** Above such a target a profit is seldom reached before a time exit of 21 days (reference/quant.md 4.6). */
const HIGH_TARGET_PCT = 60;
const EARLY_EXIT_DAYS = 21;

/** What a trader should know of this configuration; it is right all the same. */
export const thresholdWarnings = ({ rules, strategies, limits }: CaretakerConfig): readonly Sentence[] => {
  const warnings: Sentence[] = [];
  const { takeProfit, dteRoll } = rules;
  const targets =
    takeProfit.targetPct === undefined
      ? Object.entries(takeProfit.targetsPct)
      : [["every regime", takeProfit.targetPct] as const];
  const high = targets.filter(([, target]) => target > HIGH_TARGET_PCT);
  if (high.length > 0 && dteRoll.forceDays >= EARLY_EXIT_DAYS) {
    const said = high.map(([regime, target]) => `${target} % (${regime})`).join(", ");
    warnings.push({
      path: ["rules", "dteRoll", "forceDays"],
      message: `with a time exit at ${dteRoll.forceDays} days to expiry, profit targets above ${HIGH_TARGET_PCT} % are seldom reached before it: ${said}. Lower rules.takeProfit or rules.dteRoll.forceDays if they are meant to be`,
    });
  }
  strategies.forEach(({ name, enabled, entry, kind, symbol, quantity, filters }, n) => {
    if (!enabled) return;
    if (quantity > limits.maxOrderContracts) {
      warnings.push({
        path: ["strategies", n, "quantity"],
        message: `the risk gate denies orders of more than ${limits.maxOrderContracts} (limits.maxOrderContracts): whenever ${name} can afford more, it enters nothing`,
      });
    }
    if (limits.portfolio.betas[symbol] === undefined && filters.portfolio.whenUnknown === "deny") {
      warnings.push({
        path: ["limits", "portfolio", "betas"],
        message: `has no beta of ${symbol}, so the risk gate denies all that ${name} would enter: add ${symbol}, or let filters.portfolio.whenUnknown of ${name} be skip`,
      });
    }
    const exits = [
      ["dteRoll.forceDays", dteRoll.forceDays],
      ...(kind === "single-leg" ? [["singleLeg.days", rules.singleLeg.days] as const] : []),
    ] as const;
    for (const [key, days] of exits) {
      if (entry.dteMin > days) continue;
      const all = entry.dteMax <= days;
      warnings.push({
        path: ["strategies", n, "entry", all ? "dteMax" : "dteMin"],
        message: `rules.${key} closes at ${days} days to expiry, so ${name} can enter ${all ? "nothing" : `only what is longer, though it looks from ${entry.dteMin} days on`}`,
      });
    }
  });
  return warnings;
};
