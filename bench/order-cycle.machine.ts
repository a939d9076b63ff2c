/**
 * The machine that is measured where the machine itself does not matter: six states, guards, assigns, and a cycle of eight events,
 * each of which is a transition. A thin copy of an order's life. `asking` is the same with an effect for each order placed.
 */
import { type AnyStateMachine, assign, setup } from "xstate";

interface Context {
  readonly quantity: number;
  readonly filled: number;
  readonly cost: number;
  readonly last: number;
  readonly cycles: number;
}
type Event =
  | { readonly type: "order.placed"; readonly quantity: number; readonly limit: number }
  | { readonly type: "order.acknowledged"; readonly orderId: number }
  | { readonly type: "quote.changed"; readonly bid: number; readonly ask: number }
  | { readonly type: "leg.filled"; readonly quantity: number; readonly price: number }
  | { readonly type: "commission.charged"; readonly amount: number }
  | { readonly type: "order.forgotten" };

const machineOf = (entryOfSubmitted: { readonly type: "place" }[]): AnyStateMachine =>
  setup({
    types: { context: {} as Context, events: {} as Event },
    guards: {
      complete: ({ context, event }) => event.type === "leg.filled" && context.filled + event.quantity >= context.quantity,
      sane: ({ event }) => event.type === "quote.changed" && event.ask >= event.bid,
    },
    actions: {
      place: (_, _params: { readonly quantity: number }) => {},
      begin: assign(({ event }) => (event.type === "order.placed" ? { quantity: event.quantity, filled: 0, cost: 0 } : {})),
      note: assign(({ event }) => (event.type === "quote.changed" ? { last: (event.bid + event.ask) / 2 } : {})),
      fill: assign(({ context, event }) =>
        event.type === "leg.filled"
          ? { filled: context.filled + event.quantity, cost: context.cost + event.quantity * event.price }
          : {},
      ),
      charge: assign(({ context, event }) => (event.type === "commission.charged" ? { cost: context.cost + event.amount } : {})),
      count: assign(({ context }) => ({ cycles: context.cycles + 1 })),
    },
  }).createMachine({
    id: "orderCycle",
    context: { quantity: 0, filled: 0, cost: 0, last: 0, cycles: 0 },
    initial: "idle",
    states: {
      idle: { on: { "order.placed": { target: "submitted", actions: "begin" } } },
      submitted: {
        entry: entryOfSubmitted.map(() => ({
          type: "place" as const,
          params: ({ context }: { context: Context }) => ({ quantity: context.quantity }),
        })),
        on: { "order.acknowledged": "working" },
      },
      working: {
        on: {
          "quote.changed": { guard: "sane", actions: "note" },
          "leg.filled": [
            { guard: "complete", target: "filled", actions: "fill" },
            { target: "partlyFilled", actions: "fill" },
          ],
        },
      },
      partlyFilled: {
        on: {
          "quote.changed": { guard: "sane", actions: "note" },
          "leg.filled": [{ guard: "complete", target: "filled", actions: "fill" }, { actions: "fill" }],
        },
      },
      filled: { on: { "commission.charged": { target: "settled", actions: "charge" } } },
      settled: { on: { "order.forgotten": { target: "idle", actions: "count" } } },
    },
  }) as unknown as AnyStateMachine;

export const orderCycleMachine: AnyStateMachine = machineOf([]);
export const askingMachine: AnyStateMachine = machineOf([{ type: "place" }]);

/** The eight events of one cycle. */
export const CYCLE: readonly Event[] = [
  { type: "order.placed", quantity: 10, limit: 24_000 },
  { type: "order.acknowledged", orderId: 4711 },
  { type: "quote.changed", bid: 23_900, ask: 24_100 },
  { type: "leg.filled", quantity: 4, price: 24_000 },
  { type: "quote.changed", bid: 23_800, ask: 24_000 },
  { type: "leg.filled", quantity: 6, price: 23_900 },
  { type: "commission.charged", amount: 6_500 },
  { type: "order.forgotten" },
];
