/** Which inputs may be handed in from outside. A breach is a defect of the caller, and asserted. */
import { assert } from "../domain/assert.ts";
import type { Input } from "../ports/journal.ts";
import { isForbiddenEventType } from "./vocabulary.ts";

/** Inputs that only the kernel makes. */
const OWN_INPUTS: ReadonlySet<string> = new Set(["timer.fired", "run.started", "run.stopped"]);
/** What the outbox's "pending" is answered with, `unconfirmed` when the epoch was lost first; taken even while stopping. */
const ANSWERS: ReadonlySet<string> = new Set(["effect.written", "effect.refused", "effect.unconfirmed"]);

export const assertOffer = ({ type }: Input): void => {
  assert(!OWN_INPUTS.has(type), `${type} is for the kernel alone to say`);
  assert(!isForbiddenEventType(type), `an input may not be of type ${JSON.stringify(type)}`);
};
export const assertCommand = ({ type }: Input): void =>
  assert(!OWN_INPUTS.has(type) && !isForbiddenEventType(type), `a command may not be of type ${type}`);

export const isAnswer = ({ type }: Input): boolean => ANSWERS.has(type);
