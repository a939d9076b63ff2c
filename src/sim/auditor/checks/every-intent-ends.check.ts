/** L2. Troubles over and the session too, no intent is left in the air: each has ended, one way or another. */
import type { Check } from "../evidence.ts";

export const everyIntentEnds: Check = {
  name: "L2",
  law: "every intent has ended by the end of a session without troubles in its last part",
  open: ({ held, violated }) => {
    const inTheAir = new Set<string>();
    return (evidence) => {
      if (evidence.kind === "record") {
        for (const fact of evidence.record.facts) {
          if (fact.type === "order.intended") inTheAir.add((fact["intent"] as { readonly orderRef: string }).orderRef);
          else if (fact.type === "order.ended") inTheAir.delete(String(fact["orderRef"]));
        }
      } else if (evidence.kind === "checkpoint" && evidence.last) {
        if (inTheAir.size === 0) held();
        else violated(`intents that have not ended: ${[...inTheAir].join(", ")}`);
      }
    };
  },
};
