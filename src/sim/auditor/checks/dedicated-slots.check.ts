/**
 * S12. No more positions than slots; and a slot that says it has closed holds nothing by the broker's executions, and has no
 * order at work there.
 */
import { type Check, isOurs, slotOf } from "../evidence.ts";

export const dedicatedSlots: Check = {
  name: "S12",
  law: "slots in use never exceed the capacity, and a closed slot has neither position nor order",
  open: ({ held, violated }) => {
    let capacity = Number.POSITIVE_INFINITY;
    const open = new Set<string>();
    const live = new Map<string, string>();
    /** By slot (`s3`), what the broker has executed of each contract, as far as the drop copy has told. */
    const executed = new Map<string, Map<number, number>>();
    /** Closed since the last checkpoint: the drop copy has yet to confirm that nothing is left. */
    let closed = new Set<string>();
    const numberOf = (slot: unknown): string => String(slot).split("/")[1] ?? String(slot);
    return (evidence) => {
      if (evidence.kind === "record") {
        const { input, facts } = evidence.record;
        if (input.type === "run.started") {
          const { limits } = input["config"] as unknown as { readonly limits?: { readonly slots?: number } };
          capacity = limits?.slots ?? capacity;
        }
        for (const fact of facts) {
          if (fact.type === "slot.opened") {
            const slot = numberOf(fact["slot"]);
            if (open.has(slot)) violated(`${slot} opened twice`);
            open.add(slot);
            closed.delete(slot);
            if (open.size > capacity) violated(`${open.size} slots are in use, there are ${capacity}`);
            else held();
          } else if (fact.type === "slot.closed") {
            const slot = numberOf(fact["slot"]);
            open.delete(slot);
            closed.add(slot);
            const order = live.get(slot);
            if (order === undefined) held();
            else violated(`${slot} closed while its order ${order} is live at the broker`);
          }
        }
      } else if (evidence.kind === "books") {
        live.clear();
        for (const { openOrders } of evidence.truth.accounts)
          for (const { orderRef } of openOrders) if (isOurs(orderRef)) live.set(slotOf(orderRef), orderRef);
      } else if (evidence.kind === "executed" && isOurs(evidence.row.orderRef)) {
        const { orderRef, conId, quantity } = evidence.row;
        const slot = slotOf(orderRef);
        const held = executed.get(slot) ?? new Map<number, number>();
        held.set(conId, (held.get(conId) ?? 0) + quantity);
        executed.set(slot, held);
      } else if (evidence.kind === "checkpoint") {
        for (const slot of closed) {
          const left = [...(executed.get(slot) ?? [])].filter(([, quantity]) => quantity !== 0);
          // Its next entry may be filling already.
          if (live.has(slot) || open.has(slot)) continue;
          if (left.length === 0) held();
          else
            violated(
              `${slot} says it is closed, the broker still holds ${left.map(([conId, n]) => `${n} of ${conId}`).join(", ")} of it`,
            );
        }
        closed = new Set();
      }
    };
  },
};
