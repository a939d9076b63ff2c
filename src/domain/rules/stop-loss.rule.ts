/**
 * Closes a losing position: at a multiple of the credit received or at a share of the worst loss, whichever comes first; at a share
 * of the debit paid; near expiry, where a loss has no time left to heal, at a smaller one. What earlier positions of a rolled campaign
 * lost counts with the first two: a roll does not buy a new allowance. A position that cannot lose has no stop.
 */
import type { Money } from "../units.ts";
import { atLeast, both, fewerThan, OF_BASE, PER_UNIT, percentOf, usd } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

const canLose = (unitMaxLoss: Money | "unbounded"): boolean => unitMaxLoss === "unbounded" || unitMaxLoss > 0;

export const stopLoss: Rule = {
  name: "stop-loss",
  confirms: true,
  actsInOpening: false,
  protective: true,
  urgency: (config) => config.stopLoss.urgency,
  clauses: [
    clause({
      name: "credit",
      concerns: {
        needs: ["unitCredit", "unitMaxLoss"],
        when: ({ unitCredit, unitMaxLoss }) => unitCredit > 0 && canLose(unitMaxLoss),
      },
      needs: ["unitProfit", "campaignLoss"],
      look: ({ unitProfit, campaignLoss, unitCredit }, { stopLoss: { creditMultiplePct } }) =>
        atLeast(usd(campaignLoss - unitProfit), usd((unitCredit * creditMultiplePct) / 100), PER_UNIT),
    }),
    clause({
      name: "maxLoss",
      concerns: {
        needs: ["unitMaxLoss"],
        when: ({ unitMaxLoss }) => unitMaxLoss !== "unbounded" && unitMaxLoss > 0,
      },
      needs: ["unitProfit", "campaignLoss"],
      look: ({ unitProfit, campaignLoss, unitMaxLoss }, { stopLoss: { maxLossPct } }) =>
        atLeast(usd(campaignLoss - unitProfit), usd((Number(unitMaxLoss) * maxLossPct) / 100), PER_UNIT),
    }),
    clause({
      name: "debit",
      concerns: {
        needs: ["unitDebit", "unitMaxLoss"],
        when: ({ unitDebit, unitMaxLoss }) => unitDebit > 0 && canLose(unitMaxLoss),
      },
      needs: ["unitProfit"],
      look: ({ unitProfit, unitDebit }, { stopLoss: { debitPct } }) =>
        atLeast(usd(0 - unitProfit), usd((unitDebit * debitPct) / 100), PER_UNIT),
    }),
    clause({
      name: "accelerated",
      concerns: { needs: ["unitBase", "unitMaxLoss"], when: ({ unitBase, unitMaxLoss }) => unitBase > 0 && canLose(unitMaxLoss) },
      needs: ["unitProfit", "daysToExpiry"],
      look: ({ unitProfit, unitBase, daysToExpiry }, { stopLoss: { acceleratedDays, acceleratedLossPct } }) =>
        both(
          atLeast(percentOf(0 - unitProfit, unitBase), acceleratedLossPct, OF_BASE),
          fewerThan(daysToExpiry, acceleratedDays, "days"),
        ),
    }),
  ],
};
