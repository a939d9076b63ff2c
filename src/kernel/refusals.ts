/**
 * What a machine declares that this kernel cannot keep its promises for, found by walking it before it ever runs.
 *
 * What only shows at run time (an enqueued action, a value that is not plain JSON) poisons the transition instead.
 */
import type { AnyStateMachine } from "xstate";
import type { Logic } from "./logic.ts";
import { RESERVED } from "./vocabulary.ts";

const ALLOWED_BUILTINS: ReadonlySet<string> = new Set([
  "xstate.assign",
  "xstate.raise",
  "xstate.cancel",
  "xstate.emit",
  "xstate.log",
]);

/** A state node, an action and a transition as XState 5 keeps them at run time. */
interface Node {
  readonly id: string;
  readonly entry: readonly unknown[];
  readonly exit: readonly unknown[];
  readonly invoke: readonly unknown[];
  readonly always?: readonly Way[];
  readonly transitions: ReadonlyMap<string, readonly Way[]>;
  readonly initial?: { readonly actions: readonly unknown[] };
  readonly states: { readonly [key: string]: Node };
}
interface Way {
  readonly actions: readonly unknown[];
  readonly guard?: unknown;
}
interface Builtin {
  readonly type: string;
  readonly id?: unknown;
  readonly delay?: unknown;
}

const isBuiltin = (action: unknown): action is Builtin => typeof action === "function" && "resolve" in action;

/** One line for each thing refused, naming the state; empty when the machine may run. */
export const refusals = (machine: AnyStateMachine, logic: Pick<Logic, "effectClass">): readonly string[] => {
  const found = new Set<string>();
  const { actions, guards, delays } = machine.implementations as {
    actions: { readonly [name: string]: unknown };
    guards: { readonly [name: string]: unknown };
    delays: { readonly [name: string]: unknown };
  };

  const checkBuiltin = (where: string, action: Builtin): void => {
    if (!ALLOWED_BUILTINS.has(action.type)) {
      found.add(`${where}: ${action.type} is refused: use named actions with params (tell, spawn, retire, effects)`);
    } else if (action.type === "xstate.raise" && action.delay !== undefined) {
      if (typeof action.id !== "string") found.add(`${where}: a delayed raise needs an id`);
      if (typeof action.delay === "string" && delays[action.delay] === undefined) {
        found.add(`${where}: the delay ${action.delay} is not declared; XState would not wait at all`);
      }
    }
  };
  const checkAction = (where: string, action: unknown): void => {
    if (isBuiltin(action)) {
      checkBuiltin(where, action);
      return;
    }
    if (typeof action === "function") {
      found.add(`${where}: an inline function is refused as an action; name it in setup({ actions })`);
      return;
    }
    const name = typeof action === "string" ? action : (action as Builtin).type;
    if (actions[name] === undefined) found.add(`${where}: the action ${name} is not declared in setup({ actions })`);
  };
  const checkGuard = (where: string, guard: unknown): void => {
    if (guard === undefined) return;
    if (typeof guard === "function") {
      const nested = (guard as { guards?: readonly unknown[] }).guards;
      for (const inner of nested ?? []) checkGuard(where, inner);
      return;
    }
    const name = typeof guard === "string" ? guard : (guard as Builtin).type;
    if (guards[name] === undefined) found.add(`${where}: the guard ${name} is not declared in setup({ guards })`);
  };
  const checkWays = (where: string, ways: readonly Way[]): void => {
    for (const way of ways) {
      checkGuard(where, way.guard);
      for (const action of way.actions) checkAction(where, action);
    }
  };
  const checkNode = (node: Node): void => {
    for (const action of [...node.entry, ...node.exit, ...(node.initial?.actions ?? [])]) checkAction(node.id, action);
    if (node.invoke.length > 0) found.add(`${node.id}: invoke is refused: what it starts would run outside the journal`);
    checkWays(node.id, node.always ?? []);
    for (const ways of node.transitions.values()) checkWays(node.id, ways);
    for (const child of Object.values(node.states)) checkNode(child);
  };

  for (const [name, action] of Object.entries(actions)) {
    const where = `setup({ actions: ${name} })`;
    if (isBuiltin(action)) checkBuiltin(where, action);
    else if (name.startsWith("xstate.")) found.add(`${where}: names beginning with xstate. belong to XState`);
    else if (!RESERVED.has(name) && logic.effectClass(name) === undefined)
      found.add(`${where}: is neither a reserved word nor an effect`);
  }
  checkNode(machine.root as unknown as Node);
  return [...found];
};
