/**
 * Closes when most of a profit is gone again. It is armed by a peak of profit that was confirmed (trailing-stop.ts), and once armed it
 * fires at a loss too, should the price jump past what it wanted to keep.
 */
import { atLeast, atMost, both, OF_BASE, percentOf } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

export const trailingStop: Rule = {
  name: "trailing-stop",
  confirms: true,
  actsInOpening: false,
  protective: false,
  urgency: (config) => config.trailingStop.urgency,
  clauses: [
    clause({
      name: "kept",
      concerns: {
        needs: ["unitBase", "peakPct"],
        when: ({ unitBase, peakPct }) => unitBase > 0 && peakPct !== null,
      },
      needs: ["unitProfit"],
      look: ({ unitProfit, unitBase, peakPct }, { trailingStop: { armPct, keepPctOfPeak } }) => {
        const peak = peakPct ?? Number.NaN;
        return both(
          atMost(percentOf(unitProfit, unitBase), (peak * keepPctOfPeak) / 100, OF_BASE),
          atLeast(peak, armPct, "% of base at the peak"),
        );
      },
    }),
  ],
};
