/**
 * Closes with a profit when implied volatility has become ordinary: what was opened in a high percentile of the year, as it should be,
 * is now in a low one. What was opened in a low one had no such edge to lose.
 */
import { atLeast, below, both, OF_BASE, percentOf } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

export const ivPercentile: Rule = {
  name: "iv-percentile",
  confirms: true,
  actsInOpening: false,
  protective: false,
  urgency: (config) => config.ivPercentile.urgency,
  clauses: [
    clause({
      name: "percentile",
      concerns: {
        needs: ["unitBase", "ivPercentileAtEntry"],
        when: ({ unitBase, ivPercentileAtEntry }, config) => unitBase > 0 && ivPercentileAtEntry >= config.ivPercentile.atEntry,
      },
      needs: ["ivPercentile", "unitProfit"],
      look: ({ ivPercentile: percentile, unitProfit, unitBase }, config) =>
        both(
          below(percentile, config.ivPercentile.below, "IV percentile"),
          atLeast(percentOf(unitProfit, unitBase), config.ivPercentile.profitPct, OF_BASE),
        ),
    }),
  ],
};
