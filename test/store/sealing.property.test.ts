import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { household } from "../../src/actors/household.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import { replay } from "../../src/kernel/replay.ts";
import type { Step } from "../../src/ports/journal.ts";
import { readIdentity } from "../../src/store/identity.ts";
import { openClone, openState } from "../../src/store/state-directory.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { appendDays, crashesOf, daysOfSteps, EVERYTHING, sealed, withDays } from "../support/sealed-state.ts";
import { collect, crashImage, dayOf, fingerprint, newState, QUIET } from "../support/state-directories.ts";
import { stepAt } from "../support/steps.ts";

const segmentsIn = (path: string): string[] =>
  existsSync(join(path, "segments")) ? readdirSync(join(path, "segments")).sort() : [];
const firstFile = (path: string, index = 0): string => join(path, "segments", segmentsIn(path)[index] as string);
const lastOf = (days: readonly (readonly Step[])[]): number => days.flat().at(-1)?.seq ?? 0;

/** Everything that a reader of the journal can ask, from a directory as it is: as text, for there is much of it. */
const answers = async (path: string, froms: readonly number[]): Promise<string> => {
  const clone = await openClone(path, { dayOf, lockPatienceMs: 0, thorough: true });
  try {
    const { journal, snapshots, verified } = clone;
    return JSON.stringify({
      whole: await collect(journal.read(1)),
      parts: await Promise.all(froms.map((from) => collect(journal.range(from, from + 7)))),
      froms: await Promise.all(froms.map((from) => collect(journal.read(from)))),
      tails: await Promise.all(froms.map((count) => collect(journal.tail(count)))),
      head: journal.head,
      records: verified.records,
      snapshots: await snapshots.list(),
      latest: await snapshots.latest(),
    });
  } finally {
    await clone.close();
  }
};

interface Answers {
  readonly head: { readonly seq: number };
  readonly whole: readonly Step[];
}

/** A place in a file, as a share of its length: equally likely everywhere, which `fc.double` is not. */
const EVERY = 1 << 20;
const ANYWHERE = fc.noBias(fc.nat(EVERY - 1));

const someDays = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 6 });

describe("sealing", () => {
  test("changes no answer of any reader, whatever the days, and the journal goes on", async () => {
    await fc.assert(
      fc.asyncProperty(someDays, fc.array(fc.nat(120), { maxLength: 4 }), async (counts, froms) => {
        const days = daysOfSteps(counts);
        const path = await withDays(days);
        const before = await answers(path, froms);
        const filled = counts.filter((count) => count > 0).length;
        const kept = await sealed(path, async ({ segments, journal }) => {
          // All days but the last are sealed, and gone from LevelDB.
          expect(segments.all.length).toBe(Math.max(0, filled - 1));
          expect(await journal.firstSealed()).toBeUndefined();
          return segments.end;
        });
        expect((await answers(path, froms)) === before).toBe(true);
        const more = days.flat().length + 1;
        await sealed(path, async ({ journal, verified }) => {
          expect(verified.sealed).toBe(kept.seq);
          await journal.append([stepAt(more)]);
          expect((await collect(journal.read(1))).at(-1)).toStrictEqual(stepAt(more));
        });
      }),
      { numRuns: 12 },
    );
  }, 30_000);

  test("cut off at any stage leaves a directory that answers the same, and the next pass finishes it", async () => {
    const days = daysOfSteps([30, 1, 700, 9]);
    const path = await withDays(days);
    const froms = [30, 31, 32, 731, 740];
    const before = await answers(path, froms);
    const crashes = await crashesOf(path);
    const whole = fingerprint(join(path, "segments"));
    expect(crashes.map(({ stage }) => stage)).toStrictEqual([0, 1, 2].flatMap(() => ["writing", "naming", "removing", "sealed"]));
    for (const { stage, image } of crashes) {
      expect((await answers(image, froms)) === before, stage).toBe(true);
      await sealed(image, async ({ journal }) => expect(await journal.firstSealed()).toBeUndefined());
      expect((await answers(image, froms)) === before, stage).toBe(true);
      expect(fingerprint(join(image, "segments"))).toStrictEqual(whole);
    }
  }, 30_000);

  test("cut off amid the removal, after any slice of it, loses nothing", async () => {
    const days = daysOfSteps([2_600, 5]);
    const path = await withDays(days);
    const images: string[] = [];
    // The segment has its name, and every record is still in LevelDB.
    const overlapping = (await crashesOf(path)).find(({ stage }) => stage === "removing")?.image as string;
    const removing = await openState(overlapping, QUIET);
    await removing.journal.forgetSealed(async () => {
      images.push(crashImage(overlapping));
    });
    await removing.close();
    expect(images.length).toBe(3);
    for (const image of images) {
      const first = await openState(image, QUIET);
      expect([1_001, 2_001, undefined]).toContain(await first.journal.firstSealed());
      await first.close();
      const { head, whole } = JSON.parse(await answers(image, [1, 999, 1_000, 1_001, 2_600])) as Answers;
      expect([head.seq, whole]).toStrictEqual([2_605, days.flat()]);
      await sealed(image, async ({ journal }) => expect(await journal.firstSealed()).toBeUndefined());
    }
  }, 30_000);

  test("does not wait for a reader, nor a reader for it, nor either for an append", async () => {
    const days = daysOfSteps([700, 700, 3]);
    const path = await withDays(days);
    const state = await openState(path, { ...QUIET, kept: EVERYTHING });
    const reading = state.journal.read(1);
    const seen: Step[] = [(await reading.next()).value as Step];
    const passing = state.sealing.pass();
    const appended: Step[] = [];
    for (let seq = lastOf(days) + 1; seq <= lastOf(days) + 50; seq++) {
      await state.journal.append([stepAt(seq)]);
      appended.push(stepAt(seq));
      for (let i = 0; i < 10; i++) seen.push((await reading.next()).value as Step);
    }
    await passing;
    seen.push(...(await collect(reading)));
    expect(seen).toStrictEqual(days.flat());
    expect(await collect(state.journal.read(1))).toStrictEqual([...days.flat(), ...appended]);
    await state.close();
    expect(segmentsIn(path)).toHaveLength(2);
  });

  test("that finds other bytes than it wrote leaves the day in LevelDB, says so, and does it anew the next time", async () => {
    for (const spoiledAt of ["writing", "naming"]) {
      const days = daysOfSteps([200, 5]);
      const path = await withDays(days);
      const before = await answers(path, [1]);
      const troubles: string[] = [];
      let spoiled = false;
      const state = await openState(path, {
        ...QUIET,
        kept: EVERYTHING,
        onSealingStage: (stage) => {
          if (stage !== spoiledAt || spoiled) return;
          spoiled = true;
          const file = join(path, "segments", "unfinished");
          const bytes = readFileSync(file);
          const middle = Math.floor(bytes.length / 2);
          bytes[middle] = (bytes[middle] as number) ^ 1;
          writeFileSync(file, bytes);
        },
        onSealingTrouble: ({ code }) => troubles.push(code),
      });
      await state.sealing.pass();
      expect(troubles).toStrictEqual(["damaged"]);
      expect(segmentsIn(path)).toStrictEqual([]);
      expect(await collect(state.journal.read(1))).toStrictEqual(days.flat());
      await state.sealing.pass();
      expect(troubles).toHaveLength(1);
      await state.close();
      expect(segmentsIn(path)).toHaveLength(1);
      expect((await answers(path, [1])) === before).toBe(true);
    }
  });

  test("takes no day that no snapshot of a later day has closed", async () => {
    const path = await newState();
    const [first = [], second = []] = daysOfSteps([10, 10]);
    await sealed(path, async (state) => {
      await appendDays(state, [first]);
      await state.journal.append(second);
      await state.sealing.pass();
      expect(segmentsIn(path)).toStrictEqual([]);
    });
    await sealed(path, async ({ snapshots, sealing }) => {
      const last = second.at(-1) as Step;
      await snapshots.save({ seq: last.seq, now: last.now, build: "b", timers: [], unacknowledged: [], counters: {} }, [], []);
      await sealing.pass();
      expect(segmentsIn(path)).toHaveLength(1);
    });
  });
});

describe("a damaged segment", () => {
  const DAYS = daysOfSteps([40, 900, 20, 5]);
  const sealedDirectory = async (days = DAYS, made?: string): Promise<string> => {
    const path = made ?? (await newState());
    await sealed(path, (state) => appendDays(state, days));
    await sealed(path, async () => {});
    return path;
  };
  /** Refused with 'damaged', file and seq named, everything as it was. */
  const expectDamage = async (
    path: string,
    where: { readonly file?: string; readonly seq?: number; readonly says?: string },
  ): Promise<void> => {
    const before = fingerprint(path);
    for (const open of [() => openState(path, QUIET), () => openClone(path, { dayOf, lockPatienceMs: 0, thorough: true })]) {
      const error = await open().then(
        async (state) => state.close(),
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: "damaged" });
      const { place, message } = error as StoreError;
      if (where.says !== undefined) expect(message).toContain(where.says);
      if (where.file !== undefined) expect(place.file).toContain(where.file);
      if (where.seq !== undefined) expect(place.seq).toBe(where.seq);
      expect(place.seq).toBeGreaterThan(0);
    }
    expect(fingerprint(path)).toStrictEqual(before);
  };

  test("is named with file and seq whichever byte changed", async () => {
    const path = await sealedDirectory();
    const names = segmentsIn(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(2), ANYWHERE, fc.integer({ min: 1, max: 255 }), async (which, at, flip) => {
        const file = firstFile(path, which);
        const bytes = readFileSync(file);
        const changed = Buffer.from(bytes);
        const index = Math.min(bytes.length - 1, Math.floor((at / EVERY) * bytes.length));
        changed[index] = (changed[index] as number) ^ flip;
        writeFileSync(file, changed);
        await expectDamage(path, { file: names[which] as string });
        writeFileSync(file, bytes);
      }),
      { numRuns: 80 },
    );
  }, 30_000);

  test("cut anywhere, missing, of another journal, in another's place, or nobody's is named, and nothing is touched", async () => {
    const empty = await newState();
    const twin = crashImage(empty);
    const path = await sealedDirectory(DAYS, empty);
    const names = segmentsIn(path);
    const bytes = names.map((_, i) => readFileSync(firstFile(path, i)));
    const restore = (): void => {
      for (const name of segmentsIn(path)) rmSync(join(path, "segments", name));
      for (const [i, name] of names.entries()) writeFileSync(join(path, "segments", name), bytes[i] as Buffer);
    };
    const middle = join(path, "segments", names[1] as string);
    for (const length of [0, 10, 26, 200, (bytes[1]?.length ?? 0) - 1]) {
      writeFileSync(middle, (bytes[1] as Buffer).subarray(0, length));
      await expectDamage(path, { file: names[1] as string, seq: 41 });
    }
    restore();
    for (const [i, seq] of [1, 41, 941].entries()) {
      rmSync(firstFile(path, i));
      await expectDamage(path, { seq });
      restore();
    }
    // A day of the same numbers from another installation.
    const other = await sealedDirectory();
    copyFileSync(join(other, "segments", names[1] as string), middle);
    await expectDamage(path, { file: names[1] as string, seq: 41, says: "another journal" });
    restore();
    // The same day of the same installation, out of another past: as a restored backup may have it.
    await sealedDirectory(
      DAYS.map((day) => day.map((step) => ({ ...step, facts: [] }))),
      twin,
    );
    copyFileSync(join(twin, "segments", names[1] as string), middle);
    await expectDamage(path, { file: names[1] as string, seq: 41 });
    restore();
    renameSync(middle, `${middle}.aside`);
    renameSync(firstFile(path), middle);
    renameSync(`${middle}.aside`, join(path, "segments", names[0] as string));
    await expectDamage(path, { file: names[0] as string });
    restore();
    const before = fingerprint(path);
    writeFileSync(join(path, "segments", "notes.txt"), "mine");
    await expect(openState(path, QUIET)).rejects.toMatchObject({ code: "damaged" });
    rmSync(join(path, "segments", "notes.txt"));
    expect(fingerprint(path)).toStrictEqual(before);
    await sealed(path, async ({ verified }) => expect(verified.records).toBe(965));
  }, 30_000);

  test("overlap with LevelDB is only tolerated when it is the same journal, whatever the anchor says", async () => {
    const days = daysOfSteps([20, 5]);
    const path = await newState();
    const other = crashImage(path);
    const changed = days.map((day) =>
      day.map((step) => (step.seq === 7 ? { ...step, input: { type: "quote.changed", bid: 1 } } : step)),
    );
    for (const [directory, told] of [
      [path, days],
      [other, changed],
    ] as const) {
      const state = await openState(directory, QUIET);
      await appendDays(state, told);
      await state.close();
    }
    const overlapping = (await crashesOf(path)).find(({ stage }) => stage === "removing")?.image as string;
    for (const name of ["journal", "head.json"]) {
      rmSync(join(overlapping, name), { recursive: true });
      renameSync(join(other, name), join(overlapping, name));
    }
    await expect(openState(overlapping, QUIET)).rejects.toMatchObject({ code: "damaged", place: { seq: 20 } });
  });
});

describe("thinning", () => {
  const KEEP_TEN = { ...EVERYTHING, quotesDays: 10 };
  const old = (): Step[][] => daysOfSteps([60, 50, 40, 7, 7], 4);

  test("keeps the chain, every command, fact, transition and effect, and says what is gone", async () => {
    const days = old();
    const path = await withDays(days);
    await sealed(path, async () => {});
    const bytesBefore = readFileSync(firstFile(path)).length;
    const hashes = await sealed(path, async ({ segments }) => segments.all.map(({ summary }) => [summary.before, summary.hash]));
    await sealed(path, async () => {}, { kept: KEEP_TEN });
    const clone = await openClone(path, { dayOf, lockPatienceMs: 0, thorough: true });
    const steps = await collect(clone.journal.read(1));
    expect(clone.segments.all.map(({ summary }) => [summary.before, summary.hash])).toStrictEqual(hashes);
    expect(clone.segments.all.map(({ summary }) => summary.thinned)).toStrictEqual([40, 34, null, null]);
    expect(clone.journal.head.seq).toBe(164);
    await clone.close();
    const expected = days.flatMap((day, index) =>
      day.map((step) =>
        index < 2 && step.input.type === "quote.changed" ? { ...step, input: { type: "quote.changed" }, thinned: true } : step,
      ),
    );
    expect(steps).toStrictEqual(expected);
    expect(readFileSync(firstFile(path)).length).toBeLessThan(bytesBefore);
    // A second pass finds nothing to do.
    const print = fingerprint(join(path, "segments"));
    await sealed(path, async () => {}, { kept: KEEP_TEN });
    expect(fingerprint(join(path, "segments"))).toStrictEqual(print);
  });

  test("cut off at any stage leaves each day whole or thinned, and the next pass finishes it", async () => {
    const path = await withDays(old());
    await sealed(path, async () => {});
    const whole = await withDays(old());
    const crashes = await crashesOf(path, KEEP_TEN);
    expect(crashes.map(({ stage }) => stage)).toStrictEqual(["thinning", "naming", "thinned", "thinning", "naming", "thinned"]);
    const print = fingerprint(join(path, "segments"));
    for (const { image } of crashes) {
      await sealed(image, async ({ journal }) => expect(await collect(journal.read(1))).toHaveLength(164), { kept: KEEP_TEN });
      expect(fingerprint(join(image, "segments"))).toStrictEqual(print);
    }
    expect(segmentsIn(whole)).toStrictEqual([]);
  });

  test("a thinned record is as well guarded as a whole one", async () => {
    const path = await withDays(old());
    await sealed(path, async () => {}, { kept: KEEP_TEN });
    await fc.assert(
      fc.asyncProperty(ANYWHERE, async (at) => {
        const file = firstFile(path);
        const bytes = readFileSync(file);
        const changed = Buffer.from(bytes);
        const index = Math.min(bytes.length - 1, Math.floor((at / EVERY) * bytes.length));
        changed[index] = (changed[index] as number) ^ 4;
        writeFileSync(file, changed);
        await expect(openState(path, QUIET)).rejects.toMatchObject({ code: "damaged" });
        writeFileSync(file, bytes);
      }),
      { numRuns: 30 },
    );
  });

  test("makes a replay over what is gone impossible, by name, and one that was let go too", async () => {
    const logic = household as unknown as Logic;
    const thin = await withDays(old());
    await sealed(thin, async () => {}, { kept: KEEP_TEN });
    const short = await withDays(daysOfSteps([30, 10, 10, 10], 1_000));
    await sealed(short, async () => {}, { kept: { ...EVERYTHING, years: 5 } });
    for (const [path, why] of [
      [thin, "from record 1 on: its quote of 2024-10-0"],
      [short, "from record 1 on: records before 41 were let go"],
    ] as const) {
      const clone = await openClone(path, { dayOf, lockPatienceMs: 0 });
      await expect(replay({ logic, journal: clone.journal, build: "b" })).rejects.toThrow(why);
      await clone.close();
    }
  });

  test("leaves alone what recovery may fall back to", async () => {
    const days = daysOfSteps([10, 10, 10], 400);
    const path = await withDays(days);
    await sealed(
      path,
      async ({ segments, journal }) => {
        expect(segments.all.map(({ summary }) => summary.thinned)).toStrictEqual([7, null]);
        expect(await collect(journal.read(11))).toStrictEqual(days.flat().slice(10));
      },
      { kept: { ...EVERYTHING, quotesDays: 0 } },
    );
  });
});

describe("days past the years that are kept", () => {
  const KEEP_SEVEN = { ...EVERYTHING, years: 7 };
  const ancient = (): Step[][] => daysOfSteps([30, 20, 10, 10, 10], 1_000);

  test("are let go from the oldest on; the identity says from where, and the rest still verifies", async () => {
    const days = ancient();
    const path = await withDays(days);
    const crashes = await crashesOf(path, KEEP_SEVEN);
    expect(crashes.at(-1)?.stage).toBe("let go");
    expect((await readIdentity(path)).base).toMatchObject({ seq: 50 });
    const clone = await openClone(path, { dayOf, lockPatienceMs: 0, thorough: true });
    expect([clone.journal.firstSeq, clone.verified.records]).toStrictEqual([51, 30]);
    expect(await collect(clone.journal.read(1))).toStrictEqual(days.flat().slice(50));
    await clone.close();
    expect(segmentsIn(path)).toHaveLength(2);
  });

  test("whose files were still there when the process ended are not missed", async () => {
    const path = await withDays(ancient());
    await sealed(path, async () => {});
    const [oldest = ""] = segmentsIn(path);
    const bytes = readFileSync(join(path, "segments", oldest));
    await sealed(path, async () => {}, { kept: KEEP_SEVEN });
    writeFileSync(join(path, "segments", oldest), bytes);
    await sealed(path, async ({ journal }) => expect(journal.firstSeq).toBe(51), { kept: KEEP_SEVEN });
    expect(segmentsIn(path)).toHaveLength(2);
  });

  test("cannot be claimed: a beginning that nobody wrote is damage, even where a day really ends", async () => {
    const path = await withDays(ancient());
    await sealed(path, async () => {}, { kept: KEEP_SEVEN });
    const file = join(path, "identity.json");
    const text = readFileSync(file, "utf8");
    const clone = await openClone(path, { dayOf, lockPatienceMs: 0 });
    const { base, all } = clone.segments;
    const { lastSeq, hash } = all[0]?.summary ?? { lastSeq: 0, hash: "" };
    await clone.close();
    for (const changed of [
      text.replace(`"seq": ${base.seq}`, `"seq": ${lastSeq}`).replace(base.hash, hash),
      text.replace('"base"', '"case"'),
      text.replace(`"seq": ${base.seq}`, '"seq": 30'),
    ]) {
      expect(changed).not.toBe(text);
      writeFileSync(file, changed);
      await expect(openState(path, QUIET)).rejects.toMatchObject({ code: "damaged" });
    }
    writeFileSync(file, text);
    await sealed(path, async ({ journal }) => expect(journal.firstSeq).toBe(51));
  });
});

test("removed records are gone from LevelDB itself", async () => {
  const path = await withDays(daysOfSteps([300, 4]));
  await sealed(path, async () => {});
  const clone = await openClone(path, { dayOf, lockPatienceMs: 0 });
  expect(await collect(clone.journal.unsealed(301, 304))).toHaveLength(4);
  await expect(collect(clone.journal.unsealed(2, 5))).rejects.toMatchObject({ code: "damaged" });
  await clone.close();
});
