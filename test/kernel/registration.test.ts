import { describe, expect, test } from "vitest";
import { type AnyStateMachine, assign, enqueueActions, fromPromise, raise, sendParent, sendTo, setup, spawnChild } from "xstate";
import { speech } from "../../src/domain/speech.ts";
import { refusals } from "../../src/kernel/refusals.ts";
import { State } from "../../src/kernel/state.ts";
import { zoo } from "../support/kernel-zoo.ts";

const rules = { effectClass: (type: string) => (type === "place" ? ("order" as const) : undefined) };
const setUp = setup({
  actions: { ...speech, place: (_: unknown, _params: { id: string }) => {} },
  delays: { soon: 10 },
  guards: { fine: () => true },
  actors: { job: fromPromise(async () => 1) },
});

describe("a machine is refused at registration", () => {
  test.each([
    ["an inline function", setUp.createMachine({ on: { x: { actions: () => {} } } }), /inline function/],
    ["enqueueActions", setUp.createMachine({ entry: enqueueActions(() => {}) }), /xstate.enqueueActions/],
    ["sendTo", setUp.createMachine({ exit: sendTo("a", { type: "b" }) }), /xstate.sendTo/],
    ["sendParent", setUp.createMachine({ always: { guard: "fine", actions: sendParent({ type: "b" }) } }), /xstate.sendTo/],
    ["spawnChild", setUp.createMachine({ entry: spawnChild("job", { id: "j" }) }), /xstate.spawnChild/],
    ["invoke", setUp.createMachine({ initial: "a", states: { a: { invoke: { src: "job" } } } }), /invoke is refused/],
    ["a delayed raise without an id", setUp.createMachine({ entry: raise({ type: "x" }, { delay: 10 }) }), /needs an id/],
    [
      "an initial action inline",
      setUp.createMachine({ initial: { target: "a", actions: () => {} }, states: { a: {} } }),
      /inline/,
    ],
  ])("for %s", (_, machine, reason) => {
    expect(refusals(machine, rules).join("\n")).toMatch(reason);
  });

  test("for an action, a guard or a delay that nobody declared", () => {
    const machine = setUp.createMachine({
      initial: "a",
      states: { a: { after: { someday: "b" }, on: { x: { guard: "who" as never, actions: "what" as never } } }, b: {} },
    } as never) as unknown as AnyStateMachine;
    const found = refusals(machine, rules).join("\n");
    expect(found).toMatch(/the action what is not declared/);
    expect(found).toMatch(/the guard who is not declared/);
    expect(found).toMatch(/the delay someday is not declared/);
  });

  test("for a named action that is an enqueueActions underneath, or neither effect nor reserved word", () => {
    const machine = setup({ actions: { sly: enqueueActions(() => {}), shout: () => {} } }).createMachine({});
    const found = refusals(machine, rules).join("\n");
    expect(found).toMatch(/sly.*xstate.enqueueActions/);
    expect(found).toMatch(/shout.*neither a reserved word nor an effect/);
  });

  test("naming every fault and its state at once, when the program is put together", () => {
    const bad = setUp.createMachine({ id: "bad", entry: () => {}, initial: "a", states: { a: { exit: () => {} } } });
    const machines = { ...zoo.machines, bad: { machine: bad, version: 1, protection: "restart" as const } };
    expect(() => new State({ ...zoo, machines })).toThrow(/the machine bad cannot run here:\nsetup.*place.*\nbad: .*\nbad\.a: /);
  });
});

test("assign, raise, after with a named delay, nested guards and named actions are accepted", () => {
  const machine = setUp.createMachine({
    entry: [
      assign({}),
      raise({ type: "x" }),
      raise({ type: "x" }, { delay: 10, id: "mine" }),
      { type: "place", params: { id: "a" } },
    ],
    initial: "a",
    states: { a: { after: { soon: { guard: "fine", target: "b" } } }, b: {} },
  });
  expect(refusals(machine, rules)).toEqual([]);
});
