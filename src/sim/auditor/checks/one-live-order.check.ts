/** S2. At the broker, an intent has at most one live order, and its fills never exceed what was intended, leg by leg. */
import { type Check, isOurs } from "../evidence.ts";
import { orderedByEffect } from "../tickets.ts";

export const oneLiveOrder: Check = {
  name: "S2",
  law: "an intent has at most one live order at the broker, and never fills more than was intended",
  open: ({ held, violated }) => {
    /** What each intent may fill at most, by orderRef and conId. */
    const intended = new Map<string, Map<number, number>>();
    const filled = new Map<string, number>();
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
          for (const { orderRef } of openOrders) if (isOurs(orderRef)) live.set(orderRef, (live.get(orderRef) ?? 0) + 1);
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
        const most = legs.get(conId) ?? 0;
        if (Math.abs(total) > most)
          violated(`${orderRef} has filled ${total} of contract ${conId}, at most ${most} were intended`);
        else held();
      }
    };
  },
};
