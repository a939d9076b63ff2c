/**
 * S1. Whatever leaves the engine to change something at the broker was durable before, with the same payload, and leaves once: a
 * journaled order stands for one frame, ever. A cancel may be said again.
 */
import type { Check } from "../evidence.ts";
import { orderedByEffect, orderedByFrame } from "../tickets.ts";

export const intentBeforeEffect: Check = {
  name: "S1",
  law: "every order and cancel is durable before its first byte leaves, with the same payload, and leaves once",
  open: ({ held, violated }) => {
    /** Durable and not yet seen on the wire, by payload. */
    const unspent = new Map<string, number>();
    const cancels = new Set<number>();
    return (evidence) => {
      if (evidence.kind === "record") {
        for (const effect of evidence.record.effects) {
          const ordered = orderedByEffect(effect);
          if (ordered !== undefined) unspent.set(ordered.payload, (unspent.get(ordered.payload) ?? 0) + 1);
          if (effect.type === "order.cancel") cancels.add(Number(effect.params["orderId"]));
        }
        return;
      }
      if (evidence.kind !== "sent") return;
      const { name, words } = evidence;
      if (name === "reqGlobalCancel") return violated("reqGlobalCancel left the engine, which has no such effect");
      if (name === "cancelOrder") {
        const orderId = Number(words[0]);
        return cancels.has(orderId)
          ? held()
          : violated(`the cancel of order ${orderId} left before any record of it was durable`);
      }
      if (name !== "placeOrder") return;
      const { payload } = orderedByFrame(words);
      const left = unspent.get(payload) ?? 0;
      if (left === 0) return violated(`no durable record, or none left, stands for the order ${payload}`);
      unspent.set(payload, left - 1);
      held();
    };
  },
};
