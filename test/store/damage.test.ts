import { cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ActorRecord, SnapshotHead } from "../../src/ports/journal.ts";
import { type DaemonState, openState } from "../../src/store/state-directory.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { collect, crashImage, filesOf, fingerprint, newPath, newState, QUIET } from "../support/state-directories.ts";
import { steps } from "../support/steps.ts";

const head = (seq: number): SnapshotHead => ({ seq, now: seq, build: "b", timers: [], unacknowledged: [], counters: {} });
const actor = (path: string, count: number): ActorRecord => ({
  path,
  machine: "m",
  version: 1,
  input: null,
  snapshot: { count },
  topics: [],
  standing: "live",
});

const opened = (path: string): Promise<DaemonState | StoreError> =>
  openState(path, QUIET).catch((error: unknown) => {
    if (error instanceof StoreError) return error;
    throw error;
  });

describe("any flipped bit of a closed directory", () => {
  test("is detected, with the directory left as it was, or it is harmless", async () => {
    // Several starts and stops: the records lie in several tables, in the last one's log, and in two snapshots.
    const original = await newState();
    let last = 0;
    for (const upTo of [120, 240, 360]) {
      const state = await openState(original, QUIET);
      await state.snapshots.latest();
      await state.journal.append(steps(last + 1, upTo));
      await state.snapshots.save(head(upTo - 7), [actor("root", upTo), actor(`slots/${upTo}`, 1)], []);
      await state.close();
      last = upTo;
    }
    const files = filesOf(original).filter((name) => statSync(join(original, name)).size > 0);
    let detected = 0;
    let harmless = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.nat(7),
        async (name, at, bit) => {
          const path = newPath();
          cpSync(original, path, { recursive: true });
          const bytes = readFileSync(join(path, name));
          const index = Math.floor(at * bytes.length);
          bytes[index] = bytes[index]! ^ (1 << bit);
          writeFileSync(join(path, name), bytes);

          const before = fingerprint(path);
          const result = await opened(path);
          if (result instanceof StoreError) {
            detected++;
            expect(fingerprint(path)).toStrictEqual(before);
            return;
          }
          harmless++;
          expect(await collect(result.journal.read(1))).toStrictEqual(steps(1, 360));
          const snapshot = await result.snapshots.latest();
          if (snapshot !== undefined) {
            expect([113, 233, 353]).toContain(snapshot.seq);
            expect(snapshot.actors).toContainEqual(actor("root", snapshot.seq + 7));
          }
          await result.close();
        },
      ),
      { numRuns: 70 },
    );
    // Both must have happened, or the test looks at nothing.
    expect(detected).toBeGreaterThan(10);
    expect(harmless).toBeGreaterThan(5);
  });
});

describe("a log that was cut", () => {
  test("after the anchor is a crash: a prefix is recovered; before it, it is damage: refused and left as it was", async () => {
    const path = await newState();
    const state = await openState(path, QUIET);
    await state.journal.append(steps(1, 30));
    await state.anchor();
    for (let seq = 31; seq <= 60; seq += 3) await state.journal.append(steps(seq, seq + 2));
    const image = crashImage(path);
    await state.close();

    const log = readdirSync(join(image, "journal"))
      .filter((name) => name.endsWith(".log"))
      .sort()
      .at(-1);
    const size = statSync(join(image, "journal", log ?? "none")).size;
    const ends: (number | "refused")[] = [];
    for (let cut = 0; cut <= 24; cut++) {
      const torn = crashImage(image);
      truncateSync(join(torn, "journal", log ?? "none"), Math.floor((size * cut) / 24));
      const before = fingerprint(torn);
      const result = await opened(torn);
      if (result instanceof StoreError) {
        expect(result.code).toBe("head-behind");
        expect(fingerprint(torn)).toStrictEqual(before);
        ends.push("refused");
        continue;
      }
      const end = result.journal.lastSeq;
      expect(end).toBeGreaterThanOrEqual(30);
      expect(end % 3).toBe(0);
      expect(await collect(result.journal.read(1))).toStrictEqual(steps(1, end));
      // And it goes on from there.
      await result.journal.append(steps(end + 1, end + 5));
      await result.close();
      ends.push(end);
    }
    expect(ends).toContain("refused");
    expect(new Set(ends.filter((end) => end !== "refused")).size).toBeGreaterThan(4);
    expect(ends.at(-1)).toBe(60);
    expect(ends.lastIndexOf("refused")).toBeLessThan(ends.findIndex((end) => end !== "refused"));
  });
});

describe("a manifest that was cut", () => {
  test("never makes LevelDB write into the original through the clone's links", async () => {
    // One long run that made many tables, started once before, so that some tables are linked and some copied.
    const path = await newState();
    await openState(path, QUIET).then(async (state) => {
      await state.journal.append(steps(1, 500));
      await state.close();
    });
    const state = await openState(path, QUIET);
    for (let from = 501; from <= 30_500; from += 1000) await state.journal.append(steps(from, from + 999));
    await state.anchor();
    const image = crashImage(path);
    await state.close();
    const journal = readdirSync(join(image, "journal"));
    expect(journal.filter((name) => name.endsWith(".ldb")).length).toBeGreaterThan(2);

    const manifest = journal.find((name) => name.startsWith("MANIFEST-")) ?? "none";
    const size = statSync(join(image, "journal", manifest)).size;
    let refused = 0;
    for (let cut = 1; cut <= 12; cut++) {
      const torn = crashImage(image);
      truncateSync(join(torn, "journal", manifest), Math.floor((size * cut) / 12));
      const before = fingerprint(torn);
      const result = await opened(torn);
      if (result instanceof StoreError) {
        refused++;
        expect(fingerprint(torn)).toStrictEqual(before);
      } else {
        expect(result.journal.lastSeq).toBe(30_500);
        await result.close();
      }
    }
    expect(refused).toBeGreaterThan(3);
  });
});
