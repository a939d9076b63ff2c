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
import type { Retire, Told } from "../domain/speech.ts";
import type { Input, Step } from "../ports/journal.ts";
import { admit, beginRun, setAsideRecovered } from "./admission.ts";
import { Cell } from "./cell.ts";
import { heed } from "./heeding.ts";
import { poison } from "./poisoning.ts";
import type { State } from "./state.ts";
import { type Errand, StepInHand } from "./step-in-hand.ts";

/** A chain of tells, spawns and retirements longer than this, or more of them in one step, is taken for a loop. */
export const MAX_DEPTH = 100;
export const MAX_ERRANDS = 20_000;

/** Applies one input at one instant. Used alike live, in recovery and in replay. */
export const step = (state: State, seq: number, now: number, input: Input): Step => {
  const hand = new StepInHand(state, seq, now);
  if (input.type === "run.started") {
    beginRun(hand, input);
    // They must be there, and listening, before the input itself is routed.
    runErrands(hand);
    setAsideRecovered(hand, input);
  }
  admit(hand, input);
  runErrands(hand);
  const { transitions, facts, effects, incidents } = hand;
  return { seq, now, input, transitions, facts, effects, incidents };
};

const runErrands = (hand: StepInHand): void => {
  while (hand.done < hand.errands.length) {
    const errand = hand.errands[hand.done]!;
    hand.done++;
    if (hand.done <= MAX_ERRANDS) run(hand, errand);
    else {
      // The rest is dropped; the speaker is poisoned, and the supervisor still hears of it.
      hand.errands.length = 0;
      hand.done = 0;
      lost(hand, errand, `more than ${MAX_ERRANDS} errands in one step: a loop?`);
    }
  }
};

const run = (hand: StepInHand, errand: Errand): void => {
  if (errand.depth > MAX_DEPTH) {
    lost(hand, errand, `a chain of more than ${MAX_DEPTH} errands: a loop?`);
    return;
  }
  switch (errand.kind) {
    case "event":
      deliver(hand, errand.to, errand.event, errand.depth);
      return;
    case "birth":
      bear(hand, errand);
      return;
    case "retirement":
      retire(hand, errand.retire);
      return;
  }
};

const deliver = (hand: StepInHand, path: string, event: Told, depth: number): void => {
  const cell = hand.state.cells.get(path);
  if (cell === undefined) {
    hand.incident("undelivered", path, event.type, "no such actor");
    return;
  }
  const before = cell.snapshot;
  if (cell.standing !== "live" || before === undefined) {
    if (!hand.isQuiet(event.type)) hand.incident("undelivered", path, event.type, cell.standing);
    return;
  }
  if (before.status !== "active") {
    if (!hand.isQuiet(event.type)) hand.incident("undelivered", path, event.type, "finished");
    return;
  }
  const { transaction } = hand.state;
  cell.send(event);
  if (transaction.fault !== undefined) {
    poison(hand, cell, event.type, transaction.fault);
    return;
  }
  const after = cell.snapshot!;
  const { said } = transaction;
  if (after === before && said.length === 0) {
    noticeUnheard(hand, cell, before, event);
    return;
  }
  if (after !== before) hand.state.dirty.add(cell);
  const spokeEffect = heed(hand, cell, said, depth);
  if (spokeEffect || !sameValue(before.value as Json, after.value as Json)) {
    hand.transitions.push({ actor: path, event: event.type, from: before.value as Json, to: after.value as Json });
  }
};

/** XState gives the same snapshot back both when nothing accepts an event and when a handler does nothing. */
const noticeUnheard = (hand: StepInHand, cell: Cell, snapshot: AnyMachineSnapshot, event: Told): void => {
  if (event.type === "effect.written" || hand.isQuiet(event.type)) return;
  if (cell.durable!.logic.getTransitionData(snapshot, event).length > 0) return;
  const nodes: readonly { readonly transitions: ReadonlyMap<string, unknown> }[] = snapshot._nodes;
  const declared = nodes.some((node) => node.transitions.has(event.type));
  hand.incident(
    "unhandled",
    cell.path,
    event.type,
    `in ${canonical(snapshot.value)}: ${declared ? "every guard refused" : "no state accepts it"}`,
  );
};

const bear = (hand: StepInHand, { birth, from, depth }: Errand & { kind: "birth" }): void => {
  const { path, machine, input } = birth;
  const speaker = hand.state.cells.get(from);
  const complain = (detail: string): void => {
    if (speaker === undefined) hand.incident("undelivered", path, "spawned", detail);
    else poison(hand, speaker, "spawn", detail);
  };
  if (hand.state.cells.has(path)) {
    complain(`spawn: ${path} is taken`);
    return;
  }
  const durable = hand.state.machines.get(machine);
  if (durable === undefined) {
    complain(`spawn: there is no machine ${machine}`);
    return;
  }
  const cell = Cell.born(path, durable, input);
  const { fault, said } = hand.state.transaction;
  if (fault !== undefined) {
    hand.incident("poisoned", path, "spawned", fault);
    hand.tellSupervisor(path, { type: "actor.poisoned", path, machine, detail: fault, standing: "unborn" });
    return;
  }
  hand.state.cells.set(path, cell);
  hand.state.dirty.add(cell);
  hand.state.removed.delete(path);
  heed(hand, cell, said, depth);
  hand.transitions.push({ actor: path, event: "spawned", from: null, to: cell.snapshot!.value as Json });
};

const retire = (hand: StepInHand, whom: Retire): void => {
  const { cells } = hand.state;
  if ("path" in whom) {
    const cell = cells.get(whom.path);
    if (cell === undefined) hand.incident("undelivered", whom.path, "retire", "no such actor");
    else remove(hand, cell);
    return;
  }
  const going = [...cells.values()].filter((cell) => cell.path.startsWith(whom.prefix));
  for (const cell of going.sort((a, b) => (a.path < b.path ? -1 : 1))) remove(hand, cell);
};

const remove = (hand: StepInHand, cell: Cell): void => {
  const value = (cell.snapshot?.value ?? null) as Json;
  cell.end();
  const state = hand.state;
  state.cells.delete(cell.path);
  state.timers.cancelAll(cell.path);
  for (const topic of cell.topics) state.topics.remove(topic, cell.path);
  state.poisonings.delete(cell.path);
  state.dirty.delete(cell);
  state.removed.add(cell.path);
  hand.transitions.push({ actor: cell.path, event: "retired", from: value, to: null });
};

/** An errand that will not be run: never silent, and its speaker is to blame. */
const lost = (hand: StepInHand, errand: Errand, detail: string): void => {
  const speaker = hand.state.cells.get(errand.from);
  const event = errand.kind === "event" ? errand.event.type : errand.kind;
  const about = errand.kind === "event" ? errand.to : errand.kind === "birth" ? errand.birth.path : errand.from;
  hand.incident("undelivered", about, event, detail);
  if (speaker !== undefined) poison(hand, speaker, event, detail);
};

const sameValue = (a: Json, b: Json): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && canonical(a) === canonical(b));
