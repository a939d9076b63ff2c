/** S5. When all is level, the fills that the engine has booked add up to the broker's positions, contract by contract. */
import { Calm } from "../calm.ts";
import type { Check } from "../evidence.ts";

export const fillsMakePositions: Check = {
  name: "S5",
  law: "at rest, the booked fills of every contract add up to the broker's position",
  open: ({ held, violated }) => {
    const calm = new Calm();
    const booked = new Map<number, number>();
    const names = new Map<number, string>();
    return (evidence) => {
      calm.hear(evidence);
      if (evidence.kind === "record") {
        for (const fact of evidence.record.facts) {
          if (fact.type !== "fill.booked") continue;
          const { conId } = fact["contract"] as { readonly conId: number };
          booked.set(conId, (booked.get(conId) ?? 0) + Number(fact["quantity"]));
        }
      }
      if (evidence.kind !== "checkpoint" || !calm.at(evidence.at)) return;
      const positions = new Map<number, number>();
      for (const { positions: rows } of evidence.truth.accounts) {
        for (const { conId, symbol, expiry, strike, right, quantity } of rows) {
          positions.set(conId, (positions.get(conId) ?? 0) + quantity);
          names.set(conId, [symbol, expiry, strike, right].filter((part) => part !== undefined).join(" "));
        }
      }
      for (const conId of new Set([...booked.keys(), ...positions.keys()])) {
        // What an expiry took off the books was no fill.
        if (calm.expired(conId, evidence.truth.day)) continue;
        const ours = booked.get(conId) ?? 0;
        const theirs = positions.get(conId) ?? 0;
        if (ours === theirs) held();
        else
          violated(`${names.get(conId) ?? `contract ${conId}`}: the fills booked add up to ${ours}, the broker holds ${theirs}`);
      }
    };
  },
};
