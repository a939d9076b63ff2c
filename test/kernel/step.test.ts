import { describe, expect, test } from "vitest";
import { assign, raise, setup } from "xstate";
import { speech, supervision } from "../../src/domain/speech.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import { State } from "../../src/kernel/state.ts";
import { MAX_DEPTH, step } from "../../src/kernel/step.ts";
import type { Input, Step } from "../../src/ports/journal.ts";
import { zoo } from "../support/kernel-zoo.ts";

/** A state that has taken run.started, and a way to step on. */
const world = (logic: Logic = zoo) => {
  const state = new State(logic);
  let now = 1_000;
  const take = (input: Input, at = now): Step => {
    now = at;
    return step(state, state.seq + 1, at, input);
  };
  take({ type: "run.started", build: "b" });
  return { state, take };
};

const kinds = (made: Step): string[] => made.incidents.map(({ kind, actor, event }) => `${kind} ${actor} ${event}`);

describe("a transition is a transaction", () => {
  test.each(["poke.assign", "poke.guard", "poke.params", "poke.codec", "poke.context"])(
    "%s: nothing it said is done, nothing it changed stays, and the poison is recorded",
    (type) => {
      const { state, take } = world();
      take({ type: "poke.well" });
      const before = state.snapshotOf("fragile");
      const made = take({ type });
      expect(state.snapshotOf("fragile")).toBe(before);
      expect(made.effects.filter(({ actor }) => actor === "fragile")).toEqual([]);
      expect(made.transitions.filter(({ actor }) => actor !== "keeper")).toEqual([]);
      expect(kinds(made)).toEqual([`poisoned fragile ${type}`]);
    },
  );

  test("the detail of a poison is the message alone, without a stack", () => {
    const { take } = world();
    expect(take({ type: "poke.assign" }).incidents[0]!.detail).toBe("assign exploded");
    expect(take({ type: "poke.codec" }).incidents[0]!.detail).toMatch(/\$\.more is not plain JSON/);
  });

  test("an actor is as good as new after it: the next event works", () => {
    const { take } = world();
    take({ type: "poke.assign" });
    expect(take({ type: "poke.well" }).effects.map(({ params }) => params)).toEqual([{ key: "poke 1" }]);
  });

  test("what a context may not hold is refused where it arises, and endless loops end", () => {
    const loop = setup({ actions: { ...speech } }).createMachine({ on: { go: { actions: raise({ type: "go" }) } } });
    const machines = { ...zoo.machines, fragile: { machine: loop, version: 1, protection: "restart" as const } };
    const { take } = world({ ...zoo, machines, route: ({ type }) => ({ to: [type === "go" ? "fragile" : "keeper"] }) });
    expect(take({ type: "go" }).incidents[0]!.detail).toMatch(/Infinite loop/);
  });

  test("a machine that reaches for self, system or spawn is poisoned", () => {
    const other = setup({}).createMachine({});
    const grabby = setup({
      types: { context: {} as { grabbed: boolean }, events: {} as { type: string } },
      actors: { other },
      actions: { ...speech },
    }).createMachine({
      context: { grabbed: false },
      on: {
        self: {
          actions: assign(({ self }) => {
            self.send({ type: "x" });
            return { grabbed: true };
          }),
        },
        spawn: {
          actions: assign(({ spawn }) => {
            spawn("other");
            return { grabbed: true };
          }),
        },
      },
    });
    const machines = { ...zoo.machines, fragile: { machine: grabby, version: 1, protection: "restart" as const } };
    const { take } = world({ ...zoo, machines, route: ({ type }) => ({ to: [type === "run.started" ? "keeper" : "fragile"] }) });
    expect(kinds(take({ type: "self" }))).toEqual(["poisoned fragile self"]);
    expect(kinds(take({ type: "spawn" }))).toEqual(["poisoned fragile spawn"]);
  });
});

describe("supervision (K8)", () => {
  test("quarantine: the first poison sets the actor aside, the supervisor hears of it, and later events are recorded, not delivered", () => {
    const { state, take } = world();
    const made = take({ type: "poke.guard", to: "glass" });
    expect(state.cells.get("glass")!.standing).toBe("quarantined");
    expect(made.effects.map(({ actor, params }) => [actor, params])).toEqual([["keeper", { key: "poisoned glass" }]]);
    expect(take({ type: "poke.well", to: "glass" }).incidents).toEqual([
      { kind: "undelivered", actor: "glass", event: "poke.well", detail: "quarantined" },
    ]);
  });

  test("restart: goes on twice, and is halted the third time within 60 s", () => {
    const { state, take } = world();
    take({ type: "poke.assign" }, 1_000);
    take({ type: "poke.assign" }, 30_000);
    expect(state.cells.get("fragile")!.standing).toBe("live");
    const third = take({ type: "poke.assign" }, 60_999);
    expect(state.cells.get("fragile")!.standing).toBe("halted");
    expect(third.transitions).toEqual([]);
    expect(state.snapshotOf("keeper")!.context.heard).toContain("actor.halted fragile");
  });

  test("restart: three poisons over more than 60 s are survived", () => {
    const { state, take } = world();
    for (const at of [1_000, 31_001, 61_001, 91_002]) take({ type: "poke.assign" }, at);
    expect(state.cells.get("fragile")!.standing).toBe("live");
  });

  test("an actor that throws while being born is not there, and its supervisor knows", () => {
    const stillborn = setup({ actions: { ...speech } }).createMachine({
      context: () => {
        throw new Error("no birth");
      },
    });
    const machines = { ...zoo.machines, saga: { machine: stillborn, version: 1, protection: "quarantine" as const } };
    const { state, take } = world({ ...zoo, machines });
    const made = take({ type: "intent.made", id: "a" });
    expect(state.cells.has("orders/a")).toBe(false);
    expect(kinds(made)).toEqual(["poisoned orders/a spawned", "undelivered orders/a order.begin"]);
    expect(state.snapshotOf("keeper")!.context.heard).toEqual(["actor.poisoned orders/a"]);
  });

  test("only the supervisor may go live", () => {
    const forward = setup({ actions: { ...speech, ...supervision } }).createMachine({
      on: { go: { actions: { type: "goLive", params: {} } } },
    });
    const machines = { ...zoo.machines, fragile: { machine: forward, version: 1, protection: "restart" as const } };
    const { state, take } = world({ ...zoo, machines, route: ({ type }) => ({ to: [type === "go" ? "fragile" : "keeper"] }) });
    expect(kinds(take({ type: "go" }))).toEqual(["poisoned fragile goLive"]);
    expect(state.live).toBe(false);
  });
});

describe("an event nobody takes is never lost in silence", () => {
  test("no state accepts it", () => {
    const { take } = world();
    expect(take({ type: "surprise" }).incidents).toEqual([
      { kind: "unhandled", actor: "keeper", event: "surprise", detail: 'in "reconciling": no state accepts it' },
    ]);
  });

  test("every guard refused it", () => {
    const { take } = world();
    take({ type: "intent.made", id: "a" });
    take({ type: "order.working", id: "a" });
    take({ type: "effect.written", effect: "99.1" });
    take({ type: "order.known", id: "a", live: true });
    const shy = setup({ actions: { ...speech }, guards: { no: () => false } }).createMachine({ on: { x: { guard: "no" } } });
    const machines = { ...zoo.machines, fragile: { machine: shy, version: 1, protection: "restart" as const } };
    const other = world({ ...zoo, machines, route: ({ type }) => ({ to: [type === "x" ? "fragile" : "keeper"] }) });
    expect(other.take({ type: "x" }).incidents[0]!.detail).toBe("in {}: every guard refused");
  });

  test("an empty handler, a quote, and the word that an effect was written are no incidents", () => {
    const { take } = world();
    take({ type: "intent.made", id: "a" });
    expect(take({ type: "order.known", id: "a" }).incidents).toEqual([]);
    expect(take({ type: "quote.updated" }).incidents).toEqual([]);
    take({ type: "poke.well" });
    expect(take({ type: "effect.written", effect: "5.1", epoch: 1 }).incidents).toEqual([]);
  });

  test("nobody listens, no such actor, a route that throws: unrouted", () => {
    const { take } = world({
      ...zoo,
      route: (input) => (input.type === "x" ? { to: ["nobody"], topics: ["void"] } : zoo.route(input)),
    });
    expect(kinds(take({ type: "x" }))).toEqual(["unrouted  x"]);
    expect(take({ type: "misrouted" }).incidents).toEqual([
      { kind: "unrouted", actor: "", event: "misrouted", detail: "no way" },
    ]);
  });

  test("the fallback hears what hits nobody", () => {
    const { take } = world();
    expect(kinds(take({ type: "order.filled", id: "long gone" }))).toEqual(["unhandled keeper order.filled"]);
  });

  test("the answer of an effect that is not outstanding", () => {
    const { take } = world();
    expect(kinds(take({ type: "effect.written", effect: "1.1", epoch: 1 }))).toEqual(["undelivered  effect.written"]);
  });
});

describe("what is said is done in the order in which it was said", () => {
  test("a newborn hears what was told it right after, and its entry actions belong to the same step", () => {
    const { take } = world();
    const made = take({ type: "intent.made", id: "a" });
    expect(made.transitions.map(({ actor, from, to }) => [actor, from, to])).toEqual([
      ["orders/a", null, "intended"],
      ["orders/a", "intended", "submitted"],
    ]);
    expect(made.effects).toEqual([{ id: "2.1", actor: "orders/a", type: "placeOrder", params: { intent: "a" } }]);
  });

  test("tells chain through the step, and topics reach their listeners by path", () => {
    const { state, take } = world();
    take({ type: "chat.begin" });
    expect(state.snapshotOf("fragile")!.context.pokes).toBe(1);
    expect(state.snapshotOf("glass")!.context.pokes).toBe(1);
  });

  test("params that are a list say one thing for each element, and an empty list says nothing", () => {
    const crier = setup({ types: { events: {} as { type: string } }, actions: { ...speech } }).createMachine({
      on: {
        cry: {
          actions: [
            { type: "tell", params: ["x", "y"].map((id) => ({ to: "clerk", event: { type: "leg.filled", id } })) },
            { type: "tell", params: [] },
          ],
        },
      },
    });
    const machines = { ...zoo.machines, fragile: { machine: crier, version: 1, protection: "restart" as const } };
    const { state, take } = world({ ...zoo, machines, route: ({ type }) => ({ to: [type === "cry" ? "fragile" : "keeper"] }) });
    expect(take({ type: "cry" }).incidents).toEqual([]);
    expect(Object.keys(state.snapshotOf("clerk")!.context.ledger)).toEqual(["x", "y"]);
  });

  test("retiring a prefix ends them all, with their timers and topics", () => {
    const { state, take } = world();
    take({ type: "intent.made", id: "b" });
    take({ type: "intent.made", id: "a" });
    expect(state.timers.size).toBe(3);
    const made = take({ type: "day.ended" });
    expect(made.transitions.map(({ actor, event, to }) => [actor, event, to])).toEqual([
      ["orders/a", "retired", null],
      ["orders/b", "retired", null],
    ]);
    expect(state.timers.size).toBe(1);
    expect(kinds(take({ type: "order.filled", id: "a" }))).toEqual(["unhandled keeper order.filled"]);
  });

  test("a spawn at a path that is taken is the speaker's fault", () => {
    const { take } = world();
    take({ type: "intent.made", id: "a" });
    expect(kinds(take({ type: "intent.made", id: "a" }))).toEqual(["poisoned keeper spawn", "unhandled orders/a order.begin"]);
  });

  test("an endless chain of tells ends, poisons its speaker and leaves the others alone", () => {
    const echo = setup({ types: { events: {} as { type: string } }, actions: { ...speech } }).createMachine({
      on: { ping: { actions: { type: "tell", params: { to: "fragile", event: { type: "ping" } } } } },
    });
    const machines = { ...zoo.machines, fragile: { machine: echo, version: 1, protection: "restart" as const } };
    const { take } = world({ ...zoo, machines, route: ({ type }) => ({ to: [type === "ping" ? "fragile" : "keeper"] }) });
    const made = take({ type: "ping" });
    expect(kinds(made)).toEqual(["undelivered fragile ping", "poisoned fragile ping"]);
    expect(made.incidents[0]!.detail).toMatch(String(MAX_DEPTH));
  });

  test("an explosion of tells ends too", () => {
    const double = setup({ types: { events: {} as { type: string } }, actions: { ...speech } }).createMachine({
      on: {
        ping: {
          actions: [
            { type: "tell", params: { to: "fragile", event: { type: "ping" } } },
            { type: "tell", params: { to: "fragile", event: { type: "ping" } } },
          ],
        },
      },
    });
    const machines = { ...zoo.machines, fragile: { machine: double, version: 1, protection: "quarantine" as const } };
    const { take } = world({ ...zoo, machines, route: ({ type }) => ({ to: [type === "ping" ? "fragile" : "keeper"] }) });
    expect(kinds(take({ type: "ping" }))).toEqual(["undelivered fragile ping", "poisoned fragile ping"]);
  });
});

test("every delivered event carries the market time of its step", () => {
  const { state, take } = world();
  take({ type: "intent.made", id: "a" }, 5_000);
  take({ type: "order.filled", id: "a" }, 6_000);
  expect(state.snapshotOf("clerk")!.context.ledger).toEqual({ a: 6_000 });
});
