/**
 * Crash fuzz of the kernel: a seeded driver kills it at any hook, boots it again, and holds it to what it promises.
 *
 * The broker here does what IB does: it takes every placement for a new order, whatever its reference says. The driver gives
 * the kernel's inputs again after a crash, or loses them, by seed. `violations` lists what was broken, in words.
 */
import { canonical } from "../../src/domain/canonical-json.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import type { Logic, Probe, Release } from "../../src/kernel/logic.ts";
import { replay } from "../../src/kernel/replay.ts";
import type { Effect, Input, Journal, Snapshots, Step } from "../../src/ports/journal.ts";
import { ManualClock } from "./kernel-memory.ts";
import { zoo } from "./kernel-zoo.ts";

/** Where journal and snapshots lie, and what a crash does to them. */
export interface Disk {
  open(): Promise<{ readonly journal: Journal; readonly snapshots: Snapshots }>;
  /** The process is gone: what was under way reaches the disk whole, in part or not at all. */
  crash(random: () => number): Promise<void>;
  /** Lets what is under way finish, while the process lives. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly disk: Disk;
  readonly logic?: Logic;
  readonly actions?: number;
  /** Chance of a crash at each hook. */
  readonly crashChance?: number;
}

export interface FuzzReport {
  readonly violations: readonly string[];
  readonly crashes: { readonly [point: string]: number };
  readonly records: number;
  readonly placed: number;
  readonly timersFired: number;
}

class Crash extends Error {
  override name = "Crash";
}

/** mulberry32: small, seeded, good enough to choose where to die. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

interface BrokerOrder {
  readonly intent: string;
  readonly effect: string;
  status: "live" | "filled" | "cancelled";
}

/** Takes everything at its word, answers later, and survives every crash of ours. */
class Broker {
  readonly orders: BrokerOrder[] = [];
  readonly cancels = new Set<string>();
  readonly notices = new Set<string>();
  /** Said and not yet heard; gone when the connection is. */
  words: Input[] = [];

  take(effect: Effect): void {
    const intent = String(effect.params["intent"]);
    if (effect.type === "placeOrder") {
      this.orders.push({ intent, effect: effect.id, status: "live" });
      this.words.push({ type: "order.working", id: intent });
    } else if (effect.type === "cancelOrder") {
      this.cancels.add(effect.id);
      for (const order of this.orders) if (order.intent === intent && order.status === "live") order.status = "cancelled";
      this.words.push(this.truthOf(intent));
    } else if (effect.type === "enquire") this.words.push(this.truthOf(intent));
    else this.notices.add(effect.id);
  }

  truthOf(intent: string): Input {
    const order = this.orders.findLast((each) => each.intent === intent);
    if (order === undefined) return { type: "order.known", id: intent, live: false };
    return order.status === "live"
      ? { type: "order.known", id: intent, live: true }
      : { type: `order.${order.status}`, id: intent };
  }

  fill(order: BrokerOrder): void {
    order.status = "filled";
    this.words.push({ type: "order.filled", id: order.intent });
  }
}

const POKES = ["poke.well", "poke.assign", "poke.guard", "poke.params", "poke.codec", "poke.context"];
const DONE = new Set(["filled", "cancelled"]);

/** One seed: a life with many deaths, then healing, then the questions. */
export const fuzz = async ({ seed, disk, logic = zoo, actions = 120, crashChance = 0.03 }: FuzzOptions): Promise<FuzzReport> => {
  const random = randomOf(seed);
  const redelivers = random() < 0.5;
  const clock = new ManualClock();
  const broker = new Broker();
  const violations: string[] = [];
  const crashes: { [point: string]: number } = {};
  let healing = false;
  let crashed = false;
  let kernel: Kernel | undefined;
  let store: { readonly journal: Journal; readonly snapshots: Snapshots } | undefined;
  let offered: Input[] = [];
  let tags = 0;
  const intents: string[] = [];

  const violate = (what: string): void => {
    if (violations.length < 100 && !violations.includes(what)) violations.push(what);
  };
  const probe: Probe = (point) => {
    if (crashed) throw new Crash(point);
    // Snapshots are rare: each of their hooks counts for more.
    if (healing || random() >= crashChance * (point.startsWith("snapshot") ? 5 : 1)) return;
    crashed = true;
    crashes[point] = (crashes[point] ?? 0) + 1;
    throw new Crash(point);
  };
  const all = async (): Promise<Step[]> => {
    const steps: Step[] = [];
    for await (const step of store!.journal.read(1)) steps.push(step);
    return steps;
  };
  const release = (effect: Effect): Release => {
    if (crashed) violate(`${effect.id} released by a dead process`);
    const seq = Number(effect.id.split(".")[0]);
    if (seq > store!.journal.lastSeq) violate(`${effect.type} ${effect.id} released before it was on disk`);
    broker.take(effect);
    const live = broker.orders.filter((order) => order.intent === effect.params["intent"] && order.status === "live");
    if (live.length > 1)
      violate(`${live.length} live orders for intent ${live[0]!.intent}: ${live.map((order) => order.effect)}`);
    return { written: 1 };
  };

  const offer = (input: Input, key?: string): void => {
    if (kernel === undefined || crashed) return;
    const tagged = { ...input, tag: tags++ };
    // Answers belong to a connection: only facts are told again on the next.
    if (key === undefined && input.type !== "order.known" && input.type !== "reconciliation.completed") offered.push(tagged);
    kernel.offer(tagged, key === undefined ? {} : { key });
  };
  /** What a gateway session does after connecting: the broker's truth about everything, then the word that it is complete. */
  const reconcile = (): void => {
    for (const intent of intents) {
      const truth = broker.truthOf(intent);
      if (truth.type !== "order.known") offer(truth);
    }
    offer({ type: "reconciliation.completed" });
  };
  const boot = async (): Promise<void> => {
    store = await disk.open();
    const { journal, snapshots } = store;
    const born = new Kernel({
      logic,
      journal,
      snapshots,
      clock,
      outbox: { release },
      build: "fuzz",
      snapshotEvery: 15,
      maxBatch: 8,
      probe,
      fatal: (error) => {
        if (error instanceof Crash) crashed = true;
        else violate(`died of ${String(error)}`);
        crashed = true;
      },
    });
    try {
      await born.recover();
      if (journal.lastSeq > 0) {
        const full = await replay({ logic, journal, build: "fuzz" });
        for (const { seq: at, text } of full.divergences) violate(`record ${at} does not replay: ${text}`);
        if (canonical(full.parts) !== canonical(born.stateParts()))
          violate(`recovered state differs from full replay at ${full.seq}`);
      }
      kernel = born;
      born.start({ config: {}, node: "fuzz", mode: "simulated" });
      if (crashed) return;
      const again = offered;
      offered = [];
      if (redelivers) for (const input of again) offer(input);
      reconcile();
    } catch (error) {
      if (!(error instanceof Crash)) violate(`recovery failed: ${String(error)}`);
      crashed = true;
    }
  };
  const bury = async (): Promise<void> => {
    kernel = undefined;
    await disk.crash(random);
    broker.words = [];
    store = await disk.open();
    const journaled = new Set((await all()).map((step) => step.input["tag"]));
    offered = offered.filter((input) => !journaled.has(input["tag"]));
    await disk.close();
    // The world goes on while nobody looks.
    clock.jump(clock.now() + Math.floor(random() * 12_000));
    for (const order of broker.orders) if (order.status === "live" && random() < 0.04) order.status = "filled";
    crashed = false;
  };

  const act = async (): Promise<void> => {
    const draw = random();
    if (draw < 0.2) {
      const id = `i${intents.length}`;
      intents.push(id);
      offer({ type: "intent.made", id });
    } else if (draw < 0.4) {
      const word = broker.words.shift();
      if (word !== undefined) offer(word);
    } else if (draw < 0.43) {
      const live = broker.orders.filter((order) => order.status === "live");
      const chosen = live[Math.floor(random() * live.length)];
      if (chosen !== undefined) broker.fill(chosen);
    } else if (draw < 0.65) clock.advance(Math.floor(random() * 7_000));
    else if (draw < 0.73) offer({ type: POKES[Math.floor(random() * POKES.length)]!, to: random() < 0.5 ? "fragile" : "glass" });
    else if (draw < 0.8) offer({ type: "quote.updated", price: tags }, "quote");
    else if (draw < 0.84) offer({ type: "chat.begin" });
    else if (draw < 0.86) {
      const open = intents.some((intent) => !DONE.has(String(kernel!.view.snapshotOf(`orders/${intent}`)?.value ?? "filled")));
      if (!open && broker.orders.every((order) => order.status !== "live")) offer({ type: "day.ended" });
    } else await disk.settle();
  };

  for (let i = 0; i < actions; i++) {
    if (kernel === undefined) await boot();
    if (!crashed) await act();
    if (crashed) await bury();
  }

  // Healing: no more faults, and everything that is owed must happen.
  healing = true;
  for (let calm = 0; calm < 3; ) {
    if (kernel === undefined) await boot();
    if (crashed) {
      await bury();
      if (violations.length > 0) break;
      continue;
    }
    for (let round = 0; round < 12; round++) {
      await disk.settle();
      for (let word = broker.words.shift(); word !== undefined; word = broker.words.shift()) offer(word);
      clock.advance(2_500);
    }
    reconcile();
    await disk.settle();
    calm++;
  }
  if (kernel !== undefined && !crashed) {
    await kernel.stop();
    const steps = await all();
    await question(steps, kernel, logic, store!, broker, intents, violate);
    await disk.close();
    const records = steps.length;
    const timersFired = steps.filter((step) => step.input.type === "timer.fired").length;
    return { violations, crashes, records, placed: broker.orders.length, timersFired };
  }
  return { violations, crashes, records: 0, placed: broker.orders.length, timersFired: 0 };
};

/** What must be true at the end, whatever happened on the way. */
const question = async (
  steps: readonly Step[],
  kernel: Kernel,
  logic: Logic,
  { journal, snapshots }: { readonly journal: Journal; readonly snapshots: Snapshots },
  broker: Broker,
  intents: readonly string[],
  violate: (what: string) => void,
): Promise<void> => {
  const journaled = new Map(steps.flatMap((step) => step.effects).map((effect) => [effect.id, effect]));
  for (const { effect, intent } of broker.orders) {
    if (journaled.get(effect)?.params["intent"] !== intent)
      violate(`orphan: the broker has ${effect} for ${intent}, the journal has not`);
  }
  const placedTwice = broker.orders.length - new Set(broker.orders.map((order) => order.effect)).size;
  if (placedTwice > 0) violate(`${placedTwice} placements were released twice`);

  const refused = new Set(steps.filter(({ input }) => input.type === "effect.refused").map(({ input }) => input["effect"]));
  for (const effect of journaled.values()) {
    if (effect.type === "cancelOrder" && !broker.cancels.has(effect.id) && !refused.has(effect.id))
      violate(`cancel ${effect.id} never left`);
    if ((effect.type === "notify" || effect.type === "report") && !broker.notices.has(effect.id))
      violate(`notice ${effect.id} never left`);
  }
  for (const intent of intents) {
    const value = kernel.view.snapshotOf(`orders/${intent}`)?.value;
    if (value === undefined) continue;
    if (!DONE.has(String(value))) violate(`order ${intent} is still ${String(value)} after everything healed`);
  }

  const fired = new Set<string>();
  const armed = new Map<string, number>();
  const values = new Map<string, unknown>();
  for (const { now, input, transitions } of steps) {
    const dropped = input.type === "effect.refused" ? journaled.get(String(input["effect"])) : undefined;
    if (dropped?.type === "cancelOrder" && values.get(dropped.actor) === "cancelling")
      violate(`cancel ${dropped.id} was dropped though wanted`);
    if (input.type === "timer.fired") {
      const name = `${String(input["actor"])} ${String(input["id"])} ${String(input["due"])}`;
      if (fired.has(name)) violate(`timer ${name} fired twice`);
      fired.add(name);
      const due = armed.get(String(input["actor"]));
      if (due !== undefined && due !== input["due"]) violate(`timer ${name} was due at ${due}`);
      if (Number(input["due"]) > now) violate(`timer ${name} fired early, at ${now}`);
    }
    for (const { actor, to } of transitions) {
      values.set(actor, to);
      if (!actor.startsWith("orders/")) continue;
      if (to === "submitted") armed.set(actor, now + 5_000);
      else if (to === "working") armed.set(actor, now + 8_000);
      else armed.delete(actor);
    }
  }
  for (let i = 1; i < steps.length; i++) if (steps[i]!.now < steps[i - 1]!.now) violate(`time ran backwards at ${steps[i]!.seq}`);

  const here = canonical(kernel.stateParts());
  const snapshot = await snapshots.latest();
  if (snapshot?.seq !== journal.lastSeq)
    violate(`the clean stop left a tail: snapshot ${snapshot?.seq}, journal ${journal.lastSeq}`);
  for (const from of [undefined, ...(await Promise.all((await snapshots.list()).map((seq) => snapshots.at(seq))))]) {
    const past = await replay({ logic, journal, build: "fuzz", snapshot: from });
    if (past.divergences.length > 0) violate(`replay from ${from?.seq ?? 0} diverges: ${past.divergences[0]!.text}`);
    if (canonical(past.parts) !== here) violate(`replay from ${from?.seq ?? 0} ends elsewhere`);
  }
};
