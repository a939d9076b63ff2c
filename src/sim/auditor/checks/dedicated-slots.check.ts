/**
 * S12. No more positions than slots; and a slot that says it has closed holds nothing by the broker's executions, and has no
 * order at work there.
 */
import { type Check, isOurs, slotOf } from "../evidence.ts";
import { orderedByEffect } from "../tickets.ts";

export const dedicatedSlots: Check = {
  name: "S12",
  law: "slots in use never exceed the capacity, and a closed slot has neither position nor order",
  open: ({ held, violated }) => {
    let capacity = Number.POSITIVE_INFINITY;
    const open = new Set<string>();
    const live = new Map<string, string>();
    /** By slot (`s3`), the orderRefs that it has sent so far; by orderRef, what the broker has executed of each contract. */
    const refs = new Map<string, Set<string>>();
    const executed = new Map<string, Map<number, number>>();
    /** Closed since the last checkpoint, with the orders until then: the drop copy has yet to confirm that nothing is left. */
    let closed: { readonly slot: string; readonly refs: readonly string[] }[] = [];
    const numberOf = (slot: unknown): string => String(slot).split("/")[1] ?? String(slot);
    return (evidence) => {
      if (evidence.kind === "record") {
        const { input, facts, effects } = evidence.record;
        for (const effect of effects) {
          const ordered = orderedByEffect(effect);
          if (ordered === undefined || ordered.whatIf) continue;
          const slot = slotOf(ordered.orderRef);
          refs.set(slot, (refs.get(slot) ?? new Set()).add(ordered.orderRef));
        }
        if (input.type === "run.started") {
          const { limits } = input["config"] as unknown as { readonly limits?: { readonly slots?: number } };
          capacity = limits?.slots ?? capacity;
        }
        for (const fact of facts) {
          if (fact.type === "slot.opened") {
            const slot = numberOf(fact["slot"]);
            if (open.has(slot)) violated(`${slot} opened twice`);
            open.add(slot);
            if (open.size > capacity) violated(`${open.size} slots are in use, there are ${capacity}`);
            else held();
          } else if (fact.type === "slot.closed") {
            const slot = numberOf(fact["slot"]);
            open.delete(slot);
            closed.push({ slot, refs: [...(refs.get(slot) ?? [])] });
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
        const ofOrder = executed.get(orderRef) ?? new Map<number, number>();
        ofOrder.set(conId, (ofOrder.get(conId) ?? 0) + quantity);
        executed.set(orderRef, ofOrder);
      } else if (evidence.kind === "checkpoint") {
        for (const { slot, refs: until } of closed) {
          const sums = new Map<number, number>();
          for (const ref of until) for (const [conId, n] of executed.get(ref) ?? []) sums.set(conId, (sums.get(conId) ?? 0) + n);
          const left = [...sums].filter(([, quantity]) => quantity !== 0);
          if (left.length === 0) held();
          else
            violated(
              `${slot} says it has closed, and of its orders the broker holds ${left.map(([conId, n]) => `${n} of ${conId}`).join(", ")}`,
            );
        }
        closed = [];
      }
    };
  },
};
