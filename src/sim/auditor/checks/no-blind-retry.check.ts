/**
 * S3. After an order went out of sight (sent or about to be, and no word of it when the connection or the process ended; or the
 * engine itself said so) nothing more is sent for its intent until open orders, completed orders and executions have all been
 * asked for, answered to the end on that one connection, and the answers are durable.
 */
import { CompleteAnswer } from "../complete-answer.ts";
import type { Check } from "../evidence.ts";
import { answeredEffect, orderedByEffect, orderedByFrame } from "../tickets.ts";

export const noBlindRetry: Check = {
  name: "S3",
  law: "an order that went out of sight is not touched before the broker's complete answer has been applied",
  open: ({ held, violated }) => {
    const refOfId = new Map<number, string>();
    const refOfEffect = new Map<string, string>();
    /** No word of the broker's about the newest transmission yet; `sent`: it has left. */
    const unproved = new Map<string, { sent: boolean }>();
    const doubts = new Map<string, CompleteAnswer>();
    const doubt = (ref: string): void => void doubts.set(ref, new CompleteAnswer());
    const judge = (ref: string | undefined, what: string): void => {
      if (ref !== undefined && doubts.has(ref)) violated(`${what} of ${ref} left while nobody knew what had become of it`);
      else held();
    };
    const proved = (orderId: unknown): void => {
      const ref = refOfId.get(Number(orderId));
      if (ref !== undefined) unproved.delete(ref);
    };
    return (evidence) => {
      if (evidence.kind === "sent") {
        if (evidence.name === "placeOrder") {
          const { orderRef, orderId, whatIf } = orderedByFrame(evidence.words);
          if (!whatIf) {
            judge(orderRef, "an order");
            refOfId.set(orderId, orderRef);
            unproved.set(orderRef, { sent: true });
          }
        } else if (evidence.name === "cancelOrder") judge(refOfId.get(Number(evidence.words[0])), "a cancel");
      } else if (evidence.kind === "heard") {
        if (evidence.name === "openOrder" || evidence.name === "orderStatus") proved(evidence.words[0]);
        else if (evidence.name === "execDetails") proved((evidence.words[2] as { readonly orderId?: number }).orderId);
        else if (evidence.name === "error") proved(evidence.words[2]);
      } else if (evidence.kind === "record") {
        const { record } = evidence;
        if (record.input.type === "effect.refused") {
          const ref = refOfEffect.get(answeredEffect(record) ?? "");
          if (ref !== undefined && unproved.get(ref)?.sent === false) unproved.delete(ref);
        }
        for (const effect of record.effects) {
          const ordered = orderedByEffect(effect);
          if (ordered === undefined || ordered.whatIf) continue;
          refOfEffect.set(effect.id, ordered.orderRef);
          unproved.set(ordered.orderRef, { sent: false });
        }
        for (const fact of record.facts) if (fact.type === "order.doubted") doubt(String(fact["orderRef"]));
      } else if (evidence.kind === "lineEnded") {
        for (const [ref, { sent }] of unproved) if (sent) doubt(ref);
      } else if (evidence.kind === "processEnded" && evidence.how === "killed") {
        for (const ref of unproved.keys()) doubt(ref);
      }
      for (const [ref, answer] of doubts) {
        answer.hear(evidence);
        if (!answer.complete) continue;
        doubts.delete(ref);
        unproved.delete(ref);
      }
    };
  },
};
