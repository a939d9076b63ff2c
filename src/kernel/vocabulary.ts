/**
 * What one transition of an actor may say, once checked: the reserved words of `src/domain/speech.ts`, facts, effects, timers.
 */

import type { JsonObject } from "../domain/json.ts";
import type { Listen, Retire, Spawn, Tell, Told } from "../domain/speech.ts";

export type Utterance =
  | { readonly say: "effect"; readonly type: string; readonly params: JsonObject }
  | { readonly say: "fact"; readonly fact: Told }
  | { readonly say: "arm"; readonly id: string; readonly delayMs: number; readonly event: Told }
  | { readonly say: "disarm"; readonly id: string }
  | { readonly say: "tell"; readonly params: Tell }
  | { readonly say: "spawn"; readonly params: Spawn }
  | { readonly say: "retire"; readonly params: Retire }
  | { readonly say: "listen"; readonly params: Listen }
  | { readonly say: "unlisten"; readonly params: Listen }
  | { readonly say: "goLive" };

/** The action names that are not effects. */
export const RESERVED: ReadonlySet<string> = new Set(["tell", "spawn", "retire", "listen", "unlisten", "goLive"]);

/** Event types that XState or the kernel give a meaning of their own; nobody may send them by hand. */
export const isForbiddenEventType = (type: unknown): boolean =>
  typeof type !== "string" || type === "" || type === "*" || type.startsWith("xstate.");
