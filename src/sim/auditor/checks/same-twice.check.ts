/** S18. The same seed gives the same records and the same messages, byte for byte. */
import type { Check } from "../evidence.ts";

export const sameTwice: Check = {
  name: "S18",
  law: "two runs of one seed have one trace hash",
  open:
    ({ held, violated }) =>
    (evidence) => {
      if (evidence.kind !== "twice") return;
      const [first, second] = evidence.hashes;
      if (first === second) held();
      else violated(`the first run's trace is ${first.slice(0, 16)}, the second's ${second.slice(0, 16)}`);
    },
};
