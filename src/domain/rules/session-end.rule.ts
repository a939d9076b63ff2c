/** Closes everything some minutes before the session ends, for those who hold nothing overnight. Off unless configured. */
import { atMost, defineRule } from "./rule.ts";

export const sessionEnd = defineRule({
  name: "session-end",
  needs: ["minutesToClose"],
  byTheClock: true,
  protective: false,
  urgency: (config) => config.sessionEnd.urgency,
  evaluate: ({ minutesToClose }, { sessionEnd: { enabled, minutesBeforeClose } }) =>
    enabled ? atMost(minutesToClose, minutesBeforeClose, "minutes") : "notApplicable",
});
