/** Alerts as the operator knows them: those that are open first, the gravest and newest on top, then what is over or dismissed. */
import { address } from "../domain/address.ts";
import { compareSeverities } from "../domain/alert.ts";
import type { AlertState, Severity } from "../domain/events/alerts.ts";
import type { AlertFact } from "../domain/facts.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, type Projection } from "./spoken.ts";

export interface AlertView {
  /** `alerts/7`. */
  readonly alertId: string;
  readonly key: string;
  readonly severity: Severity;
  readonly state: AlertState;
  readonly title: string;
  readonly text: string;
  readonly source: string;
  readonly rule?: string;
  readonly symbol?: string;
  readonly slot?: string;
  /** Since when it stands, when it was raised last, and when it last changed in any way. */
  readonly raisedAt: EpochMs;
  readonly lastAt: EpochMs;
  readonly changedAt: EpochMs;
  /** How often it was raised in all, and how often after it had been over. */
  readonly times: number;
  readonly reopened: number;
  /** Whether it became more severe because nobody acknowledged it. */
  readonly escalated: boolean;
  /** Who put it into its state and why, or what became of the condition; empty while nobody has. */
  readonly reason: string;
  /** The step that changed it last. */
  readonly seq: number;
}
export interface AlertCounts {
  /** Raised or acknowledged, by severity. */
  readonly critical: number;
  readonly warning: number;
  readonly info: number;
  /** Of them, those that nobody has seen. */
  readonly unacknowledged: number;
}
export interface AlertsView {
  readonly open: AlertCounts;
  readonly alerts: readonly AlertView[];
}

/** Open ones are bounded by the desk; of the others so many. */
const ENDED_KEPT = 300;
const isOpen = ({ state }: AlertView): boolean => state === "raised" || state === "acknowledged";
const byGravity = (a: AlertView, b: AlertView): number =>
  Number(isOpen(b)) - Number(isOpen(a)) ||
  (isOpen(a) ? compareSeverities(b.severity, a.severity) || Number(b.state === "raised") - Number(a.state === "raised") : 0) ||
  b.seq - a.seq;

export class Alerts implements Projection<AlertsView> {
  #alerts = new Map<string, AlertView>();
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { alerts: this.#alerts, changedAt: this.changedAt };
  }
  set folded(kept) {
    ({ alerts: this.#alerts, changedAt: this.changedAt } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) if (fact.type === "alert.changed") this.#take(fact, step.seq);
    // The desk has let one go that was not over: its silence went with it.
    for (const { actor, event } of step.transitions) {
      if (event !== "retired" || !actor.startsWith(`${address.alerts}/`)) continue;
      if (this.#alerts.get(actor)?.state === "dismissed") this.#alerts.delete(actor);
      this.changedAt = step.seq;
    }
  }

  #take(fact: AlertFact, seq: number): void {
    const { type: _, change, at, alertId, ...rest } = fact;
    const { actor: _actor, ...told } = rest as typeof rest & { readonly actor?: string };
    const before = this.#alerts.get(alertId);
    const escalated = change === "escalated" || (change !== "reopened" && before?.escalated === true);
    // Last changed, last in the map: the first that is over is the oldest.
    this.#alerts.delete(alertId);
    this.#alerts.set(alertId, { alertId, ...told, changedAt: at, escalated, seq });
    this.changedAt = seq;
    const ended = [...this.#alerts.values()].filter(({ state }) => state === "resolved");
    for (const { alertId } of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT))) this.#alerts.delete(alertId);
  }

  alert(alertId: string): AlertView | undefined {
    return this.#alerts.get(alertId);
  }
  get counts(): AlertCounts {
    const counts = { critical: 0, warning: 0, info: 0, unacknowledged: 0 };
    for (const alert of this.#alerts.values()) {
      if (!isOpen(alert)) continue;
      counts[alert.severity]++;
      if (alert.state === "raised") counts.unacknowledged++;
    }
    return counts;
  }
  get view(): AlertsView {
    return { open: this.counts, alerts: [...this.#alerts.values()].sort(byGravity) };
  }
}
