/**
 * Closes what loses when volatility rises: when the VIX is high and higher than at the entry (a position that was opened in a high VIX
 * knew it), or when it has risen far above the entry's, by points or by a share, whichever is more. Only for positions with more short
 * than long vega.
 */
import { above, atLeast, both } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

const POINTS = "VIX points";
const shortVega = {
  needs: ["unitVega"] as const,
  when: ({ unitVega }: { readonly unitVega: number }): boolean => unitVega < 0,
};

export const vixExit: Rule = {
  name: "vix-exit",
  confirms: true,
  actsInOpening: false,
  protective: true,
  urgency: (config) => config.vixExit.urgency,
  clauses: [
    clause({
      name: "level",
      concerns: shortVega,
      needs: ["vix", "vixAtEntry"],
      look: ({ vix, vixAtEntry }, { vixExit: { maxVix } }) => both(above(vix, maxVix, POINTS), above(vix, vixAtEntry, POINTS)),
    }),
    clause({
      name: "rise",
      concerns: shortVega,
      needs: ["vix", "vixAtEntry"],
      look: ({ vix, vixAtEntry }, { vixExit: { risePoints, risePct } }) =>
        atLeast(vix, vixAtEntry + Math.max(risePoints, (vixAtEntry * risePct) / 100), POINTS),
    }),
  ],
};
