import { createHash } from "node:crypto";
import fc from "fast-check";
import { MemoryLevel } from "memory-level";
import { describe, expect, test } from "vitest";
import { canonical } from "../../src/domain/canonical-json.ts";
import type { ActorRecord, Effect, Snapshot, SnapshotHead, TimerRecord } from "../../src/ports/journal.ts";
import { allKeys, KEYS, type Level } from "../../src/store/level.ts";
import { seal } from "../../src/store/seal.ts";
import { stateHash } from "../../src/store/state-hash.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { diskFull, FaultyLevel } from "../support/faulty-level.ts";
import { dayOf } from "../support/state-directories.ts";
import { steps } from "../support/steps.ts";

const open = (level: Level): Promise<Store> => openStore(level, { genesis: "genesis", dayOf });

const actorAt = (path: string, count: number): ActorRecord => ({
  path,
  machine: "positionSlot",
  version: 1,
  input: null,
  snapshot: { value: "open", context: { count } },
  topics: ["fills"],
  standing: "live",
});

const headAt = (seq: number, nowMs: number): SnapshotHead => ({
  seq,
  now: nowMs,
  build: "build",
  timers: [{ actor: "slots/1", id: "mark", deadline: seq + 1000, event: { type: "mark.due" }, armedAt: seq }],
  unacknowledged: [],
  counters: { orders: seq },
});

const HOUR = 3_600_000;
const PATHS = ["root", "slots/1", "slots/2", "orders/2026-11-20/7", "__proto__"];

/** One save: which actors changed, which went away, how much later it is, and whether the process started anew before. */
const saves = fc.array(
  fc.record({
    dirty: fc.subarray(PATHS),
    removed: fc.subarray(PATHS),
    laterHours: fc.integer({ min: 0, max: 20 }),
    laterSteps: fc.integer({ min: 0, max: 3 }),
    restart: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
);

/** Which snapshots are kept, said once more: the three newest and the first of each day, of all that were ever made. */
const expectedToKeep = (all: readonly Snapshot[]): number[] => {
  const days = new Set<string>();
  const firsts = all.filter(({ now }) => !days.has(dayOf(now)) && days.add(dayOf(now)));
  return all.filter((each) => firsts.includes(each) || all.indexOf(each) >= all.length - 3).map(({ seq }) => seq);
};

const byPath = (a: ActorRecord, b: ActorRecord): number => (a.path < b.path ? -1 : 1);

describe("snapshots", () => {
  test("give back what was saved, whatever changed; keep three and one a day; leave nothing unused behind", async () => {
    await fc.assert(
      fc.asyncProperty(saves, async (script) => {
        const level = new MemoryLevel<string, string>();
        let store = await open(level);
        await store.journal.append(steps(1, 80));
        const state = new Map<string, { record: ActorRecord; writtenAt: number }>();
        const history: { snapshot: Snapshot; keys: string[] }[] = [];
        let seq = 1;
        let nowMs = 0;
        for (const [count, { dirty, removed, laterHours, laterSteps, restart }] of script.entries()) {
          // The same seq again means the same state again.
          seq += count === 0 ? 0 : laterSteps;
          const again = history.at(-1)?.snapshot.seq === seq;
          nowMs += again ? 0 : laterHours * HOUR;
          const gone = again ? [] : removed.filter((path) => state.has(path) && !dirty.includes(path));
          const changed = again ? [] : dirty.map((path) => actorAt(path, count));
          for (const path of gone) state.delete(path);
          for (const record of changed) state.set(record.path, { record, writtenAt: seq });
          if (restart) {
            store = await open(level);
            await store.snapshots.latest();
          }
          await store.snapshots.save(headAt(seq, nowMs), changed, gone);

          if (again) history.pop();
          const actors = [...state.values()].map(({ record }) => record).sort(byPath);
          const keys = [...state].map(([path, { writtenAt }]) => KEYS.actor(writtenAt, path));
          history.push({ snapshot: { ...headAt(seq, nowMs), actors }, keys });
          expect(await store.snapshots.latest()).toStrictEqual(history.at(-1)?.snapshot);
          const kept = expectedToKeep(history.map(({ snapshot }) => snapshot));
          expect(await store.snapshots.list()).toStrictEqual(kept);
          for (const { snapshot } of history) {
            if (kept.includes(snapshot.seq)) expect(await store.snapshots.at(snapshot.seq)).toStrictEqual(snapshot);
            else await expect(store.snapshots.at(snapshot.seq)).rejects.toThrow("is kept");
          }
          const used = new Set(history.filter(({ snapshot }) => kept.includes(snapshot.seq)).flatMap((each) => each.keys));
          expect(await allKeys(level, KEYS.actors)).toStrictEqual([...used].sort());
        }
      }),
      { numRuns: 60 },
    );
  });

  test("cut off at any write are not there: the one before is, and the next save tidies up", async () => {
    const many = Array.from({ length: 200 }, (_, i) => actorAt(`slots/${String(i).padStart(3, "0")}`, 1));
    const changed = many.map(({ path }) => actorAt(path, 2));
    for (const tear of ["nothing", "half"] as const) {
      for (let cut = 0; cut < 5; cut++) {
        // 200 actors are four slices and a manifest: writes 1 to 5 after the journal's, then 6 to 10.
        const level = new FaultyLevel({ atWrite: 6 + cut, tear, error: diskFull() });
        const { journal, snapshots } = await open(level);
        await journal.append(steps(1, 9));
        await snapshots.save(headAt(5, 0), many, []);
        await expect(snapshots.save(headAt(8, HOUR), changed, [])).rejects.toMatchObject({ code: "disk-full" });

        const disk = await level.afterCrash(level.writes);
        const after = await open(disk);
        expect(await after.snapshots.latest()).toStrictEqual({ ...headAt(5, 0), actors: many });
        await after.snapshots.save(headAt(9, 2 * HOUR), [actorAt("slots/000", 3)], []);
        expect(await after.snapshots.latest()).toStrictEqual({
          ...headAt(9, 2 * HOUR),
          actors: [actorAt("slots/000", 3), ...many.slice(1)],
        });
        expect(await allKeys(disk, KEYS.actors)).toHaveLength(201);
      }
    }
  });

  describe("that do not verify are passed over, reported, and deleted by the next save", () => {
    const spoil: [what: string, how: (level: Level) => Promise<void>][] = [
      ["a changed actor", (level) => level.batch([{ type: "put", key: KEYS.actor(8, "root"), value: "{}" }], { sync: true })],
      ["a missing actor", (level) => level.batch([{ type: "del", key: KEYS.actor(8, "root") }], { sync: true })],
      [
        "a changed manifest",
        async (level) => {
          const key = KEYS.manifest(8, HOUR);
          const text = (await level.get(key)) ?? "";
          await level.batch([{ type: "put", key, value: text.replace('"counters":{"orders":8}', '"counters":{"orders":9}') }], {
            sync: true,
          });
        },
      ],
      [
        "a manifest that is not JSON",
        (level) => level.batch([{ type: "put", key: KEYS.manifest(8, HOUR), value: "{" }], { sync: true }),
      ],
      [
        "one that is newer than the journal",
        async (level) => {
          const text = (await level.get(KEYS.manifest(8, HOUR))) ?? "";
          await level.batch(
            [
              { type: "del", key: KEYS.manifest(8, HOUR) },
              { type: "put", key: KEYS.manifest(88, HOUR), value: text },
            ],
            { sync: true },
          );
        },
      ],
    ];
    test.each(spoil)("%s", async (_, how) => {
      const level = new MemoryLevel<string, string>();
      const first = await open(level);
      await first.journal.append(steps(1, 9));
      await first.snapshots.save(headAt(5, 0), [actorAt("root", 1), actorAt("slots/1", 1)], []);
      await first.snapshots.save(headAt(8, HOUR), [actorAt("root", 2)], []);
      await how(level);

      const { snapshots } = await open(level);
      const good = { ...headAt(5, 0), actors: [actorAt("root", 1), actorAt("slots/1", 1)] };
      expect(await snapshots.latest()).toStrictEqual(good);
      expect(snapshots.damaged).toHaveLength(1);
      await snapshots.save(headAt(9, 2 * HOUR), [actorAt("slots/1", 3)], []);
      expect(await snapshots.list()).toStrictEqual([5, 9]);
      expect(await snapshots.latest()).toMatchObject({ seq: 9, actors: [actorAt("root", 1), actorAt("slots/1", 3)] });
      expect(await snapshots.at(5)).toStrictEqual(good);
      expect(await allKeys(level, KEYS.actors)).toHaveLength(3);
    });
  });

  test("continue each other, whoever reads while one is written", async () => {
    const { journal, snapshots } = await open(new MemoryLevel<string, string>());
    await journal.append(steps(1, 9));
    await snapshots.save(headAt(5, 0), [actorAt("root", 1), actorAt("slots/1", 1)], []);
    const reading = snapshots.latest();
    await snapshots.save(headAt(6, 0), [actorAt("root", 2)], []);
    await reading;
    await snapshots.save(headAt(7, 0), [actorAt("slots/1", 3)], []);
    expect(await snapshots.latest()).toMatchObject({ seq: 7, actors: [actorAt("root", 2), actorAt("slots/1", 3)] });
  });

  test("of another journal are not believed", async () => {
    const level = new MemoryLevel<string, string>();
    const { journal, snapshots } = await open(level);
    await journal.append(steps(1, 9));
    await snapshots.save(headAt(5, 0), [actorAt("root", 1)], []);
    const other = await openStore(level, { genesis: "another", dayOf });
    expect(await other.snapshots.latest()).toBeUndefined();
    expect(other.snapshots.damaged[0]?.message).toContain("another journal");
  });

  test("of a newer version are refused, not passed over: a downgrade must not be silent", async () => {
    const level = new MemoryLevel<string, string>();
    const { journal, snapshots } = await open(level);
    await journal.append(steps(1, 9));
    await snapshots.save(headAt(5, 0), [], []);
    await level.put(KEYS.manifest(8, 0), seal('{"actors":{},', '"v":2}').text);
    await expect((await open(level)).snapshots.latest()).rejects.toMatchObject({ code: "new-format" });
  });

  test("are never ahead of the journal, never behind an earlier one, and one at a time", async () => {
    const { journal, snapshots } = await open(new MemoryLevel<string, string>());
    await journal.append(steps(1, 9));
    await expect(snapshots.save(headAt(10, 0), [], [])).rejects.toThrow("ahead of the journal");
    await snapshots.save(headAt(5, 0), [], []);
    await expect(snapshots.save(headAt(4, 0), [], [])).rejects.toThrow("behind an earlier one");
    const saving = snapshots.save(headAt(6, 0), [], []);
    await expect(snapshots.save(headAt(6, 0), [], [])).rejects.toThrow("one snapshot at a time");
    await saving;
  });

  test("refuse an actor that is not plain, and the next save is none the worse", async () => {
    const level = new MemoryLevel<string, string>();
    const { journal, snapshots } = await open(level);
    await journal.append(steps(1, 9));
    await snapshots.save(headAt(5, 0), [actorAt("root", 1)], []);
    const changed = Array.from({ length: 100 }, (_, i) => actorAt(`slots/${i}`, i === 90 ? Number.NaN : 1));
    await expect(snapshots.save(headAt(6, 0), changed, [])).rejects.toThrow("$.snapshot.context.count");
    expect(await snapshots.latest()).toMatchObject({ seq: 5 });
    await snapshots.save(headAt(6, 0), [actorAt("root", 2)], []);
    expect(await snapshots.latest()).toMatchObject({ seq: 6, actors: [actorAt("root", 2)] });
    expect(await allKeys(level, KEYS.actors)).toStrictEqual([KEYS.actor(5, "root"), KEYS.actor(6, "root")]);
  });

  test("let the event loop turn while a large one is written", async () => {
    const { journal, snapshots } = await open(new MemoryLevel<string, string>());
    await journal.append(steps(1, 9));
    let turns = 0;
    let saving = true;
    const turn = (): void => {
      turns++;
      if (saving) setImmediate(turn);
    };
    setImmediate(turn);
    await snapshots.save(
      headAt(5, 0),
      Array.from({ length: 1000 }, (_, i) => actorAt(`slots/${i}`, 1)),
      [],
    );
    saving = false;
    expect(turns).toBeGreaterThanOrEqual(10);
  });
});

describe("the state hash", () => {
  const timer = (actor: string, id: string, deadline: number): TimerRecord => ({
    actor,
    id,
    deadline,
    event: { type: "due" },
    armedAt: 1,
  });
  const effect = (id: string): Effect => ({ id, actor: "orders/1", type: "order.place", params: {} });
  const actors = PATHS.map((path) => actorAt(path, 1));
  const timers = [timer("b", "x", 5), timer("a", "y", 5), timer("a", "x", 5), timer("a", "x", 4)];
  const unacknowledged = ["9.10", "9.2", "10.1", "100.0"].map(effect);
  const hash = stateHash({ actors, timers, unacknowledged });

  test("does not depend on the order in which things are listed", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(actors, { minLength: actors.length }),
        fc.shuffledSubarray(timers, { minLength: timers.length }),
        fc.shuffledSubarray(unacknowledged, { minLength: unacknowledged.length }),
        (someActors, someTimers, someEffects) => {
          expect(stateHash({ actors: someActors, timers: someTimers, unacknowledged: someEffects })).toBe(hash);
        },
      ),
    );
  });

  test("is the SHA-256 of the canonical text in the order of paths, deadlines and effect numbers", () => {
    const text = canonical({
      actors: actors.toSorted(byPath),
      timers: [timer("a", "x", 4), timer("a", "x", 5), timer("a", "y", 5), timer("b", "x", 5)],
      unacknowledged: ["9.2", "9.10", "10.1", "100.0"].map(effect),
    });
    expect(hash).toBe(createHash("sha256").update(text).digest("hex"));
  });

  test("depends on each actor, timer and effect", () => {
    for (let i = 0; i < 4; i++) {
      expect(stateHash({ actors: actors.toSpliced(i, 1), timers, unacknowledged })).not.toBe(hash);
      expect(stateHash({ actors: actors.with(i, actorAt(PATHS[i]!, 2)), timers, unacknowledged })).not.toBe(hash);
      expect(stateHash({ actors, timers: timers.toSpliced(i, 1), unacknowledged })).not.toBe(hash);
      expect(stateHash({ actors, timers, unacknowledged: unacknowledged.toSpliced(i, 1) })).not.toBe(hash);
    }
  });
});
