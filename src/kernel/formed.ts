/** A step that is applied and not yet on disk: who waits for it, and what leaves once it is durable. */
import type { Effect, Input, Step } from "../ports/journal.ts";
import type { Receipt } from "./logic.ts";
import type { State } from "./state.ts";
import { step } from "./step.ts";

/** Somebody waits until the step of his command is durable. */
export interface Ticket {
  readonly settle: (receipt: Receipt) => void;
  readonly fail: (error: unknown) => void;
}

export interface Formed {
  readonly step: Step;
  readonly ticket: Ticket | undefined;
  /** What goLive lets out, in this very step. */
  readonly opened: readonly Effect[];
}

/** Applies the next step. */
export const formed = (state: State, now: number, input: Input, ticket: Ticket | undefined): Formed => {
  const wasLive = state.live;
  const made = step(state, state.seq + 1, now, input);
  return { step: made, ticket, opened: !wasLive && state.live ? state.heldEffects() : [] };
};

export const stepsOf = (batch: readonly Formed[]): Step[] => batch.map((formed) => formed.step);
export const openedBy = (batch: readonly Formed[]): Effect[] => batch.flatMap((formed) => formed.opened);
export const effectsOf = (batch: readonly Formed[]): Effect[] => batch.flatMap((formed) => formed.step.effects);

export const settleAll = (batch: readonly Formed[]): void => {
  for (const { ticket, step: made } of batch) ticket?.settle({ seq: made.seq, step: made });
};
/** Nobody knows whether they are recorded. */
export const failAll = (batch: readonly Formed[], error: unknown): void => {
  for (const { ticket } of batch) ticket?.fail(error);
};
