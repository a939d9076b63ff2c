import { ClassicLevel } from "classic-level";
import fc from "fast-check";
import { MemoryLevel } from "memory-level";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Step } from "../../src/ports/journal.ts";
import { KEYS, type Level } from "../../src/store/level.ts";
import { decodeStep, encodeStep, type Upcaster, upcast } from "../../src/store/record.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { verifyJournal } from "../../src/store/verify.ts";
import { diskFull, FaultyLevel } from "../support/faulty-level.ts";
import { collect, dayOf, newPath } from "../support/state-directories.ts";
import { stepAt, steps } from "../support/steps.ts";

const GENESIS = "genesis";
const open = (level: Level): Promise<Store> => openStore(level, { genesis: GENESIS, dayOf });

const databases: [name: string, make: () => Level][] = [
  ["memory-level", () => new MemoryLevel<string, string>()],
  ["classic-level", () => new ClassicLevel<string, string>(newPath())],
];

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<never>;
/** As JSON knows it: without -0 and null prototypes. */
const asJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;
const anyStep = (seq: number): fc.Arbitrary<Step> =>
  fc
    .record({
      seq: fc.constant(seq),
      now: fc.integer({ min: 0 }),
      input: fc.record({ type: fc.string(), detail: json }),
      transitions: fc.array(fc.record({ actor: fc.string(), from: json, event: fc.string(), to: json }), { maxLength: 3 }),
      facts: fc.array(fc.record({ actor: fc.string(), type: fc.string(), value: json }), { maxLength: 3 }),
      effects: fc.array(
        fc.record({ id: fc.string(), actor: fc.string(), type: fc.string(), params: fc.record({ value: json }) }),
      ),
      incidents: fc.array(
        fc.record({ kind: fc.constant("unhandled" as const), actor: fc.string(), event: fc.string(), detail: fc.string() }),
      ),
    })
    .map(asJson);
/** Batches of contiguous steps, from seq 1. */
const batches = fc.array(fc.nat({ max: 4 }), { maxLength: 6 }).chain((sizes) => {
  let seq = 0;
  return fc.tuple(...sizes.map((size) => fc.tuple(...Array.from({ length: size }, () => anyStep(++seq)))));
});

describe.each(databases)("the journal over %s", (_, make) => {
  test("reads back every step as it was appended, from any seq, also after opening again", async () => {
    const level = make();
    onTestFinished(() => level.close());
    await fc.assert(
      fc
        .asyncProperty(batches, fc.nat(20), async (all, fromSeq) => {
          const { journal } = await open(level);
          for (const batch of all) await journal.append(batch);
          const expected = all.flat();
          expect(journal.lastSeq).toBe(expected.length);
          for (const { journal: reader } of [{ journal }, await open(level)]) {
            expect(reader.lastSeq).toBe(expected.length);
            expect(await collect(reader.read(fromSeq))).toStrictEqual(expected.filter(({ seq }) => seq >= fromSeq));
            expect(await collect(reader.tail(fromSeq))).toStrictEqual(expected.slice(Math.max(0, expected.length - fromSeq)));
          }
          const { head, records } = await verifyJournal(level, { genesis: GENESIS, file: "memory" });
          expect([records, head]).toStrictEqual([expected.length, journal.head]);
        })
        .afterEach(async () => {
          for (let seq = 1; seq <= 30; seq++) await level.batch([{ type: "del", key: KEYS.record(seq) }], { sync: false });
        }),
      { numRuns: 40 },
    );
  });

  test("goes on where it ended, and past what one fetch holds", async () => {
    const level = make();
    onTestFinished(() => level.close());
    for (let from = 1; from <= 3000; from += 600) await (await open(level)).journal.append(steps(from, from + 599));
    const { journal } = await open(level);
    expect(await collect(journal.read(1))).toStrictEqual(steps(1, 3000));
    expect(await collect(journal.range(999, 1002))).toStrictEqual(steps(999, 1002));
  });
});

describe("a changed record", () => {
  const reading = async (change: (level: Level) => Promise<void>, fromSeq = 1): Promise<unknown> => {
    const level = new MemoryLevel<string, string>();
    const { journal } = await open(level);
    await journal.append(steps(1, 9));
    await change(level);
    return collect(journal.read(fromSeq)).catch((error: unknown) => error);
  };
  const put = (seq: number, value: string) => (level: Level) =>
    level.batch([{ type: "put", key: KEYS.record(seq), value }], { sync: true });

  test("is named with its seq, whichever character changed", async () => {
    const { text } = encodeStep(stepAt(5), "x".repeat(64));
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), async (at, other) => {
        fc.pre(text[at] !== other);
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        expect(() => decodeStep(changed, 5, undefined, "memory")).toThrow("at seq 5");
      }),
      { numRuns: 300 },
    );
  });

  test("a missing one is a hole, in the middle and at the end", async () => {
    for (const seq of [3, 9]) {
      const error = await reading((level) => level.batch([{ type: "del", key: KEYS.record(seq) }], { sync: true }));
      expect(error).toMatchObject({ name: "JournalDamage", code: "damaged", place: { seq } });
    }
  });

  test("a sound record under another key is damage: the next append would overwrite one", async () => {
    const level = new MemoryLevel<string, string>();
    await (await open(level)).journal.append(steps(1, 9));
    const last = (await level.get(KEYS.record(9))) ?? "";
    await level.batch([
      { type: "del", key: KEYS.record(9) },
      { type: "put", key: KEYS.record(10), value: last },
    ]);
    const verifying = verifyJournal(level, { genesis: GENESIS, file: "memory" });
    await expect(verifying).rejects.toMatchObject({ code: "damaged", place: { seq: 9 } });
    await expect(open(level)).rejects.toMatchObject({ code: "damaged", place: { seq: 10 } });
  });

  test("a sound record of another chain does not fit in, nor one of this chain in another place", async () => {
    expect(await reading(put(4, encodeStep(stepAt(4), "0".repeat(64)).text))).toMatchObject({
      code: "damaged",
      place: { seq: 4 },
    });
    expect(await reading(put(4, encodeStep(stepAt(5), "0".repeat(64)).text))).toMatchObject({
      code: "damaged",
      place: { seq: 4 },
    });
    expect(await reading(put(4, encodeStep(stepAt(4), "0".repeat(64)).text), 5)).toMatchObject({
      code: "damaged",
      place: { seq: 5 },
    });
  });
});

describe("a record of another version", () => {
  test("passes through every upcaster on its way", () => {
    const table = new Map<number, Upcaster>([
      [1, (old: object) => ({ ...old, second: true, v: 2 })],
      [2, (old: object) => ({ ...old, third: true, v: 3 })],
    ]);
    expect(upcast({ v: 1, seq: 7 }, { seq: 7 }, table, 3)).toStrictEqual({ v: 3, seq: 7, second: true, third: true });
  });

  test("is refused, with the way out, when it is newer or when there is no way from it", () => {
    expect(() => upcast({ v: 9 }, { seq: 7 })).toThrow(expect.objectContaining({ code: "new-format", place: { seq: 7 } }));
    expect(() => upcast({ v: 0 }, { seq: 7 })).toThrow(expect.objectContaining({ code: "old-format" }));
  });
});

describe("a failed append", () => {
  test("leaves the journal and the snapshots dead, and what was acknowledged before is there after the crash", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(5),
        fc.constantFrom("nothing" as const, "half" as const, "everything" as const),
        fc.integer({ min: 1, max: 5 }),
        async (atWrite, tear, size) => {
          const level = new FaultyLevel({ atWrite, tear, error: diskFull() });
          const deaths: string[] = [];
          const store = await openStore(level, { genesis: GENESIS, dayOf, onDead: ({ code }) => deaths.push(code) });
          const { journal, snapshots } = store;
          let acknowledged = 0;
          const append = async (): Promise<void> => {
            await journal.append(steps(acknowledged + 1, acknowledged + size));
            acknowledged += size;
          };
          for (let write = 0; write < atWrite; write++) await append();
          await expect(append()).rejects.toMatchObject({ code: "disk-full" });
          await expect(append()).rejects.toMatchObject({ code: "disk-full" });
          const head = { seq: acknowledged, now: 0, build: "b", timers: [], unacknowledged: [], counters: {} };
          await expect(snapshots.save(head, [], [])).rejects.toMatchObject({ code: "disk-full" });
          expect(level.writes).toBe(atWrite + 1);
          expect([journal.dead, journal.lastSeq, deaths]).toStrictEqual([true, acknowledged, ["disk-full"]]);

          // "Failed" means "maybe": the failed batch may be there, in part or whole, and still the chain holds.
          const after = await open(await level.afterCrash(level.writes));
          expect(after.journal.lastSeq).toBeGreaterThanOrEqual(acknowledged);
          expect(await collect(after.journal.read(1))).toStrictEqual(steps(1, after.journal.lastSeq));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a failed snapshot kills the journal too: they share LevelDB's log", async () => {
    const level = new FaultyLevel({ atWrite: 1, tear: "half", error: diskFull() });
    const { journal, snapshots } = await open(level);
    await journal.append(steps(1, 3));
    const head = { seq: 3, now: 0, build: "b", timers: [], unacknowledged: [], counters: {} };
    await expect(snapshots.save(head, [], [])).rejects.toMatchObject({ code: "disk-full" });
    await expect(journal.append(steps(4, 4))).rejects.toMatchObject({ code: "disk-full" });
  });

  test("a gap, a second append under way and a step that is not plain are refused and kill it", async () => {
    const fresh = async () => (await open(new MemoryLevel<string, string>())).journal;
    const gap = await fresh();
    await expect(gap.append(steps(2, 3))).rejects.toThrow("step 2 does not continue seq 0");
    await expect(gap.append(steps(1, 1))).rejects.toThrow("step 2 does not continue seq 0");

    const twice = await fresh();
    const first = twice.append(steps(1, 1));
    await expect(twice.append(steps(2, 2))).rejects.toThrow("one append at a time");
    await first;
    await expect(twice.append(steps(2, 2))).rejects.toThrow("one append at a time");

    const odd = await fresh();
    const step = stepAt(1);
    await expect(odd.append([{ ...step, facts: [{ actor: "a", type: "t", mark: Number.NaN }] }])).rejects.toThrow(
      "$.facts[0].mark",
    );
    expect(odd.dead).toBe(true);
  });

  test("a crash that loses the last writes leaves a prefix of the journal", async () => {
    const level = new FaultyLevel();
    const { journal } = await open(level);
    for (let seq = 1; seq <= 20; seq += 2) await journal.append(steps(seq, seq + 1));
    for (let kept = 0; kept <= 10; kept++) {
      const after = await level.afterCrash(kept);
      const { head } = await verifyJournal(after, { genesis: GENESIS, file: "memory" });
      expect(head.seq).toBe(2 * kept);
    }
  });
});
