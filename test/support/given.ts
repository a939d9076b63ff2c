/**
 * One machine under test, without the kernel: XState's pure transitions folded over events, what they said kept as data.
 *
 * Timers run on market time and fire in `wait`. Everything said and kept must be plain JSON, as the kernel demands.
 */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from "xstate";
import { canonical } from "../../src/domain/canonical-json.ts";

export interface Said {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into parameters of any shape
  readonly params: any;
}

/** An event of any shape: what a machine does with a wrong one is part of the test. */
type Heard = { readonly type: string; readonly [key: string]: unknown };

const nameOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  const [[state, below]] = Object.entries(value as object) as [[string, unknown]];
  const name = nameOf(below);
  return name === "" ? state : `${state}.${name}`;
};

export class Given<Machine extends AnyStateMachine> {
  now: number;
  readonly #machine: Machine;
  #snapshot: SnapshotFrom<Machine>;
  #timers: { readonly id: string; readonly at: number; readonly event: object }[] = [];
  /** All that was said, in order: tell, spawn, listen, effects, and facts as `fact`. */
  said: Said[] = [];

  constructor(machine: Machine, input: InputFrom<Machine>, now: number) {
    this.#machine = machine;
    this.now = now;
    const [snapshot, actions] = initialTransition(machine, input as never);
    this.#snapshot = snapshot as SnapshotFrom<Machine>;
    this.#note(actions as never);
  }

  #note(actions: readonly { readonly type: string; readonly params: unknown }[]): void {
    const before = this.said.length;
    for (const { type, params } of actions) {
      const given = params as { id: string; delay: number | null; event: object; sendId: string };
      if (type === "xstate.raise") {
        if (typeof given.delay === "number") {
          this.#timers = this.#timers.filter(({ id }) => id !== given.id);
          this.#timers.push({ id: given.id, at: this.now + given.delay, event: given.event });
        }
      } else if (type === "xstate.cancel") this.#timers = this.#timers.filter(({ id }) => id !== given.sendId);
      else
        this.said.push({ type: type === "xstate.emit" ? "fact" : type, params: type === "xstate.emit" ? given.event : params });
    }
    canonical(this.context);
    for (const said of this.said.slice(before)) canonical(said.params);
  }

  #step(event: object): void {
    const [snapshot, actions] = transition(this.#machine, this.#snapshot as never, { ...event, now: this.now } as never);
    this.#snapshot = snapshot as SnapshotFrom<Machine>;
    if ((this.#snapshot as AnyMachineSnapshot).status === "error") throw (this.#snapshot as AnyMachineSnapshot).error;
    this.#note(actions as never);
  }

  hear(...events: readonly Heard[]): this {
    for (const event of events) this.#step(event);
    return this;
  }

  /** Lets market time pass; timers fire on the way, in order. */
  wait(ms: number): this {
    const until = this.now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.at);
      this.#step(next.event);
    }
    this.now = until;
    return this;
  }

  /** Goes on from its state as JSON, as after a restart; timers stay. */
  reopen(): this {
    const kept: unknown = JSON.parse(JSON.stringify(this.#machine.getPersistedSnapshot(this.#snapshot as never)));
    this.#snapshot = createActor(this.#machine, { snapshot: kept as never } as never).getSnapshot() as SnapshotFrom<Machine>;
    return this;
  }

  get state(): string {
    return nameOf((this.#snapshot as AnyMachineSnapshot).value);
  }
  get context(): SnapshotFrom<Machine>["context"] {
    return (this.#snapshot as AnyMachineSnapshot).context;
  }
  get timers(): number {
    return this.#timers.length;
  }
  /** What was said under one name. */
  params(type: string): Said["params"][] {
    return this.said.filter((said) => said.type === type).map(({ params }) => params);
  }
  /** Events told to one address. */
  told(to: string): Said["params"][] {
    return this.params("tell")
      .flat()
      .filter((tell) => tell.to === to)
      .map(({ event }) => event);
  }
  /** What was brought to the alert desk, and the keys that were taken back. */
  get raised(): Said["params"][] {
    return this.told("alerts").filter(({ type }) => type === "alert.raised");
  }
  get cleared(): string[] {
    return this.told("alerts").flatMap(({ type, key }) => (type === "alert.cleared" ? [key] : []));
  }
  facts(type: string): Said["params"][] {
    return this.params("fact").filter((fact) => fact.type === type);
  }
  /** Forgets what was said so far. */
  quiet(): this {
    this.said = [];
    return this;
  }
}

/** A machine at its beginning. */
export const given = <Machine extends AnyStateMachine>(
  machine: Machine,
  input: InputFrom<Machine>,
  now: number,
): Given<Machine> => new Given(machine, input, now);
