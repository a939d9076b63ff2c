/** What an actor says in a transition is done at once (effects, facts, timers, listening) or becomes an errand of the step. */
import type { Json } from "../domain/json.ts";
import type { Tell } from "../domain/speech.ts";
import type { Effect, Fact, Input } from "../ports/journal.ts";
import type { Cell } from "./cell.ts";
import { poison } from "./poisoning.ts";
import type { StepInHand } from "./step-in-hand.ts";
import type { Utterance } from "./vocabulary.ts";

/** Does, or queues, what an actor said. True when an effect was among it. */
export const heed = (hand: StepInHand, cell: Cell, said: readonly Utterance[], depth: number): boolean => {
  let spokeEffect = false;
  const { path } = cell;
  for (const utterance of said) {
    switch (utterance.say) {
      case "effect": {
        spokeEffect = true;
        const id = `${hand.seq}.${hand.effects.length + 1}`;
        const effect: Effect = { id, actor: path, type: utterance.type, params: utterance.params };
        hand.effects.push(effect);
        hand.state.unacknowledged.set(id, effect);
        break;
      }
      case "fact":
        hand.facts.push({ ...utterance.fact, actor: path } as Fact);
        break;
      case "arm":
        // At least a millisecond, as Node's own timers: a machine that re-arms at once must not stop time.
        hand.state.timers.arm({
          actor: path,
          id: utterance.id,
          deadline: hand.now + Math.max(1, Math.ceil(utterance.delayMs)),
          event: utterance.event as unknown as Input,
          armedAt: hand.seq,
        });
        break;
      case "disarm":
        hand.state.timers.cancel(path, utterance.id);
        break;
      case "tell":
        tell(hand, path, utterance.params, depth + 1);
        break;
      case "spawn": {
        const birth = { ...utterance.params, input: utterance.params.input as Json };
        hand.errands.push({ kind: "birth", birth, from: path, depth: depth + 1 });
        break;
      }
      case "retire":
        hand.errands.push({ kind: "retirement", retire: utterance.params, from: path, depth: depth + 1 });
        break;
      case "listen":
      case "unlisten":
        listen(hand, cell, utterance.params.topics, utterance.say === "listen");
        break;
      case "goLive":
        if (path === hand.state.logic.supervisor) goLive(hand);
        else poison(hand, cell, "goLive", `only ${hand.state.logic.supervisor} may say goLive`);
        break;
    }
  }
  return spokeEffect;
};

const tell = (hand: StepInHand, from: string, told: Tell, depth: number): void => {
  const event = { ...told.event, now: hand.now };
  if ("to" in told) {
    hand.errands.push({ kind: "event", to: told.to, event, from, depth });
    return;
  }
  for (const to of hand.state.topics.of(told.topic)) hand.errands.push({ kind: "event", to, event, from, depth });
};

const listen = (hand: StepInHand, cell: Cell, topics: readonly string[], on: boolean): void => {
  hand.state.dirty.add(cell);
  for (const topic of topics) {
    if (on) {
      cell.topics.add(topic);
      hand.state.topics.add(topic, cell.path);
    } else {
      cell.topics.delete(topic);
      hand.state.topics.remove(topic, cell.path);
    }
  }
};

const goLive = (hand: StepInHand): void => {
  hand.state.live = true;
  hand.state.wentLiveSeq = hand.seq;
  hand.state.timers.open();
};
