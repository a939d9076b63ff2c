/**
 * Closes before expiry, and before a short American leg is exercised: assignment and pin risk outweigh what premium is left.
 *
 * With no more than so many sessions left it fires all day, at high urgency, so that the order has time to find a fair price. From the
 * hour by which it must have acted, or when even those sessions are over, it is as urgent as config says. A short call may be exercised
 * on the eve of an ex-date when its extrinsic value is less than the dividend, a short put when it is less than the interest on the
 * strike; these two follow prices and are looked at twice, the others follow the clock.
 */
import type { Urgency } from "../events/actors.ts";
import { atMost, below } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

/** While there is time: high, unless config is content with less. */
const unhurried = (final: Urgency): Urgency => (final === "immediate" ? "high" : final);

const assignment = (kind: "dividend" | "carry") =>
  clause({
    name: kind,
    concerns: { needs: ["assignment"], when: ({ assignment: risk }) => risk.kind === kind },
    needs: [],
    look: ({ assignment: { extrinsic, gain, leg } }) => below(extrinsic, gain, `USD a share of ${leg}`),
    confirms: true,
  });

export const expiry: Rule = {
  name: "expiry",
  confirms: false,
  actsInOpening: false,
  protective: true,
  urgency: (config) => config.expiry.urgency,
  clauses: [
    clause({
      name: "overdue",
      needs: ["sessionsToExpiry"],
      look: ({ sessionsToExpiry }, { expiry: { sessionsBefore } }) => atMost(sessionsToExpiry, sessionsBefore - 1, "sessions"),
    }),
    clause({
      name: "actBy",
      concerns: {
        needs: ["sessionsToExpiry"],
        when: ({ sessionsToExpiry }, { expiry: { sessionsBefore } }) => sessionsToExpiry <= sessionsBefore,
      },
      needs: ["minutesToActBy"],
      look: ({ minutesToActBy }) => atMost(minutesToActBy, 0, "minutes"),
    }),
    clause({
      name: "sessions",
      needs: ["sessionsToExpiry"],
      look: ({ sessionsToExpiry }, { expiry: { sessionsBefore } }) => atMost(sessionsToExpiry, sessionsBefore, "sessions"),
      urgency: (config) => unhurried(config.expiry.urgency),
    }),
    assignment("dividend"),
    assignment("carry"),
  ],
};
