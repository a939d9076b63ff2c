/** The reserved words are typed where machines use them: a wrong param does not compile. */

import { describe, expect, test } from "vitest";
import { setup } from "xstate";
import { effects } from "../../src/domain/effects.ts";
import { type Listen, type Spawn, speech, supervision, type Tell } from "../../src/domain/speech.ts";
import { refusals } from "../../src/kernel/refusals.ts";

interface Filled {
  readonly type: "leg.filled";
  readonly quantity: number;
}

const sample = setup({
  types: { context: {} as { id: string }, events: {} as { type: "go"; quantity: number }, input: {} as { id: string } },
  actions: { ...speech, ...supervision, ...effects },
}).createMachine({
  context: ({ input }) => ({ id: input.id }),
  entry: [
    { type: "tell", params: ({ context }) => ({ to: "risk", event: { type: "intent.made", id: context.id } }) },
    { type: "tell", params: { topic: "mode", event: { type: "mode.changed" } } },
    { type: "spawn", params: ({ context }) => ({ path: `orders/${context.id}`, machine: "order", input: { id: context.id } }) },
    { type: "retire", params: { prefix: "orders/" } },
    { type: "listen", params: { topics: ["mode"] } },
    { type: "goLive", params: {} },
  ],
  on: {
    go: {
      actions: {
        type: "tell",
        params: ({ event }) => {
          const filled: Filled = { type: "leg.filled", quantity: event.quantity };
          return { to: "slot", event: filled };
        },
      },
    },
  },
});

setup({ actions: { ...speech } }).createMachine({
  entry: [
    // @ts-expect-error an event needs a type
    { type: "tell", params: { to: "risk", event: { id: 1 } } },
    // @ts-expect-error a spawn needs a machine
    { type: "spawn", params: { path: "a", input: null } },
    // @ts-expect-error topics are a list
    { type: "listen", params: { topics: "mode" } },
  ],
});

describe("the reserved words", () => {
  test("can be spread into a machine's setup next to effects, and the machine is accepted", () => {
    expect(refusals(sample, { effectClass: (type) => (type in effects ? "enquiry" : undefined) })).toEqual([]);
  });

  test("have params that are plain data", () => {
    const tell: Tell = { to: "a", event: { type: "b", more: 1 } };
    const spawn: Spawn = { path: "a", machine: "m", input: { x: 1 } };
    const listen: Listen = { topics: ["t"] };
    expect(JSON.parse(JSON.stringify([tell, spawn, listen]))).toEqual([tell, spawn, listen]);
  });
});
