/**
 * Every actor by its path: which state it is in, since when, through which event, and what went wrong with it. Retired actors
 * leave. Contexts are not here: the journal records state values, not contexts.
 */
import { canonical } from "../domain/canonical-json.ts";
import type { Json } from "../domain/json.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Incident, Step } from "../ports/journal.ts";
import { inputOf, type Projection, timeOf } from "./spoken.ts";

export interface ActorView {
  readonly path: string;
  /** The machine's name, as far as the path tells it. */
  readonly machine: string;
  readonly state: Json;
  /** The state value as words: `looking · scanning · quoting`. */
  readonly words: string;
  readonly since: EpochMs;
  readonly sinceSeq: number;
  /** The event of the last recorded transition. */
  readonly event: string;
  readonly transitions: number;
  readonly standing: "live" | "quarantined" | "halted";
  readonly incidents: number;
  readonly lastIncident?: Incident & { readonly at: EpochMs; readonly seq: number };
}
export interface ActorsView {
  /** Sorted by path. */
  readonly actors: readonly ActorView[];
  /** Incidents in all, also of actors that are gone or never were. */
  readonly incidents: number;
  readonly poisonings: number;
}

const MACHINES: { readonly [head: string]: string } = {
  engine: "engine",
  session: "gatewaySession",
  reconciler: "reconciler",
  riskGate: "riskGate",
  lines: "marketDataLines",
  contracts: "contractQueue",
  breaker: "circuitBreaker",
  strategy: "strategy",
  slot: "positionSlot",
  future: "futuresContract",
  underlying: "underlying",
  order: "order",
  alerts: "alertDesk",
};
/** Children of one parent, by its path. */
const CHILDREN: { readonly [head: string]: string } = { contracts: "contractShelf", alerts: "alert" };
/** Set aside at the first throw (K8); the others at the third within a minute. */
const GUARDED: ReadonlySet<string> = new Set(["order", "positionSlot", "riskGate", "reconciler"]);
const RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

export const machineOf = (path: string): string => {
  const head = path.split("/", 1)[0] as string;
  return (path === head ? undefined : CHILDREN[head]) ?? MACHINES[head] ?? "unknown";
};

/** A state value as words: nesting by ` · `, parallel regions by ` + `. */
export const stateWords = (value: Json): string => {
  if (value === null) return "gone";
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([region, inner]) => (inner === undefined ? region : `${region} · ${stateWords(inner)}`))
    .join(" + ");
};

const sameState = (a: Json, b: Json): boolean => a === b || (typeof a === "object" && canonical(a) === canonical(b));

type Held = { -readonly [Key in keyof ActorView]: ActorView[Key] } & { readonly poisonedAt: number[] };

export class Actors implements Projection<ActorsView> {
  #actors = new Map<string, Held>();
  #incidents = 0;
  #poisonings = 0;
  #sorted: readonly ActorView[] | undefined;
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { actors: this.#actors, incidents: this.#incidents, poisonings: this.#poisonings, changedAt: this.changedAt };
  }
  set folded(kept) {
    ({ actors: this.#actors, incidents: this.#incidents, poisonings: this.#poisonings, changedAt: this.changedAt } = kept);
    this.#sorted = undefined;
  }

  apply(step: Step): void {
    const input = inputOf(step);
    const restarted = input.type === "run.started" ? (input.recovered?.quarantined ?? []) : [];
    if (step.transitions.length === 0 && step.incidents.length === 0 && restarted.length === 0) return;
    this.#sorted = undefined;
    this.changedAt = step.seq;
    for (const path of restarted) this.#setAside(path, "quarantined");
    for (const transition of step.transitions) {
      if (transition.to === null) {
        this.#actors.delete(transition.actor);
        continue;
      }
      const actor = this.#actorAt(transition.actor, step);
      if (!sameState(actor.state, transition.to)) {
        actor.state = transition.to;
        actor.words = stateWords(transition.to);
        actor.since = timeOf(step);
        actor.sinceSeq = step.seq;
      }
      actor.event = transition.event;
      actor.transitions++;
    }
    for (const incident of step.incidents) this.#note(incident, step);
  }

  #actorAt(path: string, step: Step): Held {
    let actor = this.#actors.get(path);
    if (actor === undefined) {
      actor = {
        path,
        machine: machineOf(path),
        state: null,
        words: "",
        since: timeOf(step),
        sinceSeq: step.seq,
        event: "",
        transitions: 0,
        standing: "live",
        incidents: 0,
        poisonedAt: [],
      };
      this.#actors.set(path, actor);
    }
    return actor;
  }

  #note(incident: Incident, step: Step): void {
    this.#incidents++;
    if (incident.kind === "poisoned") this.#poisonings++;
    const actor = this.#actors.get(incident.actor);
    if (actor === undefined) return;
    actor.incidents++;
    actor.lastIncident = { ...incident, at: timeOf(step), seq: step.seq };
    if (incident.kind === "undelivered" && (incident.detail === "quarantined" || incident.detail === "halted")) {
      actor.standing = incident.detail;
    }
    if (incident.kind !== "poisoned" || actor.standing !== "live") return;
    const recent = actor.poisonedAt.filter((at) => step.now - at < RESTART_WINDOW_MS);
    actor.poisonedAt.splice(0, actor.poisonedAt.length, ...recent, step.now);
    if (GUARDED.has(actor.machine)) actor.standing = "quarantined";
    else if (actor.poisonedAt.length >= RESTARTS) actor.standing = "halted";
  }

  #setAside(path: string, standing: "quarantined" | "halted"): void {
    const actor = this.#actors.get(path);
    if (actor !== undefined) actor.standing = standing;
  }

  /** The state value of one actor as words, undefined when there is no such actor. */
  wordsOf(path: string): string | undefined {
    return this.#actors.get(path)?.words;
  }

  /** Paths that begin with a prefix, with their states as words, in no promised order. */
  *under(prefix: string): Generator<readonly [path: string, words: string]> {
    for (const { path, words } of this.#actors.values()) if (path.startsWith(prefix)) yield [path, words];
  }

  get view(): ActorsView {
    this.#sorted ??= [...this.#actors.values()]
      .map(({ poisonedAt: _, ...actor }) => actor)
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    return { actors: this.#sorted, incidents: this.#incidents, poisonings: this.#poisonings };
  }
}
