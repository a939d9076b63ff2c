/** L1. Troubles over and the gateway reachable, the engine has found back: at the last look it has reconciled on a living connection. */
import { CompleteAnswer } from "../complete-answer.ts";
import type { Check } from "../evidence.ts";

export const cleanEnd: Check = {
  name: "L1",
  law: "once troubles are over, the engine is connected and has applied the broker's complete answer",
  open: ({ held, violated }) => {
    let answer = new CompleteAnswer();
    return (evidence) => {
      if (evidence.kind === "lineEnded" || evidence.kind === "processEnded") answer = new CompleteAnswer();
      answer.hear(evidence);
      if (evidence.kind !== "checkpoint" || !evidence.last) return;
      if (answer.complete) held();
      else violated("at the end the engine has no complete answer of the broker's on a living connection");
    };
  },
};
