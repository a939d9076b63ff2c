/** After a crash: the same state, orders never twice, cancels and notices not lost, timers at their own time. */

import { describe, expect, test } from "vitest";
import { setup } from "xstate";
import { speech } from "../../src/domain/speech.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import { JournalBehindSnapshot, RecoveryDivergence } from "../../src/kernel/recovery.ts";
import { replay } from "../../src/kernel/replay.ts";
import type { Effect } from "../../src/ports/journal.ts";
import { settle } from "../support/kernel-memory.ts";
import { type Rig, type RigOptions, RUN, rig, startedRig, stateText } from "../support/kernel-rig.ts";
import { zoo } from "../support/kernel-zoo.ts";

/** The next process on the same disk. The old one is simply forgotten. */
const reborn = async ({ journal, snapshots, clock }: Rig, options: RigOptions = {}): Promise<Rig> =>
  startedRig({ journal, snapshots, clock, ...options });

const started = (made: Rig) => made.journal.steps.findLast(({ input }) => input.type === "run.started")!.input["recovered"];

describe("orders (K5)", () => {
  test("one that was journaled and not acknowledged is never released again: its actor hears effect.unconfirmed", async () => {
    const first = await startedRig({ release: () => "pending" });
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const second = await reborn(first);
    await settle();
    expect(started(second)).toMatchObject({ unconfirmed: ["2.1"], held: [] });
    expect(second.released.map(({ type }) => type)).toEqual(["enquire"]);
    second.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(second.released.map(({ type }) => type)).toEqual(["enquire"]);
    expect(second.kernel.view.snapshotOf("orders/a")?.value).toBe("unknown");
  });

  test("effect.unconfirmed comes before everything that was offered meanwhile", async () => {
    const first = await startedRig({ release: () => "pending" });
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const second = rig(first);
    await second.kernel.recover();
    second.kernel.offer({ type: "order.filled", id: "a" });
    second.kernel.start(RUN);
    await settle();
    expect(second.journal.steps.slice(2, 5).map(({ input }) => input.type)).toEqual([
      "run.started",
      "effect.unconfirmed",
      "order.filled",
    ]);
  });

  test("one that was acknowledged stays so", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const second = await reborn(first);
    await settle();
    expect(second.released).toEqual([]);
    expect(second.kernel.view.snapshotOf("orders/a")?.value).toBe("submitted");
  });
});

describe("cancels, enquiries and notices", () => {
  /** An order being cancelled, its cancel and a notice under way when the process dies. */
  const dying = async (): Promise<Rig> => {
    const first = await startedRig({ release: (effect) => (effect.type === "placeOrder" ? { written: 1 } : "pending") });
    first.kernel.offer({ type: "intent.made", id: "a" });
    first.kernel.offer({ type: "intent.made", id: "b" });
    await settle();
    first.kernel.offer({ type: "order.filled", id: "b" });
    first.clock.advance(5_000);
    await settle();
    return first;
  };
  const types = (effects: readonly Effect[]): string[] => effects.map(({ type }) => type).sort();

  test("wait for goLive, then leave again, once", async () => {
    const second = await reborn(await dying());
    await settle();
    expect(second.released).toEqual([]);
    second.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(types(second.released)).toEqual(["cancelOrder", "notify"]);
    second.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(second.released.length).toBe(2);
    expect(second.kernel.load.unacknowledged).toBe(0);
  });

  test("what reconciliation has settled is not wanted any more", async () => {
    const second = await reborn(await dying());
    second.kernel.offer({ type: "order.cancelled", id: "a" });
    second.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(types(second.released)).toEqual(["notify", "notify"]);
    const refused = second.journal.steps.find(({ input }) => input.type === "effect.refused")!.input;
    expect(refused["reason"]).toBe("no longer wanted after the restart");
  });

  test("a crash before goLive loses none of them", async () => {
    const second = await reborn(await dying());
    await settle();
    const third = await reborn(second);
    third.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(types(third.released)).toEqual(["cancelOrder", "notify"]);
  });
});

describe("timers (K3)", () => {
  test("an `after` keeps its absolute time over a restart", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    first.clock.jump(1_003_000);
    const second = await reborn(first);
    second.clock.advance(1_999);
    expect(second.kernel.view.snapshotOf("orders/a")?.value).toBe("submitted");
    second.clock.advance(1);
    expect(second.kernel.view.snapshotOf("orders/a")?.value).toBe("cancelling");
  });

  test("those overdue at the start wait for goLive, then fire in order with their due; later ones do not wait", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    first.clock.advance(1_000);
    first.kernel.offer({ type: "intent.made", id: "b" });
    await settle();
    first.clock.jump(1_005_500);
    const second = await reborn(first);
    second.clock.advance(1_000);
    await settle();
    // b's was of the future at the start.
    expect(second.kernel.view.snapshotOf("orders/a")?.value).toBe("submitted");
    expect(second.kernel.view.snapshotOf("orders/b")?.value).toBe("cancelling");
    second.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(second.kernel.view.snapshotOf("orders/a")).toMatchObject({ value: "cancelling", context: { firedAt: [1_005_000] } });
    const fired = second.journal.steps.filter(({ input }) => input.type === "timer.fired" && input["actor"] !== "clerk");
    expect(fired.map(({ input, now }) => [input["actor"], input["due"], now])).toEqual([
      ["orders/b", 1_006_000, 1_006_000],
      ["orders/a", 1_005_000, 1_006_500],
    ]);
  });

  test("the hold survives a second restart", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    first.clock.jump(1_010_000);
    const second = await reborn(first, { snapshotEvery: 1 });
    await settle();
    const third = await reborn(second);
    third.clock.advance(1);
    await settle();
    expect(third.kernel.view.snapshotOf("orders/a")?.value).toBe("submitted");
  });
});

describe("the same build derives the same (K10)", () => {
  test("a clean stop leaves nothing to replay", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "intent.made", id: "a" });
    await first.kernel.stop();
    const second = rig(first);
    expect(await second.kernel.recover()).toMatchObject({ records: 0, snapshotSeq: first.journal.lastSeq, quarantined: [] });
    expect(stateText(second.kernel.stateParts())).toBe(stateText(first.kernel.stateParts()));
  });

  test("a record that derives otherwise ends the start, naming seq and difference", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const steps = first.journal.steps as { transitions: unknown }[];
    steps[1]!.transitions = [];
    const error: unknown = await rig(first)
      .kernel.recover()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RecoveryDivergence);
    expect(String(error)).toMatch(/record 2 does not derive again: transitions: recorded nothing, derived .*orders\/a/);
  });

  test("a journal that is shorter than its snapshot is refused", async () => {
    const first = await startedRig();
    await first.kernel.stop();
    first.journal.steps.pop();
    await expect(rig(first).kernel.recover()).rejects.toBeInstanceOf(JournalBehindSnapshot);
  });
});

describe("a tail of another build (K10)", () => {
  /** The next build's clerk says something else. */
  const nextClerk = setup({ actions: { ...speech, notify: (_: unknown, _params: { key: string }) => {} } }).createMachine({
    on: { "*": { actions: { type: "notify", params: { key: "new" } } } },
  });
  const next: Logic = { ...zoo, machines: { ...zoo.machines, clerk: { machine: nextClerk, version: 1, protection: "restart" } } };

  test("is not derived in silence: the actors that differ are quarantined and named, effects derived anew do not leave", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "chat.begin" });
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const second = await reborn(first, { logic: next, build: "next" });
    second.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(started(second)).toMatchObject({ build: "test", quarantined: ["clerk"] });
    expect(second.kernel.view.snapshotOf("clerk")).toBeUndefined();
    expect(second.released).toEqual([]);
    expect(second.kernel.view.snapshotOf("orders/a")?.value).toBe("submitted");
  });

  test("that derives the same is simply taken over", async () => {
    const first = await startedRig();
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const second = await reborn(first, { build: "next" });
    expect(started(await settled(second))).toMatchObject({ quarantined: [], differences: [] });
  });
  const settled = async (made: Rig): Promise<Rig> => {
    await settle();
    return made;
  };

  test("journaled effects stand, also when the new build would not say them", async () => {
    const mute = setup({ actions: { ...speech } }).createMachine({ on: { "*": {} } });
    const logic: Logic = { ...zoo, machines: { ...zoo.machines, saga: { machine: mute, version: 1, protection: "quarantine" } } };
    const first = await startedRig({ release: () => "pending" });
    first.kernel.offer({ type: "intent.made", id: "a" });
    await settle();
    const second = await reborn(first, { logic, build: "next" });
    await settle();
    expect(started(second)).toMatchObject({ unconfirmed: ["2.1"], quarantined: ["orders/a"] });
    expect(second.journal.steps.at(-1)!.input).toEqual({ type: "effect.unconfirmed", effect: "2.1" });
  });
});

describe("snapshots of other versions", () => {
  const older = async (): Promise<Rig> => {
    const first = await startedRig();
    first.kernel.offer({ type: "poke.well" });
    await first.kernel.stop();
    return first;
  };
  const withFragile = (entry: Partial<Logic["machines"][string]>): Logic => ({
    ...zoo,
    machines: { ...zoo.machines, fragile: { ...zoo.machines["fragile"]!, ...entry } },
  });

  test("are migrated", async () => {
    const logic = withFragile({
      version: 2,
      migrate: (snapshot) => ({ ...(snapshot as object), context: { pokes: 41 } }),
    });
    const second = await reborn(await older(), { logic, build: "next" });
    second.kernel.offer({ type: "poke.well" });
    await settle();
    expect(second.released.at(-1)!.params).toEqual({ key: "poke 42" });
  });

  test.each([
    ["no migration", withFragile({ version: 2 }), /no migration from version 1 to 2/],
    [
      "a migration that throws",
      withFragile({
        version: 2,
        migrate: () => {
          throw new Error("cannot");
        },
      }),
      /cannot/,
    ],
    [
      "a state that is gone",
      withFragile({ machine: setup({}).createMachine({ initial: "x", states: { x: {} } }) }),
      /not restored/,
    ],
  ])("%s: quarantined and reported, and kept as it was", async (_, logic, reason) => {
    const first = await older();
    const second = await reborn(first, { logic, build: "next" });
    await settle();
    expect(started(second)).toMatchObject({ quarantined: ["fragile"], differences: [expect.stringMatching(reason)] });
    const was = first.snapshots.kept.at(-1)!.actors.find(({ path }) => path === "fragile")!.snapshot;
    expect(second.kernel.stateParts().actors.find(({ path }) => path === "fragile")).toMatchObject({
      snapshot: was,
      standing: "quarantined",
    });
  });
});

test("starts that no snapshot follows are counted", async () => {
  let made = await startedRig();
  for (let i = 0; i < 3; i++) {
    await settle();
    made = await reborn(made);
  }
  await settle();
  expect(started(made)).toMatchObject({ recentStarts: 3 });
  made.clock.jump(made.clock.now() + 61_000);
  const later = await reborn(made);
  await settle();
  expect(started(later)).toMatchObject({ recentStarts: 0 });
});

test("replay stops where it is told, and shows the state of that record", async () => {
  const made = await startedRig();
  made.kernel.offer({ type: "intent.made", id: "a" });
  await settle();
  const past = await replay({ logic: zoo, journal: made.journal, build: "test", upTo: 1 });
  expect([past.seq, past.records, past.view.snapshotOf("orders/a")]).toEqual([1, 1, undefined]);
  const now = await replay({ logic: zoo, journal: made.journal, build: "test" });
  expect(stateText(now.parts)).toBe(stateText(made.kernel.stateParts()));
});

describe("a crash loop (K8)", () => {
  test("is a run of starts that no snapshot followed: one that went live has a snapshot, one that did not has none", async () => {
    const first = await startedRig();
    await settle();
    expect(await first.snapshots.list()).toEqual([]);
    const second = await reborn(first);
    await settle();
    expect(started(second)).toMatchObject({ recentStarts: 1 });
    second.kernel.offer({ type: "reconciliation.completed" });
    await settle();
    expect(await second.snapshots.list()).toHaveLength(1);
    const third = await reborn(second);
    await settle();
    expect(started(third)).toMatchObject({ recentStarts: 0 });
  });
});
