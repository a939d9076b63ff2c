/** Closes when little time is left and a small move would change the position's delta much. */
import { above, both, fewerThan } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

export const gammaRisk: Rule = {
  name: "gamma-risk",
  confirms: true,
  actsInOpening: false,
  protective: true,
  urgency: (config) => config.gammaRisk.urgency,
  clauses: [
    clause({
      name: "gamma",
      needs: ["unitGamma", "daysToExpiry"],
      look: ({ unitGamma, daysToExpiry }, { gammaRisk: { gamma, days } }) =>
        both(above(Math.abs(unitGamma), gamma, "delta per dollar"), fewerThan(daysToExpiry, days, "days")),
    }),
  ],
};
