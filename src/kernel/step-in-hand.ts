/** A step in hand: what has come of its input so far, and what was said and is still to be done. */
import type { Retire, Told } from "../domain/speech.ts";
import type { Effect, Fact, Incident, Transition } from "../ports/journal.ts";
import type { Birth } from "./logic.ts";
import type { State } from "./state.ts";

/** Something said, still to be done. */
export type Errand =
  | { readonly kind: "event"; readonly to: string; readonly event: Told; readonly from: string; readonly depth: number }
  | { readonly kind: "birth"; readonly birth: Birth; readonly from: string; readonly depth: number }
  | { readonly kind: "retirement"; readonly retire: Retire; readonly from: string; readonly depth: number };

export class StepInHand {
  readonly state: State;
  readonly seq: number;
  readonly now: number;
  readonly transitions: Transition[] = [];
  readonly facts: Fact[] = [];
  readonly effects: Effect[] = [];
  readonly incidents: Incident[] = [];
  /** In the order in which they were said. */
  readonly errands: Errand[] = [];
  /** How many of them are done. */
  done = 0;

  constructor(state: State, seq: number, now: number) {
    this.state = state;
    this.seq = seq;
    this.now = now;
    state.seq = seq;
    state.now = now;
  }

  /** The kernel's own word to an actor: nobody said it. */
  send(to: string, event: Told): void {
    this.errands.push({ kind: "event", to, event, from: "", depth: 0 });
  }

  tellSupervisor(about: string, event: Told): void {
    const { supervisor } = this.state.logic;
    if (about !== supervisor) this.send(supervisor, { ...event, now: this.now } as Told);
  }

  incident(kind: Incident["kind"], actor: string, event: string, detail: string): void {
    this.incidents.push({ actor, detail, event, kind });
  }

  /** Nobody need hear of this type. */
  isQuiet(type: string): boolean {
    return this.state.logic.quiet?.(type) === true;
  }
}
