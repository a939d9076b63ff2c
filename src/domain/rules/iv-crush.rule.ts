/** Closes with a profit when implied volatility has fallen far since the entry: what was sold dear is cheap to buy back. */
import { atLeast, both, OF_BASE, percentOf } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

export const ivCrush: Rule = {
  name: "iv-crush",
  confirms: true,
  actsInOpening: false,
  protective: false,
  urgency: (config) => config.ivCrush.urgency,
  clauses: [
    clause({
      name: "drop",
      concerns: { needs: ["unitBase"], when: ({ unitBase }) => unitBase > 0 },
      needs: ["ivSinceEntryPct", "unitProfit"],
      look: ({ ivSinceEntryPct, unitProfit, unitBase }, { ivCrush: { dropPct, profitPct } }) =>
        both(
          atLeast(0 - ivSinceEntryPct, dropPct, "% drop since entry"),
          atLeast(percentOf(unitProfit, unitBase), profitPct, OF_BASE),
        ),
    }),
  ],
};
