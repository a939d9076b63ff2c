/**
 * The whole household in the kernel's real step, at a gateway that does all it is asked: it lists, quotes, tells the past, accepts every
 * order and fills it at its limit. Nothing stands in a machine's place. What the market is like is the story's business; what the
 * broker's books hold is kept here, apart from the engine's.
 */
import { household } from "../../src/actors/household.ts";
import { nextSession, sessionAt } from "../../src/domain/calendar/market-calendar.ts";
import type { EngineConfig } from "../../src/domain/config.ts";
import type { Contract, OptionContract } from "../../src/domain/contract.ts";
import type { Effects, OrderTicket } from "../../src/domain/effects.ts";
import type { Execution } from "../../src/domain/events/broker.ts";
import type { CaretakerFact } from "../../src/domain/facts.ts";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import { type EpochMs, money } from "../../src/domain/units.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import { recover } from "../../src/kernel/recovery.ts";
import { State } from "../../src/kernel/state.ts";
import { step } from "../../src/kernel/step.ts";
import type { Effect, Input, Snapshot, Step } from "../../src/ports/journal.ts";
import { MemoryJournal, MemorySnapshots } from "./kernel-memory.ts";
import { SPY, VIX, worth } from "./quoted-chain.ts";
import { executionsToday, rowsFor } from "./story-answers.ts";
import { Books, CLIENT, FEE, rowOf, type StoryOrder } from "./story-books.ts";
import type { Story, StoryMarket } from "./story-market.ts";

const logic = household as unknown as Logic;
const BUILD = "story";
const TICK_MS = 2_000;
const VIX_EVERY_MS = 20_000;
const LEG_EVERY_MS = 300_000;

type Fact<Type extends CaretakerFact["type"]> = Extract<CaretakerFact, { readonly type: Type }>;
export type Told<Type extends CaretakerFact["type"]> = Fact<Type> & { readonly seq: number; readonly time: number };

interface Line {
  readonly contract: Contract;
  version: number;
  at: number;
}
interface Due {
  readonly at: number;
  readonly n: number;
  readonly epoch: number | null;
  readonly run: () => void;
}

export class House {
  state = new State(logic);
  now: number;
  readonly story: Story;
  readonly config: EngineConfig;
  readonly steps: Step[] = [];
  readonly #facts = new Map<string, { readonly seq: number; readonly time: number }[]>();
  readonly #books = new Books();
  /** Orders are accepted and not filled. */
  holding = false;
  /** Between an order's acceptance and its fill. */
  fillMs = 300;
  #version = 0;
  #due: Due[] = [];
  #n = 0;
  #epoch = 0;
  #nextId = 1;
  #lines = new Map<number, Line>();
  #config: EngineConfig;

  constructor(story: Story, config: EngineConfig, now: number) {
    this.story = story;
    this.config = config;
    this.#config = config;
    this.now = now;
    this.#start();
  }

  // ── the core ──
  input(input: Input): Step {
    const made = step(this.state, this.state.seq + 1, this.now, JSON.parse(JSON.stringify(input)) as Input);
    this.steps.push(made);
    for (const fact of made.facts)
      this.#facts.set(fact.type, [...(this.#facts.get(fact.type) ?? []), { ...fact, seq: made.seq, time: made.now }]);
    for (const effect of made.effects) this.#later(0, null, () => this.#release(effect));
    return made;
  }
  #start(): void {
    this.input({ type: "run.started", build: BUILD, config: this.#config as unknown as Json, node: "test", mode: "simulated" });
    this.#later(TICK_MS, null, () => this.#tick());
  }
  #release(effect: Effect): void {
    if (!this.state.unacknowledged.has(effect.id)) return;
    const refusal = logic.gate(effect, this.state);
    const epoch = Number((effect.params as JsonObject)["epoch"]);
    const isOver = effect.type !== "gateway.connect" && effect.type !== "operator.notify" && epoch !== this.#epoch;
    if (refusal !== undefined || isOver) {
      this.input({ type: "effect.refused", effect: effect.id, reason: refusal ?? "epoch over" });
      return;
    }
    this.#send(effect.type, effect.params, epoch);
    this.input({ type: "effect.written", effect: effect.id, epoch });
  }
  #later(ms: number, epoch: number | null, run: () => void): void {
    this.#due.push({ at: this.now + ms, n: this.#n++, epoch, run });
  }
  /** Something that the gateway says on this connection. */
  #tell(ms: number, input: Input): void {
    this.#later(ms, this.#epoch, () => void this.input(input));
  }

  // ── time ──
  #advance(until: number): boolean {
    const timer = this.state.timers.first();
    let next: Due | undefined;
    for (const due of this.#due) if (next === undefined || due.at < next.at || (due.at === next.at && due.n < next.n)) next = due;
    const at = Math.min(timer?.deadline ?? Number.POSITIVE_INFINITY, next?.at ?? Number.POSITIVE_INFINITY);
    if (at > until) {
      this.now = until;
      return false;
    }
    this.now = Math.max(this.now, at);
    if (timer !== undefined && timer.deadline <= this.now && (next === undefined || timer.deadline <= next.at)) {
      this.input({ type: "timer.fired", actor: timer.actor, id: timer.id, due: timer.deadline });
      return true;
    }
    this.#due = this.#due.filter((due) => due !== next);
    next?.run();
    return true;
  }
  run(seconds: number): this {
    const until = this.now + seconds * 1_000;
    while (this.#advance(until));
    return this;
  }
  /** True when it came to be within so many seconds. */
  runUntil(done: () => boolean, seconds: number): boolean {
    const until = this.now + seconds * 1_000;
    while (!done()) if (!this.#advance(until)) return done();
    return true;
  }

  // ── the market ──
  /** It changes at once, for all to see. */
  change(market: Partial<StoryMarket>): this {
    this.story.market = { ...this.story.market, ...market };
    return this.retell();
  }
  /** What is hidden or shown again is told. */
  retell(): this {
    this.#version += 1;
    return this;
  }
  #tick(): void {
    const now = this.now as EpochMs;
    if (sessionAt(now) === undefined) {
      // All orders are for the day.
      for (const order of this.working) this.#end(order);
      this.#later(nextSession(now).open - now + TICK_MS, null, () => this.#tick());
      return;
    }
    if (this.#epoch > 0) {
      for (const [conId, line] of this.#lines) {
        const every = conId === SPY.conId ? 0 : conId === VIX.conId ? VIX_EVERY_MS : LEG_EVERY_MS;
        if (line.version !== this.#version || now - line.at >= every) this.#quote(line);
      }
    }
    this.#later(TICK_MS, null, () => this.#tick());
  }
  #quote(line: Line): void {
    const quote = this.story.quote(line.contract, this.now as EpochMs);
    line.version = this.#version;
    line.at = this.now;
    if (quote !== undefined) this.input({ type: "quote.updated", epoch: this.#epoch, quote: quote as unknown as JsonObject });
  }

  // ── the process ──
  #die(): void {
    const epoch = this.#epoch;
    this.#epoch = -Math.abs(epoch);
    this.#lines.clear();
    this.#due = this.#due.filter((due) => due.epoch !== epoch && due.epoch !== null);
  }
  #live(state: State, open: readonly Effect[], config: EngineConfig): void {
    this.state = state;
    this.#config = config;
    const orders = open.filter((effect) => state.isOrder(effect));
    this.#start();
    for (const { id } of orders) this.input({ type: "effect.unconfirmed", effect: id });
    for (const effect of open)
      if (this.state.unacknowledged.has(effect.id))
        this.input({ type: "effect.refused", effect: effect.id, reason: "no longer wanted after the restart" });
    for (const order of this.orders) if (order.status === "Submitted") this.#later(this.fillMs, null, () => this.#work(order));
  }
  /** Stopped, and started again at another time, from a snapshot: days go by in between. */
  sleepUntil(at: number, config: EngineConfig = this.#config): this {
    const parts = JSON.parse(JSON.stringify({ ...this.state.head(), actors: this.state.parts().actors })) as Snapshot;
    const open = [...this.state.unacknowledged.values()];
    this.#die();
    this.now = at;
    this.#live(State.restored(logic, parts), open, config);
    return this;
  }
  /** The connection says nothing more: what happens now is learnt after the next one. */
  silence(): this {
    this.#die();
    return this;
  }
  /** Killed, and started again at once from its journal: every record must derive again. */
  async killAndRecover(): Promise<this> {
    const journal = new MemoryJournal();
    await journal.append(this.steps);
    const open = [...this.state.unacknowledged.values()];
    this.#die();
    const recovery = await recover({ logic, journal, snapshots: new MemorySnapshots(), build: BUILD });
    this.#live(recovery.state, open, this.#config);
    return this;
  }

  // ── the gateway ──
  #send(type: string, params: JsonObject, epoch: number): void {
    switch (type) {
      case "gateway.connect":
        this.#epoch = epoch;
        this.#tell(20, { type: "gateway.connected", epoch, serverVersion: 178 });
        this.#tell(30, {
          type: "gateway.identified",
          epoch,
          accounts: [this.config.account],
          nextOrderId: this.#nextId,
          clientId: CLIENT,
        });
        return;
      case "line.open": {
        const contract = params["contract"] as unknown as Contract;
        const line: Line = { contract, version: -1, at: 0 };
        this.#lines.set(contract.conId, line);
        this.#later(20, epoch, () => {
          if (this.#lines.get(contract.conId) === line) this.#quote(line);
        });
        return;
      }
      case "line.close":
        this.#lines.delete(Number(params["conId"]));
        return;
      case "line.snapshot": {
        const contract = params["contract"] as unknown as Contract;
        this.#later(20, epoch, () => {
          const quote = this.story.quote(contract, this.now as EpochMs);
          const { conId } = contract;
          this.input(
            quote === undefined
              ? { type: "snapshot.failed", epoch, conId, code: 0, text: "no answer" }
              : { type: "snapshot.answered", epoch, conId, quote: { ...quote, source: "snapshot" } as unknown as JsonObject },
          );
        });
        return;
      }
      case "order.whatIf": {
        const { orderId, orderRef } = params["ticket"] as unknown as OrderTicket;
        this.#nextId = Math.max(this.#nextId, orderId + 1);
        this.#tell(20, { type: "order.whatIfAnswered", epoch, orderId, orderRef, impact: { initialMarginAfter: money(5_000) } });
        return;
      }
      case "order.place":
        this.#later(20, epoch, () => this.#place(params as unknown as Effects["order.place"]));
        return;
      case "order.cancel":
        this.#later(20, epoch, () => this.#cancel(Number(params["orderId"])));
        return;
      default:
        if (type.endsWith(".request")) this.#later(20, epoch, () => this.#answer(type, params, epoch));
    }
  }
  #answer(request: string, params: JsonObject, epoch: number): void {
    const gateway = { books: this.#books, story: this.story, account: this.config.account, now: this.now as EpochMs };
    if (request === "executions.request") for (const execution of executionsToday(gateway)) this.#sayExecution(execution, epoch);
    const type = request.replace(/request$/, "answered");
    const to = { epoch, replyTo: params["replyTo"] as string, request: params["request"] as string };
    this.input({ type, ...to, ...rowsFor(request, params, gateway) } as Input);
  }
  // ── the broker ──
  #place({ ticket, modify }: Effects["order.place"]): void {
    if (modify) this.#modify(ticket);
    else {
      this.#nextId = Math.max(this.#nextId, ticket.orderId + 1);
      const order = this.#books.place(ticket);
      this.#sayStatus(order);
      this.#later(this.fillMs, null, () => this.#work(order));
    }
  }
  #modify({ orderId, limitPrice }: OrderTicket): void {
    const known = this.#books.workingAs(orderId);
    if (known === undefined) this.#sayError(orderId, 104, "it is over");
    else {
      known.limit = limitPrice;
      known.repriced += 1;
      this.#sayStatus(known);
    }
  }
  #cancel(orderId: number): void {
    const order = this.#books.workingAs(orderId);
    this.#sayError(orderId, order === undefined ? 161 : 202, order === undefined ? "nothing to cancel" : "cancelled");
    if (order !== undefined) this.#end(order);
  }
  #sayError(orderId: number, code: number, text: string): void {
    this.#tell(1, { type: "order.errored", epoch: this.#epoch, orderId, code, text });
  }
  #end(order: StoryOrder): void {
    order.status = "Cancelled";
    this.#sayStatus(order);
  }
  #work(order: StoryOrder): void {
    if (order.status === "Submitted" && !this.holding) this.fill(order);
  }
  /** What is at work is filled now, and whatever comes after it. */
  release(): this {
    this.holding = false;
    for (const order of this.orders) this.#work(order);
    return this;
  }
  /** Whole, at its limit. */
  fill(order: StoryOrder): void {
    const made = this.#books.fill(order, this.#mid, this.now as EpochMs);
    if (this.#epoch > 0) for (const execution of made) this.#sayExecution(execution, this.#epoch);
    this.#sayStatus(order);
  }
  #sayExecution(execution: Execution, epoch: number): void {
    this.input({ type: "execution.reported", epoch, execution: execution as unknown as JsonObject });
    this.input({ type: "commission.reported", epoch, execId: execution.execId, amount: FEE * execution.shares, currency: "USD" });
  }
  #sayStatus(order: StoryOrder): void {
    if (this.#epoch <= 0) return;
    const { ticket, permId, status, filled } = order;
    this.input({ type: "order.reported", epoch: this.#epoch, order: rowOf(order) as unknown as JsonObject });
    this.input({
      type: "order.statusReported",
      epoch: this.#epoch,
      orderId: ticket.orderId,
      clientId: CLIENT,
      permId,
      status,
      filled,
      remaining: ticket.quantity - filled,
    });
  }

  // ── the broker's books ──
  readonly #mid = (contract: OptionContract): number =>
    Math.round(worth(this.story.market, contract, this.now as EpochMs) * 100) * 100;
  /** What an order's limit would be in the middle of the market of this moment. */
  midOf(order: StoryOrder): number {
    return this.#books.midOf(order, this.#mid);
  }
  legsOf(order: StoryOrder): ReturnType<Books["legsOf"]> {
    return this.#books.legsOf(order);
  }
  get orders(): readonly StoryOrder[] {
    return this.#books.orders;
  }
  get working(): readonly StoryOrder[] {
    return this.#books.working;
  }
  get executions(): readonly Execution[] {
    return this.#books.executions;
  }
  get held(): Map<number, number> {
    return this.#books.held();
  }
  heldOf(isOurs: (orderRef: string) => boolean): Map<number, number> {
    return this.#books.held(isOurs);
  }
  get cash(): number {
    return this.#books.cash();
  }
  cashOf(isOurs: (orderRef: string) => boolean): number {
    return this.#books.cash(isOurs);
  }

  // ── what the engine made known ──
  facts<Type extends CaretakerFact["type"]>(type: Type, since = 0): Told<Type>[] {
    const all = (this.#facts.get(type) ?? []) as unknown as Told<Type>[];
    return since === 0 ? all : all.filter(({ seq }) => seq > since);
  }
  get seq(): number {
    return this.state.seq;
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests look into contexts of any shape
  context(path: string): any {
    return this.state.snapshotOf(path)?.context;
  }
  get incidents(): string[] {
    return this.steps.flatMap(({ incidents }) =>
      incidents
        .filter(({ kind, event }) => kind !== "undelivered" || event === "spawned")
        .map(({ kind, actor, event, detail }) => `${kind} ${actor} ${event}: ${detail}`),
    );
  }
}
