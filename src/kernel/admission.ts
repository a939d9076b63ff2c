/** How an input comes into a step: the actors that are to hear it, as the first errands. */
import type { Told } from "../domain/speech.ts";
import type { Input } from "../ports/journal.ts";
import type { Recovered, Route } from "./logic.ts";
import { setAside } from "./poisoning.ts";
import type { StepInHand } from "./step-in-hand.ts";
import { messageOf } from "./transaction.ts";

/** Turns the input into first errands. */
export const admit = (hand: StepInHand, input: Input): void => {
  switch (input.type) {
    case "timer.fired":
      fire(hand, input);
      return;
    case "effect.written":
    case "effect.refused":
    case "effect.unconfirmed":
      answer(hand, input);
      return;
    default:
      route(hand, input);
  }
};

const fire = (hand: StepInHand, input: Input): void => {
  const actor = String(input["actor"]);
  const timer = hand.state.timers.take(actor, String(input["id"]));
  if (timer === undefined) {
    hand.incident("undelivered", actor, input.type, `no timer ${String(input["id"])} is armed`);
    return;
  }
  hand.send(actor, { ...timer.event, now: hand.now, due: timer.deadline } as unknown as Told);
};

/** The answer of an effect takes it off the table and reaches the actor that spoke it, with its name and params. */
const answer = (hand: StepInHand, input: Input): void => {
  const id = String(input["effect"]);
  const effect = hand.state.unacknowledged.get(id);
  if (effect === undefined) {
    hand.incident("undelivered", "", input.type, `no effect ${id} is outstanding`);
    return;
  }
  hand.state.unacknowledged.delete(id);
  // Having left is what everybody expects: only the actors that care need a transition for it.
  if (input.type === "effect.written" && !hand.state.cells.has(effect.actor)) return;
  hand.send(effect.actor, { ...input, name: effect.type, params: effect.params, now: hand.now } as unknown as Told);
};

/** The first part of `run.started`: the first run bears the household, whose errands are run before the input is admitted. */
export const beginRun = (hand: StepInHand, input: Input): void => {
  const { state } = hand;
  state.build = String(input["build"]);
  state.startedSeq = hand.seq;
  state.startedAt = hand.now;
  state.live = false;
  state.holdTimers();
  if (hand.seq > 1) return;
  for (const birth of state.logic.genesis()) hand.errands.push({ kind: "birth", birth, from: "", depth: 0 });
};

/** The second part: who cannot be trusted after the recovery hears nothing of it. */
export const setAsideRecovered = (hand: StepInHand, input: Input): void => {
  const recovered = input["recovered"] as Recovered | undefined;
  for (const path of recovered?.quarantined ?? []) {
    const cell = hand.state.cells.get(path);
    if (cell !== undefined) setAside(hand, cell, "quarantined");
  }
};

const route = (hand: StepInHand, input: Input): void => {
  let route: Route;
  try {
    route = hand.state.logic.route(input);
  } catch (error) {
    hand.incident("unrouted", "", input.type, messageOf(error));
    return;
  }
  const event = { ...input, now: hand.now } as unknown as Told;
  const heard = new Set<string>();
  const unknown: string[] = [];
  for (const path of route.to ?? []) {
    if (!hand.state.cells.has(path)) unknown.push(path);
    else if (!heard.has(path)) {
      heard.add(path);
      hand.send(path, event);
    }
  }
  for (const topic of route.topics ?? []) {
    for (const path of hand.state.topics.of(topic)) {
      if (heard.has(path)) continue;
      heard.add(path);
      hand.send(path, event);
    }
  }
  if (heard.size > 0) {
    for (const path of unknown) hand.incident("undelivered", path, input.type, "no such actor");
  } else if (route.fallback !== undefined && hand.state.cells.has(route.fallback)) {
    hand.send(route.fallback, event);
  } else if (!hand.isQuiet(input.type)) {
    hand.incident("unrouted", "", input.type, unknown.length > 0 ? `no such actor: ${unknown.join(", ")}` : "nobody listens");
  }
};
