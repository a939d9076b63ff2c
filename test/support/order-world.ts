/**
 * A small household in an unkind world: the real machines in the kernel's real step, a broker that loses, delays, doubles and
 * reorders what it says, a connection that breaks, a process that is restarted. All chances come from one tape; when it has run
 * out, everything behaves. Laws are checked while it runs (`breaches`) and on what is left at the end.
 */
import { assign, setup } from "xstate";
import { household } from "../../src/actors/household.ts";
import type { EngineConfig } from "../../src/domain/config.ts";
import { reversed } from "../../src/domain/contract.ts";
import type { Effects, OrderTicket } from "../../src/domain/effects.ts";
import type { OrderIntent } from "../../src/domain/events/actors.ts";
import type { BrokerOrder, BrokerOrderStatus, Execution } from "../../src/domain/events/broker.ts";
import { executionFamily, intentIdOf, orderAddress, orderRefOf } from "../../src/domain/identity.ts";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import { speech } from "../../src/domain/speech.ts";
import { quoteStructure } from "../../src/domain/structure-quote.ts";
import { type EpochMs, money, moneyUnits, price, priceUnits } from "../../src/domain/units.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import { State } from "../../src/kernel/state.ts";
import { step } from "../../src/kernel/step.ts";
import type { Effect, Input, Snapshot, Step } from "../../src/ports/journal.ts";
import { DAY, ENGINE, leg, NOON, twoSided } from "./quoted-chain.ts";

export const OWNER = "slot/s1";
export const CONFIG: EngineConfig = {
  ...ENGINE,
  strategies: [],
  futures: [],
  limits: { ...ENGINE.limits, maxLossPerPositionPct: 90, maxLossTotalPct: 90 },
  // An approval outlives the doubt: it must not be what keeps a late order from leaving.
  orders: { ...ENGINE.orders, approvalSeconds: 60 },
  // Often, so that questions and orders cross.
  reconcileEverySeconds: 5,
};
const CALM: EngineConfig = { ...CONFIG, reconcileEverySeconds: 600 };
const CLIENT = 7;
const LEGS = [leg(590, "P", -1), leg(585, "P", 1)];
/** What a roll closes: the same of an earlier expiry. */
const OLD = LEGS.map(({ contract, ratio }) => ({ contract: { ...contract, conId: contract.conId + 5, expiry: DAY }, ratio }));
const TRADED = { entry: LEGS, exit: reversed(LEGS), roll: [...reversed(OLD), ...LEGS] } as const;
/** The first leg of each is worth `mid` more than the second; the old ones a little less. */
const QUOTED = [...LEGS, ...OLD].map(({ contract }, i) => ({ contract, dear: i % 2 === 0, older: i >= 2 }));
const legValue = ({ dear, older }: (typeof QUOTED)[number], mid: number): number =>
  dear ? mid + 2 - (older ? 0.4 * mid : 0) : 2;

// biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
export type Heard = any;

/** Stands where the slots stand: says what it is told to say and remembers all it hears. */
const probe = setup({
  types: {
    context: {} as { path: string; heard: Heard[] },
    events: {} as { type: string; [key: string]: unknown },
    input: {} as { path: string },
  },
  actions: { ...speech, hear: assign(({ context, event }) => ({ heard: [...context.heard, event] })) },
}).createMachine({
  context: ({ input }) => ({ path: input.path, heard: [] }),
  on: {
    "test.tell": { actions: { type: "tell", params: ({ event }) => event["tell"] as never } },
    "test.spawn": { actions: { type: "spawn", params: ({ event }) => event["spawn"] as never } },
    "*": { actions: "hear" },
  },
});
const logic = {
  ...household,
  machines: { ...household.machines, positionSlot: { machine: probe, version: 1, protection: "restart" as const } },
  route: (input: Input) => (input.type.startsWith("test.") ? { to: [String(input["to"])] } : household.route(input as never)),
} as unknown as Logic;

interface LiveOrder {
  readonly ticket: OrderTicket;
  readonly permId: number;
  status: BrokerOrderStatus;
  limit: number;
  filled: number;
  over: boolean;
}
interface Due {
  readonly at: number;
  readonly n: number;
  readonly epoch: number | null;
  /** A frame on its way to the broker. */
  readonly up?: true;
  readonly run: () => void;
}

export interface Plan {
  readonly tape: readonly number[];
  readonly purpose: "entry" | "exit" | "roll";
  readonly quantity: number;
  /** Compares seldom: for stories that take days. */
  readonly calm?: boolean;
  /** A broker in no hurry to fill, at which every other change of an order leaves the old one working (F27). */
  readonly twice?: boolean;
}

export class OrderWorld {
  state = new State(logic);
  now: number = NOON;
  readonly steps: Step[] = [];
  readonly breaches: string[] = [];
  readonly intent: OrderIntent;
  readonly orders: LiveOrder[] = [];
  readonly executions: Execution[] = [];
  readonly fees = new Map<string, number>();
  /** What reached the broker: new orders by orderRef. */
  readonly placed: string[] = [];
  restarts = 0;
  readonly #tape: number[];
  #due: Due[] = [];
  #n = 0;
  #epoch = 0;
  #away = false;
  #nextId = 1;
  /** The permIds that were said of the intent, its order id, and the new price that nobody has answered. */
  readonly #heardOf = new Set<number>();
  #ownId = 0;
  #asked: number | null = null;
  #cutOff = false;
  #doubt: { readonly seq: number; readonly asked: Map<string, string>; readonly answered: Set<string> } | undefined;

  readonly #config: EngineConfig;
  readonly #twice: boolean;

  constructor({ tape, purpose, quantity, calm = false, twice = false }: Plan) {
    this.#config = calm ? CALM : CONFIG;
    this.#twice = twice;
    this.#tape = [...tape];
    const intentId = intentIdOf(DAY, "s1", 1);
    this.intent = {
      intentId,
      orderRef: orderRefOf(CONFIG.installation, intentId),
      owner: OWNER,
      purpose,
      symbol: "SPY",
      legs: TRADED[purpose],
      quantity,
      urgency: "high",
      reducing: purpose === "exit",
      maxLoss: moneyUnits(purpose === "exit" ? 0 : 4_000_000 * quantity),
      tick: price(0.01),
      width: price(5),
      ...(purpose === "exit" ? {} : { worstPrice: price(purpose === "entry" ? -0.9 : -0.3) }),
    };
    this.input({ type: "run.started", build: "test", config: this.#config as unknown as Json, node: "test", mode: "simulated" });
  }

  get saga(): string {
    return orderAddress(this.intent.intentId);
  }
  get sagaState(): Json {
    return (this.state.snapshotOf(this.saga)?.value ?? null) as Json;
  }
  get ended(): boolean {
    return typeof this.sagaState === "object" && this.sagaState !== null && "ended" in this.sagaState;
  }
  get heard(): Heard[] {
    const context: unknown = this.state.snapshotOf(OWNER)?.context;
    return (context as { heard: Heard[] }).heard;
  }
  get healed(): boolean {
    return this.#tape.length === 0;
  }
  /** The next chance: 0 is the kind answer, and all that is left when the tape has run out. */
  choose(n: number): number {
    return (this.#tape.shift() ?? 0) % n;
  }

  // ── the core ──
  input(input: Input): Step {
    const made = step(this.state, this.state.seq + 1, this.now, JSON.parse(JSON.stringify(input)) as Input);
    this.steps.push(made);
    if (this.steps.length > 20_000)
      throw new Error(
        `a livelock at ${this.now}: ${this.steps
          .slice(-12)
          .map(({ input }) => `${input.type} ${String(input["actor"] ?? input["request"] ?? input["reason"] ?? "")}`)
          .join(", ")}`,
      );
    this.#watch(made);
    for (const effect of made.effects) {
      // The pacer or a full socket may hold an order back for long.
      const heldMs = effect.type === "order.place" && this.choose(10) === 1 ? 12_000 : 0;
      this.#later(heldMs, null, () => this.#release(effect));
    }
    return made;
  }
  /** Prices are judged when they are spoken, by the quotes of that moment. */
  #judgePrice({ ticket }: Effects["order.place"]): void {
    const { intent } = this;
    if (ticket.limitPrice % intent.tick !== 0) this.breaches.push(`price ${ticket.limitPrice} off the grid`);
    if (intent.purpose === "exit" && ticket.limitPrice > intent.width) this.breaches.push("an exit beyond the width");
    if (intent.purpose === "exit") return;
    const quote = quoteStructure(intent.legs, this.#quotes);
    if (ticket.limitPrice > (intent.worstPrice as number)) this.breaches.push("an entry or a roll worse than the worst price");
    if (quote.known && ticket.limitPrice > quote.ask) this.breaches.push("an entry or a roll worse than natural");
  }
  get #quotes(): never {
    const context: unknown = this.state.snapshotOf(this.saga)?.context;
    return (context as { quotes: never }).quotes;
  }
  /** What the saga was told of its order: under which permIds, and what became of its last new price. */
  #overhear({ input }: Step): void {
    if (input.type === "gateway.lost" || input.type === "run.started" || Number(input["code"]) === 1100) {
      if (this.#asked !== null) this.#cutOff = true;
    }
    const said = (input["order"] ?? input["execution"] ?? input) as JsonObject;
    const own = said["orderRef"] === this.intent.orderRef || (said["orderId"] === this.#ownId && said["clientId"] === CLIENT);
    if (!own && !(input.type === "order.errored" && input["orderId"] === this.#ownId) && input.type !== "effect.refused") return;
    if (own && Number(said["permId"]) > 0) this.#heardOf.add(Number(said["permId"]));
    const answered = input.type === "order.errored" || input.type === "effect.refused" || said["limitPrice"] === this.#asked;
    if (answered) this.#asked = null;
  }
  /** O8, O9: nothing but cancels and enquiries for what is there twice, and no price before the last one is answered. */
  #judgePlacement({ ticket, modify }: Effects["order.place"]): void {
    this.#ownId = ticket.orderId;
    if (this.#heardOf.size > 1) this.breaches.push("O8: an order is sent for an intent that is there twice");
    if (!modify) return;
    if (this.#asked !== null) this.breaches.push(`O9: a new price before ${this.#asked} was answered`);
    if (this.#cutOff) this.breaches.push("O9: a new price after one that was on its way when the connection went");
    this.#asked = ticket.limitPrice;
  }
  #watch(made: Step): void {
    this.#overhear(made);
    for (const { kind, actor, event, detail } of made.incidents) {
      if (kind !== "undelivered" || event === "spawned") this.breaches.push(`${kind} ${actor} ${event}: ${detail}`);
    }
    const trades = ["trading", "reducing"].includes(String(this.state.snapshotOf("engine")?.value));
    const session = this.state.snapshotOf("session")?.value;
    if (trades && session !== "ready" && !(typeof session === "object" && session !== null && "ready" in session))
      this.breaches.push("S13: the engine trades without a session");
    for (const fact of made.facts) {
      if (fact.type === "order.ended" && this.orders.some(({ over }) => !over))
        this.breaches.push("S2: it ended, and its order lives at the broker");
      if (fact.type === "order.doubted") this.#doubt = { seq: made.seq, asked: new Map(), answered: new Set() };
    }
    this.#checkTruth(made);
    for (const effect of made.effects) {
      if (effect.type === "order.place") {
        this.#judgePrice(effect.params as unknown as Effects["order.place"]);
        this.#judgePlacement(effect.params as unknown as Effects["order.place"]);
      }
      const doubted = effect.type === "order.place" || effect.type === "order.cancel" ? this.#doubt : undefined;
      if (doubted !== undefined) this.breaches.push(`S3: ${effect.type} in doubt since ${doubted.seq}, at ${made.seq}`);
      if (effect.type.endsWith(".request")) this.#doubt?.asked.set(String(effect.params["request"]), effect.type);
    }
    const value = this.sagaState;
    if (value !== null && !this.ended && !this.state.timers.records().some(({ actor }) => actor === this.saga))
      this.breaches.push(`O7: no timer in ${JSON.stringify(value)}`);
  }
  /** A doubt is over when one round, asked for after it, was answered in full. */
  #checkTruth({ input }: Step): void {
    const doubt = this.#doubt;
    if (doubt === undefined || !input.type.endsWith(".answered") || !doubt.asked.has(String(input["request"]))) return;
    doubt.answered.add(`${input["request"]} ${input.type}`);
    const all = ["openOrders", "completedOrders", "executions"].every((kind) =>
      doubt.answered.has(`${input["request"]} ${kind}.answered`),
    );
    if (all) this.#doubt = undefined;
  }

  #release(effect: Effect): void {
    if (!this.state.unacknowledged.has(effect.id)) return;
    const refusal = logic.gate(effect, this.state) ?? (this.choose(40) === 1 ? "our own border says no" : undefined);
    const epoch = Number((effect.params as JsonObject)["epoch"]);
    const isOver = effect.type !== "gateway.connect" && effect.type !== "operator.notify" && epoch !== this.#epoch;
    if (refusal !== undefined || isOver) {
      this.input({ type: "effect.refused", effect: effect.id, reason: refusal ?? "epoch over" });
      return;
    }
    if (effect.type === "order.place" && this.choose(30) === 1) {
      // The socket threw: it may have left or not.
      if (this.choose(2) === 0) this.#send(effect, epoch);
      this.input({ type: "effect.unconfirmed", effect: effect.id });
      return;
    }
    this.#send(effect, epoch);
    this.input({ type: "effect.written", effect: effect.id, epoch });
  }
  #send(effect: Effect, epoch: number): void {
    const { params } = effect;
    if (effect.type === "gateway.connect") this.#connect(epoch);
    else if (effect.type === "gateway.disconnect") this.#later(5, null, () => this.lose("we closed it"));
    else if (effect.type === "operator.notify" || effect.type.startsWith("line.")) return;
    else if (effect.type === "order.place") this.#judge(effect.params as unknown as Effects["order.place"]);
    // What is on its way when the connection breaks may be lost.
    if (effect.type.startsWith("order.") || effect.type.endsWith(".request")) {
      const lossy = this.choose(12) === 1;
      const ms = this.choose(5) * 20 + 1;
      this.#due.push({
        at: this.now + ms,
        n: this.#n++,
        epoch: lossy ? epoch : null,
        up: true,
        run: () => this.#receive(effect.type, params, epoch),
      });
    }
  }
  #judge({ ticket, approval, modify }: Effects["order.place"]): void {
    if (approval.expiresAt < this.now) this.breaches.push("an expired approval left");
    if (!modify) this.placed.push(ticket.orderRef);
  }

  // ── the connection ──
  #connect(epoch: number): void {
    // What the gateway was sent before, it has read before it takes a new connection.
    const before = this.#due.filter(({ up }) => up).sort((a, b) => a.at - b.at || a.n - b.n);
    this.#due = this.#due.filter(({ up }) => !up);
    for (const { run } of before) run();
    this.#epoch = epoch;
    this.#away = false;
    const rolledBack = Math.max(1, this.#nextId - this.choose(6));
    this.#tell(20, { type: "gateway.connected", epoch, serverVersion: 178 });
    this.#tell(30, { type: "gateway.identified", epoch, accounts: [CONFIG.account], nextOrderId: rolledBack, clientId: CLIENT });
  }
  lose(reason: string): void {
    if (this.#epoch === 0) return;
    const epoch = this.#epoch;
    this.#epoch = -epoch;
    this.#due = this.#due.filter((due) => due.epoch !== epoch);
    this.input({ type: "gateway.lost", epoch, reason });
  }
  /** Kills the process and starts it again from its last state, as the kernel does. */
  restart(): void {
    this.restarts++;
    const head = this.state.head();
    const snapshot = JSON.parse(JSON.stringify({ ...head, actors: this.state.parts().actors })) as Snapshot;
    const epoch = this.#epoch;
    this.#epoch = -Math.abs(epoch);
    this.#due = this.#due.filter((due) => due.epoch !== epoch);
    const open = [...this.state.unacknowledged.values()];
    this.state = State.restored(logic, snapshot);
    const unconfirmed = open.filter((effect) => this.state.isOrder(effect)).map(({ id }) => id);
    this.input({ type: "run.started", build: "test", config: this.#config as unknown as Json, node: "test", mode: "simulated" });
    for (const id of unconfirmed) this.input({ type: "effect.unconfirmed", effect: id });
    const held = open.filter((effect) => !this.state.isOrder(effect));
    for (const effect of held)
      if (this.state.unacknowledged.has(effect.id))
        this.input({ type: "effect.refused", effect: effect.id, reason: "no longer wanted after the restart" });
  }
  away(): void {
    if (this.#epoch <= 0 || this.#away) return;
    this.#away = true;
    this.#tell(0, { type: "gateway.noticed", epoch: this.#epoch, code: 1100, text: "connectivity lost" });
    this.#tell(
      4_000 + this.choose(30) * 1_000,
      { type: "gateway.noticed", epoch: this.#epoch, code: this.choose(2) === 0 ? 1102 : 1101, text: "back" },
      () => {
        this.#away = false;
      },
    );
  }

  // ── the broker ──
  #later(ms: number, epoch: number | null, run: () => void): void {
    this.#due.push({ at: this.now + ms, n: this.#n++, epoch, run });
  }
  /** Something that the broker says on this connection. */
  #tell(ms: number, input: Input, before?: () => void): void {
    const epoch = this.#epoch;
    this.#later(ms, epoch, () => {
      before?.();
      this.input(input);
    });
  }
  /** Says it at some time, perhaps twice. */
  #push(input: Input, lossy = false): void {
    if (this.#epoch <= 0 || (lossy && this.choose(6) === 1)) return;
    this.#tell(this.choose(4) * 15, input);
    if (this.choose(8) === 1) this.#tell(this.choose(4) * 30, input);
  }
  #row(order: LiveOrder, completed = false): BrokerOrder {
    const { ticket, permId, status, limit, filled } = order;
    return {
      orderId: completed ? 0 : ticket.orderId,
      clientId: CLIENT,
      permId,
      orderRef: ticket.orderRef,
      account: ticket.account,
      contract: { conId: 0, secType: "BAG", symbol: "SPY", exchange: "SMART", currency: "USD", multiplier: 100 },
      action: ticket.action,
      quantity: ticket.quantity,
      ...(completed ? { filled } : {}),
      limitPrice: priceUnits(limit),
      status,
    };
  }
  #status(order: LiveOrder): void {
    const { ticket, permId, status, filled } = order;
    const remaining = ticket.quantity - filled;
    this.#push({ type: "order.reported", epoch: this.#epoch, order: this.#row(order) as unknown as JsonObject }, true);
    this.#push(
      {
        type: "order.statusReported",
        epoch: this.#epoch,
        orderId: ticket.orderId,
        clientId: CLIENT,
        permId,
        status,
        filled,
        remaining,
      },
      true,
    );
    // Another client's order with the same number.
    if (this.choose(6) === 1) {
      this.#push({
        type: "order.statusReported",
        epoch: this.#epoch,
        orderId: ticket.orderId,
        clientId: 99,
        permId: 5,
        status: "Cancelled",
        filled: 0,
        remaining: 1,
      });
    }
  }
  #fill(order: LiveOrder, by: number): void {
    const stem = `0000e0d5.65a1b2c3.${order.permId}${order.filled}`;
    order.filled += by;
    order.status = order.filled === order.ticket.quantity ? "Filled" : order.status;
    order.over ||= order.status === "Filled";
    const made: Execution[] = this.intent.legs.map(({ contract, ratio }, i) => ({
      execId: `${stem}.0${i + 2}.01`,
      orderId: order.ticket.orderId,
      clientId: CLIENT,
      permId: order.permId,
      orderRef: order.ticket.orderRef,
      account: CONFIG.account,
      contract,
      side: ratio > 0 ? "BOT" : "SLD",
      shares: by * Math.abs(ratio),
      price: price(1 + i),
      cumulative: by,
      at: this.now as EpochMs,
    }));
    const corrected =
      this.choose(10) === 1
        ? made.slice(0, 1).map((one) => ({ ...one, execId: one.execId.replace(/01$/, "02"), price: price(1.5) }))
        : [];
    const statusFirst = this.choose(2) === 1;
    if (statusFirst) this.#status(order);
    const all = [...made, ...corrected];
    this.executions.push(...all);
    for (const execution of this.choose(3) === 1 ? all.toReversed() : all) this.#execution(execution);
    if (!statusFirst) this.#status(order);
  }
  #execution(execution: Execution): void {
    const amount = executionFamily(execution.execId).revision === 1 ? 6_500 : 7_000;
    this.fees.set(execution.execId, amount);
    if (this.#epoch <= 0) return;
    const ms = this.choose(10) === 1 ? 2_000 : this.choose(6) * 20;
    const { epoch } = { epoch: this.#epoch };
    this.#tell(ms, { type: "execution.reported", epoch, execution: execution as unknown as JsonObject });
    this.#tell(ms + this.choose(4) * 20, {
      type: "commission.reported",
      epoch,
      execId: execution.execId,
      amount,
      currency: "USD",
    });
  }
  #error(orderId: number, code: number): void {
    this.#push({ type: "order.errored", epoch: this.#epoch, orderId, code, text: "the broker says no" });
  }

  #receive(type: string, params: JsonObject, epoch: number): void {
    if (type === "order.place") this.#place(params as unknown as Effects["order.place"]);
    else if (type === "order.cancel") this.#cancel(Number(params["orderId"]));
    else if (type === "order.whatIf") {
      const { orderId, orderRef } = params["ticket"] as unknown as OrderTicket;
      this.#nextId = Math.max(this.#nextId, orderId + 1);
      const impact: JsonObject = this.choose(8) === 1 ? {} : { initialMarginAfter: money(5_000) };
      if (this.choose(8) !== 1) this.#push({ type: "order.whatIfAnswered", epoch: this.#epoch, orderId, orderRef, impact });
    } else if (epoch === this.#epoch) this.#answer(type, params);
  }
  #place({ ticket, modify }: Effects["order.place"]): void {
    const same = this.orders.filter((order) => order.ticket.orderId === ticket.orderId);
    const known = same.findLast(({ over }) => !over) ?? same[0];
    if (modify) {
      // The old order works on beside the new one, or filled just then (F27).
      if (known !== undefined && same.length === 1 && this.choose(this.#twice ? 2 : 5) === 1) return void this.#accept(ticket);
      if (known === undefined || known.over)
        return void this.#error(ticket.orderId, [104, 10147, 201, 9999][this.choose(4)] as number);
      if (this.choose(5) === 1) return void this.#error(ticket.orderId, this.choose(2) === 0 ? 110 : 201);
      known.limit = ticket.limitPrice;
      this.#status(known);
      return;
    }
    if (known !== undefined || ticket.orderId < this.#nextId) return void this.#error(ticket.orderId, 103);
    this.#nextId = ticket.orderId + 1;
    const fate = this.choose(9);
    if (fate === 1) return void this.#error(ticket.orderId, [110, 200, 321, 10268][this.choose(4)] as number);
    if (fate !== 2) return void this.#accept(ticket);
    const order = this.#newOrder(ticket);
    order.status = "Inactive";
    order.over = true;
    this.#status(order);
    this.#error(ticket.orderId, 201);
  }
  #newOrder(ticket: OrderTicket): LiveOrder {
    const order: LiveOrder = {
      ticket,
      permId: 1_000 + this.orders.length,
      status: "PreSubmitted",
      limit: ticket.limitPrice,
      filled: 0,
      over: false,
    };
    this.orders.push(order);
    return order;
  }
  #accept(ticket: OrderTicket): void {
    const order = this.#newOrder(ticket);
    if (this.choose(4) !== 1) this.#status(order);
    this.#later(50, null, () => this.#work(order));
  }
  #work(order: LiveOrder): void {
    if (order.over) return;
    if (order.status === "PreSubmitted") order.status = "Submitted";
    const left = order.ticket.quantity - order.filled;
    const fate = this.choose(this.#twice ? 24 : 8);
    if (fate === 1) this.#fill(order, 1);
    else if (fate === 2 || (fate === 0 && this.healed && this.now % 3 === 0)) this.#fill(order, left);
    else if (fate === 3) {
      order.status = "Cancelled";
      order.over = true;
      this.#status(order);
    } else if (fate === 4) this.#error(order.ticket.orderId, [399, 2161, 9999, 202][this.choose(4)] as number);
    else if (fate < 7) this.#status(order);
    if (!order.over) this.#later(3_000 + this.choose(10) * 1_000 + (this.healed ? 1 : 0), null, () => this.#work(order));
  }
  /** Of two orders with one id it reaches both, or only one. */
  #cancel(orderId: number): void {
    const same = this.orders.filter((one) => one.ticket.orderId === orderId);
    if (same.length === 0) return void this.#error(orderId, this.choose(2) === 0 ? 10147 : 135);
    const live = same.filter(({ over }) => !over);
    if (live.length === 0) return void this.#error(orderId, this.choose(2) === 0 ? 161 : 10148);
    const reached = live.length === 1 ? 0 : this.choose(3);
    for (const order of reached === 0 ? live : live.slice(reached - 1, reached)) this.#cancelOne(order);
  }
  #cancelOne(order: LiveOrder): void {
    const { orderId } = order.ticket;
    const fate = this.choose(6);
    if (fate === 1) return;
    if (fate === 2) this.#fill(order, 1);
    if (order.over) return;
    order.status = "Cancelled";
    order.over = true;
    this.#error(orderId, 202);
    this.#status(order);
  }
  #answer(type: string, params: JsonObject): void {
    const epoch = this.#epoch;
    const { replyTo, request } = params;
    const to = { epoch, replyTo: replyTo as string, request: request as string };
    if (this.choose(20) === 1) return;
    // Longer than anybody waits for it.
    const lateMs = this.choose(20) === 1 ? 125_000 : 0;
    if (this.choose(15) === 1) return void this.#tell(1, { type: "request.failed", ...to, code: 321, text: "refused" });
    // Rows are as of now; the end marker comes when all of them were said, in order.
    const say = (ms: number, input: Input) => this.#tell(ms + lateMs, input);
    switch (type) {
      case "openOrders.request": {
        const rows = this.orders.filter(({ over }) => !over).map((order) => this.#row(order));
        for (const order of rows) say(1, { type: "order.reported", epoch, order: order as unknown as JsonObject });
        say(2 + this.choose(3) * 200, { type: "openOrders.answered", ...to, orders: rows as unknown as Json });
        return;
      }
      case "completedOrders.request": {
        const rows = this.orders.filter(({ over }) => over).map((order) => this.#row(order, true));
        say(2 + this.choose(3) * 200, { type: "completedOrders.answered", ...to, orders: rows as unknown as Json });
        return;
      }
      case "executions.request": {
        const rows = [...this.executions];
        for (const execution of rows) {
          say(1, { type: "execution.reported", epoch, execution: execution as unknown as JsonObject });
          say(1, {
            type: "commission.reported",
            epoch,
            execId: execution.execId,
            amount: this.fees.get(execution.execId) as number,
            currency: "USD",
          });
        }
        say(2 + this.choose(3) * 200, { type: "executions.answered", ...to, executions: rows as unknown as Json });
        return;
      }
      case "account.request":
        say(2, { type: "account.answered", ...to, account: CONFIG.account, netLiquidation: money(1_000_000) });
        return;
      case "positions.request":
        say(2, { type: "positions.answered", ...to, positions: this.positions() as unknown as Json });
        return;
    }
  }
  positions() {
    const sums = new Map<number, number>();
    for (const { contract, side, shares } of this.truth())
      sums.set(contract.conId, (sums.get(contract.conId) ?? 0) + (side === "BOT" ? shares : -shares));
    return this.intent.legs
      .map(({ contract }) => ({ account: CONFIG.account, contract, quantity: sums.get(contract.conId) ?? 0 }))
      .filter(({ quantity }) => quantity !== 0);
  }
  /** The executions that count: the highest revision of each family. */
  truth(): Execution[] {
    const families = new Map<string, Execution>();
    for (const execution of this.executions) {
      const { family, revision } = executionFamily(execution.execId);
      const known = families.get(family);
      if (known === undefined || executionFamily(known.execId).revision < revision) families.set(family, execution);
    }
    return [...families.values()];
  }

  // ── the laws, at the end ──
  /** Everything that was broken on the way, and what is wrong with what is left. */
  lastLook(): string[] {
    const { breaches, intent } = this;
    const wrong = (holds: boolean, what: string): void => void (holds || breaches.push(what));
    const told = (type: string): Heard[] => this.heard.filter((event: Heard) => event.type === type);
    const firsts = this.steps
      .flatMap(({ effects }) => effects)
      .filter(({ type, params }) => type === "order.place" && params["modify"] === false);
    wrong(firsts.length <= 1 && this.placed.length <= 1, `P2: ${firsts.length} orders spoken, ${this.placed.length} sent`);
    wrong(this.ended, `L2: it has not ended: ${JSON.stringify(this.sagaState)}`);
    wrong(
      this.orders.every(({ over }) => over),
      "S2: it has ended, and its order lives at the broker",
    );
    const holding = (rows: readonly (readonly [number, number])[]): string =>
      JSON.stringify(
        [...rows.reduce((sums, [conId, by]) => sums.set(conId, (sums.get(conId) ?? 0) + by), new Map<number, number>())]
          .filter(([, sum]) => sum !== 0)
          .sort(),
      );
    const truth = this.truth().map(({ contract, side, shares, price }) => ({
      conId: contract.conId,
      quantity: side === "BOT" ? shares : -shares,
      price,
    }));
    const fills = told("leg.filled");
    const holds = holding(truth.map(({ conId, quantity }) => [conId, quantity]));
    const heard = holding(fills.map(({ contract, quantity }) => [contract.conId, quantity]));
    wrong(holds === heard, `S4: filled ${holds}, told ${heard}`);
    const cash = (rows: readonly { readonly quantity: number; readonly price: number }[]): number =>
      rows.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    wrong(cash(truth) === cash(fills), `S4: paid ${cash(truth)}, told ${cash(fills)}`);
    const charged = this.truth().reduce((sum, { execId }) => sum + (this.fees.get(execId) ?? 0), 0);
    const fees = told("commission.charged").reduce((sum: number, { amount }: Heard) => sum + amount, 0);
    wrong(charged === fees, `S4: charged ${charged}, told ${fees}`);
    const [end, ...more] = told("order.ended");
    wrong(more.length === 0, "O5: the end was told twice");
    const after = this.heard.slice(this.heard.indexOf(end) + 1).filter(({ type }: Heard) => type.startsWith("order."));
    wrong(after.length === 0, `O5: after the end came ${after.map(({ type }: Heard) => type).join()}`);
    const filled = this.orders.reduce((sum, order) => sum + order.filled, 0);
    wrong(end === undefined || end.filledUnits === filled, `it ended with ${end?.filledUnits} units, and ${filled} are filled`);
    const ids = fills.map(({ execId }) => execId);
    wrong(new Set(ids).size === ids.length, `S4: an execution was told twice: ${ids.join()}`);
    const most = this.orders.length === 1 ? filled === intent.quantity : filled >= intent.quantity;
    if (end?.outcome === "filled") wrong(most, `it said filled, and ${filled} units are`);
    const warned = this.steps.some(({ effects }) => effects.some(({ params }) => String(params["key"]).includes("/twins/")));
    wrong(
      warned === this.#heardOf.size > 1,
      `O8: it heard of ${this.#heardOf.size} orders, and the operator ${warned ? "was" : "was not"} told`,
    );
    if (["denied", "notAtBroker", "rejected"].includes(end?.outcome))
      wrong(filled === 0, `it said ${end.outcome}, and ${filled} units are filled`);
    return breaches;
  }

  // ── time ──
  /** The next thing that happens; false when nothing does before the deadline. */
  advance(until: number): boolean {
    const timer = this.state.timers.first();
    const next = this.#due.reduce<Due | undefined>(
      (first, due) => (first === undefined || due.at < first.at || (due.at === first.at && due.n < first.n) ? due : first),
      undefined,
    );
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
  runFor(ms: number): void {
    const until = this.now + ms;
    while (this.advance(until));
  }
  runUntil(done: () => boolean, limitMs: number): boolean {
    const until = this.now + limitMs;
    while (!done()) if (!this.advance(until)) return done();
    return true;
  }

  // ── the owner ──
  say(tell: { readonly to: string; readonly event: JsonObject }): void {
    this.input({ type: "test.tell", to: OWNER, tell });
  }
  quote(mid = 1.5): void {
    for (const quoted of QUOTED) {
      const value = legValue(quoted, mid);
      const quote = { ...twoSided(quoted.contract.conId, value - 0.05, value + 0.05), at: this.now as EpochMs };
      this.input({ type: "quote.updated", epoch: this.#epoch, quote: quote as unknown as JsonObject });
    }
  }
  askSlot(): void {
    this.say({
      to: "riskGate",
      event: {
        type: "slot.requested",
        replyTo: OWNER,
        strategy: "test",
        symbol: "SPY",
        maxLoss: this.intent.maxLoss,
        quantity: this.intent.quantity,
      },
    });
    if (this.intent.purpose === "roll") this.#enterBefore();
  }
  /** What is to be rolled was entered, and that order has ended. */
  #enterBefore(): void {
    const order = { orderRef: orderRefOf(CONFIG.installation, intentIdOf(DAY, "s1", 0)), slot: OWNER };
    const { maxLoss, quantity } = this.intent;
    const asked = { replyTo: OWNER, purpose: "entry", reducing: false, maxLoss, quantity, initialMarginAfter: 1 };
    this.say({ to: "riskGate", event: { type: "approval.requested", ...order, ...asked } });
    this.say({ to: "riskGate", event: { type: "exposure.released", ...order, heldMaxLoss: maxLoss } });
  }
  spawn(): void {
    const quotes = QUOTED.map((quoted) =>
      twoSided(quoted.contract.conId, legValue(quoted, 1.5) - 0.05, legValue(quoted, 1.5) + 0.05, this.now),
    );
    const input = { path: this.saga, intent: this.intent, config: CONFIG, quotes, now: this.now };
    this.input({ type: "test.spawn", to: OWNER, spawn: { path: this.saga, machine: "order", input: input as unknown as Json } });
  }
}

/** One order's life: troubles while the tape lasts, then a world that behaves. */
export const live = (plan: Plan): OrderWorld => {
  const world = new OrderWorld(plan);
  world.runUntil(() => world.state.snapshotOf("engine")?.value === "trading", 600_000);
  world.askSlot();
  world.spawn();
  for (let n = 0; !world.healed && n < 400; n++) {
    const trouble = world.choose(24);
    if (trouble === 1) world.lose("the socket was closed");
    else if (trouble === 2) world.restart();
    else if (trouble === 3) world.away();
    else if (trouble === 4) world.say({ to: world.saga, event: { type: "order.abandon", reason: "the owner changed its mind" } });
    else if (trouble === 5) world.say({ to: world.saga, event: { type: "order.escalate", urgency: "immediate" } });
    else if (trouble < 8) world.quote(1 + world.choose(12) / 10);
    else world.runFor(world.choose(30) * 400);
    world.advance(world.now + 5_000);
  }
  world.quote();
  world.runUntil(() => world.ended, 3_600_000);
  world.runFor(300_000);
  return world;
};
