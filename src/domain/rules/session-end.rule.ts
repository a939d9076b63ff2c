/**
 * Closes everything some minutes before the session ends, for those who hold nothing overnight. Off unless configured, and not one of
 * the twelve. It stands right behind the rules that limit a loss at once: whoever wants to be flat by night is not to be kept in by a
 * milder rule that would only reduce, roll or take its time.
 */
import { atMost } from "./reading.ts";
import { clause, type Rule } from "./rule.ts";

export const sessionEnd: Rule = {
  name: "session-end",
  confirms: false,
  actsInOpening: false,
  protective: false,
  urgency: (config) => config.sessionEnd.urgency,
  clauses: [
    clause({
      name: "close",
      concerns: { needs: [], when: (_, { sessionEnd: { enabled } }) => enabled },
      needs: ["minutesToClose"],
      look: ({ minutesToClose }, { sessionEnd: { minutesBeforeClose } }) => atMost(minutesToClose, minutesBeforeClose, "minutes"),
    }),
  ],
};
