/** The run and its connection: mode and why, build, account, epoch, and whether the broker's records agree with ours. */
import type { Discrepancy, EngineMode } from "../domain/events/actors.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, inputOf, keepNewest, type Projection, type SpokenFact, timeOf } from "./spoken.ts";

export interface ModeChange {
  readonly seq: number;
  readonly at: EpochMs;
  readonly mode: EngineMode;
  readonly reason: string;
}
export interface SessionView {
  readonly mode: EngineMode | "stopped";
  readonly reason: string;
  readonly since?: EpochMs;
  readonly build?: string;
  /** `simulated`, `paper` or `live`, from the run's config. */
  readonly money?: string;
  readonly slotLimit?: number;
  readonly lineLimit?: number;
  readonly runs: number;
  readonly startedAt?: EpochMs;
  readonly account?: string;
  readonly epoch: number;
  readonly ready: boolean;
  /** Why the connection was lost or the account refused; empty while ready. */
  readonly trouble: string;
  readonly reconciledAt?: EpochMs;
  readonly discrepancies: readonly Discrepancy[];
  /** Newest last, the last 200. */
  readonly modes: readonly ModeChange[];
}

type Mutable<View> = { -readonly [Key in keyof View]: View[Key] };

export class Session implements Projection<SessionView> {
  #modes: ModeChange[] = [];
  #view: Mutable<Omit<SessionView, "modes">> = {
    mode: "stopped",
    reason: "nothing was run yet",
    runs: 0,
    epoch: 0,
    ready: false,
    trouble: "",
    discrepancies: [],
  };

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { modes: this.#modes, view: this.#view };
  }
  set folded(kept) {
    ({ modes: this.#modes, view: this.#view } = kept);
  }

  apply(step: Step): void {
    const input = inputOf(step);
    if (input.type === "run.started") {
      const view = this.#view;
      view.build = input.build;
      view.money = input.config.mode;
      view.slotLimit = input.config.limits.slots;
      view.lineLimit = input.config.lines.max;
      view.runs++;
      view.startedAt = timeOf(step);
      view.ready = false;
    } else if (input.type === "run.stopped") {
      this.#view.mode = "stopped";
      this.#view.reason = "";
      this.#view.since = timeOf(step);
      this.#view.ready = false;
    }
    for (const fact of factsOf(step)) this.#take(fact, step);
  }

  #take(fact: SpokenFact, step: Step): void {
    const view = this.#view;
    switch (fact.type) {
      case "engine.modeChanged":
        view.mode = fact.mode;
        view.reason = fact.reason;
        view.since = timeOf(step);
        keepNewest(this.#modes, { seq: step.seq, at: timeOf(step), mode: fact.mode, reason: fact.reason }, 200);
        return;
      case "session.readied":
        view.epoch = fact.epoch;
        view.account = fact.account;
        view.ready = true;
        view.trouble = "";
        return;
      case "session.lost":
        view.epoch = fact.epoch;
        view.ready = false;
        view.trouble = fact.reason;
        return;
      case "account.refused":
        view.ready = false;
        view.trouble = fact.reason;
        return;
      case "reconciliation.completed":
        view.reconciledAt = timeOf(step);
        view.discrepancies = fact.discrepancies;
        return;
    }
  }

  /** The mode that stood at an instant; undefined before the first of those kept. */
  modeAt(at: EpochMs): ModeChange | undefined {
    return this.#modes.findLast((change) => change.at <= at);
  }

  get view(): SessionView {
    return { ...this.#view, modes: [...this.#modes] };
  }
}
