/**
 * The machine that is measured where the machine itself does not matter: six states, guards, assigns, and a cycle of eight events,
 * each of which is a transition. A thin copy of an order's life. `asking` is one state that lets out an effect for each order placed.
 */
import { assign, setup } from "xstate";

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

export const orderCycleMachine = setup({
  types: { context: {} as Context, events: {} as Event },
  guards: {
    complete: ({ context, event }) => event.type === "leg.filled" && context.filled + event.quantity >= context.quantity,
    sane: ({ event }) => event.type === "quote.changed" && event.ask >= event.bid,
  },
  actions: {
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
});

/** One input, one effect. */
export const askingMachine = setup({
  types: { context: {} as Pick<Context, "quantity">, events: {} as Extract<Event, { type: "order.placed" }> },
  actions: {
    place: (_, _params: { readonly quantity: number }) => {},
    begin: assign(({ event }) => ({ quantity: event.quantity })),
  },
}).createMachine({
  id: "asking",
  context: { quantity: 0 },
  on: {
    "order.placed": { actions: ["begin", { type: "place", params: ({ context }) => ({ quantity: context.quantity }) }] },
  },
});

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
