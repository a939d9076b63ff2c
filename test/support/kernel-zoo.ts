/**
 * A small zoo of machines for tests of the kernel: a supervisor, an order-like saga, a clerk that chats, a fragile one.
 *
 * The saga is the smallest that keeps the promises: it places once, enquires when unsure, and repeats only what the broker denies.
 */
import { assign, emit, raise, setup } from "xstate";
import { speech, supervision } from "../../src/domain/speech.ts";
import type { Logic, Route } from "../../src/kernel/logic.ts";
import type { Input } from "../../src/ports/journal.ts";

type Event = { readonly type: string; readonly now?: number; readonly [key: string]: unknown };
const text = (value: unknown): string => String(value);

// ── the supervisor: spawns sagas, hears of poison, opens the hold ────────────────────────────────────────────────────────
interface KeeperContext {
  readonly count: number;
  readonly heard: readonly string[];
}
export const keeper = setup({
  types: { context: {} as KeeperContext, events: {} as Event },
  actions: {
    ...speech,
    ...supervision,
    count: assign({ count: ({ context }) => context.count + 1 }),
    hear: assign({ heard: ({ context, event }) => [...context.heard, `${event.type} ${text(event["path"])}`].slice(-5) }),
    report: (_: unknown, _params: { key: string }) => {},
  },
}).createMachine({
  context: { count: 0, heard: [] },
  initial: "reconciling",
  on: {
    "run.started": { target: ".reconciling", reenter: true },
    "run.stopped": {},
    "effect.refused": {},
    "intent.made": {
      actions: [
        "count",
        {
          type: "spawn",
          params: ({ event }) => ({ path: `orders/${text(event["id"])}`, machine: "saga", input: { id: event["id"] } }),
        },
        { type: "tell", params: ({ event }) => ({ to: `orders/${text(event["id"])}`, event: { type: "order.begin" } }) },
      ],
    },
    "day.ended": { actions: { type: "retire", params: { prefix: "orders/" } } },
    "actor.poisoned": {
      actions: ["hear", { type: "report", params: ({ event }) => ({ key: `poisoned ${text(event["path"])}` }) }],
    },
    "actor.halted": { actions: "hear" },
  },
  states: {
    reconciling: { on: { "reconciliation.completed": { target: "live", actions: { type: "goLive", params: {} } } } },
    live: { on: { "reconciliation.completed": {} } },
  },
});

// ── the saga ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
export interface SagaContext {
  readonly id: string;
  readonly filled: number;
  readonly firedAt: readonly number[];
}
const orders = { type: "placeOrder" as const, params: ({ context }: { context: SagaContext }) => ({ intent: context.id }) };
const note = (what: string) =>
  ({ type: "notify" as const, params: ({ context }: { context: SagaContext }) => ({ key: `${context.id} ${what}` }) }) as const;
export const saga = setup({
  types: { context: {} as SagaContext, events: {} as Event, input: {} as { id: string } },
  actions: {
    ...speech,
    placeOrder: (_: unknown, _params: { intent: string }) => {},
    cancelOrder: (_: unknown, _params: { intent: string }) => {},
    enquire: (_: unknown, _params: { intent: string }) => {},
    notify: (_: unknown, _params: { key: string }) => {},
    fill: assign({ filled: 1 }),
    stamp: assign({ firedAt: ({ context, event }) => [...context.firedAt, Number(event["due"] ?? event.now)] }),
  },
  guards: {
    isOrder: ({ event }) => event["name"] === "placeOrder",
  },
}).createMachine({
  context: ({ input }) => ({ id: input.id, filled: 0, firedAt: [] }),
  initial: "intended",
  entry: { type: "listen", params: ({ context }) => ({ topics: [`order/${context.id}`] }) },
  on: {
    "effect.written": {},
    "effect.refused": {},
    "order.known": {},
    "order.filled": { target: ".filled", actions: "fill" },
    "order.working": {},
    "order.cancelled": { target: ".cancelled" },
    "quote.updated": {},
  },
  states: {
    intended: { on: { "order.begin": "submitted" } },
    submitted: {
      entry: orders,
      after: { 5000: { target: "cancelling", actions: "stamp" } },
      on: {
        "order.working": "working",
        "effect.unconfirmed": { guard: "isOrder", target: "unknown" },
        "effect.refused": { guard: "isOrder", target: "cancelled" },
      },
    },
    unknown: {
      entry: { type: "enquire", params: ({ context }) => ({ intent: context.id }) },
      // The answer may be lost with the connection.
      after: { 4000: { target: "unknown", reenter: true } },
      on: {
        // The broker's own records decide. What it never saw may be tried again, by a new effect.
        "order.known": [{ guard: ({ event }) => event["live"] === true, target: "working" }, { target: "submitted" }],
        "effect.refused": { target: "unknown", reenter: true },
      },
    },
    working: { after: { 8000: { target: "cancelling", actions: "stamp" } } },
    cancelling: {
      entry: { type: "cancelOrder", params: ({ context }) => ({ intent: context.id }) },
      on: { "effect.unconfirmed": { guard: "isOrder", target: "unknown" }, "order.begin": {} },
    },
    filled: {
      entry: [
        note("filled"),
        emit(({ context }) => ({ type: "order.done", id: context.id })),
        { type: "tell", params: ({ context }) => ({ to: "clerk", event: { type: "leg.filled", id: context.id } }) },
      ],
      on: { "effect.unconfirmed": {}, "order.filled": {}, "order.cancelled": {} },
    },
    cancelled: {
      entry: [note("cancelled"), emit(({ context }) => ({ type: "order.done", id: context.id }))],
      on: { "effect.unconfirmed": {}, "order.cancelled": {} },
    },
  },
});

// ── the clerk: chats with itself, keeps a ledger by id, raises, re-arms ──────────────────────────────────────────────────
export const clerk = setup({
  types: { context: {} as { ledger: { readonly [id: string]: number }; beats: number }, events: {} as Event },
  actions: {
    ...speech,
    enter: assign({ ledger: ({ context, event }) => ({ ...context.ledger, [text(event["id"])]: event.now ?? 0 }) }),
    beat: assign({ beats: ({ context }) => context.beats + 1 }),
  },
}).createMachine({
  context: { ledger: {}, beats: 0 },
  type: "parallel",
  entry: { type: "listen", params: { topics: ["quotes"] } },
  on: { "leg.filled": { actions: ["enter", raise({ type: "entered" })] }, "quote.updated": {} },
  states: {
    heart: {
      initial: "beating",
      states: { beating: { after: { 3000: { target: "beating", reenter: true, actions: "beat" } } } },
    },
    books: {
      initial: "quiet",
      states: {
        quiet: {
          on: {
            entered: "busy",
            "chat.begin": { actions: { type: "tell", params: { to: "clerk", event: { type: "chat.one" } } } },
          },
        },
        busy: {
          on: {
            entered: { actions: emit(({ context }) => ({ type: "ledger.grew", ids: Object.keys(context.ledger) })) },
            "chat.begin": { target: "quiet", actions: { type: "tell", params: { to: "clerk", event: { type: "chat.one" } } } },
          },
        },
      },
      on: { "chat.one": { actions: { type: "tell", params: { topic: "chat", event: { type: "chat.two" } } } } },
    },
  },
});

// ── the fragile one: throws when poked, in every place where a machine can throw ─────────────────────────────────────────
export const fragile = setup({
  types: { context: {} as { pokes: number; bad?: unknown }, events: {} as Event },
  actions: {
    ...speech,
    poke: assign({ pokes: ({ context }) => context.pokes + 1 }),
    explode: assign(() => {
      throw new Error("assign exploded");
    }),
    rot: assign({ bad: () => Number.NaN }),
    notify: (_: unknown, _params: { key: string; more?: unknown }) => {},
  },
  guards: {
    explodes: () => {
      throw new Error("guard exploded");
    },
  },
}).createMachine({
  context: { pokes: 0 },
  entry: { type: "listen", params: { topics: ["chat", "pokes"] } },
  initial: "whole",
  on: {
    "chat.two": { actions: "poke" },
    "poke.well": { actions: ["poke", { type: "notify", params: ({ context }) => ({ key: `poke ${context.pokes}` }) }] },
    "poke.assign": { target: ".broken", actions: ["poke", { type: "notify", params: { key: "never" } }, "explode"] },
    "poke.guard": { guard: "explodes", actions: "poke" },
    "poke.params": {
      actions: [
        { type: "tell", params: { to: "clerk", event: { type: "chat.begin" } } },
        {
          type: "notify",
          params: () => {
            throw new Error("params exploded");
          },
        },
      ],
    },
    "poke.codec": { actions: { type: "notify", params: () => ({ key: "k", more: new Date(0) }) } },
    "poke.context": { actions: "rot" },
  },
  states: { whole: {}, broken: {} },
});

const CLASSES = { placeOrder: "order", cancelOrder: "cancel", enquire: "enquiry", notify: "notice", report: "notice" } as const;

const routeOf = (input: Input): Route => {
  switch (input.type) {
    case "quote.updated":
      return { topics: ["quotes"] };
    case "order.filled":
    case "order.working":
    case "order.cancelled":
    case "order.known":
      return { topics: [`order/${text(input["id"])}`], fallback: "keeper" };
    case "chat.begin":
      return { to: ["clerk"] };
    case "poke.well":
    case "poke.assign":
    case "poke.guard":
    case "poke.params":
    case "poke.codec":
    case "poke.context":
      return { to: [text(input["to"] ?? "fragile")] };
    case "misrouted":
      throw new Error("no way");
    default:
      return { to: ["keeper"] };
  }
};

/** The zoo as a program. `fragile` restarts, `glass` (the same machine) is quarantined. */
export const zoo: Logic = {
  machines: {
    keeper: { machine: keeper, version: 1, protection: "restart" },
    saga: { machine: saga, version: 1, protection: "quarantine" },
    clerk: { machine: clerk, version: 1, protection: "restart" },
    fragile: { machine: fragile, version: 1, protection: "restart" },
    glass: { machine: fragile, version: 1, protection: "quarantine" },
  },
  genesis: () => [
    { path: "keeper", machine: "keeper", input: null },
    { path: "clerk", machine: "clerk", input: null },
    { path: "fragile", machine: "fragile", input: null },
    { path: "glass", machine: "glass", input: null },
  ],
  route: routeOf,
  effectClass: (type) => CLASSES[type as keyof typeof CLASSES],
  gate: () => undefined,
  // A cancel makes sense as long as its saga is still cancelling; enquiries while it does not know.
  stillWanted: (effect, view) => {
    if (effect.type === "cancelOrder") return view.snapshotOf(effect.actor)?.value === "cancelling";
    if (effect.type === "enquire") return view.snapshotOf(effect.actor)?.value === "unknown";
    return true;
  },
  supervisor: "keeper",
  quiet: (type) => type === "quote.updated",
};
