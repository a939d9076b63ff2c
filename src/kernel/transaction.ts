/**
 * One transition of one actor as a transaction: everything it says is collected and checked; nothing is done (K4).
 *
 * XState hands each resolved action to `scope.actionExecutor`. Ours writes it down. When the transition throws, or says or
 * keeps something that is not plain JSON, all of it is dropped, the previous snapshot stays, and `fault` says why.
 */
import type { AnyMachineSnapshot, AnyStateMachine } from "xstate";
import { checkPlain } from "../domain/canonical-json.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Listen, Retire, Spawn, Tell, Told } from "../domain/speech.ts";
import type { Logic } from "./logic.ts";
import { laidOut, settled } from "./settled.ts";
import { isForbiddenEventType, RESERVED, type Utterance } from "./vocabulary.ts";

/** What a machine may not do; the message says what to do instead. */
export class MachineRefusal extends Error {
  override name = "MachineRefusal";
}

/** Longer messages are cut: they go into the journal. */
const FAULT_LIMIT = 500;

/** The message alone: a stack would differ from machine to machine, and the journal must not. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, FAULT_LIMIT);

/** An action as XState 5 hands it to the executor of an actor's scope. */
interface ResolvedAction {
  readonly type: string;
  readonly params: unknown;
  readonly exec: unknown;
}

const refuse = (what: string): never => {
  throw new MachineRefusal(what);
};

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (params: { readonly [key: string]: unknown }, key: string, action: string): string => {
  const value = params[key];
  return typeof value === "string" && value !== "" ? value : refuse(`${action}: ${key} must be a text that is not empty`);
};

const eventOf = (value: unknown, action: string): Told => {
  if (!isRecord(value) || isForbiddenEventType(value["type"])) {
    return refuse(`${action}: the event needs a type of its own, got ${isRecord(value) ? String(value["type"]) : String(value)}`);
  }
  return settled(value) as unknown as Told;
};

const topicsOf = (params: { readonly [key: string]: unknown }, action: string): readonly string[] => {
  const topics = params["topics"];
  if (!Array.isArray(topics) || topics.some((topic) => typeof topic !== "string"))
    refuse(`${action}: topics must be a list of texts`);
  return topics as readonly string[];
};

/** What a machine sees of XState's actor scope: nothing that would let it act by itself. */
const inertSelf = (): object => {
  const no = (): never => refuse("a machine may not use self or system: speak with tell, spawn and retire instead");
  const system = { _sendInspectionEvent: () => {}, _bookId: no, get: no, getAll: no };
  return { id: "self", sessionId: "self", send: no, getSnapshot: no, on: no, subscribe: no, system };
};

export class Transaction {
  readonly #logic: Logic;
  #machine: AnyStateMachine | undefined;
  #said: Utterance[] = [];
  /** Why the last transition was undone; undefined when it stands. */
  fault: string | undefined;
  readonly #scope: {
    readonly self: object;
    readonly id: string;
    readonly sessionId: string;
    readonly system: unknown;
    readonly logger: () => void;
    readonly defer: () => never;
    readonly emit: () => never;
    readonly stopChild: () => never;
    actionExecutor: (action: ResolvedAction) => void;
  };

  constructor(logic: Logic) {
    this.#logic = logic;
    const self = inertSelf();
    const no = (): never => refuse("a machine may not spawn or stop children: use the actions spawn and retire");
    this.#scope = {
      self,
      id: "self",
      sessionId: "self",
      system: (self as { system: unknown }).system,
      logger: () => {},
      defer: no,
      emit: no,
      stopChild: no,
      actionExecutor: (action) => this.#hear(action),
    };
  }

  /** What the last transition said, in order. */
  get said(): readonly Utterance[] {
    return this.#said;
  }

  /** Runs a transition. Gives `before` back when it had to be undone. */
  transition(
    machine: AnyStateMachine,
    before: AnyMachineSnapshot,
    derive: (scope: unknown) => AnyMachineSnapshot,
  ): AnyMachineSnapshot {
    this.#begin(machine);
    try {
      return this.#keep(derive(this.#scope), before);
    } catch (error) {
      this.#undo(error);
      return before;
    }
  }

  /** Runs the making of an initial snapshot. There is nothing to go back to: throws when it had to be undone. */
  birth(machine: AnyStateMachine, derive: (scope: unknown) => AnyMachineSnapshot): AnyMachineSnapshot {
    this.#begin(machine);
    try {
      return this.#keep(derive(this.#scope), undefined);
    } catch (error) {
      this.#undo(error);
      throw error;
    }
  }

  #begin(machine: AnyStateMachine): void {
    this.#machine = machine;
    this.#said = [];
    this.fault = undefined;
  }

  #undo(error: unknown): void {
    this.#said = [];
    this.fault = messageOf(error);
  }

  /** Settles what the new snapshot holds. XState made the object in this very transition, so it may still be changed. */
  #keep(next: AnyMachineSnapshot, before: AnyMachineSnapshot | undefined): AnyMachineSnapshot {
    if (next === before) return next;
    if (next.status === "error") throw next.error;
    const context: unknown =
      before === undefined ? laidOut(settled<object>(next.context)) : settled<unknown>(next.context, before.context);
    if (context !== next.context) (next as { context: unknown }).context = context;
    if (next.output !== undefined) (next as { output: unknown }).output = settled<unknown>(next.output);
    return next;
  }

  #hear(action: ResolvedAction): void {
    switch (action.type) {
      case "xstate.raise":
        this.#raised(action.params as { event: unknown; id: unknown; delay: unknown });
        return;
      case "xstate.cancel":
        this.#said.push({ say: "disarm", id: String((action.params as { sendId: unknown }).sendId) });
        return;
      case "xstate.emit": {
        const { event } = action.params as { event: unknown };
        this.#said.push({ say: "fact", fact: eventOf(event, "emit") });
        return;
      }
      case "xstate.log":
        return;
    }
    if (action.type.startsWith("xstate.")) refuse(`${action.type} is not for machines here: use tell, spawn and retire`);
    const declared: unknown = this.#machine?.implementations.actions[action.type];
    if (action.exec === undefined || action.exec !== declared) {
      refuse(`the action ${action.type} is not declared in setup({ actions }): inline functions cannot be journaled`);
    }
    const { type, params } = action;
    if (Array.isArray(params)) for (const each of params) this.#said.push(this.#speech(type, each));
    else this.#said.push(this.#speech(type, params));
  }

  #raised({ event, id, delay }: { event: unknown; id: unknown; delay: unknown }): void {
    if (typeof delay !== "number") return;
    if (typeof id !== "string") {
      refuse("a delayed raise needs an id: without one XState would draw it at random");
      return;
    }
    if (!Number.isFinite(delay)) {
      refuse(`the delay of ${id} is ${delay}`);
      return;
    }
    if (!isRecord(event)) {
      refuse(`the delayed raise ${id} has no event`);
      return;
    }
    this.#said.push({ say: "arm", id, delayMs: delay, event: settled(event) as unknown as Told });
  }

  #speech(type: string, params: unknown): Utterance {
    if (!RESERVED.has(type)) {
      if (this.#logic.effectClass(type) === undefined)
        return refuse(`the action ${type} is neither a reserved word nor an effect`);
      const settledParams = settled(params ?? {});
      if (!isRecord(settledParams)) return refuse(`the params of the effect ${type} must be an object`);
      return { say: "effect", type, params: settledParams as JsonObject };
    }
    if (type === "goLive") return { say: "goLive" };
    if (!isRecord(params)) return refuse(`${type}: no params`);
    switch (type) {
      case "tell": {
        const event = eventOf(params["event"], "tell");
        const tell: Tell =
          params["topic"] === undefined ? { to: text(params, "to", type), event } : { topic: text(params, "topic", type), event };
        return { say: "tell", params: tell };
      }
      case "spawn": {
        const machine = text(params, "machine", type);
        if (this.#logic.machines[machine] === undefined) return refuse(`spawn: there is no machine ${machine}`);
        const spawn: Spawn = { path: text(params, "path", type), machine, input: settled(params["input"] ?? null) as object };
        return { say: "spawn", params: spawn };
      }
      case "retire": {
        const retire: Retire =
          params["prefix"] === undefined ? { path: text(params, "path", type) } : { prefix: text(params, "prefix", type) };
        return { say: "retire", params: retire };
      }
      case "listen":
      case "unlisten": {
        const topics = topicsOf(params, type);
        checkPlain(topics);
        const listen: Listen = { topics };
        return { say: type, params: listen };
      }
    }
    return refuse(`the reserved word ${type} means nothing`);
  }
}
