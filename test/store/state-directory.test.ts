import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { kindOf } from "../../src/store/directory-kind.ts";
import { newIdentity } from "../../src/store/identity.ts";
import { initialise, type OpenOptions, openClone, openState } from "../../src/store/state-directory.ts";
import { StoreError, type StoreErrorCode } from "../../src/store/store-error.ts";
import { ACCOUNT, collect, crashImage, dayOf, fingerprint, newPath, newState, QUIET } from "../support/state-directories.ts";
import { steps } from "../support/steps.ts";

const withSteps = async (count: number): Promise<string> => {
  const path = await newState();
  const state = await openState(path, QUIET);
  await state.journal.append(steps(1, count));
  await state.close();
  return path;
};

/** Opening is refused with the code, and leaves every byte as it was. */
const expectRefusal = async (path: string, code: StoreErrorCode, options: OpenOptions = QUIET): Promise<StoreError> => {
  const before = fingerprint(path);
  const error = await openState(path, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code });
  expect(fingerprint(path)).toStrictEqual(before);
  expect(readdirSync(path).filter((name) => name.startsWith("clone-"))).toStrictEqual([]);
  return error as StoreError;
};

describe("a state directory", () => {
  test("is made where nothing is, for its owner alone, and opens where it was closed", async () => {
    const path = newPath();
    expect(await kindOf(path)).toBe("absent");
    const identity = await initialise(path, { account: ACCOUNT }, { ballastBytes: 1024 });
    expect(await kindOf(path)).toBe("state");
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of ["identity.json", "head.json", "ballast"]) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "journal")).mode & 0o777).toBe(0o700);

    const state = await openState(path, QUIET);
    expect(state.identity).toStrictEqual(identity);
    expect(state.verified).toMatchObject({ records: 0, head: { seq: 0, hash: identity.genesis } });
    expect(await state.snapshots.latest()).toBeUndefined();
    await state.journal.append(steps(1, 9));
    await state.close();

    const again = await openState(path, QUIET);
    expect(again.verified).toMatchObject({ records: 9, anchor: { seq: 9 } });
    expect(await collect(again.journal.read(1))).toStrictEqual(steps(1, 9));
    await again.close();
  });

  test("is not made, and not opened, where there is a file", async () => {
    const path = newPath();
    writeFileSync(path, "mine");
    await expect(initialise(path, { account: ACCOUNT })).rejects.toMatchObject({ code: "not-empty" });
    await expect(openState(path, QUIET)).rejects.toMatchObject({ code: "missing-current" });
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  test("is not made where anything is, and what is there stays", async () => {
    const path = newPath();
    mkdirSync(path);
    expect(await kindOf(path)).toBe("empty");
    writeFileSync(join(path, "notes.txt"), "mine");
    const before = fingerprint(path);
    await expect(initialise(path, { account: ACCOUNT })).rejects.toMatchObject({ code: "not-empty" });
    expect(fingerprint(path)).toStrictEqual(before);

    const state = await withSteps(3);
    const full = fingerprint(state);
    await expect(initialise(state, { account: ACCOUNT })).rejects.toMatchObject({ code: "not-empty" });
    expect(fingerprint(state)).toStrictEqual(full);
  });

  test("that was cut off while it was made is nobody's: it cannot be opened, but made again", async () => {
    const path = await newState();
    writeFileSync(join(path, "initialising"), "");
    await expectRefusal(path, "missing-current");
    await initialise(path, { account: "DU7654321" }, { ballastBytes: 1024 });
    const state = await openState(path, { ...QUIET, account: "DU7654321" });
    await state.close();

    writeFileSync(join(path, "initialising"), "");
    writeFileSync(join(path, "notes.txt"), "mine");
    await expect(initialise(path, { account: ACCOUNT })).rejects.toMatchObject({ code: "not-empty" });
  });

  test("is refused, unchanged, when it is not there, not one, or lacks its CURRENT", async () => {
    const absent = newPath();
    await expect(openState(absent, QUIET)).rejects.toMatchObject({ code: "missing-current" });
    mkdirSync(absent);
    await expectRefusal(absent, "missing-current");
    writeFileSync(join(absent, "notes.txt"), "mine");
    await expectRefusal(absent, "missing-current");

    const path = await withSteps(5);
    rmSync(join(path, "journal", "CURRENT"));
    await expectRefusal(path, "missing-current");
    writeFileSync(join(path, "journal", "CURRENT"), "");
    await expectRefusal(path, "damaged");
    writeFileSync(join(path, "journal", "CURRENT"), "MANIFEST-000999\n");
    await expectRefusal(path, "damaged");
  });

  test("is refused, unchanged, for another account, another identity, or another format", async () => {
    const path = await withSteps(5);
    const error = await expectRefusal(path, "identity", { ...QUIET, account: "U1" });
    expect(error.message).toContain(`belongs to account ${ACCOUNT}, not to U1`);

    const file = join(path, "identity.json");
    const original = readFileSync(file, "utf8");
    writeFileSync(file, original.replace(ACCOUNT, "DU7654321"));
    await expectRefusal(path, "damaged", { ...QUIET, account: "DU7654321" });
    writeFileSync(file, JSON.stringify(newIdentity({ account: ACCOUNT })));
    await expectRefusal(path, "damaged");
    rmSync(file);
    await expectRefusal(path, "missing-current");
  });

  test("is refused, unchanged, without its head anchor or with one that the journal does not reach", async () => {
    const path = await withSteps(5);
    const file = join(path, "head.json");
    const { hash } = JSON.parse(readFileSync(file, "utf8")) as { hash: string };
    writeFileSync(file, JSON.stringify({ seq: 8, hash }));
    const error = await expectRefusal(path, "head-behind");
    expect(error.message).toContain("ends at 5, but 8 was durable: 3 records are lost");
    expect(error.place).toStrictEqual({ file: join(path, "journal"), seq: 5 });
    writeFileSync(file, JSON.stringify({ seq: 4, hash }));
    expect((await expectRefusal(path, "damaged")).place.seq).toBe(4);
    rmSync(file);
    await expectRefusal(path, "damaged");
  });

  test("is refused, unchanged, when a table is missing", async () => {
    const path = await withSteps(5);
    await openState(path, QUIET).then((state) => state.close());
    const table = readdirSync(join(path, "journal")).find((name) => name.endsWith(".ldb"));
    rmSync(join(path, "journal", table ?? "none"));
    await expectRefusal(path, "damaged");
  });

  test("notes the last durable record at a snapshot, at a clean stop, on demand, and from time to time", async () => {
    const path = await newState();
    const anchored = (): number => (JSON.parse(readFileSync(join(path, "head.json"), "utf8")) as { seq: number }).seq;
    const state = await openState(path, { ...QUIET, anchorEveryMs: 5 });
    await state.journal.append(steps(1, 2));
    await expect.poll(anchored).toBe(2);
    await state.close();
    const quiet = await openState(path, QUIET);
    await quiet.journal.append(steps(3, 4));
    expect(anchored()).toBe(2);
    await quiet.anchor();
    expect(anchored()).toBe(4);
    await quiet.journal.append(steps(5, 6));
    await quiet.snapshots.save({ seq: 5, now: 0, build: "b", timers: [], unacknowledged: [], counters: {} }, [], []);
    expect(anchored()).toBe(6);
    await quiet.journal.append(steps(7, 8));
    await quiet.close();
    expect(anchored()).toBe(8);
  });

  test("dies when its head anchor cannot be written", async () => {
    const path = await newState();
    const deaths: string[] = [];
    const state = await openState(path, { ...QUIET, onDead: ({ code }) => deaths.push(code) });
    await state.journal.append(steps(1, 2));
    mkdirSync(join(path, "head.json.new"));
    await expect(state.anchor()).rejects.toMatchObject({ code: "io" });
    expect(deaths).toStrictEqual(["io"]);
    await state.close();
  });
});

describe("the lock of a state directory", () => {
  test("admits one in this process, whatever path leads there, and again after it is closed or was refused", async () => {
    const path = await newState();
    const state = await openState(path, QUIET);
    const alias = newPath();
    symlinkSync(path, alias);
    for (const way of [path, alias]) {
      await expect(openState(way, QUIET)).rejects.toMatchObject({ code: "locked" });
      await expect(openClone(way, QUIET)).rejects.toThrow(`in use by process ${process.pid}`);
    }
    await state.journal.append(steps(1, 3));
    await state.close();
    await expect(openState(alias, { ...QUIET, account: "U1" })).rejects.toMatchObject({ code: "identity" });
    const again = await openState(alias, QUIET);
    expect(again.journal.lastSeq).toBe(3);
    await again.close();
  });

  test("admits one of several that try at the same time", async () => {
    const path = await newState();
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => openState(path, QUIET)));
    const opened = tries.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(opened).toHaveLength(1);
    await opened[0]?.close();
  });
});

describe("a clone for reading", () => {
  test("shows everything, takes no lock, changes nothing and goes away", async () => {
    const path = await withSteps(50);
    const before = fingerprint(path);
    const clone = await openClone(path, { dayOf });
    expect(clone.verified.records).toBe(50);
    expect(await collect(clone.journal.tail(3))).toStrictEqual(steps(48, 50));

    // The daemon may start, write and compact while somebody reads.
    const state = await openState(path, QUIET);
    await state.journal.append(steps(51, 60));
    expect(await collect(clone.journal.read(1))).toStrictEqual(steps(1, 50));
    await state.close();
    await clone.close();
    expect(readdirSync(path).filter((name) => name.startsWith("clone-"))).toStrictEqual([]);

    const untouched = crashImage(path);
    const image = fingerprint(untouched);
    await (await openClone(untouched, { dayOf })).close();
    expect(fingerprint(untouched)).toStrictEqual(image);
    expect(before).not.toStrictEqual(image);
  });

  test("is removed by the next start when the process that read from it was killed", async () => {
    const path = await withSteps(5);
    mkdirSync(join(path, "clone-4194999-abcdef"));
    mkdirSync(join(path, `clone-${process.ppid}-abcdef`));
    await (await openState(path, QUIET)).close();
    expect(readdirSync(path).filter((name) => name.startsWith("clone-"))).toStrictEqual([`clone-${process.ppid}-abcdef`]);
  });
});
