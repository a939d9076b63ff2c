/**
 * Closes when the market breaks: the underlying moved against the position within an hour of session (the gap from the prior close
 * included), or its 30-day implied volatility jumped on that of the prior close. It alone acts in the opening minutes.
 *
 * The jump does not close what gains from it: what was bought for a debit and has more long than short vega was bought for such a day.
 * What was sold for a credit is short of it without a look at its Greeks, which are the first to go in just such a market.
 */
import type { RulesConfig } from "../config.ts";
import { atLeast } from "./reading.ts";
import { clause, type Known, type Rule } from "./rule.ts";

const jump = ({ ivJumpPct }: Known<"ivJumpPct">, config: RulesConfig) =>
  atLeast(ivJumpPct, config.catastrophe.ivJumpPct, "% on the prior close");
const MOVE = "% in an hour";

export const catastrophe: Rule = {
  name: "catastrophe",
  confirms: true,
  actsInOpening: true,
  protective: true,
  urgency: (config) => config.catastrophe.urgency,
  clauses: [
    clause({
      name: "fall",
      concerns: { needs: ["adverse"], when: ({ adverse }) => adverse === "fall" || adverse === "either" },
      needs: ["hourFallPct"],
      look: ({ hourFallPct }, { catastrophe: { movePct } }) => atLeast(hourFallPct, movePct, MOVE),
    }),
    clause({
      name: "rise",
      concerns: { needs: ["adverse"], when: ({ adverse }) => adverse === "rise" || adverse === "either" },
      needs: ["hourRisePct"],
      look: ({ hourRisePct }, { catastrophe: { movePct } }) => atLeast(hourRisePct, movePct, MOVE),
    }),
    clause({
      name: "ivJump",
      concerns: { needs: ["unitCredit"], when: ({ unitCredit }) => unitCredit > 0 },
      needs: ["ivJumpPct"],
      look: jump,
    }),
    clause({
      name: "ivJumpOfDebit",
      concerns: { needs: ["unitCredit", "unitVega"], when: ({ unitCredit, unitVega }) => unitCredit === 0 && unitVega <= 0 },
      needs: ["ivJumpPct"],
      look: jump,
    }),
  ],
};
