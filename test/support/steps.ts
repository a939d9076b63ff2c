/** Steps for tests of the journal. */
import type { Step } from "../../src/ports/journal.ts";

/** A step with something in each of its parts. */
export const stepAt = (seq: number, bid = 5_712_300): Step => ({
  seq,
  now: 1_790_000_000_000 + seq,
  input: { type: "quote.changed", conId: 756_733, bid, ask: bid + 100 },
  transitions: [{ actor: "slots/3", from: "open", event: "quote.changed", to: { open: "watching" } }],
  facts: [{ actor: "slots/3", type: "slot.marked", mark: bid }],
  effects: [{ id: `${seq}.0`, actor: "orders/7", type: "order.place", params: { limit: -12_300, note: "größer ✓" } }],
  incidents: [],
});

/** Steps `from` to `to`, both included. */
export const steps = (from: number, to: number): Step[] => Array.from({ length: to - from + 1 }, (_, i) => stepAt(from + i));
