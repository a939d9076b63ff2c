/** A sentence of the story: its tone, what it is about, and the words for what needs no memory of earlier sentences. */
import type { EpochMs } from "../domain/units.ts";
import type { Incident } from "../ports/journal.ts";
import type { SpokenEffect, SpokenFact, SpokenInput } from "./spoken.ts";
import { contractName, denialWords, durationWords } from "./words.ts";

/** Colours and filters go by tone; the text says everything without it. */
export type Tone = "plain" | "good" | "bad" | "alarm";
export interface Sentence {
  readonly seq: number;
  readonly at: EpochMs;
  /** New York, `HH:MM:SS`. */
  readonly clock: string;
  readonly about: "run" | "mode" | "session" | "entry" | "order" | "fill" | "exit" | "breaker" | "doubt" | "operator" | "notice";
  readonly tone: Tone;
  readonly text: string;
}

/** What a fact amounts to: one sentence, or none. */
export type Told = Pick<Sentence, "about" | "tone" | "text"> | undefined;
export const say = (about: Sentence["about"], tone: Tone, text: string): Told => ({ about, tone, text });

/** Other sentences tell these already. */
const TOLD_ELSEWHERE = /^(breaker|poisoned|halted|reconciliation|session\/refused)\/|\/(quarantined|exit)\//;

// ── inputs, effects, incidents ──
export const saidByInput = (input: SpokenInput): Told => {
  switch (input.type) {
    case "run.started":
      return say("run", "plain", `STARTED with ${input.config.mode} money, build ${input.build.slice(0, 12)}`);
    case "run.stopped":
      return say("run", "plain", "STOPPED cleanly");
    case "clock.stepped":
      return say("run", "bad", `CLOCK stepped by ${durationWords(Math.abs(input.byMs))} ${input.byMs < 0 ? "back" : "ahead"}`);
    case "operator.pause":
    case "operator.resume":
    case "operator.halt":
    case "operator.rearm": {
      const what = input.type.slice("operator.".length);
      const scope = input.type === "operator.rearm" ? ` of ${input.scope}` : "";
      return say("operator", "plain", `OPERATOR ${what}${scope} by ${input.by} (${input.from}): ${input.reason}`);
    }
    case "operator.acknowledge":
    case "operator.resolve":
    case "operator.dismiss": {
      const what = input.type.slice("operator.".length);
      return say("operator", "plain", `OPERATOR ${what} ${input.alertId} by ${input.by} (${input.from}): ${input.reason}`);
    }
  }
};
export const noticed = (effect: SpokenEffect): Told => {
  if (effect.type !== "operator.notify" || TOLD_ELSEWHERE.test(effect.params.key)) return;
  return say("notice", effect.params.severity === "critical" ? "alarm" : "plain", `NOTICE ${effect.params.text}`);
};
export const poisoned = ({ kind, actor, event, detail }: Incident): Told =>
  kind === "poisoned" ? say("notice", "alarm", `POISONED ${actor} by ${event}: ${detail}`) : undefined;

// ── facts ──
/** Of what is told whenever it happens. */
export const saidByFact = (fact: SpokenFact): Told => {
  switch (fact.type) {
    case "account.refused":
      return say("session", "alarm", `ACCOUNT refused: ${fact.reason}`);
    case "position.adopted":
      return say(
        "session",
        "bad",
        `ADOPTED ${contractName(fact.contract)}: the broker's ${fact.theirs} counts, not our ${fact.ours} (${fact.by}: ${fact.reason})`,
      );
    case "session.readOnly":
      return say("session", "alarm", `READ-ONLY: the gateway refuses orders: ${fact.text}`);
    case "breaker.changed": {
      if (fact.state === "tripped") return say("breaker", "alarm", `BREAKER ${fact.scope} tripped: ${fact.reason}`);
      if (fact.state === "probing") return say("breaker", "plain", `BREAKER ${fact.scope} probing: one entry at a time`);
      return say("breaker", "good", `BREAKER ${fact.scope} armed again: recovered`);
    }
    case "entry.denied":
      return say("entry", "bad", `DENIED ${fact.symbol} entry: ${denialWords(fact.denial)}`);
    case "slot.quarantined":
      return say("notice", "alarm", `QUARANTINED ${fact.actor}: ${fact.reason}`);
    default:
      return undefined;
  }
};
