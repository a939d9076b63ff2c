/**
 * S7. An order that has ended for us is not alive at the broker, and what the broker fills of it afterwards is booked all the same
 * (that is S5's business). The other way round the broker may be ahead: its news takes a while.
 */
import { type Check, isOurs } from "../evidence.ts";

export const endedMeansEnded: Check = {
  name: "S7",
  law: "an order that we say has ended is not live at the broker",
  open: ({ held, violated }) => {
    const ended = new Map<string, string>();
    const live = new Set<string>();
    const told = new Set<string>();
    const judge = (orderRef: string): void => {
      if (!live.has(orderRef)) held();
      else if (!told.has(orderRef)) {
        told.add(orderRef);
        violated(`${orderRef} has ended as ${ended.get(orderRef)}, and is live at the broker`);
      }
    };
    return (evidence) => {
      if (evidence.kind === "record") {
        for (const fact of evidence.record.facts) {
          if (fact.type !== "order.ended") continue;
          const orderRef = String(fact["orderRef"]);
          ended.set(orderRef, String(fact["outcome"]));
          judge(orderRef);
        }
      } else if (evidence.kind === "books") {
        live.clear();
        for (const { openOrders } of evidence.truth.accounts)
          for (const { orderRef } of openOrders) if (isOurs(orderRef)) live.add(orderRef);
        for (const orderRef of live) if (ended.has(orderRef)) judge(orderRef);
      }
    };
  },
};
