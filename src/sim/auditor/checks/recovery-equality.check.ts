/** S14. The state at a seq is one state: as it was live, as a restart finds it, and as the records alone derive it. */
import type { Check } from "../evidence.ts";

export const recoveryEquality: Check = {
  name: "S14",
  law: "live state, recovered state and state replayed from genesis have one hash at one seq",
  open: ({ held, violated }) => {
    const known = new Map<number, { readonly hash: string; readonly from: string }>();
    return (evidence) => {
      if (evidence.kind !== "state") return;
      const { seq, hash, from } = evidence;
      const before = known.get(seq);
      if (before === undefined) known.set(seq, { hash, from });
      else if (before.hash === hash) held();
      else violated(`at seq ${seq} the state ${before.from} is ${before.hash.slice(0, 12)}, ${from} it is ${hash.slice(0, 12)}`);
    };
  },
};
