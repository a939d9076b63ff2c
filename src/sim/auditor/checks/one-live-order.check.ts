/**
 * S2. At the broker, an intent has at most one live order, and its fills never exceed what was intended, leg by leg. A second order that
 * IB itself made of a change (the fault `order.twice`) is not the engine's doing: it is not counted, and may fill once more.
 */
import { FIRST_CLIENT_ID } from "../../faults/shadow-orders.ts";
import { type Check, isOurs } from "../evidence.ts";
import { orderedByEffect } from "../tickets.ts";

export const oneLiveOrder: Check = {
  name: "S2",
  law: "an intent has at most one live order at the broker, and never fills more than was intended",
  open: ({ held, violated }) => {
    /** What each intent may fill at most, by orderRef and conId. */
    const intended = new Map<string, Map<number, number>>();
    const filled = new Map<string, number>();
    /** permIds of orders that IB made by itself, by orderRef. */
    const shadows = new Map<string, Set<number>>();
    return (evidence) => {
      if (evidence.kind === "record") {
        for (const effect of evidence.record.effects) {
          const ordered = orderedByEffect(effect);
          if (ordered === undefined || ordered.whatIf) continue;
          const legs = ordered.legs.map(({ conId, ratio }) => [conId, ratio * ordered.quantity] as const);
          intended.set(ordered.orderRef, new Map(legs));
        }
      } else if (evidence.kind === "books") {
        const live = new Map<string, number>();
        for (const { openOrders } of evidence.truth.accounts)
          for (const { orderRef, clientId, permId } of openOrders) {
            if (!isOurs(orderRef)) continue;
            if (clientId >= FIRST_CLIENT_ID) shadows.set(orderRef, (shadows.get(orderRef) ?? new Set()).add(permId));
            else live.set(orderRef, (live.get(orderRef) ?? 0) + 1);
          }
        for (const [orderRef, orders] of live) {
          if (orders > 1) violated(`${orderRef} has ${orders} live orders at the broker`);
          else held();
        }
      } else if (evidence.kind === "executed") {
        const { orderRef, conId, quantity } = evidence.row;
        const legs = intended.get(orderRef);
        if (!isOurs(orderRef) || legs === undefined) return;
        const key = `${orderRef} ${conId}`;
        const total = (filled.get(key) ?? 0) + quantity;
        filled.set(key, total);
        const most = (legs.get(conId) ?? 0) * (1 + (shadows.get(orderRef)?.size ?? 0));
        if (Math.abs(total) > most)
          violated(`${orderRef} has filled ${total} of contract ${conId}, at most ${most} were intended`);
        else held();
      }
    };
  },
};
