/**
 * Takes a credit position out of its last weeks, where gamma grows faster than premium decays. In the window it is rolled if that pays,
 * else held; when the window is over it is rolled or closed within the session. What may not be rolled is then closed: a campaign
 * whose rolls are spent, what was bought for a debit, and a loser beyond its credit, for which a roll only hides the loss.
 */
import type { RulesConfig } from "../config.ts";
import { atMost } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

const DAYS = "days";
interface Behind {
  readonly rolls: number;
  readonly unitCredit: number;
}
interface Standing extends Behind {
  readonly unitProfit: number;
  readonly campaignLoss: number;
}
const hasRoll = ({ rolls, unitCredit }: Behind, { dteRoll: { maxRolls } }: RulesConfig): boolean =>
  unitCredit > 0 && rolls < maxRolls;
const isLoser = ({ unitProfit, campaignLoss, unitCredit }: Standing, { dteRoll: { maxLossPctOfCredit } }: RulesConfig): boolean =>
  campaignLoss - unitProfit > (unitCredit * maxLossPctOfCredit) / 100;

const BEHIND = ["rolls", "unitCredit"] as const;
const STANDING = [...BEHIND, "unitProfit", "campaignLoss"] as const;

export const dteRoll: Rule = {
  name: "dte-roll",
  confirms: true,
  actsInOpening: false,
  protective: false,
  urgency: (config) => config.dteRoll.forcedUrgency,
  clauses: [
    clause({
      name: "forced",
      concerns: { needs: STANDING, when: (facts, config) => hasRoll(facts, config) && !isLoser(facts, config) },
      needs: ["daysToExpiry"],
      look: ({ daysToExpiry }, { dteRoll: { forceDays } }) => atMost(daysToExpiry, forceDays, DAYS),
      action: () => ({ action: "roll", orClose: true }),
    }),
    clause({
      name: "window",
      concerns: { needs: STANDING, when: (facts, config) => hasRoll(facts, config) && !isLoser(facts, config) },
      needs: ["daysToExpiry"],
      look: ({ daysToExpiry }, { dteRoll: { fromDays } }) => atMost(daysToExpiry, fromDays, DAYS),
      action: () => ({ action: "roll" }),
      urgency: (config) => config.dteRoll.urgency,
    }),
    clause({
      name: "spent",
      concerns: { needs: BEHIND, when: (facts, config) => !hasRoll(facts, config) },
      needs: ["daysToExpiry"],
      look: ({ daysToExpiry }, { dteRoll: { forceDays } }) => atMost(daysToExpiry, forceDays, DAYS),
    }),
    clause({
      name: "loser",
      concerns: { needs: STANDING, when: (facts, config) => hasRoll(facts, config) && isLoser(facts, config) },
      needs: ["daysToExpiry"],
      look: ({ daysToExpiry }, { dteRoll: { forceDays } }) => atMost(daysToExpiry, forceDays, DAYS),
    }),
  ],
};
