/** S32. No actor is poisoned by an event, and no process ends but by being killed or stopped. */
import type { Check } from "../evidence.ts";

export const nothingThrows: Check = {
  name: "S32",
  law: "no actor is poisoned by an event, and no process dies by itself",
  open:
    ({ held, violated }) =>
    (evidence) => {
      if (evidence.kind === "record") {
        const poisoned = evidence.record.incidents.filter(({ kind }) => kind === "poisoned");
        for (const { actor, event, detail } of poisoned) violated(`${actor} was poisoned by ${event}: ${detail}`);
        if (poisoned.length === 0) held();
      } else if (evidence.kind === "processFailed") violated(`the process died: ${evidence.detail}`);
    },
};
