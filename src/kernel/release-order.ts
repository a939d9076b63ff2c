/**
 * In which order the effects of one durable batch leave: as they were said, but cancels first. A cancel never overtakes
 * anything that its own actor said before it, so never the order that it cancels.
 */
import type { Effect } from "../ports/journal.ts";
import type { EffectClass } from "./logic.ts";

export const inReleaseOrder = (
  effects: readonly Effect[],
  effectClass: (type: string) => EffectClass | undefined,
): readonly Effect[] => {
  if (effects.length < 2) return effects;
  const cancels: Effect[] = [];
  const rest: Effect[] = [];
  const speakers = new Set<string>();
  for (const effect of effects) {
    if (effectClass(effect.type) === "cancel" && !speakers.has(effect.actor)) cancels.push(effect);
    else {
      rest.push(effect);
      speakers.add(effect.actor);
    }
  }
  return cancels.length === 0 ? effects : [...cancels, ...rest];
};
