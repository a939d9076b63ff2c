/**
 * Closes what has become a bet on a direction: the delta of one unit beyond a limit by shape (condors and strangles, verticals; others
 * are bets by intention), or a limit of the whole portfolio breached for longer than hedging may take, with this position adding most.
 */
import { above, atLeast } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

const SHARES = "shares a share";

export const deltaRisk: Rule = {
  name: "delta-risk",
  confirms: true,
  actsInOpening: false,
  protective: true,
  urgency: (config) => config.deltaRisk.urgency,
  clauses: [
    clause({
      name: "condor",
      concerns: { needs: ["shape"], when: ({ shape }) => shape === "condor" },
      needs: ["unitDelta"],
      look: ({ unitDelta }, { deltaRisk: { condorDelta } }) => above(Math.abs(unitDelta), condorDelta, SHARES),
    }),
    clause({
      name: "vertical",
      concerns: { needs: ["shape"], when: ({ shape }) => shape === "vertical" },
      needs: ["unitDelta"],
      look: ({ unitDelta }, { deltaRisk: { verticalDelta } }) => above(Math.abs(unitDelta), verticalDelta, SHARES),
    }),
    clause({
      name: "portfolio",
      concerns: { needs: ["breach"], when: ({ breach }) => breach.limit !== null },
      needs: [],
      look: ({ breach: { limit, minutes } }, { deltaRisk: { breachMinutes } }) =>
        atLeast(minutes, breachMinutes, `minutes beyond ${limit}`),
    }),
  ],
};
