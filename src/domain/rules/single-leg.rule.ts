/**
 * Closes a leg that stands alone, which no other leg limits: at a loss, at a profit, or when its time is nearly over. Its percentages
 * are of the premium paid or received: the base of a long put would be its whole strike, and a profit of most of that never comes.
 */
import { atLeast, atMost, percentOf } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

const OF_PREMIUM = "% of premium";
const hasPremium = {
  needs: ["shape", "unitCredit", "unitDebit"] as const,
  when: ({ shape, unitCredit, unitDebit }: { readonly shape: string; readonly unitCredit: number; readonly unitDebit: number }) =>
    shape === "single" && unitCredit + unitDebit > 0,
};

export const singleLeg: Rule = {
  name: "single-leg",
  confirms: true,
  actsInOpening: false,
  protective: false,
  urgency: (config) => config.singleLeg.profitUrgency,
  clauses: [
    clause({
      name: "loss",
      concerns: hasPremium,
      needs: ["unitProfit"],
      look: ({ unitProfit, unitCredit, unitDebit }, { singleLeg: { lossPct } }) =>
        atLeast(percentOf(0 - unitProfit, unitCredit + unitDebit), lossPct, OF_PREMIUM),
      urgency: (config) => config.singleLeg.lossUrgency,
    }),
    clause({
      name: "profit",
      concerns: hasPremium,
      needs: ["unitProfit"],
      look: ({ unitProfit, unitCredit, unitDebit }, { singleLeg: { profitPct } }) =>
        atLeast(percentOf(unitProfit, unitCredit + unitDebit), profitPct, OF_PREMIUM),
    }),
    clause({
      name: "days",
      concerns: { needs: ["shape"], when: ({ shape }) => shape === "single" },
      needs: ["daysToExpiry"],
      look: ({ daysToExpiry }, { singleLeg: { days } }) => atMost(daysToExpiry, days, "days"),
      confirms: false,
    }),
  ],
};
