/** rxjs's time from the injected Scheduler, so that conflation is as deterministic as the rest of the border. */
import { type SchedulerAction, type SchedulerLike, Subscription } from "rxjs";
import type { Scheduler } from "../../ports/clock.ts";

class Wake<State> extends Subscription implements SchedulerAction<State> {
  readonly #scheduler: Scheduler;
  readonly #work: (this: SchedulerAction<State>, state: State) => void;
  #takeBack: (() => void) | undefined;

  constructor(scheduler: Scheduler, work: (this: SchedulerAction<State>, state: State) => void) {
    super();
    this.#scheduler = scheduler;
    this.#work = work;
    this.add(() => this.#takeBack?.());
  }

  schedule(state?: State, delay = 0): Subscription {
    this.#takeBack?.();
    if (this.closed) return this;
    this.#takeBack = this.#scheduler.after(delay, () => {
      this.#takeBack = undefined;
      // rxjs itself leaves the state out where the work does not read it, and types it as always there.
      if (!this.closed) this.#work.call(this, state as State);
    });
    return this;
  }
}

export const rxScheduler = (scheduler: Scheduler): SchedulerLike => ({
  now: () => scheduler.now(),
  schedule: <State>(work: (this: SchedulerAction<State>, state: State) => void, delay = 0, state?: State): Subscription =>
    new Wake(scheduler, work).schedule(state as State, delay),
});
