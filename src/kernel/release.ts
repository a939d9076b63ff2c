/** An effect on its way out of the process: past the gate, to the outbox; the answer is an input. */
import type { Effect, Input } from "../ports/journal.ts";
import type { KernelOptions, Logic, Release, View } from "./logic.ts";
import { messageOf } from "./transaction.ts";

type Answer = (input: Input) => void;

/** Lets it out, if the gate does. Answers at once, or the outbox does later. */
export const release = (
  effect: Effect,
  { logic, outbox, probe }: Pick<KernelOptions, "logic" | "outbox" | "probe">,
  view: View,
  answer: Answer,
): void => {
  const refused = (reason: string): void => answer({ type: "effect.refused", effect: effect.id, reason });
  const reason = gateRefusal(effect, logic, view);
  if (reason !== undefined) {
    refused(reason);
    return;
  }
  probe?.("release.before", effect.id);
  let outcome: Release;
  try {
    outcome = outbox.release(effect);
  } catch (error) {
    // Nobody knows whether it left. An order is never tried again by itself; its actor has to find out.
    if (logic.effectClass(effect.type) === "order") answer({ type: "effect.unconfirmed", effect: effect.id });
    else refused(messageOf(error));
    return;
  }
  probe?.("release.after", effect.id);
  if (outcome === "pending") return;
  probe?.("written", effect.id);
  if ("written" in outcome) answer({ type: "effect.written", effect: effect.id, epoch: outcome.written });
  else refused(outcome.refused);
};

/** A gate that throws refuses: an effect of an older build may hold what this build's gate does not expect. */
const gateRefusal = (effect: Effect, logic: Logic, view: View): string | undefined => {
  try {
    return logic.gate(effect, view);
  } catch (error) {
    return `the gate failed: ${messageOf(error)}`;
  }
};

/** Of the effects that goLive lets out, those that are wanted still; the actors of the others hear of it. */
export const stillWanted = (opened: readonly Effect[], logic: Logic, view: View, answer: Answer): Effect[] =>
  opened.filter((effect) => {
    try {
      if (logic.stillWanted(effect, view)) return true;
    } catch {
      // What this build cannot judge it does not repeat.
    }
    answer({ type: "effect.refused", effect: effect.id, reason: "no longer wanted after the restart" });
    return false;
  });
