/**
 * Closes a losing position: at a multiple of the credit received, or at a share of the worst loss, whichever comes first. A
 * debit has no credit to multiply, so only the second counts there. A position that cannot lose has none.
 */
import { atLeast, defineRule } from "./rule.ts";

export const stopLoss = defineRule({
  name: "stop-loss",
  needs: ["unitProfit", "unitCredit", "unitMaxLoss"],
  byTheClock: false,
  protective: true,
  urgency: (config) => config.stopLoss.urgency,
  evaluate: ({ unitProfit, unitCredit, unitMaxLoss }, { stopLoss: { creditMultiplePct, maxLossPct } }) => {
    if (unitMaxLoss <= 0) return "notApplicable";
    const byMaxLoss = (unitMaxLoss * maxLossPct) / 100;
    const byCredit = unitCredit > 0 ? (unitCredit * creditMultiplePct) / 100 : Number.POSITIVE_INFINITY;
    const clause = byCredit <= byMaxLoss ? "credit" : "maxLoss";
    const loss = (-unitProfit + 0) / 10_000;
    return { ...atLeast(loss, Math.min(byCredit, byMaxLoss) / 10_000, "USD per unit"), clause };
  },
});
