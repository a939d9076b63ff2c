/**
 * The kernel: the only loop in the program. It takes an input, derives what follows, writes it down, and only then lets it out.
 *
 *  1. A step is synchronous: from routing to the last transition nothing else runs (K1).
 *  2. No effect is released before the batch that holds it is on disk. One batch in flight, one forming (K2).
 *  3. Effects leave in seq order; a cancel may go before others, never before what its own actor said earlier (K2).
 *  4. `now` never runs backwards; timers due by `now` fire before the input, each as a record of its own (K3).
 *  5. An order is released at most once, ever: what a crash left open is *unconfirmed*, never repeated (K5).
 *  6. A write that fails may have happened: the kernel stops for good and says so once (K6).
 *  7. A quote keeps its place and takes the newest value; fills, cancels and commands are never shed (K7).
 *  8. Whatever changes the state is a record. So the state at any seq derives again from the records before it (K10).
 *
 * The story of a step: `offer` → inbox → `#pump` → `step` → `#commit` → `#durable` → `release` → the answer is offered again.
 */
import { assert } from "../domain/assert.ts";
import type { Input } from "../ports/journal.ts";
import { Alarm } from "./alarm.ts";
import { effectsOf, type Formed, failAll, formed, openedBy, settleAll, stepsOf, type Ticket } from "./formed.ts";
import { Inbox } from "./inbox.ts";
import type { KernelOptions, Receipt, Recovered, RunOptions, View } from "./logic.ts";
import { assertCommand, assertOffer, isAnswer } from "./offers.ts";
import { type Recovery, recover } from "./recovery.ts";
import { release, stillWanted } from "./release.ts";
import { inReleaseOrder } from "./release-order.ts";
import { settled } from "./settled.ts";
import { SnapshotWriter } from "./snapshot-writer.ts";
import type { State, StateParts } from "./state.ts";

const MAX_BATCH = 1_024;
const MAX_INBOX = 65_536;
const SNAPSHOT_EVERY = 10_000;

type Phase = "new" | "recovering" | "recovered" | "running" | "stopping" | "closing" | "stopped" | "dead";

export class Kernel {
  readonly #options: KernelOptions;
  readonly #inbox = new Inbox<Ticket>();
  readonly #snapshots: SnapshotWriter;
  readonly #alarm: Alarm;
  #phase: Phase = "new";
  #recovery: Recovery | undefined;
  #forming: Formed[] = [];
  #inFlight = false;
  #pumping = false;
  #pressed = false;
  #durableSeq = 0;
  #inHand: Input | undefined;
  #whenIdle: (() => void) | undefined;
  #deathHeard: ((error: unknown) => void) | undefined;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.#snapshots = new SnapshotWriter(options);
    this.#alarm = new Alarm(options.clock, () => this.#pump());
  }

  /** Restores the last durable state. Nothing is released. Throws when the journal or a snapshot cannot be trusted. */
  async recover(): Promise<Recovered> {
    assert(this.#phase === "new", `recover() in phase ${this.#phase}`);
    this.#phase = "recovering";
    const { logic, journal, snapshots, build, probe, clock } = this.#options;
    this.#recovery = await recover({ logic, journal, snapshots, build, probe });
    this.#durableSeq = this.#state.seq;
    this.#snapshots.since(this.#recovery.snapshotSeq);
    this.#phase = "recovered";
    return this.#recovery.report(this.#nowFrom(clock.now()));
  }

  /** Begins the run: `run.started` is the first step, then the orders nobody can vouch for, then whatever was offered meanwhile. */
  start(run: RunOptions): void {
    assert(this.#phase === "recovered", `start() in phase ${this.#phase}`);
    const { clock, build } = this.#options;
    const now = this.#nowFrom(clock.now());
    const recovered = this.#recovery!.report(now);
    const unconfirmed: Input[] = recovered.unconfirmed.map((effect) => ({ type: "effect.unconfirmed", effect }));
    this.#inbox.putFirst(unconfirmed);
    this.#phase = "running";
    this.#guarded(() => {
      const { config, node, mode } = run;
      this.#apply(now, settled<Input>({ type: "run.started", build, config, node, mode, recovered }), undefined);
    });
    this.#pump();
  }

  /**
   * Hands in an input. With a `key` it replaces the waiting input of the same key, in its place. Taken before `start` too.
   * False when the kernel is stopping or stopped: the input is not taken. Throws a NotPlainError for what is not plain JSON.
   */
  offer(input: Input, { key }: { readonly key?: string } = {}): boolean {
    assertOffer(input);
    if (this.#isOver() || this.#phase === "closing" || (this.#phase === "stopping" && !isAnswer(input))) return false;
    this.#put(settled(input), key);
    this.#pump();
    return true;
  }

  /**
   * Hands in an operator's command. Resolves once it is durable, or at once with a refusal. Rejects when the journal fails
   * first: then nobody knows whether it is recorded.
   */
  offerCommand(input: Input): Promise<Receipt> {
    assertCommand(input);
    if (this.#isOver() || this.#phase === "stopping" || this.#phase === "closing")
      return Promise.resolve({ refused: "stopping" });
    if (this.#pressed) return Promise.resolve({ refused: "try later" });
    const plain = settled(input);
    return new Promise((settle, fail) => {
      this.#put(plain, undefined, { settle, fail });
      this.#pump();
    });
  }

  /** Records `run.stopped`, waits until nothing is left to do, and leaves a snapshot with an empty tail (K10). */
  async stop(): Promise<void> {
    assert(this.#phase === "running", `stop() in phase ${this.#phase}`);
    this.#inbox.put({ type: "run.stopped" });
    this.#phase = "stopping";
    await new Promise<void>((idle, dead) => {
      // From here to the last snapshot nothing moves: an answer that comes now is one that came too late.
      this.#whenIdle = () => {
        this.#phase = "closing";
        idle();
      };
      this.#deathHeard = dead;
      this.#pump();
    });
    try {
      await this.#snapshots.last(this.#state);
    } catch (error) {
      this.#die(error);
      throw error;
    }
    this.#phase = "stopped";
    this.#alarm.cancel();
  }

  /** The seq of the last step applied; it may not be on disk yet. */
  get seq(): number {
    return this.#state.seq;
  }

  /** The seq of the last step known to be on disk. */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  /** Inputs waiting, steps not yet on disk, timers armed, effects unacknowledged: for health. */
  get load(): { readonly waiting: number; readonly forming: number; readonly timers: number; readonly unacknowledged: number } {
    const { timers, unacknowledged } = this.#state;
    return {
      waiting: this.#inbox.size,
      forming: this.#forming.length,
      timers: timers.size,
      unacknowledged: unacknowledged.size,
    };
  }

  /** The actors as of the last step applied. */
  get view(): View {
    return this.#state;
  }

  /** What the state hash is taken over. Stalls for large states. */
  stateParts(): StateParts {
    return this.#state.parts();
  }

  get #state(): State {
    assert(this.#recovery !== undefined, "the kernel has not recovered yet");
    return this.#recovery.state;
  }

  // ── One step ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Steps until nothing is due and nothing waits, or the forming batch is full. Never runs inside itself. */
  #pump(): void {
    if (this.#pumping || (this.#phase !== "running" && this.#phase !== "stopping")) return;
    this.#pumping = true;
    this.#guarded(() => {
      const { clock } = this.#options;
      while (this.#hasRoom()) {
        const now = this.#nowFrom(clock.now());
        const timer = this.#state.timers.due(now);
        if (timer !== undefined) {
          this.#apply(now, { type: "timer.fired", actor: timer.actor, id: timer.id, due: timer.deadline }, undefined);
          continue;
        }
        const waiting = this.#inbox.take();
        if (waiting === undefined) break;
        this.#apply(now, waiting.input, waiting.ticket);
      }
      this.#commit();
      this.#press(!this.#hasRoom());
      this.#sleep();
    });
    this.#pumping = false;
    if (this.#isIdle()) this.#whenIdle?.();
  }

  /** Whether the forming batch takes another step; a full one is sent off if none is in flight. */
  #hasRoom(): boolean {
    const { maxBatch = MAX_BATCH } = this.#options;
    if (this.#forming.length >= maxBatch) this.#commit();
    return this.#forming.length < maxBatch;
  }

  #apply(now: number, input: Input, ticket: Ticket | undefined): void {
    const { probe } = this.#options;
    this.#inHand = input;
    probe?.("apply.before", input.type);
    const made = formed(this.#state, now, input, ticket);
    this.#forming.push(made);
    probe?.("apply.after", made.step.seq);
    this.#inHand = undefined;
  }

  // ── Onto the disk ────────────────────────────────────────────────────────────────────────────────────────────────────

  #commit(): void {
    if (this.#inFlight || this.#forming.length === 0) return;
    const batch = this.#forming;
    this.#forming = [];
    this.#inFlight = true;
    this.#options.probe?.("append.before", batch[0]!.step.seq);
    const { snapshotEvery = SNAPSHOT_EVERY, journal } = this.#options;
    // The image must be of a step that is already part of a batch: it is written once that batch is on disk.
    // A run that came as far as going live is no crash loop: its snapshot says so (K8).
    const wentLive = batch.some(({ step: made }) => made.seq === this.#state.wentLiveSeq);
    this.#snapshots.captureIfDue(this.#state, wentLive ? 1 : snapshotEvery);
    journal
      .append(stepsOf(batch))
      .then(() => this.#guarded(() => this.#durable(batch)))
      .catch((error: unknown) => {
        failAll(batch, error);
        this.#die(error);
      });
  }

  #durable(batch: readonly Formed[]): void {
    if (this.#isOver()) return;
    const { onDurable, probe, logic } = this.#options;
    const last = batch.at(-1)!.step.seq;
    probe?.("append.after", last);
    this.#inFlight = false;
    this.#durableSeq = last;
    this.#pumping = true;
    onDurable?.(stepsOf(batch));
    settleAll(batch);
    const answer = (input: Input): void => this.#put(input);
    const effects = [...stillWanted(openedBy(batch), logic, this.#state, answer), ...effectsOf(batch)];
    for (const effect of inReleaseOrder(effects, (type) => logic.effectClass(type))) {
      if (this.#isOver()) return;
      release(effect, this.#options, this.#state, answer);
    }
    this.#pumping = false;
    this.#snapshots.writeIfDurable(last).catch((error: unknown) => this.#die(error));
    this.#pump();
  }

  // ── Waiting, pressing back, ending ───────────────────────────────────────────────────────────────────────────────────

  #put(input: Input, key?: string, ticket?: Ticket): void {
    this.#inbox.put(input, key, ticket);
    this.#options.onOffered?.(input);
    const { maxInbox = MAX_INBOX } = this.#options;
    if (this.#inbox.size > maxInbox) this.#die(new Error(`the inbox overflowed: more than ${maxInbox} inputs wait`));
  }

  #press(pressed: boolean): void {
    if (pressed === this.#pressed) return;
    this.#pressed = pressed;
    this.#options.onPressure?.(pressed);
  }

  /** Until the earliest timer, when nothing else wakes it before. While pressed, the disk wakes it. */
  #sleep(): void {
    this.#alarm.setFor(this.#pressed ? undefined : this.#state.timers.first()?.deadline);
  }

  #nowFrom(clock: number): number {
    return Math.max(Math.floor(clock), this.#state.now);
  }

  #isOver(): boolean {
    return this.#phase === "dead" || this.#phase === "stopped";
  }

  #isIdle(): boolean {
    return this.#phase === "stopping" && !this.#inFlight && this.#forming.length === 0 && this.#inbox.size === 0;
  }

  /** A defect in here is not survivable: the state and the journal may disagree. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#pumping = false;
      this.#die(error);
    }
  }

  #die(error: unknown): void {
    if (this.#isOver()) return;
    this.#phase = "dead";
    this.#alarm.cancel();
    failAll(this.#forming, error);
    for (let left = this.#inbox.take(); left !== undefined; left = this.#inbox.take()) left.ticket?.fail(error);
    this.#deathHeard?.(error);
    this.#options.fatal(error, this.#inHand);
  }
}
