/**
 * S5. When all is level, the fills that the engine has booked add up to the broker's positions, contract by contract; but for what
 * others have traded in the account, which is not the engine's to book.
 */
import { Calm } from "../calm.ts";
import { type Check, isOurs } from "../evidence.ts";

export const fillsMakePositions: Check = {
  name: "S5",
  law: "at rest, the booked fills of every contract add up to the broker's position",
  open: ({ held, violated }) => {
    const calm = new Calm();
    const booked = new Map<number, number>();
    /** By the executions of others. */
    const foreign = new Map<number, number>();
    const names = new Map<number, string>();
    return (evidence) => {
      calm.hear(evidence);
      if (evidence.kind === "executed" && !isOurs(evidence.row.orderRef)) {
        const { conId, quantity } = evidence.row;
        foreign.set(conId, (foreign.get(conId) ?? 0) + quantity);
      }
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
        const theirs = (positions.get(conId) ?? 0) - (foreign.get(conId) ?? 0);
        if (ours === theirs) held();
        else
          violated(
            `${names.get(conId) ?? `contract ${conId}`}: the fills booked add up to ${ours}, the broker holds ${theirs}${foreign.has(conId) ? " besides what others traded" : ""}`,
          );
      }
    };
  },
};
