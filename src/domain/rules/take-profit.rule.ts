/** Closes once the wished-for share of the base is earned: the rest is slow to come and quick to go. */
import { atLeast, defineRule } from "./rule.ts";

export const takeProfit = defineRule({
  name: "take-profit",
  needs: ["unitProfit", "unitBase"],
  byTheClock: false,
  protective: false,
  urgency: (config) => config.takeProfit.urgency,
  evaluate: ({ unitProfit, unitBase }, config) =>
    unitBase > 0 ? atLeast((100 * unitProfit) / unitBase, config.takeProfit.targetPct, "% of base") : "notApplicable",
});
