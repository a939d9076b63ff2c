import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Step } from "../../src/ports/journal.ts";
import { createReadModel, type FoldedReadModel, type ReadModel } from "../../src/projections/read-model.ts";
import { checkpointFile, checkpointOf, readCheckpoint, writeCheckpoint } from "../../src/store/read-model-checkpoint.ts";
import { scriptedDay } from "../support/scripted-day.ts";
import { newState } from "../support/state-directories.ts";

const STEPS = scriptedDay();
const PROJECTIONS = join(import.meta.dirname, "..", "..", "src", "projections");

/** All that a reader can ask of it, and all that it keeps. */
const everything = (model: ReadModel): unknown => {
  const { status, actors, positions, equity, orders, decisions, trades, futures, lines, session, breakers, notices, story } =
    model;
  const timelines = orders.orders.map(({ intentId }) => [model.order(intentId), model.explainOrder(intentId)]);
  return {
    ...{ status, actors, positions, equity, orders, decisions, trades, futures, lines, session, breakers, notices, story },
    ...{ seq: model.seq, now: model.now, changedAt: model.changedAt, timelines },
    decisionsAt: STEPS.map(({ seq }) => model.explainDecision(seq)),
    kept: model.folded,
  };
};
const fed = (steps: readonly Step[], model = createReadModel()): ReadModel => {
  for (const step of steps) model.apply(step);
  return model;
};
const restarted = (model: ReadModel): ReadModel => createReadModel(deserialize(serialize(model.folded)) as FoldedReadModel);

describe("a read model that goes on from a checkpoint", () => {
  test("answers everything as one that was fed from the beginning, wherever it was cut", () => {
    const expected = everything(fed(STEPS));
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(STEPS.length), { maxLength: 4 }), (cuts) => {
        let model = createReadModel();
        let from = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), STEPS.length]) {
          model = restarted(fed(STEPS.slice(from, cut), model));
          from = cut;
        }
        expect(everything(model)).toStrictEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("keeps every field that a projection has: none can be forgotten", () => {
    // Caches, and the projection that another one reads.
    const left = ["actors.ts #sorted", "equity.ts #positions"];
    const forgotten: string[] = [];
    let seen = 0;
    for (const file of readdirSync(PROJECTIONS)) {
      const source = readFileSync(join(PROJECTIONS, file), "utf8");
      for (const body of source.split(/^(?:export )?class /m).slice(1)) {
        const fold = /get folded\(\)[^{]*\{(.*?)\n {2}\}/s.exec(body)?.[1] ?? "";
        for (const [, name] of body.matchAll(/^ {2}(?:readonly )?(#\w+)(?: =|:)/gm)) {
          seen++;
          if (!fold.includes(`this.${name}`) && !left.includes(`${file} ${name}`)) forgotten.push(`${file} ${name}`);
        }
      }
    }
    expect(forgotten).toStrictEqual([]);
    expect(seen).toBeGreaterThan(60);
  });
});

describe("a checkpoint", () => {
  const HEAD = { seq: STEPS[99]?.seq ?? 0, hash: "f".repeat(64) };
  const journal = (hash = HEAD.hash, lastSeq = HEAD.seq) => ({ lastSeq, hashAt: async () => hash });

  test("counts only for its build and for a journal with its record; damaged anywhere it is as good as none", async () => {
    const directory = await newState();
    const model = fed(STEPS.slice(0, 100));
    const bytes = checkpointOf(model, HEAD, "build-1");
    await writeCheckpoint(directory, bytes);
    expect(everything(await readCheckpoint(directory, "build-1", journal()))).toStrictEqual(everything(model));
    for (const [build, chain] of [
      ["build-2", journal()],
      ["build-1", journal("e".repeat(64))],
      ["build-1", journal(HEAD.hash, HEAD.seq - 1)],
      ["build-1", { lastSeq: HEAD.seq, hashAt: () => Promise.reject(new RangeError("let go")) }],
    ] as const) {
      expect((await readCheckpoint(directory, build, chain)).seq).toBe(0);
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ flip;
        writeFileSync(checkpointFile(directory), changed);
        const read = await readCheckpoint(directory, "build-1", journal());
        // A changed name of a member that is not looked at is the only harmless change there could be.
        if (read.seq !== 0) expect(everything(read)).toStrictEqual(everything(model));
      }),
      { numRuns: 100 },
    );
  });
});
