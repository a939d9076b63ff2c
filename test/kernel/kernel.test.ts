/** The loop: what waits, what is on disk, what leaves, in which order, and how it ends. */
import { describe, expect, test } from "vitest";
import type { Release } from "../../src/kernel/logic.ts";
import { inReleaseOrder } from "../../src/kernel/release-order.ts";
import type { Effect, Step } from "../../src/ports/journal.ts";
import { MemoryJournal, MemorySnapshots, settle } from "../support/kernel-memory.ts";
import { RUN, rig, startedRig } from "../support/kernel-rig.ts";
import { zoo } from "../support/kernel-zoo.ts";

const inputs = (journal: MemoryJournal): unknown[] =>
  journal.steps.map(({ input }) => input["price"] ?? input["id"] ?? input.type);

describe("nothing leaves before it is on disk (K2)", () => {
  test("an effect waits for its batch, and one batch is in flight at a time", async () => {
    const journal = new MemoryJournal();
    const { kernel, released } = await startedRig({ journal });
    await settle();
    journal.manual = true;
    kernel.offer({ type: "intent.made", id: "a" });
    kernel.offer({ type: "intent.made", id: "b" });
    await settle();
    expect(released).toEqual([]);
    expect(kernel.durableSeq).toBe(1);
    journal.flush();
    await settle();
    expect(released.map(({ params }) => params["intent"])).toEqual(["a"]);
    journal.flush();
    await settle();
    expect(released.map(({ params }) => params["intent"])).toEqual(["a", "b"]);
  });

  test("projections see a batch before its effects leave", async () => {
    const order: string[] = [];
    const { kernel } = await startedRig({
      onDurable: (steps: readonly Step[]) => order.push(...steps.map(({ seq }) => `durable ${seq}`)),
      release: (effect) => {
        order.push(`release ${effect.id}`);
        return { written: 1 };
      },
    });
    kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    expect(order.slice(0, 3)).toEqual(["durable 1", "durable 2", "release 2.1"]);
  });

  test("a failed write ends it: told once, nothing is released or stepped ever after (K6)", async () => {
    const { kernel, journal, released, fatal } = await startedRig();
    await settle();
    journal.failure = new Error("disk");
    const command = kernel.offerCommand({ type: "intent.made", id: "a" });
    await expect(command).rejects.toThrow("disk");
    expect(fatal.map(({ error }) => String(error))).toEqual(["Error: disk"]);
    journal.failure = undefined;
    expect(kernel.offer({ type: "intent.made", id: "b" })).toBe(false);
    await settle();
    expect(released).toEqual([]);
    expect(journal.steps.length).toBe(1);
    expect(fatal.length).toBe(1);
  });

  test("a defect inside a step ends it, and says which input was in hand", async () => {
    const probe = (point: string, detail: unknown): void => {
      if (point === "apply.before" && detail === "surprise") throw new Error("defect");
    };
    const { kernel, fatal } = await startedRig({ probe });
    kernel.offer({ type: "surprise" });
    expect(fatal).toEqual([{ error: new Error("defect"), inHand: { type: "surprise" } }]);
  });
});

describe("what becomes of an effect", () => {
  const release = async (outcome: (effect: Effect) => Release) => {
    const made = await startedRig({ release: outcome });
    made.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    return made;
  };
  /** The third record, after run.started and the intent: the first answer. */
  const answer = (journal: MemoryJournal): unknown => journal.steps[2]!.input;

  test("written, refused, or thrown: its actor is told, and it is off the table", async () => {
    const written = await release(() => ({ written: 7 }));
    expect(answer(written.journal)).toEqual({ type: "effect.written", effect: "2.1", epoch: 7 });
    const refused = await release(() => ({ refused: "epoch over" }));
    expect(answer(refused.journal)).toEqual({ type: "effect.refused", effect: "2.1", reason: "epoch over" });
    expect(refused.kernel.view.snapshotOf("orders/a")?.value).toBe("cancelled");
    for (const { kernel } of [written, refused]) expect(kernel.load.unacknowledged).toBe(0);
  });

  test("an order whose release throws is unconfirmed, for it may have left", async () => {
    const { kernel, journal } = await release((effect) => {
      if (effect.type === "placeOrder") throw new Error("socket");
      return "pending";
    });
    expect(journal.steps.some(({ input }) => input.type === "effect.unconfirmed" && input["effect"] === "2.1")).toBe(true);
    expect(kernel.view.snapshotOf("orders/a")?.value).toBe("unknown");
  });

  test("pending stays on the table until somebody says what became of it", async () => {
    const { kernel } = await release(() => "pending");
    expect(kernel.load.unacknowledged).toBe(1);
    kernel.offer({ type: "effect.unconfirmed", effect: "2.1" });
    expect(kernel.view.snapshotOf("orders/a")?.value).toBe("unknown");
    expect(kernel.stateParts().unacknowledged.map(({ type }) => type)).toEqual(["enquire"]);
  });

  test("the gate has the last word, on the state of the moment", async () => {
    const logic = { ...zoo, gate: (effect: Effect) => (effect.type === "placeOrder" ? "kill latch" : undefined) };
    const { kernel, journal, released } = await startedRig({ logic });
    kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    expect(released.map(({ type }) => type)).toEqual(["notify"]);
    expect(journal.steps[2]!.input).toEqual({ type: "effect.refused", effect: "2.1", reason: "kill latch" });
  });

  test("a gate that throws refuses", async () => {
    const gate = (): undefined => {
      throw new Error("unexpected params");
    };
    const { kernel, journal, released, fatal } = await startedRig({ logic: { ...zoo, gate } });
    kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    expect([released, fatal]).toEqual([[], []]);
    expect(journal.steps[2]!.input["reason"]).toBe("the gate failed: unexpected params");
  });

  test("a cancel that waits for the disk with an order leaves first", async () => {
    const journal = new MemoryJournal();
    const { kernel, clock, released } = await startedRig({ journal });
    kernel.offer({ type: "intent.made", id: "old" });
    await settle();
    journal.manual = true;
    clock.jump(clock.now() + 4_999);
    kernel.offer({ type: "surprise" });
    kernel.offer({ type: "intent.made", id: "new" });
    clock.jump(clock.now() + 1);
    kernel.offer({ type: "surprise" });
    journal.manual = false;
    journal.flush();
    await settle();
    expect(released.map(({ type, actor }) => `${type} ${actor}`)).toEqual([
      "placeOrder orders/old",
      "cancelOrder orders/old",
      "placeOrder orders/new",
    ]);
  });

  test("a cancel goes before other orders of its batch, never before what its own actor said", () => {
    const effect = (id: string, actor: string, type: string): Effect => ({ id, actor, type, params: {} });
    const batch = [
      effect("1.1", "a", "placeOrder"),
      effect("2.1", "b", "cancelOrder"),
      effect("3.1", "a", "cancelOrder"),
      effect("4.1", "c", "placeOrder"),
      effect("5.1", "d", "cancelOrder"),
    ];
    expect(inReleaseOrder(batch, zoo.effectClass).map(({ id }) => id)).toEqual(["2.1", "5.1", "1.1", "3.1", "4.1"]);
  });
});

describe("the inbox (K7)", () => {
  /** A kernel whose disk does not answer: it stops stepping after 4 records. */
  const pressed = async () => {
    const journal = new MemoryJournal();
    const pressure: boolean[] = [];
    const made = await startedRig({ journal, maxBatch: 2, maxInbox: 6, onPressure: (on) => pressure.push(on) });
    await settle();
    journal.manual = true;
    for (const id of ["a", "b", "c"]) made.kernel.offer({ type: "order.working", id });
    return { ...made, pressure };
  };
  const drain = async (journal: MemoryJournal): Promise<void> => {
    journal.manual = false;
    for (let i = 0; i < 10; i++) {
      journal.flush();
      await settle();
    }
  };

  test("a full forming batch stops stepping and presses back; the disk's answer lets go", async () => {
    const { journal, pressure, kernel } = await pressed();
    expect(pressure).toEqual([true]);
    kernel.offer({ type: "order.working", id: "d" });
    expect(kernel.load.waiting).toBe(1);
    await drain(journal);
    expect(pressure).toEqual([true, false]);
    expect(inputs(journal)).toEqual(["run.started", "a", "b", "c", "d"]);
  });

  test("a quote keeps its place and takes the newest value; facts keep their order", async () => {
    const { journal, kernel } = await pressed();
    kernel.offer({ type: "quote.updated", price: 1 }, { key: "SPY" });
    kernel.offer({ type: "order.working", id: "d" });
    kernel.offer({ type: "quote.updated", price: 2 }, { key: "QQQ" });
    kernel.offer({ type: "quote.updated", price: 3 }, { key: "SPY" });
    await drain(journal);
    expect(inputs(journal).slice(4)).toEqual([3, "d", 2]);
  });

  test("a command is refused while pressed, and otherwise answered once durable, with its step", async () => {
    const { journal, kernel } = await pressed();
    expect(await kernel.offerCommand({ type: "intent.made", id: "x" })).toEqual({ refused: "try later" });
    await drain(journal);
    const receipt = await kernel.offerCommand({ type: "intent.made", id: "y" });
    expect(receipt).toMatchObject({ seq: 5, step: { seq: 5, input: { id: "y" } } });
    expect(journal.lastSeq).toBeGreaterThanOrEqual(5);
  });

  test("an overflow ends the process rather than shed a fill", async () => {
    const { kernel, fatal } = await pressed();
    for (let i = 0; i < 7; i++) kernel.offer({ type: "order.filled", id: `f${i}` });
    expect(String(fatal[0]?.error)).toMatch(/inbox overflowed/);
  });

  test("what is offered before the start waits for it", async () => {
    const { kernel, journal } = rig();
    await kernel.recover();
    kernel.offer({ type: "intent.made", id: "early" });
    kernel.start(RUN);
    await settle();
    expect(inputs(journal).slice(0, 2)).toEqual(["run.started", "early"]);
  });

  test("nobody else may speak as the kernel or as XState, nor offer what is not plain", async () => {
    const { kernel } = await startedRig();
    for (const type of ["timer.fired", "run.started", "xstate.stop", "*", ""]) expect(() => kernel.offer({ type })).toThrow();
    expect(() => kernel.offer({ type: "x", at: new Date(0) as never })).toThrow("$.at");
  });
});

describe("time (K3)", () => {
  test("an `after` fires as a record of its own, once, when its time has come, without any input", async () => {
    const { kernel, clock, journal } = await startedRig();
    kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    clock.advance(4_999);
    expect(kernel.view.snapshotOf("orders/a")?.value).toBe("submitted");
    clock.advance(1);
    expect(kernel.view.snapshotOf("orders/a")?.value).toBe("cancelling");
    await settle();
    const fired = journal.steps.filter(({ input }) => input["actor"] === "orders/a");
    expect(fired.map(({ now, input }) => [now, input["due"]])).toEqual([[1_005_000, 1_005_000]]);
  });

  test("timers that are due fire before the input, by deadline, then path", async () => {
    const { kernel, clock, journal } = await startedRig();
    for (const id of ["b", "a"]) kernel.offer({ type: "intent.made", id });
    await settle();
    const before = journal.lastSeq;
    clock.jump(1_006_000);
    kernel.offer({ type: "order.working", id: "x" });
    await settle();
    const order = journal.steps.slice(before).map(({ input }) => input["actor"] ?? input.type);
    expect(order.slice(0, 4)).toEqual(["clerk", "orders/a", "orders/b", "order.working"]);
  });

  test("leaving the state takes the timer back", async () => {
    const { kernel, clock } = await startedRig();
    kernel.offer({ type: "intent.made", id: "a" });
    expect(kernel.load.timers).toBe(2);
    kernel.offer({ type: "order.filled", id: "a" });
    expect(kernel.load.timers).toBe(1);
    clock.advance(20_000);
    expect(kernel.view.snapshotOf("orders/a")?.value).toBe("filled");
  });

  test("a clock that steps back does not: now never does", async () => {
    const { kernel, clock, journal } = await startedRig();
    clock.jump(900_000);
    kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    expect(new Set(journal.steps.map(({ now }) => now))).toEqual(new Set([1_000_000]));
  });
});

describe("the end of a run (K10)", () => {
  test("a clean stop leaves a snapshot with an empty tail, after everything said was done", async () => {
    const { kernel, journal, snapshots, released, clock } = await startedRig();
    kernel.offer({ type: "intent.made", id: "a" });
    await kernel.stop();
    expect(released.length).toBe(1);
    expect(snapshots.kept.at(-1)!.seq).toBe(journal.lastSeq);
    expect(inputs(journal)).toContain("run.stopped");
    expect(await kernel.offerCommand({ type: "intent.made", id: "b" })).toEqual({ refused: "stopping" });
    expect(kernel.offer({ type: "intent.made", id: "b" })).toBe(false);
    clock.advance(60_000);
    expect(journal.lastSeq).toBe(snapshots.kept.at(-1)!.seq);
  });

  test("nothing moves any more while the last snapshots are written: no answer, no timer", async () => {
    const journal = new MemoryJournal();
    let write = (): void => {};
    const snapshots = new (class extends MemorySnapshots {
      override async save(...args: Parameters<MemorySnapshots["save"]>): Promise<void> {
        expect(args[0].seq).toBeLessThanOrEqual(journal.lastSeq);
        await new Promise<void>((go) => {
          write = go;
        });
        await super.save(...args);
      }
    })();
    const { kernel, clock } = await startedRig({ journal, snapshots, snapshotEvery: 1 });
    kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const stopped = kernel.stop();
    await settle();
    const { seq } = kernel;
    expect(kernel.offer({ type: "effect.written", effect: "1.1", epoch: 1 })).toBe(false);
    clock.advance(3_600_000);
    expect(kernel.seq).toBe(seq);
    for (let i = 0; i < 5; i++) {
      write();
      await settle();
    }
    await stopped;
    expect(snapshots.kept.at(-1)?.seq).toBe(journal.lastSeq);
  });

  test("a stop that cannot finish says so", async () => {
    const { kernel, journal } = await startedRig();
    await settle();
    journal.failure = new Error("disk");
    await expect(kernel.stop()).rejects.toThrow("disk");
  });
});

describe("snapshots", () => {
  test("hold only what changed, are of one seq, and never run ahead of the journal", async () => {
    const journal = new MemoryJournal();
    const { kernel, snapshots } = await startedRig({ journal, snapshotEvery: 2 });
    const saved: (readonly string[])[] = [];
    const save = snapshots.save.bind(snapshots);
    snapshots.save = async (head, dirty, removed) => {
      expect(head.seq).toBeLessThanOrEqual(journal.lastSeq);
      saved.push(dirty.map(({ path }) => path).sort());
      return save(head, dirty, removed);
    };
    await settle();
    for (let i = 0; i < 3; i++) {
      kernel.offer({ type: "poke.well" });
      await settle();
    }
    kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    expect(saved[0]).toEqual(["clerk", "fragile", "glass", "keeper"]);
    expect(saved.at(-1)).toContain("orders/a");
    expect(saved.slice(1).flat()).not.toContain("glass");
  });
});
