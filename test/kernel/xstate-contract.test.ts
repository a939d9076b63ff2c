/**
 * What the kernel takes for granted about XState's inside. A red test here after an upgrade says which assumption broke; the
 * version is pinned exactly, so it breaks only on purpose.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { assign, cancel, createActor, emit, log, raise, setup } from "xstate";

interface Heard {
  readonly type: string;
  readonly params: unknown;
  readonly exec: unknown;
}

const nop = (): void => {};
const machine = setup({
  types: { context: {} as { n: number }, events: {} as { type: string } },
  actions: { speak: (_: unknown, _params: { n: number }) => {}, bump: assign({ n: ({ context }) => context.n + 1 }) },
  guards: { never: () => false },
}).createMachine({
  id: "m",
  context: { n: 0 },
  initial: "a",
  on: {
    effect: { actions: { type: "speak", params: ({ context }) => ({ n: context.n }) } },
    fact: { actions: emit({ type: "told" }) },
    words: { actions: log("words") },
    stopTimer: { actions: cancel("t1") },
    later: { actions: raise({ type: "x" }, { delay: 10, id: "named" }) },
    laterUnnamed: { actions: raise({ type: "x" }, { delay: 10 }) },
    inner: { actions: raise({ type: "effect" }) },
    nothing: {},
    refused: { guard: "never", actions: "bump" },
    inline: { actions: nop },
    blow: {
      actions: [
        "bump",
        assign(() => {
          throw new Error("blown");
        }),
      ],
    },
    inplace: { actions: "bump" },
  },
  states: {
    a: { entry: { type: "speak", params: { n: 7 } }, on: { go: "b" } },
    b: { after: { 5000: "c" }, on: { back: "a" } },
    c: { type: "final" },
  },
});

/** A private copy whose transitions run under an executor that only listens. */
const listening = () => {
  const heard: Heard[] = [];
  const deferred: unknown[] = [];
  const copy = machine.provide({});
  const scopeOf = (scope: object) => ({
    ...scope,
    actionExecutor: (action: Heard) => heard.push(action),
    defer: (job: unknown) => deferred.push(job),
  });
  const { transition, getInitialSnapshot } = copy;
  copy.transition = (snapshot, event, scope) => transition(snapshot, event, scopeOf(scope) as never);
  copy.getInitialSnapshot = (scope, input) => getInitialSnapshot(scopeOf(scope) as never, input);
  return { copy, heard, deferred };
};

const started = () => {
  const { copy, heard, deferred } = listening();
  const actor = createActor(copy).start();
  heard.length = 0;
  return { actor, copy, heard, deferred };
};

test("the version that these contracts were read from is the one installed", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../node_modules/xstate/package.json", import.meta.url), "utf8"));
  expect(version).toBe("5.33.3");
});

describe("an actor whose logic has its transition replaced", () => {
  test("asks the replacement for each event and keeps what it gives", () => {
    const { actor } = started();
    actor.send({ type: "go" });
    expect(actor.getSnapshot().value).toBe("b");
  });

  test("hands each named action to the scope's executor, with its params and the declared function, and runs nothing", () => {
    const { actor, copy, heard } = started();
    actor.send({ type: "effect" });
    expect(heard.map(({ type, params }) => ({ type, params }))).toEqual([{ type: "speak", params: { n: 0 } }]);
    expect(heard[0]!.exec).toBe(copy.implementations.actions["speak"]);
  });

  test("hands over an inline function under its own name, with itself, so it can be told from a declared one", () => {
    const { actor, copy, heard } = started();
    actor.send({ type: "inline" });
    expect(heard[0]!.exec).toBe(nop);
    expect(copy.implementations.actions[heard[0]!.type as "speak"]).toBeUndefined();
  });

  test("hands over emit, log, cancel and delayed raise as xstate.* with resolved params, and applies raise without delay at once", () => {
    const { actor, heard } = started();
    for (const type of ["fact", "words", "stopTimer", "later", "laterUnnamed", "inner"]) actor.send({ type });
    expect(heard.map(({ type, params }) => ({ type, params }))).toEqual([
      { type: "xstate.emit", params: { event: { type: "told" } } },
      { type: "xstate.log", params: { value: "words", label: undefined } },
      { type: "xstate.cancel", params: { sendId: "t1" } },
      { type: "xstate.raise", params: { event: { type: "x" }, id: "named", delay: 10 } },
      { type: "xstate.raise", params: { event: { type: "x" }, id: undefined, delay: 10 } },
      { type: "xstate.raise", params: { event: { type: "effect" }, id: undefined, delay: undefined } },
      { type: "speak", params: { n: 0 } },
    ]);
  });

  test("arms an `after` as a delayed raise with an id of its own and cancels that id on leaving", () => {
    const { actor, heard } = started();
    actor.send({ type: "go" });
    actor.send({ type: "back" });
    const id = "xstate.after.5000.m.b";
    expect(heard.map(({ type, params }) => ({ type, params }))).toEqual([
      { type: "xstate.raise", params: { event: { type: id }, id, delay: 5_000 } },
      { type: "xstate.cancel", params: { sendId: id } },
      { type: "speak", params: { n: 7 } },
    ]);
  });

  test("assign never goes through the executor, and nothing but a spawning assign defers", () => {
    const { actor, heard, deferred } = started();
    actor.send({ type: "inplace" });
    expect(heard).toEqual([]);
    expect(deferred).toEqual([]);
  });

  test("hands over entry actions of the initial state while it is being made", () => {
    const { copy, heard } = listening();
    createActor(copy);
    expect(heard.map(({ type, params }) => ({ type, params }))).toEqual([{ type: "speak", params: { n: 7 } }]);
  });

  test("an executor that throws ends the transition, and the next one still finds it in place", () => {
    const { copy } = listening();
    const actor = createActor(copy).start();
    let refusing = true;
    const { transition } = copy;
    const broken = machine.provide({});
    broken.transition = (snapshot, event, scope) => {
      try {
        return transition(snapshot, event, {
          ...scope,
          actionExecutor: () => {
            if (refusing) throw new Error("refused");
          },
        });
      } catch {
        return snapshot;
      }
    };
    const second = createActor(broken).start();
    second.send({ type: "effect" });
    refusing = false;
    second.send({ type: "go" });
    expect(second.getSnapshot().value).toBe("b");
    expect(actor.getSnapshot().status).toBe("active");
  });
});

describe("a transition", () => {
  test("that throws in an assign leaves the snapshot it began with untouched", () => {
    const actor = createActor(machine).start();
    const before = actor.getSnapshot();
    expect(() => machine.transition(before, { type: "blow" }, { ...scopeFor(actor) })).toThrow("blown");
    expect(before.context).toEqual({ n: 0 });
  });

  test("gives the very same snapshot back when no state accepts the event, a guard refuses, the handler is empty, or only actions ran", () => {
    const { actor } = started();
    const before = actor.getSnapshot();
    for (const type of ["unknown", "refused", "nothing", "effect"]) {
      actor.send({ type });
      expect(actor.getSnapshot(), type).toBe(before);
    }
  });

  test("is told by getTransitionData: an empty handler counts, a refused guard and an unknown event do not", () => {
    const snapshot = createActor(machine).start().getSnapshot();
    const count = (type: string): number => machine.getTransitionData(snapshot, { type }).length;
    expect([count("nothing"), count("effect"), count("refused"), count("unknown")]).toEqual([1, 1, 0, 0]);
  });

  test("makes a new snapshot object when it changes anything, so the new one may be settled in place", () => {
    const { actor } = started();
    const before = actor.getSnapshot();
    actor.send({ type: "inplace" });
    expect(actor.getSnapshot()).not.toBe(before);
    expect(before.context).toEqual({ n: 0 });
  });

  test("knows which events its active nodes declare, guards aside", () => {
    const nodes: readonly { readonly transitions: ReadonlyMap<string, unknown> }[] = createActor(machine)
      .start()
      .getSnapshot()._nodes;
    expect(nodes.some((node) => node.transitions.has("refused"))).toBe(true);
    expect(nodes.some((node) => node.transitions.has("unknown"))).toBe(false);
  });

  test("stops at options.maxIterations microsteps", () => {
    const endless = setup({})
      .createMachine({ initial: "a", states: { a: { always: "b" }, b: { always: "a" } } })
      .provide({});
    endless.options = { ...endless.options, maxIterations: 50 };
    const snapshot = endless.getInitialSnapshot(scopeFor(createActor(machine)) as never, undefined);
    expect(snapshot.status).toBe("error");
    expect(String(snapshot.error)).toMatch(/Infinite loop/);
  });
});

describe("persistence", () => {
  test("restores value and context, runs no entry action again, and forgets delayed events (which is why ours keep their own)", () => {
    const { actor, copy, heard } = started();
    actor.send({ type: "go" });
    const persisted = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    expect(Object.keys(persisted).sort()).toEqual(["children", "context", "historyValue", "status", "value"]);
    heard.length = 0;
    const again = createActor(copy, { snapshot: persisted }).start();
    expect(again.getSnapshot().value).toBe("b");
    expect(heard).toEqual([]);
  });

  test("a snapshot of a state that is gone makes an actor in status error, without throwing", () => {
    const persisted = { status: "active", value: "gone", context: { n: 0 }, children: {}, historyValue: {} };
    expect(createActor(machine, { snapshot: persisted as never }).getSnapshot().status).toBe("error");
  });

  test("provide({}) makes a machine of its own: changing its methods leaves the first alone", () => {
    const copy = machine.provide({});
    expect(copy).not.toBe(machine);
    expect(copy.options).not.toBe(machine.options);
  });
});

const scopeFor = (actor: { readonly system: unknown }) =>
  ({
    self: actor,
    id: "x",
    sessionId: "x",
    logger: () => {},
    defer: () => {},
    system: actor.system,
    stopChild: () => {},
    emit: () => {},
    actionExecutor: () => {},
  }) as never as Parameters<typeof machine.transition>[2] & object;
