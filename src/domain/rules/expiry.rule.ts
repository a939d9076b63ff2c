/** Closes before expiry: in the last sessions assignment and pin risk outweigh what premium is left. */
import { atMost, defineRule } from "./rule.ts";

export const expiry = defineRule({
  name: "expiry",
  needs: ["sessionsToExpiry"],
  byTheClock: true,
  protective: true,
  urgency: (config) => config.expiry.urgency,
  evaluate: ({ sessionsToExpiry }, config) => atMost(sessionsToExpiry, config.expiry.sessionsBefore, "sessions"),
});
