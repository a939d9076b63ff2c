/** L1. Troubles over and the gateway reachable, the engine is level with the broker again: at the last look, all is at rest. */
import { Calm } from "../calm.ts";
import type { Check } from "../evidence.ts";

export const cleanEnd: Check = {
  name: "L1",
  law: "once troubles are over, the engine has the broker's complete answer, and nothing changed since",
  open: ({ held, violated }) => {
    const calm = new Calm();
    return (evidence) => {
      calm.hear(evidence);
      if (evidence.kind !== "checkpoint" || !evidence.last) return;
      if (calm.at(evidence.at)) held();
      else violated(calm.why(evidence.at));
    };
  },
};
