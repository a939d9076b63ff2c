/**
 * One step: (state, input) → transitions, facts, effects, incidents. Synchronous, and blind to everything but its arguments (K1).
 *
 * The input is routed to actors; what they say is done in the order in which it was said, first in first out: a `tell` after a
 * `spawn` reaches the newborn, a `retire` after a `tell` lets the event arrive first. A transition is recorded when the state
 * value changed or an effect was spoken; a birth is recorded from null (`spawned`), a retirement to null (`retired`). Context
 * alone may change without a record: facts are for that.
 */
import type { AnyMachineSnapshot } from "xstate";
import { canonical } from "../domain/canonical-json.ts";
import type { Json } from "../domain/json.ts";
import type { Retire, Tell, Told } from "../domain/speech.ts";
import type { Effect, Fact, Incident, Input, Step, Transition } from "../ports/journal.ts";
import { Cell } from "./cell.ts";
import type { Birth, Recovered, Route } from "./logic.ts";
import type { State } from "./state.ts";
import { messageOf } from "./transaction.ts";
import type { Utterance } from "./vocabulary.ts";

/** A chain of tells, spawns and retirements longer than this, or more of them in one step, is taken for a loop. */
export const MAX_DEPTH = 100;
export const MAX_ERRANDS = 20_000;

/** Poisoned this often within the window: halted. */
const RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

/** Something said, still to be done. */
type Errand =
  | { readonly kind: "event"; readonly to: string; readonly event: Told; readonly from: string; readonly depth: number }
  | { readonly kind: "birth"; readonly birth: Birth; readonly from: string; readonly depth: number }
  | { readonly kind: "retirement"; readonly retire: Retire; readonly from: string; readonly depth: number };

/** Applies one input at one instant. Used alike live, in recovery and in replay. */
export const step = (state: State, seq: number, now: number, input: Input): Step => new StepInHand(state, seq, now).take(input);

class StepInHand {
  readonly #state: State;
  readonly #seq: number;
  readonly #now: number;
  readonly #transitions: Transition[] = [];
  readonly #facts: Fact[] = [];
  readonly #effects: Effect[] = [];
  readonly #incidents: Incident[] = [];
  readonly #errands: Errand[] = [];
  #done = 0;

  constructor(state: State, seq: number, now: number) {
    this.#state = state;
    this.#seq = seq;
    this.#now = now;
    state.seq = seq;
    state.now = now;
  }

  take(input: Input): Step {
    this.#admit(input);
    this.#runErrands();
    return {
      seq: this.#seq,
      now: this.#now,
      input,
      transitions: this.#transitions,
      facts: this.#facts,
      effects: this.#effects,
      incidents: this.#incidents,
    };
  }

  #runErrands(): void {
    while (this.#done < this.#errands.length) {
      const errand = this.#errands[this.#done]!;
      this.#done++;
      if (this.#done <= MAX_ERRANDS) this.#run(errand);
      else {
        // The rest is dropped; the speaker is poisoned, and the supervisor still hears of it.
        this.#errands.length = 0;
        this.#done = 0;
        this.#lost(errand, `more than ${MAX_ERRANDS} errands in one step: a loop?`);
      }
    }
  }

  /** Turns the input into first errands. */
  #admit(input: Input): void {
    switch (input.type) {
      case "timer.fired":
        this.#fire(input);
        return;
      case "effect.written":
      case "effect.refused":
      case "effect.unconfirmed":
        this.#answer(input);
        return;
      case "run.started":
        this.#startRun(input);
    }
    this.#route(input);
  }

  #fire(input: Input): void {
    const actor = String(input["actor"]);
    const timer = this.#state.timers.take(actor, String(input["id"]));
    if (timer === undefined) {
      this.#incident("undelivered", actor, input.type, `no timer ${String(input["id"])} is armed`);
      return;
    }
    this.#send(actor, { ...timer.event, now: this.#now, due: timer.deadline } as unknown as Told);
  }

  /** The answer of an effect takes it off the table and reaches the actor that spoke it, with its name and params. */
  #answer(input: Input): void {
    const id = String(input["effect"]);
    const effect = this.#state.unacknowledged.get(id);
    if (effect === undefined) {
      this.#incident("undelivered", "", input.type, `no effect ${id} is outstanding`);
      return;
    }
    this.#state.unacknowledged.delete(id);
    // Having left is what everybody expects: only the actors that care need a transition for it.
    if (input.type === "effect.written" && !this.#state.cells.has(effect.actor)) return;
    this.#send(effect.actor, { ...input, name: effect.type, params: effect.params, now: this.#now } as unknown as Told);
  }

  #startRun(input: Input): void {
    const state = this.#state;
    state.build = String(input["build"]);
    state.startedSeq = this.#seq;
    state.startedAt = this.#now;
    state.live = false;
    state.holdTimers();
    if (this.#seq === 1) {
      for (const birth of state.logic.genesis()) this.#errands.push({ kind: "birth", birth, from: "", depth: 0 });
      // They must be there, and listening, before the input itself is routed.
      this.#runErrands();
    }
    const recovered = input["recovered"] as Recovered | undefined;
    for (const path of recovered?.quarantined ?? []) {
      const cell = state.cells.get(path);
      if (cell !== undefined) this.#setAside(cell, "quarantined");
    }
  }

  #route(input: Input): void {
    let route: Route;
    try {
      route = this.#state.logic.route(input);
    } catch (error) {
      this.#incident("unrouted", "", input.type, messageOf(error));
      return;
    }
    const event = { ...input, now: this.#now } as unknown as Told;
    const heard = new Set<string>();
    const unknown: string[] = [];
    for (const path of route.to ?? []) {
      if (!this.#state.cells.has(path)) unknown.push(path);
      else if (!heard.has(path)) {
        heard.add(path);
        this.#send(path, event);
      }
    }
    for (const topic of route.topics ?? []) {
      for (const path of this.#state.topics.of(topic)) {
        if (heard.has(path)) continue;
        heard.add(path);
        this.#send(path, event);
      }
    }
    if (heard.size > 0) {
      for (const path of unknown) this.#incident("undelivered", path, input.type, "no such actor");
    } else if (route.fallback !== undefined && this.#state.cells.has(route.fallback)) {
      this.#send(route.fallback, event);
    } else if (!this.#isQuiet(input.type)) {
      this.#incident("unrouted", "", input.type, unknown.length > 0 ? `no such actor: ${unknown.join(", ")}` : "nobody listens");
    }
  }

  #send(to: string, event: Told): void {
    this.#errands.push({ kind: "event", to, event, from: "", depth: 0 });
  }

  #run(errand: Errand): void {
    if (errand.depth > MAX_DEPTH) {
      this.#lost(errand, `a chain of more than ${MAX_DEPTH} errands: a loop?`);
      return;
    }
    switch (errand.kind) {
      case "event":
        this.#deliver(errand.to, errand.event, errand.depth);
        return;
      case "birth":
        this.#bear(errand);
        return;
      case "retirement":
        this.#retire(errand.retire);
        return;
    }
  }

  #deliver(path: string, event: Told, depth: number): void {
    const cell = this.#state.cells.get(path);
    if (cell === undefined) {
      this.#incident("undelivered", path, event.type, "no such actor");
      return;
    }
    const before = cell.snapshot;
    if (cell.standing !== "live" || before === undefined) {
      if (!this.#isQuiet(event.type)) this.#incident("undelivered", path, event.type, cell.standing);
      return;
    }
    if (before.status !== "active") {
      if (!this.#isQuiet(event.type)) this.#incident("undelivered", path, event.type, "finished");
      return;
    }
    const { transaction } = this.#state;
    cell.send(event);
    if (transaction.fault !== undefined) {
      this.#poison(cell, event.type, transaction.fault);
      return;
    }
    const after = cell.snapshot!;
    const { said } = transaction;
    if (after === before && said.length === 0) {
      this.#noticeUnheard(cell, before, event);
      return;
    }
    if (after !== before) this.#state.dirty.add(cell);
    const spokeEffect = this.#heed(cell, said, depth);
    if (spokeEffect || !sameValue(before.value as Json, after.value as Json)) {
      this.#transitions.push({ actor: path, event: event.type, from: before.value as Json, to: after.value as Json });
    }
  }

  /** XState gives the same snapshot back both when nothing accepts an event and when a handler does nothing. */
  #noticeUnheard(cell: Cell, snapshot: AnyMachineSnapshot, event: Told): void {
    if (event.type === "effect.written" || this.#isQuiet(event.type)) return;
    if (cell.durable!.logic.getTransitionData(snapshot, event).length > 0) return;
    const nodes: readonly { readonly transitions: ReadonlyMap<string, unknown> }[] = snapshot._nodes;
    const declared = nodes.some((node) => node.transitions.has(event.type));
    this.#incident(
      "unhandled",
      cell.path,
      event.type,
      `in ${canonical(snapshot.value)}: ${declared ? "every guard refused" : "no state accepts it"}`,
    );
  }

  #bear({ birth, from, depth }: Errand & { kind: "birth" }): void {
    const { path, machine, input } = birth;
    const speaker = this.#state.cells.get(from);
    const complain = (detail: string): void => {
      if (speaker === undefined) this.#incident("undelivered", path, "spawned", detail);
      else this.#poison(speaker, "spawn", detail);
    };
    if (this.#state.cells.has(path)) {
      complain(`spawn: ${path} is taken`);
      return;
    }
    const durable = this.#state.machines.get(machine);
    if (durable === undefined) {
      complain(`spawn: there is no machine ${machine}`);
      return;
    }
    const cell = Cell.born(path, durable, input);
    const { fault, said } = this.#state.transaction;
    if (fault !== undefined) {
      this.#incident("poisoned", path, "spawned", fault);
      this.#tellSupervisor(path, { type: "actor.poisoned", path, machine, detail: fault, standing: "unborn" });
      return;
    }
    this.#state.cells.set(path, cell);
    this.#state.dirty.add(cell);
    this.#state.removed.delete(path);
    this.#heed(cell, said, depth);
    this.#transitions.push({ actor: path, event: "spawned", from: null, to: cell.snapshot!.value as Json });
  }

  #retire(retire: Retire): void {
    const { cells } = this.#state;
    if ("path" in retire) {
      const cell = cells.get(retire.path);
      if (cell === undefined) this.#incident("undelivered", retire.path, "retire", "no such actor");
      else this.#remove(cell);
      return;
    }
    const going = [...cells.values()].filter((cell) => cell.path.startsWith(retire.prefix));
    for (const cell of going.sort((a, b) => (a.path < b.path ? -1 : 1))) this.#remove(cell);
  }

  #remove(cell: Cell): void {
    const value = (cell.snapshot?.value ?? null) as Json;
    cell.end();
    const state = this.#state;
    state.cells.delete(cell.path);
    state.timers.cancelAll(cell.path);
    for (const topic of cell.topics) state.topics.remove(topic, cell.path);
    state.poisonings.delete(cell.path);
    state.dirty.delete(cell);
    state.removed.add(cell.path);
    this.#transitions.push({ actor: cell.path, event: "retired", from: value, to: null });
  }

  /** Does, or queues, what an actor said. True when an effect was among it. */
  #heed(cell: Cell, said: readonly Utterance[], depth: number): boolean {
    let spokeEffect = false;
    const { path } = cell;
    for (const utterance of said) {
      switch (utterance.say) {
        case "effect": {
          spokeEffect = true;
          const id = `${this.#seq}.${this.#effects.length + 1}`;
          const effect: Effect = { id, actor: path, type: utterance.type, params: utterance.params };
          this.#effects.push(effect);
          this.#state.unacknowledged.set(id, effect);
          break;
        }
        case "fact":
          this.#facts.push({ ...utterance.fact, actor: path } as Fact);
          break;
        case "arm":
          // At least a millisecond, as Node's own timers: a machine that re-arms at once must not stop time.
          this.#state.timers.arm({
            actor: path,
            id: utterance.id,
            deadline: this.#now + Math.max(1, Math.ceil(utterance.delayMs)),
            event: utterance.event as unknown as Input,
            armedAt: this.#seq,
          });
          break;
        case "disarm":
          this.#state.timers.cancel(path, utterance.id);
          break;
        case "tell":
          this.#tell(path, utterance.params, depth + 1);
          break;
        case "spawn": {
          const birth = { ...utterance.params, input: utterance.params.input as Json };
          this.#errands.push({ kind: "birth", birth, from: path, depth: depth + 1 });
          break;
        }
        case "retire":
          this.#errands.push({ kind: "retirement", retire: utterance.params, from: path, depth: depth + 1 });
          break;
        case "listen":
        case "unlisten":
          this.#listen(cell, utterance.params.topics, utterance.say === "listen");
          break;
        case "goLive":
          if (path === this.#state.logic.supervisor) this.#goLive();
          else this.#poison(cell, "goLive", `only ${this.#state.logic.supervisor} may say goLive`);
          break;
      }
    }
    return spokeEffect;
  }

  #tell(from: string, tell: Tell, depth: number): void {
    const event = { ...tell.event, now: this.#now };
    if ("to" in tell) {
      this.#errands.push({ kind: "event", to: tell.to, event, from, depth });
      return;
    }
    for (const to of this.#state.topics.of(tell.topic)) this.#errands.push({ kind: "event", to, event, from, depth });
  }

  #listen(cell: Cell, topics: readonly string[], on: boolean): void {
    this.#state.dirty.add(cell);
    for (const topic of topics) {
      if (on) {
        cell.topics.add(topic);
        this.#state.topics.add(topic, cell.path);
      } else {
        cell.topics.delete(topic);
        this.#state.topics.remove(topic, cell.path);
      }
    }
  }

  #goLive(): void {
    this.#state.live = true;
    this.#state.wentLiveSeq = this.#seq;
    this.#state.timers.open();
  }

  /** K8. The actor's previous snapshot stands already; this decides whether it hears any more. */
  #poison(cell: Cell, event: string, detail: string): void {
    const { path, machine } = cell;
    this.#incident("poisoned", path, event, detail);
    if (cell.standing !== "live") return;
    if (cell.durable?.entry.protection === "quarantine") {
      this.#setAside(cell, "quarantined");
      this.#tellSupervisor(path, { type: "actor.poisoned", path, machine, detail, standing: "quarantined" });
      return;
    }
    const { poisonings } = this.#state;
    const times = (poisonings.get(path) ?? []).filter((time) => this.#now - time < RESTART_WINDOW_MS);
    times.push(this.#now);
    poisonings.set(path, times);
    if (times.length < RESTARTS) {
      this.#tellSupervisor(path, { type: "actor.poisoned", path, machine, detail, standing: "live" });
    } else {
      this.#setAside(cell, "halted");
      this.#tellSupervisor(path, { type: "actor.halted", path, machine, detail });
    }
  }

  #setAside(cell: Cell, standing: "quarantined" | "halted"): void {
    if (cell.standing === standing) return;
    cell.standing = standing;
    this.#state.dirty.add(cell);
    this.#state.timers.cancelAll(cell.path);
    this.#state.poisonings.delete(cell.path);
  }

  #tellSupervisor(about: string, event: Told): void {
    const { supervisor } = this.#state.logic;
    if (about !== supervisor) this.#send(supervisor, { ...event, now: this.#now } as Told);
  }

  /** An errand that will not be run: never silent, and its speaker is to blame. */
  #lost(errand: Errand, detail: string): void {
    const speaker = this.#state.cells.get(errand.from);
    const event = errand.kind === "event" ? errand.event.type : errand.kind;
    const about = errand.kind === "event" ? errand.to : errand.kind === "birth" ? errand.birth.path : errand.from;
    this.#incident("undelivered", about, event, detail);
    if (speaker !== undefined) this.#poison(speaker, event, detail);
  }

  #isQuiet(type: string): boolean {
    return this.#state.logic.quiet?.(type) === true;
  }

  #incident(kind: Incident["kind"], actor: string, event: string, detail: string): void {
    this.#incidents.push({ actor, detail, event, kind });
  }
}

const sameValue = (a: Json, b: Json): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && canonical(a) === canonical(b));
